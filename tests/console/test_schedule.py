"""HR schedules a recurring program: what is wrong is told at once, and the rest really happens."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleBackfill,
    ScheduleHandle,
    ScheduleOverlapPolicy,
    WorkflowExecutionStatus,
)

from console.recurring import Standing
from console.show_schedules import Shown, facts, in_full, scheduled
from domain.ids import program_workflow_id, schedule_id
from domain.lifecycle import Stage
from domain.recurrence import Rhythm, opens_on, planned_days
from runtime.settings import load_settings
from store import programs, schemes
from store.definition_file import load_definition
from store.schemes import Scheme
from tests.console.conftest import DEFINITION, PEOPLE
from tests.console.test_with_server import PATIENCE, Office, office, typed
from tests.console.typed import type_in
from workflows.messages import SchemeOutcome

__all__ = ["office"]

TODAY = date.today()  # noqa: DTZ011 - any date will do
IN_THREE_MONTHS = Rhythm(months=((TODAY.month + 2) % 12 + 1,), day=15)
PLANNED = next(planned_days(IN_THREE_MONTHS, TODAY))
LONDON = "Europe/London"


# --- Without a server ----------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(here: Path) -> None:
    definition = here / "definition.yaml"
    text = DEFINITION.read_text("utf-8").replace("mode: one_way", "mode: sideways", 1)
    definition.write_text(text, "utf-8")
    people = here / "people.csv"
    people.write_text("a,b\n1,2\n", "utf-8")
    done = type_in("schedule", definition, people, "--every", "Janury", "--notice", "soon")
    assert (done.code, done.out) == (2, "")
    assert "definition.yaml, line" in done.err
    assert "people.csv, row 1" in done.err
    assert "--every Janury: “janury” is no month." in done.err
    assert "--notice soon: this is not a span of time." in done.err
    assert "Nothing was changed." in done.err


def test_a_name_that_leaves_no_room_for_the_year_is_refused(here: Path) -> None:
    definition = here / "definition.yaml"
    long = "a-very-long-name-of-a-program-it-is"
    text = DEFINITION.read_text("utf-8").replace("id: digital-leaders", f"id: {long}", 1)
    definition.write_text(text, "utf-8")
    done = type_in("schedule", definition, PEOPLE, "--json")
    assert done.code == 2
    said = [problem["message"] for problem in done.json["problems"]]
    assert any("at most 32 letters" in one for one in said)
    assert any("say when programs start" in one for one in said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("leaders", "show"), "Nothing is scheduled as “leaders”."),
        (("leaders", "pasue"), "There is no “pasue”. Did you mean “pause”?"),
        (("leaders",), "Write: schedule DEFINITION PEOPLE --every"),
        (("list", "show", "me"), "Nothing is scheduled as “list”."),
        (("list", "it"), "“list” wants nothing after it."),
        (("leaders", "pause", "--every", "May"), "go with a definition and its people."),
    ],
)
def test_a_slip_is_answered_with_what_could_be_meant(words: tuple[str, ...], said: str) -> None:
    done = type_in("schedule", *words)
    assert (done.code, done.out) == (2, "")
    assert said in " ".join(done.err.split())


def test_without_a_server_nothing_is_kept() -> None:
    done = type_in("schedule", DEFINITION, PEOPLE, "--every", "January")
    assert (done.code, done.out) == (1, "")
    assert "No Temporal server answers" in done.err
    assert type_in("schedule", "list", "--json").json == {"schedules": []}
    assert "Nothing is scheduled yet." in type_in("schedule", "list").out


def test_hr_hears_of_a_start_that_is_too_near_and_of_pairs_that_are_left_out() -> None:
    definition = load_definition(DEFINITION)
    soon = datetime(2027, 1, 5, tzinfo=UTC)  # it starts on the 11th
    scheme = Scheme(
        id="leaders",
        definition=definition,
        rhythm=Rhythm(months=(1,), day=11),
        people=28,
        people_from=soon,
    )
    standing = Standing(paused=False, missed=0, hindered=())
    shown = Shown(scheme=scheme, standing=standing, started=frozenset(), now=soon)
    said = " ".join(scheduled(shown, load_settings(), Path("d.yaml"), Path("p.csv"), fixed=2))
    assert "Next: leaders-2028, “Digital Leaders”, is opened on Tuesday 28 December 2027" in said
    assert (
        "For Monday 11 January 2027 it is too late to be opened by itself. If you want that one: "
        "python starter.py start d.yaml p.csv" in said
    )
    assert "2 pairs under matching.fixed are left out" in said
    begun = shown.model_copy(update={"started": frozenset({"leaders-2027"})})
    said = " ".join(scheduled(begun, load_settings(), Path("d.yaml"), Path("p.csv"), fixed=0))
    assert "too late" not in said
    assert "fixed" not in said


def test_a_definition_of_an_older_version_is_told_of() -> None:
    now = datetime.now(UTC)
    rhythm = Rhythm(months=(1,), day=11)
    scheme = Scheme(id="leaders", definition=None, rhythm=rhythm, people=1, people_from=now)
    shown = Shown(scheme=scheme, standing=None, started=frozenset(), now=now)
    said = " ".join(in_full(shown, load_settings()))
    assert "Temporal has no schedule for it." in said
    assert "Its definition is not valid in this version any more" in said
    assert facts(shown, load_settings())["next"] == []


# --- On a real server ----------------------------------------------------------------------------


def with_real_days(office: Office) -> None:
    """Have programs wait for their start date, the first of them from today on."""
    text = office.definition.read_text("utf-8")
    text = text.replace("starts: 2027-01-11", f"starts: {TODAY}", 1)
    text = text.replace("  day: 15s\n", f"  timezone: {LONDON}\n", 1)
    text = re.sub(r"\n  timezone: Europe/London\n  # Where.*\n(?=\n)", "\n", text, count=1)
    office.definition.write_text(text, "utf-8")


def handle_of(office: Office) -> ScheduleHandle:
    return office.environment.client.get_schedule_handle(schedule_id(office.program))


async def openings(office: Office, count: int) -> list[SchemeOutcome]:
    """What the schedule's last openings came to, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while len(done := (await handle_of(office).describe()).info.recent_actions) < count:
            await asyncio.sleep(0.05)
    outcomes = []
    for one in done:
        assert isinstance(one.action, ScheduleActionExecutionStartWorkflow)
        handle = office.environment.client.get_workflow_handle(
            one.action.workflow_id, result_type=SchemeOutcome
        )
        outcomes.append(await handle.result())
    return outcomes


