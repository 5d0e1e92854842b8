"""The record of who did what: no command that changes or reads out anything goes without an act."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from temporalio.api.enums.v1 import EventType
from typer.core import TyperGroup

from console.commands import NO_ACTS, app
from console.recording import words_of
from domain.acts import HrAct, Outcome, Through
from domain.ids import program_workflow_id
from domain.lifecycle import Stage
from runtime.settings import PROJECT
from store import acts
from store.database import Database
from tests.console.conftest import PEOPLE
from tests.console.test_with_server import Office, office, typed
from tests.console.typed import type_in
from tests.portal.scene import PROGRAM, Scene, fill

__all__ = ["office"]

WHO = "a.kowalska"

LOOKS_AT_NOTHING = {"new", "check", "match", "demo", "schedule list", "schedule show"}
"""All that HR can type that is no act. Whoever adds to it says why: nobody is shown or changed."""


@pytest.fixture
def scene(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """An example program in the store that the commands use."""
    url = sqlite_database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HR_USER", WHO)
    return fill(sqlite_database)


def recorded(database: Database) -> list[HrAct]:
    with database.read() as session:
        return acts.read(session)


def everything_that_can_be_typed() -> dict[str, Any]:
    """Every command with every action of it, and what runs it."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    context = typer.Context(group)
    found: dict[str, Any] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        actions = [
            choice.value
            for parameter in command.params
            if parameter.name == "action"
            for choice in parameter.type_descriptor.annotation  # type: ignore[attr-defined]
        ]
        if name == "schedule":
            actions = ["list", "set", "show", "pause", "resume", "remove", "people"]
        found |= {" ".join([name, *some]): command for some in zip(actions)} or {name: command}
    return found


def is_recorded(command: Any) -> bool:
    return hasattr(command.callback, "records")


def test_every_command_is_an_act_unless_it_is_named_as_none() -> None:
    typable = everything_that_can_be_typed()
    assert {"pause", "pair rematch", "matches approve", "approvals", "backup", "acts"} <= set(
        typable
    )
    assert set(typable) >= LOOKS_AT_NOTHING
    for words, command in typable.items():
        assert is_recorded(command) is (words.split()[0] not in NO_ACTS), words
    assert {words for words in typable if words.split()[0] in NO_ACTS} | {
        "schedule list",
        "schedule show",
    } == LOOKS_AT_NOTHING


@pytest.mark.parametrize(
    ("command", "given", "words"),
    [
        ("pause", {"program": "x"}, "pause"),
        ("matches", {"program": "x", "action": "approve"}, "matches approve"),
        ("schedule", {"what": "list", "words": None}, None),
        ("schedule", {"what": "leaders", "words": ("show",)}, None),
        ("schedule", {"what": "leaders", "words": ("pause",)}, "schedule pause"),
        ("schedule", {"what": "d.yaml", "words": ("people.csv",)}, "schedule set"),
        ("a-command-of-next-year", {}, "a-command-of-next-year"),
    ],
)
def test_an_act_has_the_words_of_its_command(
    command: str, given: dict[str, object], words: str | None
) -> None:
    assert words_of(command, given) == words


