"""`starter.py selection`: choose whom to match, of those who joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from activities.signatures import Selected
from console.recording import noted
from console.session import run, send_order
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, fail, print_json
from domain.ids import program_workflow_id
from domain.proposal_words import counted
from runtime.settings import Settings, load_settings
from store import answers, selections
from store.database import Database
from store.programs import Participant
from store.proposal_file import refuse_to_overwrite
from store.selection_file import check_selection_target, export_selection, read_selection
from store.selections import Choice, NotOpen

app = typer.Typer()

MOST_NAMED = 20
"""People that an import names."""


class SelectionAction(StrEnum):
    """What to do with the selection."""

    SHOW = "show"
    EXPORT = "export"
    IMPORT = "import"
    CONFIRM = "confirm"


_WANTS = {
    SelectionAction.EXPORT: "the file to write: selection {program} export selection.xlsx",
    SelectionAction.IMPORT: "the file to read: selection {program} import selection.xlsx",
}


@app.command()
def selection(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    action: Annotated[SelectionAction, typer.Argument(help="show, export F, import F or confirm")],
    file: Annotated[Path | None, typer.Argument(metavar="[F]", help="A file (XLSX).")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="With export: write over a file that is there.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Choose whom to match, of those who joined."""
    with told(as_json=as_json):
        wanted = _WANTS.get(action)
        if wanted is None and file is not None:
            fail(f"“{action}” wants nothing after it", BAD_INPUT)
        if wanted is not None and file is None:
            fail(f"“{action}” wants {wanted.format(program=program)}", BAD_INPUT)
        if force and action is not SelectionAction.EXPORT:
            fail("“--force” goes with export.", BAD_INPUT)
        settings = load_settings()
        with store(settings) as database:
            desk = _Desk(settings, database, program)
            match action:
                case SelectionAction.SHOW:
                    desk.show(as_json=as_json)
                case SelectionAction.EXPORT:
                    desk.export(file or Path(), force=force)
                case SelectionAction.IMPORT:
                    desk.take_over(file or Path(), as_json=as_json)
                case SelectionAction.CONFIRM:
                    desk.confirm(as_json=as_json)


class _Desk:
    """What HR sees of who joined, and can do with it."""

    def __init__(self, settings: Settings, database: Database, program: str) -> None:
        self._settings = settings
        self._database = database
        self._id = program
        if not the_program(database, program).definition.enrolment.selection:
            fail(
                f"“{program}” does not ask for a selection: everybody who joins is matched. "
                "“enrolment.selection” in a definition asks for it."
            )
        with database.read() as session:
            self._people = selections.candidates(session, program)
            self._is_open = selections.is_open(session, program)
            self._is_over = answers.enrolment_is_over(session, program)

    def show(self, *, as_json: bool) -> None:
        """Print who may be chosen, and how it stands."""
        if as_json:
            print_json(
                {
                    "program": self._id,
                    "waits_for_you": self._is_open,
                    "people": [_facts(person) for person in self._people],
                }
            )
            return
        out.print(_table(self._people))
        no = sum(person.selected is False for person in self._people)
        chosen = f"{counted(len(self._people) - no, 'person', 'people')} chosen, {no:,} not."
        if self._is_open:
            out.print(
                f"{chosen} To match them: python starter.py selection {self._id} confirm",
                soft_wrap=True,
            )
        elif self._is_over:
            out.print(f"{chosen} The choice is made.")
        else:
            out.print(f"{chosen} Enrolment is open; you choose once it is closed.")

    def export(self, file: Path, *, force: bool) -> None:
        """Write who may be chosen to a file in which HR says yes or no."""
        self._must_be_open()
        check_selection_target(file)
        refuse_to_overwrite(file, force=force)
        export_selection(file, self._id, self._people)
        out.print(
            f"Wrote {file}. After editing: python starter.py selection {self._id} import {file}",
            soft_wrap=True,
        )

    def take_over(self, file: Path, *, as_json: bool) -> None:
        """Take over what HR said in a file; nothing of it, if anything in it is wrong."""
        self._must_be_open()
        chosen = read_selection(file, self._id, self._people)
        changed = [
            person
            for person in self._people
            if person.id in chosen and chosen[person.id] is (person.selected is False)
        ]
        try:
            with self._database.write() as session:
                now = selections.choose(session, self._id, chosen)
        except NotOpen:
            fail("The selection was confirmed meanwhile. Nothing was changed.")
        noted(selected=now.selected, not_selected=now.not_selected)
        if as_json:
            print_json(
                {
                    "program": self._id,
                    "selected": now.selected,
                    "not_selected": now.not_selected,
                    "changed": [person.person.reference for person in changed],
                }
            )
            return
        self._tell(changed, chosen, now)

    def _tell(
        self, changed: Sequence[Participant], chosen: Mapping[str, bool], now: Choice
    ) -> None:
        for person in changed[:MOST_NAMED]:
            out.print(f"• {person.person.name}: {'yes' if chosen[person.id] else 'no'}")
        if changed[MOST_NAMED:]:
            out.print(f"  and {len(changed) - MOST_NAMED:,} more")
        if not changed:
            out.print("Nothing changed.")
        out.print(
            f"{counted(now.selected, 'person', 'people')} chosen, {now.not_selected:,} not. "
            f"Nobody hears of it before: python starter.py selection {self._id} confirm",
            soft_wrap=True,
        )

    def confirm(self, *, as_json: bool) -> None:
        """Have those matched who are chosen, and the others told."""
        self._must_be_open()
        if self._people and all(person.selected is False for person in self._people):
            fail("You have said no to everybody, so there is nobody to match.")
        done = run(confirm_selection(self._settings, self._id))
        if as_json:
            print_json({"program": self._id, **done.model_dump()})
            return
        out.print(
            f"Confirmed: {counted(done.selected, 'person is', 'people are')} being matched"
            + (
                f"; {counted(done.not_selected, 'person gets', 'people get')} a kind message."
                if done.not_selected
                else "."
            )
        )

    def _must_be_open(self) -> None:
        if self._is_open:
            return
        if self._is_over:
            fail(f"No selection waits for you. See: python starter.py status {self._id}")
        fail(
            "Enrolment is still open. You choose once it is closed; to close it now: "
            f"python starter.py close-enrolment {self._id}"
        )


def _facts(participant: Participant) -> dict[str, Any]:
    person = participant.person
    return {
        "id": person.reference,
        "name": person.name,
        "roles": [role.value for role in participant.eligible_roles],
        "selected": participant.selected is not False,
        "manager_agrees": participant.approved,
    }


def _table(people: Sequence[Participant]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Match", "ID", "Name", "Would be", "Level", "Department"):
        table.add_column(heading, no_wrap=heading in ("Match", "ID"))
    for participant in people:
        person = participant.person
        table.add_row(
            "no" if participant.selected is False else "yes",
            person.reference,
            person.name,
            " or ".join(participant.eligible_roles),
            person.level or "",
            person.department or "",
        )
    return table


async def confirm_selection(settings: Settings, program: str) -> Selected:
    """Have those matched who are chosen."""
    return await send_order(
        settings, program_workflow_id(program), "confirm_selection", answer=Selected
    )
