"""Which alarm will do for which moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.pair import Moment, MomentKind
from domain.pair_next import DEADLINES, serves

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)
EARLIER, LATER = AT - timedelta(days=2), AT + timedelta(days=2)


@pytest.mark.parametrize("kind", MomentKind)
def test_one_that_rings_at_that_instant_does_and_one_that_rings_later_or_never_does_not(
    kind: MomentKind,
) -> None:
    moment = Moment(kind=kind, at=AT)
    assert serves(AT, moment)
    assert not serves(LATER, moment)
    assert not serves(None, moment)


@pytest.mark.parametrize("kind", MomentKind)
def test_one_that_rings_too_early_does_for_what_mostly_does_not_come(kind: MomentKind) -> None:
    assert serves(EARLIER, Moment(kind=kind, at=AT)) is (kind in DEADLINES)
