"""HR postpones and extends a program, on a real Temporal server."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.lifecycle import Stage
from store import programs
from tests.console.conftest import PEOPLE
from tests.console.test_with_server import Office, office, typed

__all__ = ["office"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

STARTS = date.today() + timedelta(days=60)  # noqa: DTZ011 - any date that is to come


def with_real_days(office: Office) -> None:
    """Have the program wait for a start date, with a workshop after it."""
    text = office.definition.read_text("utf-8")
    text = text.replace("  day: 15s\n", "", 1)
    text = text.replace("starts: 2027-01-11", f"starts: {STARTS}", 1)
    office.definition.write_text(text, "utf-8")
    with_a_workshop(office, STARTS + timedelta(days=60))


def with_a_workshop(office: Office, day: date) -> None:
    """Have the program's people come together on a day."""
    text = office.definition.read_text("utf-8")
    workshop = (
        "\ngroup_sessions:\n  - id: workshop\n    title: Workshop\n    whom: both\n"
        f"    dates: [{day} 10:00]\n    needed: 1\n"
    )
    office.definition.write_text(text + workshop, "utf-8")


async def test_a_program_that_has_not_begun_starts_later(office: Office) -> None:
    with_real_days(office)
    program = office.program
    async with office.worker():
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        done = await typed("postpone", program, "--by", "2 weeks")
        assert done.code == 0
        day = STARTS + timedelta(days=14)
        when = f"{day:%A} {day.day} {day:%B %Y}"
        assert f"Postponed by 14 days: it starts on {when}." in " ".join(done.out.split())
        assert "Group sessions that are still to come move with it." in " ".join(done.out.split())
        with office.database.read() as session:
            known = programs.get(session, program)
        assert known.definition.program.starts == day
        assert known.epoch > datetime.now(UTC) + timedelta(days=70)
        view = await office.view()
        assert (view.stage, view.paused, view.stage_ends) == (Stage.DEFINITION, False, known.epoch)
        early = await typed("postpone", program, "--to", STARTS)
        assert (early.code, early.out) == (2, "")
        assert f"the program starts on {day}" in early.err
        to = await typed("postpone", program, "--to", day + timedelta(days=1))
        assert "Postponed by 1 day:" in to.out
    assert office.post.kinds() == []


async def test_a_program_that_runs_takes_a_break_until_a_date(office: Office) -> None:
    program = office.program
    with_a_workshop(office, date(2027, 5, 12))
    async with office.worker():
        await office.up_to_the_pairs()
        await office.until_journal_has("pair_introduced")
        on_course = r"Workshop: (\d+) of \1 people on course, next on Wednesday "
        assert re.search(f"{on_course}12 May 2027", (await typed("status", program)).out)
        done = await typed("postpone", program, "--by", "2 weeks")
        assert done.code == 0
        assert "Everybody who is in it gets a message." in " ".join(done.out.split())
        view = await office.view()
        assert view.paused_until is not None
        status = await typed("status", program)
        assert "paused until" in status.out
        assert re.search(f"{on_course}26 May 2027", status.out)
        facts = (await typed("status", program, "--json")).json
        assert facts["paused"] is True
        assert facts["paused_until"] == view.paused_until.isoformat()
        assert "program_postponed" in office.events()
        early = await typed("postpone", program, "--to", date(2020, 1, 1))
        assert early.code == 2
        assert "paused until then already" in early.err
        assert (await typed("resume", program)).code == 0
        assert (await office.view()).paused_until is None


async def test_a_program_is_given_more_time(office: Office) -> None:
    program = office.program
    async with office.worker():
        await office.up_to_the_pairs()
        with office.database.read() as session:
            before = programs.get(session, program).definition.stages.meetings
        done = await typed("extend", program, "--by", "3 weeks")
        assert done.code == 0
        assert "Extended by 21 days" in done.out
        with office.database.read() as session:
            after = programs.get(session, program).definition.stages.meetings
        assert after == before + 21
        assert "program_extended" in office.events()
        assert (await typed("cancel", program, "--yes")).code == 0
        await office.until_journal_has("program_cancelled")
        over = await typed("extend", program, "--by", "3 weeks")
        assert over.code == 1
        assert "The program is over: it is cancelled." in over.err or "over already" in over.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say either --by"),
        (("--by", "2 weeks", "--to", "2027-01-11"), "Say either --by"),
        (("--by", "soon"), "--by soon: this is not a span of time."),
        (("--to", "11 January"), "--to 11 January: there is no such date."),
    ],
)
async def test_what_can_not_be_read_is_told_before_anything_is_done(
    office: Office, words: tuple[str, ...], said: str
) -> None:
    done = await typed("postpone", office.program, *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
