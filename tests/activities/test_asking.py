"""A message that asks for a survey decides which version of it is answered."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from activities.pair_messages import PairMessages
from domain.lifecycle import PairState
from domain.pair import EndReason, MomentKind
from domain.plan import PlannedCheckIn
from domain.sections import CheckInPoint
from store.content import Content
from store.content_folders import SHIPPED
from store.tables import AskedRow
from tests.activities.conftest import NOW, Works


def pulse_after(session: int) -> PlannedCheckIn:
    return PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=session)


def asked(works: Works) -> dict[str, int]:
    """The versions that people were asked, by person and occasion."""
    rows = (row for row in works.scene.rows(AskedRow) if isinstance(row, AskedRow))
    return {row.id.partition("/pair-1/")[2]: row.version for row in rows}


def say_newly(works: Works, folder: Path) -> None:
    """Let the pulse have a second version, as after a worker was started anew."""
    text = (SHIPPED / "en" / "surveys" / "pulse.yaml").read_text("utf-8")
    text = text.replace("version: 1", "version: 2").replace("How is it going?", "A newer pulse")
    (folder / "en" / "surveys").mkdir(parents=True)
    (folder / "en" / "surveys" / "pulse.yaml").write_text(text, "utf-8")
    content, scene = Content([folder, SHIPPED]), works.scene
    post = works.pair_messages._post
    works.pair_messages = PairMessages(scene.database, content, scene.links, post)


def test_the_first_message_decides_and_a_reminder_changes_nothing(
    on_sqlite: Works, tmp_path: Path
) -> None:
    works = on_sqlite
    works.of_pair(MomentKind.CHECK_IN, check_ins=(pulse_after(1),))
    assert asked(works) == {"p-mia/pulse:session-1": 1, "p-theo/pulse:session-1": 1}
    say_newly(works, tmp_path / "own")
    for days, kind, session in ((4, MomentKind.CHECK_IN_REMINDER, 1), (8, MomentKind.CHECK_IN, 2)):
        now = NOW + timedelta(days=days)
        works.of_pair(kind, now=now, check_ins=(pulse_after(session),))
    assert asked(works) == {
        "p-mia/pulse:session-1": 1,
        "p-theo/pulse:session-1": 1,
        "p-mia/pulse:session-2": 2,
        "p-theo/pulse:session-2": 2,
    }
    _, reminder, newer = (mail.subject for mail in works.post.mails("mia@example.com"))
    assert "How is it going?" in reminder
    assert "A newer pulse" in newer


def test_who_is_asked_at_the_end_of_a_pair_is_noted_too(on_sqlite: Works) -> None:
    on_sqlite.of_pair(MomentKind.FAREWELL, ending=PairState.CLOSED, reason=EndReason.NO_FIT)
    assert asked(on_sqlite) == {"p-mia/exit:closed": 1, "p-theo/exit:closed": 1}


def test_a_message_that_asks_nothing_notes_nothing(on_sqlite: Works) -> None:
    on_sqlite.of_pair(MomentKind.PREPARATION)
    on_sqlite.of_pair(MomentKind.FAREWELL, ending=PairState.COMPLETED)
    assert asked(on_sqlite) == {}