def names(office: Office, program: str) -> set[str]:
    with office.database.read() as session:
        return {p.person.reference for p in programs.participants(session, program)}


def without_the_last(people: Path, folder: Path) -> Path:
    """The same people but for one, who is nobody's manager."""
    file = folder / "newer.csv"
    file.write_text("".join(people.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    return file


@pytest.mark.asyncio(loop_scope="session")
async def test_a_schedule_opens_a_program_once_with_the_newest_people(
    office: Office, here: Path
) -> None:
    with_real_days(office)
    name, day = office.program, f"15 {PLANNED:%B}"
    program = f"{name}-{PLANNED.year}"
    async with office.worker():
        done = await typed("schedule", office.definition, PEOPLE, "--every", day)
        assert done.code == 0, done.err
        assert f"Scheduled “{name}”: a program starts every year on {day}." in done.out
        assert f"schedules/scheme%2F{name}" in done.out
        described = await handle_of(office).describe()
        assert described.schedule.spec.time_zone_name == LONDON
        first = described.info.next_action_times[0]
        assert first.date() == opens_on(IN_THREE_MONTHS, PLANNED)
        await handle_of(office).trigger()
        await openings(office, 1)
        await handle_of(office).backfill(
            ScheduleBackfill(
                start_at=first - timedelta(hours=1),
                end_at=first,
                overlap=ScheduleOverlapPolicy.ALLOW_ALL,
            )
        )
        assert await openings(office, 2) == [
            SchemeOutcome(program=program, is_new=True),
            SchemeOutcome(program=program, is_new=False),
        ]
        workflow = office.environment.client.get_workflow_handle(program_workflow_id(program))
        running = await workflow.describe()
        assert running.status is WorkflowExecutionStatus.RUNNING
        assert running.static_summary is not None
        office.program = program
        assert (await office.view()).stage is Stage.DEFINITION
        mails = [mail for mail in office.post.mails() if mail.kind == "program_opened"]
        assert len(mails) == 1
        assert f"python starter.py schedule {name} people people.xlsx" in mails[0].text
        before = names(office, program)
        fewer = without_the_last(PEOPLE, here)
        done = await typed("schedule", name, "people", fewer)
        assert f"{program}, which has not started yet, takes in the same people." in done.out
        assert len(names(office, program)) == len(before) - 1
        assert (await typed("cancel", program, "--yes")).code == 0
        await workflow.result()
    with office.database.read() as session:
        assert programs.all_ids(session) == [program]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_schedule_is_changed_paused_and_removed(office: Office) -> None:
    name = office.program
    async with office.worker():
        twice = ("--every", "6 months", "--day", "15", "--notice", "1 week")
        made = (await typed("schedule", office.definition, PEOPLE, *twice, "--json")).json
        assert made["every"] == "every year on 15 January and 15 July"
        assert (made["state"], made["notice_days"], made["people"]) == ("active", 7, 28)
        assert {one["program"][-3:] for one in made["next"]} == {"-01", "-07"}
        assert (await typed("schedule", name, "pause")).code == 0
        described = await handle_of(office).describe()
        assert described.schedule.state.paused
        assert described.schedule.state.note == (
            "A program starts every year on 15 January and 15 July. Opened 7 days before."
        )
        done = await typed("schedule", office.definition, PEOPLE, "--every", "May")
        assert f"It is paused. Go on with: python starter.py schedule {name} resume" in done.out
        assert (await typed("schedule", name, "resume")).code == 0
        described = await handle_of(office).describe()
        assert not described.schedule.state.paused
        assert {when.month for when in islice(described.info.next_action_times, 3)} == {4}
        assert f"{name}" in (await typed("schedule", "list")).out
    assert (await typed("schedule", name, "remove", "--json")).json == {
        "schedule": name,
        "removed": True,
    }
    assert name not in (await typed("schedule", "list")).out
    assert (await typed("schedule", name, "show")).code == 2


@pytest.mark.asyncio(loop_scope="session")
async def test_hr_hears_why_the_next_program_can_not_be_opened_and_mends_it(
    office: Office,
) -> None:
    name = office.program
    async with office.worker():
        again = ("schedule", office.definition, PEOPLE, "--every", "15 June")
        assert (await typed(*again)).code == 0
        with office.database.write() as session:
            schemes.take_people(session, name, [], datetime.now(UTC))
        await handle_of(office).trigger()
        async with asyncio.timeout(PATIENCE):
            while not (now := (await typed("schedule", name, "show", "--json")).json)["hindered"]:
                await asyncio.sleep(0.1)
        assert now["state"] == "hindered"
        assert "No mentor and no mentee is left in it." in now["hindered"][0]
        assert (await typed(*again)).code == 0
        (opened,) = await openings(office, 1)
        assert opened.is_new
        office.program = opened.program
        await office.until(lambda view: view.stage is Stage.MATCHING)  # its days are short
        assert (await typed("cancel", opened.program, "--yes")).code == 0
    assert (await typed("schedule", name, "remove")).code == 0
