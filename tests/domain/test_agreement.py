"""A pair's agreement: when both have signed the same, and what a change does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.agreement import Change, PairAgreement, Signature
from domain.people import Role
from domain.surveys import AnswerValue

MENTOR, MENTEE = Role.MENTOR, Role.MENTEE
HERE: dict[str, AnswerValue] = {"place": "in_person", "notes": "none"}
REMOTE: dict[str, AnswerValue] = {"place": "remote", "notes": "none"}


def signed(
    *signatures: tuple[Role, int, dict[str, AnswerValue]], version: int = 2
) -> PairAgreement:
    at = datetime(2027, 2, 1, tzinfo=UTC)
    return PairAgreement(
        signatures=tuple(
            Signature(role=role, terms=terms, version=version, choices=dict(choices), at=at)
            for role, terms, choices in signatures
        )
    )


@pytest.mark.parametrize(
    ("agreement", "holds"),
    [
        (signed(), False),
        (signed((MENTOR, 1, HERE)), False),
        (signed((MENTOR, 1, HERE), (MENTEE, 1, HERE)), True),
        (signed((MENTOR, 1, HERE), (MENTEE, 2, REMOTE)), False),
        (signed((MENTOR, 1, HERE), (MENTEE, 2, REMOTE), (MENTOR, 2, REMOTE)), True),
        (signed((MENTOR, 1, HERE), (MENTEE, 1, HERE), (MENTOR, 2, REMOTE)), False),
        (signed((MENTOR, 1, HERE), (MENTOR, 2, REMOTE)), False),
    ],
    ids=["nobody", "one", "both", "changed", "change signed", "lapsed", "same one twice"],
)
def test_it_holds_once_both_have_signed_the_latest_terms(
    agreement: PairAgreement, holds: bool
) -> None:
    assert agreement.in_force is holds


def test_the_same_choices_under_the_same_text_are_the_same_terms() -> None:
    agreement = signed((MENTOR, 1, HERE), (MENTEE, 2, REMOTE))
    assert agreement.terms_for(2, REMOTE) == 2
    assert agreement.terms_for(2, HERE) == 3
    assert agreement.terms_for(3, REMOTE) == 3
    assert signed().terms_for(2, HERE) == 1


def test_what_changed_is_told_to_who_signed_before_and_to_nobody_else() -> None:
    agreement = signed((MENTOR, 1, HERE), (MENTEE, 2, {"place": "remote", "more": "Coffee"}))
    assert agreement.changes_for(MENTOR) == (
        Change(item="place", before="in_person", now="remote"),
        Change(item="more", before=None, now="Coffee"),
        Change(item="notes", before="none", now=None),
    )
    assert agreement.changes_for(MENTEE) == ()
    assert signed((MENTOR, 1, HERE)).changes_for(MENTEE) == ()


def test_the_latest_signature_of_each_counts() -> None:
    agreement = signed((MENTOR, 1, HERE), (MENTEE, 1, HERE), (MENTEE, 2, REMOTE))
    theirs = agreement.of(MENTEE)
    assert theirs is not None
    assert (theirs.terms, theirs.choices) == (2, REMOTE)
    assert not agreement.has_signed(MENTOR)
    assert agreement.has_signed(MENTEE)
