"""Messages once somebody was erased: none to them, and none that names them."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.signatures import ProgramMomentKind
from domain.lifecycle import PairState
from domain.pair import MomentKind
from domain.people import Role
from store import erasing, programs
from tests.activities.conftest import NOW, Works
from tests.portal.scene import PROGRAM

GOODBYE: dict[str, Any] = {"ending": PairState.WITHDRAWN, "left_by": Role.MENTOR}


def erase(works: Works, person: str = "p-mia") -> None:
    with works.scene.database.write() as session:
        erasing.erase(session, person)


@pytest.mark.parametrize(
    ("language", "subject", "begins"),
    [
        ("en", "Your partner can’t go on in Looking Up 2026", "Your partner has had to leave"),
        ("de", "Ihr Gegenüber kann in Looking Up 2026 nicht weitermachen", "Ihr Gegenüber musste"),
    ],
)
def test_the_partner_is_told_kindly_and_without_a_name(
    on_sqlite: Works, language: str, subject: str, begins: str
) -> None:
    on_sqlite.change_profile("theo", language=language)
    erase(on_sqlite)
    on_sqlite.of_pair(MomentKind.FAREWELL, **GOODBYE)
    (mail,) = on_sqlite.post.mails("theo@example.com")
    assert mail.subject == subject
    assert begins in mail.text
    assert [mail.to for mail in on_sqlite.post.mails() if "Mia" in mail.text] == []
    assert {mail.to[0] for mail in on_sqlite.post.mails()} <= {
        "theo@example.com",
        "cora@example.com",
    }
    assert "mentor farewell_withdrawn" not in on_sqlite.ledger() or (
        on_sqlite.ledger()["mentor farewell_withdrawn"] == "dropped"
    )


def test_whatever_else_was_due_goes_to_nobody(on_sqlite: Works) -> None:
    erase(on_sqlite)
    for kind in (MomentKind.INTRODUCTION, MomentKind.PREPARATION, MomentKind.CONTINUED_REMINDER):
        on_sqlite.of_pair(kind, until=NOW)
    assert on_sqlite.post.mails() == []
    assert set(on_sqlite.ledger().values()) <= {"dropped"}


def test_a_message_to_them_alone_is_dropped(on_sqlite: Works) -> None:
    erase(on_sqlite)
    on_sqlite.of_program(ProgramMomentKind.INVITATION)
    assert not any("mia" in mail.to[0] for mail in on_sqlite.post.mails())


def test_what_was_written_before_they_were_erased_is_not_sent(
    on_sqlite: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = programs.pair

    def as_it_was(session: Any, program: str, identity: str) -> Any:
        found = read(session, program, identity)
        monkeypatch.setattr(programs, "pair", read)
        erase(on_sqlite)  # between the reading and the sending
        return found

    monkeypatch.setattr(programs, "pair", as_it_was)
    with pytest.raises(ApplicationError, match="written anew") as failed:
        on_sqlite.of_pair(MomentKind.INTRODUCTION, until=NOW)
    assert "Mia" not in str(failed.value)
    assert on_sqlite.post.mails() == []
    on_sqlite.of_pair(MomentKind.INTRODUCTION, until=NOW)
    assert on_sqlite.post.mails() == []


def test_a_manager_who_was_erased_is_asked_nothing(on_sqlite: Works) -> None:
    erase(on_sqlite, "p-nils")
    on_sqlite.of_program(ProgramMomentKind.APPROVAL_REQUEST)
    assert on_sqlite.post.mails() == []
    with on_sqlite.scene.database.read() as session:
        mia = programs.participant(session, PROGRAM, "p-mia")
    assert mia is not None
    assert mia.takes_part