def test_a_command_that_changes_something_without_a_record_is_caught(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type_in("leave", PROGRAM, "p-mia", "--until", "2027-03-01").code in (0, 2)
    monkeypatch.setattr("console.commands.NO_ACTS", NO_ACTS | {"withdraw"})  # somebody's slip
    with pytest.raises(AssertionError, match=r"without an act in the record.*UPDATE participants"):
        type_in("withdraw", PROGRAM, "p-mia", "--yes")


def test_it_says_who_did_what_to_whom_and_what_came_of_it(scene: Scene) -> None:
    assert type_in("status", PROGRAM).code == 0
    assert type_in("withdraw", PROGRAM, "mia@EXAMPLE.com", "--yes").code == 0
    assert type_in("withdraw", PROGRAM, "p-mia", "--yes").code == 0
    assert type_in("withdraw", PROGRAM, "p-theo", answer="n\n").code == 0
    assert type_in("withdraw", PROGRAM, "Mia Example", "--yes").code == 2
    assert type_in("pair", PROGRAM, "pair-1", "close").code == 1
    found = recorded(scene.database)
    assert {(one.who, one.through, one.program) for one in found} == {
        (WHO, Through.TERMINAL, PROGRAM)
    }
    assert [(one.act, one.person or one.pair, one.outcome) for one in found] == [
        ("status", None, Outcome.DONE),
        ("withdraw", "p-mia", Outcome.DONE),
        ("withdraw", "p-mia", Outcome.UNCHANGED),
        ("withdraw", "p-theo", Outcome.UNCHANGED),
        ("withdraw", None, Outcome.REFUSED),
        ("pair close", "pair-1", Outcome.FAILED),
    ]
    assert all(one.ended_at is not None and one.ended_at >= one.at for one in found)
    assert "example" not in str([one.model_dump(exclude={"program"}) for one in found]).lower()


def test_what_is_typed_of_no_program_is_no_act(scene: Scene) -> None:
    assert type_in("withdraw", "Mia Example", "p-mia").code == 2
    assert recorded(scene.database) == []


def test_the_account_counts_where_nobody_is_named(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HR_USER")
    type_in("status", PROGRAM)
    (one,) = recorded(scene.database)
    assert one.who == getpass.getuser()


def test_acts_are_listed_the_newest_last_and_looking_is_one(scene: Scene) -> None:
    assert "Nothing was done yet." in type_in("acts").out
    type_in("withdraw", PROGRAM, "p-mia", "--yes")
    type_in("pair", PROGRAM, "pair-1", "show")
    listed = type_in("acts", PROGRAM)
    assert listed.code == 0
    lines = [line for line in listed.out.splitlines() if WHO in line]
    assert [("withdraw" in line, "pair show" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]
    of_pair = type_in("acts", PROGRAM, "--pair", "pair-1", "--json").json["acts"]
    assert [(one["act"], one["pair"]) for one in of_pair] == [("pair show", "pair-1")]
    everything = type_in("acts", "--since", "2026-01-31", "--json").json["acts"]
    assert [one["act"] for one in everything][:2] == ["acts", "withdraw"]
    assert everything[1]["person_id"] == "p-mia"
    assert "Nothing was done since 2099-01-01." in type_in("acts", "--since", "2099-01-01").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope",), "There is no program “nope”"),
        ((PROGRAM, "--pair", "nope"), "There is no pair “nope”"),
        (("--pair", "pair-1"), "--pair wants the program before it"),
        (("--since", "soon"), "--since soon"),
    ],
)
def test_what_can_t_be_listed_is_said(scene: Scene, words: tuple[str, ...], said: str) -> None:
    done = type_in("acts", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_who_was_erased_is_an_opaque_id_in_it(scene: Scene) -> None:
    act = HrAct(
        at=datetime.now(UTC),
        who=WHO,
        through=Through.TERMINAL,
        act="leave",
        program=PROGRAM,
        person="p-gone",
    )
    with scene.database.write() as session:
        acts.add(session, act)
    listed = type_in("acts", PROGRAM).out
    assert "p-gone" in listed
    assert "(erased)" in listed
    assert type_in("acts", "--json").json["acts"][0]["person_id"] is None


def test_a_wrong_hr_user_is_named(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HR_USER", "Anna Kowalska")
    done = type_in("status", PROGRAM)
    assert done.code == 2
    assert "HR_USER" in done.err
    assert "no id of a person" in done.err


def test_what_is_cut_off_has_begun(scene: Scene) -> None:
    command = [sys.executable, str(PROJECT / "starter.py"), "withdraw", PROGRAM, "p-mia"]
    process = subprocess.Popen(
        command, env=dict(os.environ), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    asked = b""
    while b"out of" not in asked:  # it waits for HR's answer
        asked += (more := process.stderr.read(1))
        assert more, asked
    process.send_signal(signal.SIGKILL)
    process.wait()
    (one,) = recorded(scene.database)
    assert (one.act, one.person, one.outcome) == ("withdraw", "p-mia", Outcome.BEGAN)
    assert "began" in type_in("acts").out


@pytest.mark.asyncio(loop_scope="session")
async def test_orders_are_written_down_before_they_leave_and_temporal_hears_of_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HR_USER", WHO)
    async with office.worker():
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        await office.until(lambda view: view.stage is Stage.MATCHING)
        assert (await typed("pause", office.program)).code == 0
        assert (await typed("pause", office.program)).code == 1
        assert (await typed("cancel", office.program, "--yes")).code == 0
    found = recorded(office.database)
    assert [(one.act, one.program, one.outcome) for one in found] == [
        ("start", office.program, Outcome.DONE),
        ("pause", office.program, Outcome.DONE),
        ("pause", office.program, Outcome.REFUSED),
        ("cancel", office.program, Outcome.DONE),
    ]
    assert found[0].data == {"people": 28}
    handle = office.environment.client.get_workflow_handle(program_workflow_id(office.program))
    history = await handle.fetch_history()
    text = str(history.events)
    assert WHO not in text
    (started,) = (
        event
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
    )
    identity = started.workflow_execution_started_event_attributes.identity
    assert identity == f"{os.getpid()}@starter"


def test_an_act_that_could_not_be_written_down_is_not_done(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scene.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON acts BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    before = scene.everything()
    done = type_in("withdraw", PROGRAM, "p-mia", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "The store can’t be used" in done.err
    assert scene.everything() == before
