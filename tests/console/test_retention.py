"""HR sees until when personal data is kept, holds it, and has it deleted where nothing does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from console.stores import told
from domain.ids import program_workflow_id
from domain.journal import EventKind, JournalEvent
from runtime.settings import load_settings
from store import consents, erasing, holds, journal, retention
from store.consents import ConsentKind, Read
from store.database import Database
from store.holds import OnHold
from store.tables import JournalRow, ParticipantRow
from tests.console.conftest import DEFINITION, PEOPLE
from tests.console.test_outcomes import program
from tests.console.test_with_server import Office, office, typed
from tests.console.typed import type_in
from tests.report import sample
from tests.report.sample import Sample

__all__ = ["office", "program"]

PROGRAM = "example-2026"
CASE = "Case 7/2027"


def database() -> Database:
    return Database(load_settings().database)


def delete_all() -> None:
    more = True
    while more:
        with database().write() as session:
            more = retention.delete_some(session, PROGRAM, datetime.now(UTC))


def watched() -> None:
    """Have a workflow wait, as it does where a program ends by this release."""
    with database().write() as session:
        event = JournalEvent(
            id="watched", kind=EventKind.RETENTION_STARTED, at=journal.now_of(session, PROGRAM)
        )
        journal.append(session, PROGRAM, [event])


def test_status_says_that_nothing_deletes_what_ended_before_there_was_anything(
    program: Sample,
) -> None:
    start = f"python starter.py retention {PROGRAM} start"
    for words in (["status", PROGRAM], ["status"], ["retention"], ["retention", PROGRAM]):
        assert start in " ".join(type_in(*words).out.split())
    watched()
    for words in (["status", PROGRAM], ["retention", PROGRAM]):
        assert start not in " ".join(type_in(*words).out.split())
    assert "Personal data is kept until" in type_in("status", PROGRAM).out
    kept = type_in("status", PROGRAM, "--json").json["kept"]
    assert (kept["keep_days"], kept["on_hold"], kept["watched"]) == (400, False, True)
    assert kept["kept_until"] is not None


def test_a_hold_is_set_shown_and_lifted_and_its_history_kept(program: Sample) -> None:
    watched()
    done = type_in("hold", PROGRAM, "--reference", CASE)
    assert done.code == 0
    assert f"python starter.py hold {PROGRAM} --lift" in done.out
    assert "Temporal could not be told yet. It counts already" in done.out
    assert "on hold already" in type_in("hold", PROGRAM, "--reference", "another").out
    assert "on legal hold since" in type_in("status", PROGRAM).out
    shown = " ".join(type_in("retention", PROGRAM).out.split())
    assert f"for {CASE}" in shown
    lifted = type_in("hold", PROGRAM, "--lift", "--yes")
    assert "The hold is lifted" in lifted.out
    assert "not on hold" in type_in("hold", PROGRAM, "--lift").out
    (one,) = type_in("retention", PROGRAM, "--json").json["holds"]
    assert (one["reference"], one["set_by"]) == (CASE, one["lifted_by"])


def test_who_would_delete_by_lifting_is_asked_first(program: Sample) -> None:
    with database().write() as session:
        for row in session.query(JournalRow).filter_by(kind=EventKind.PROGRAM_COMPLETED.value):
            row.at -= timedelta(days=800)
    watched()
    assert type_in("hold", PROGRAM).code == 0
    asked = type_in("hold", PROGRAM, "--lift", answer="n\n")
    assert "all of it is deleted now, and can't be brought back" in asked.err
    assert "Nothing was changed." in asked.out
    assert type_in("retention", PROGRAM, "--json").json["on_hold"]
    sure = type_in("hold", PROGRAM, "--lift", answer="y\n")
    assert "the personal data is being deleted" in sure.out


def test_on_hold_nobody_is_erased_and_hr_reads_which_hold(program: Sample) -> None:

    type_in("hold", PROGRAM, "--reference", CASE)
    with database().read() as session:
        person = session.query(ParticipantRow).filter_by(program_id=PROGRAM).first()
        assert person is not None
    with pytest.raises(OnHold), database().write() as session:
        erasing.erase(session, person.person_id)
    with pytest.raises(typer.Exit) as ended, told():
        raise OnHold(_holds())
    assert ended.value.exit_code == 1


def _holds() -> list[holds.Hold]:
    with database().read() as session:
        return holds.history(session, PROGRAM)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--reference", "x" * 201], "at most 200 characters"),
        (["--reference", "one\nline"], "give one line"),
        (["--lift", "--reference", CASE], "belongs to a new hold"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_held(
    program: Sample, words: list[str], wrong: str
) -> None:
    done = type_in("hold", PROGRAM, *words)
    assert done.code == 2
    assert wrong in done.err
    assert not type_in("retention", PROGRAM, "--json").json["holds"]


def test_an_unknown_program_is_bad_input(program: Sample) -> None:
    for command in ("hold", "retention"):
        assert type_in(command, "nothing").code == 2


def test_once_it_is_deleted_commands_say_so(program: Sample, here: Path) -> None:
    delete_all()
    for shows in (["status", PROGRAM], ["retention"], ["retention", PROGRAM]):
        assert "was deleted on" in " ".join(type_in(*shows).out.split())
    people = here / "people.csv"
    people.write_text("id,name,email\n1,A B,a@example.com\n", "utf-8")
    refused: tuple[list[object], ...] = (
        ["hold", PROGRAM],
        ["report", PROGRAM, "--out", here / "report"],
        ["people", PROGRAM, people],
        ["outcomes", PROGRAM, people],
    )
    for words in refused:
        done = type_in(*words)
        assert done.code == 1, words
        assert "personal data was deleted on" in done.err
    assert not (here / "report").exists()
    again = type_in("retention", PROGRAM, "start")
    assert (again.code, "deleted already" in again.out) == (0, True)


def test_who_took_their_consent_back_is_shown_until_they_are_erased(program: Sample) -> None:
    with database().write() as session:
        row = session.query(ParticipantRow).filter_by(program_id=PROGRAM).first()
        assert row is not None
        person, reference = row.person_id, row.profile["reference"]
        read = Read(text="I agree.", language="en")
        consents.give(session, PROGRAM, person, ConsentKind.PROCESSING, read)
        consents.withdraw(session, PROGRAM, person, ConsentKind.PROCESSING)
    assert f"python starter.py erase {reference}" in " ".join(
        type_in("status", PROGRAM).out.split()
    )
    with database().write() as session:
        erasing.erase(session, person)
    assert "withdrawn their consent" not in type_in("status", PROGRAM).out


def test_check_tells_how_long_and_on_what_basis_and_what_becomes_of_identity(here: Path) -> None:

    said = " ".join(type_in("check", DEFINITION, PEOPLE).out.split())
    assert "deleted 400 days after the end; its processing rests on legitimate interests" in said
    facts = type_in("check", DEFINITION, PEOPLE, "--json").json
    assert (facts["keep_days"], facts["lawful_basis"]) == (400, "legitimate_interests")
    text = DEFINITION.read_text("utf-8").replace("  lawful_basis: legitimate_interests\n", "")
    plain = here / "plain.yaml"
    plain.write_text(text, "utf-8")
    silent = " ".join(type_in("check", plain).out.split())
    assert "on what basis it is processed is not said (privacy.lawful_basis)" in silent


@pytest.mark.asyncio(loop_scope="session")
async def test_a_program_that_ended_has_it_started_by_hand_once(office: Office) -> None:
    made = sample.make()
    with office.database.write() as session:
        made.write(session)
    async with office.worker():
        started = await typed("retention", PROGRAM, "start")
        assert started.code == 0, started.err
        assert "Personal data is kept until" in started.out
        async with asyncio.timeout(30):
            while "retention_started" not in _kinds(office):
                await asyncio.sleep(0.05)
        again = await typed("retention", PROGRAM, "start")
        assert "waits for it already" in again.out
        held = await typed("hold", PROGRAM)
        assert "could not be told" not in held.out
    assert (await typed("retention", office.program, "start")).code == 2  # it is unknown


@pytest.mark.asyncio(loop_scope="session")
async def test_one_that_was_ended_by_force_counts_from_then(office: Office) -> None:
    async with office.worker():
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        running = await typed("retention", office.program, "start")
        assert running.code == 1
        assert "is not over" in running.err
        workflow = program_workflow_id(office.program)
        await office.environment.client.get_workflow_handle(workflow).terminate()
        started = await typed("retention", office.program, "start")
        assert (started.code, "counts as today" in started.out) == (0, True)
    assert office.events().count("program_cancelled") == 1


def _kinds(office: Office) -> list[str]:
    with office.database.read() as session:
        return [event.kind.value for _, event in journal.read(session, PROGRAM)]
