"""Choosing whom to match, and reading what managers said, on a real Temporal server."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from domain.lifecycle import Stage
from store import approvals, programs
from store.links import Link, Purpose
from tests.console.conftest import PEOPLE
from tests.console.test_with_server import Office, office, typed
from tests.portal.scene import EXPIRES

__all__ = ["office"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


def ask_for(office: Office, *settings: str) -> None:
    """Have the program's definition ask for something before matching."""
    text = office.definition.read_text("utf-8")
    lines = "".join(f"  {setting}: true\n" for setting in settings)
    office.definition.write_text(f"{text}\nenrolment:\n{lines}", "utf-8")


async def up_to_the_closing_date(office: Office) -> None:
    assert (await typed("start", office.definition, PEOPLE)).code == 0
    await office.until(lambda view: view.stage is Stage.MATCHING)
    office.everybody_joins()


async def test_hr_chooses_in_a_sheet_and_who_is_chosen_is_matched(office: Office) -> None:
    ask_for(office, "selection")
    program = office.program
    async with office.worker():
        await up_to_the_closing_date(office)
        early = await typed("selection", program, "export", "s.xlsx")
        assert (early.code, early.out) == (1, "")
        assert "Enrolment is still open." in early.err
        closed = await typed("close-enrolment", program)
        assert closed.code == 0
        assert f"python starter.py selection {program} show" in closed.out
        assert "are being made" not in closed.out
        await office.until(lambda view: view.awaits_selection)
        assert "waits for the selection" in (await typed("status", program)).out
        waits = await typed("matches", program, "show")
        assert waits.code == 1
        assert "the program waits for the selection" in waits.err
        assert "26 people chosen, 0 not." in (await typed("selection", program, "show")).out
        assert (await typed("selection", program, "export", "s.xlsx")).code == 0
        again = await typed("selection", program, "export", "s.xlsx")
        assert again.code == 2
        assert "there already" in again.err

        book = load_workbook("s.xlsx")
        book["People"]["A2"] = "no"
        book["People"]["A3"] = "perhaps"
        book.save("s.xlsx")
        wrong = await typed("selection", program, "import", "s.xlsx")
        assert wrong.code == 2
        assert "s.xlsx, row 3, Match: “perhaps” is neither yes nor no." in wrong.err
        assert "Nothing was changed." in wrong.err
        book["People"]["A3"] = "no"
        book.save("s.xlsx")
        done = await typed("selection", program, "import", "s.xlsx")
        assert (done.code, done.err) == (0, "")
        assert "24 people chosen, 2 not." in done.out
        facts = (await typed("selection", program, "show", "--json")).json
        out = {person["name"] for person in facts["people"] if not person["selected"]}
        assert len(out) == 2
        assert all(f"• {name}: no" in done.out for name in out)

        confirmed = await typed("selection", program, "confirm")
        assert confirmed.code == 0
        words = " ".join(confirmed.out.split())
        assert "24 people are being matched; 2 people get a kind message." in words
        await office.until(lambda view: view.awaits_approval)
        late = await typed("selection", program, "import", "s.xlsx")
        assert late.code == 1
        assert "No selection waits for you." in late.err
        status = (await typed("status", program, "--json")).json
        assert status["people"]["not_selected"] == 2
        with office.database.read() as session:
            told = {
                p.person.email
                for p in programs.participants(session, program)
                if p.selected is False
            }
        got = {m.to[0] for m in office.post.mails() if m.kind == "not_selected"}
        assert got == told
        assert len(got) == 2
        shown = await typed("matches", program, "show")
        assert not any(name in shown.out for name in out)


async def test_choosing_nobody_is_refused(office: Office) -> None:
    ask_for(office, "selection")
    async with office.worker():
        await up_to_the_closing_date(office)
        await typed("close-enrolment", office.program)
        await office.until(lambda view: view.awaits_selection)
        await typed("selection", office.program, "export", "s.xlsx")
        book = load_workbook("s.xlsx")
        for (cell,) in book["People"]["A2:A27"]:
            cell.value = "no"
        book.save("s.xlsx")
        assert (await typed("selection", office.program, "import", "s.xlsx")).code == 0
        done = await typed("selection", office.program, "confirm")
        assert done.code == 1
        assert "You have said no to everybody" in done.err


async def test_what_managers_said_is_told_with_their_reasons(office: Office) -> None:
    ask_for(office, "manager_approval")
    async with office.worker():
        await up_to_the_closing_date(office)
        with office.database.write() as session:
            found = approvals.approvals(session, office.program)
            (no, yes) = (found[0].person, found[1].person)
            for person, agrees in ((no, False), (yes, True)):
                manager = approvals.manager_of(session, office.program, person.id)
                link = Link(
                    purpose=Purpose.APPROVAL,
                    program=office.program,
                    person=manager or "",
                    occasion=person.id,
                    expires=EXPIRES,
                )
                approvals.answer(session, link, agrees, None if agrees else "On leave")
        listed = (await typed("approvals", office.program, "--json")).json
        said = {one["id"]: (one["agrees"], one["reason"]) for one in listed["people"]}
        assert said[no.person.reference] == (False, "On leave")
        assert said[yes.person.reference] == (True, None)
        assert "On leave" in (await typed("approvals", office.program)).out
        closed = await typed("close-enrolment", office.program)
        assert "Who has no yes of their manager is told so" in closed.out
        await office.until(lambda view: view.awaits_approval)
        status = (await typed("status", office.program, "--json")).json
        assert (status["people"]["manager_agrees"], status["people"]["manager_says_no"]) == (1, 1)
        with office.database.read() as session:
            everybody = programs.participants(session, office.program)
        asked = {one["id"] for one in listed["people"]}
        matched = {p.person.reference for p in everybody if p.takes_part}
        assert matched & asked == {yes.person.reference}


async def test_a_program_that_asks_nobody_says_so(office: Office) -> None:
    async with office.worker():
        await up_to_the_closing_date(office)
        for command in (("selection", office.program, "show"), ("approvals", office.program)):
            done = await typed(*command)
            assert (done.code, done.out) == (1, "")
            assert "in a definition asks for it" in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export",), "“export” wants the file to write"),
        (("import",), "“import” wants the file to read"),
        (("confirm", "x.xlsx"), "“confirm” wants nothing after it"),
        (("show", "--force"), "“--force” goes with export."),
    ],
)
async def test_a_command_that_is_not_whole_says_what_it_wants(
    here: Path, words: tuple[str, ...], said: str
) -> None:
    done = await typed("selection", "any", *words)
    assert done.code == 2
    assert said in done.err
