"""`starter.py matches`: see, change and approve what was proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from console import show_matches
from console.recording import came_to, noted
from console.session import order, program_handle, run, send_order, temporal
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, console, fail, print_json
from domain.acts import Outcome
from domain.edits import Edits, EditsOutcome
from domain.ids import program_workflow_id
from domain.problems import BadInput, Problem, suggestion
from domain.proposal import Totals
from domain.proposal_words import Section, counted, edits_in_words, lines_of
from runtime.settings import Settings, load_settings
from store import programs, proposals, selections
from store.database import Database
from store.programs import Participant, Program
from store.proposal_file import (
    ReadEdits,
    Source,
    check_target,
    export_proposal,
    read_edits,
    refuse_to_overwrite,
)
from store.proposals import StoredProposal
from workflows.messages import EditMatches, MatchesApproval
from workflows.program import ProgramWorkflow

app = typer.Typer()


class MatchesAction(StrEnum):
    """What to do with the matches."""

    SHOW = "show"
    EXPORT = "export"
    IMPORT = "import"
    APPROVE = "approve"
    RESERVE = "reserve"
    WHY = "why"
    RESTORE = "restore"


_WANTS = {
    MatchesAction.EXPORT: (1, "the file to write: matches {program} export matches.xlsx"),
    MatchesAction.IMPORT: (1, "the file to read: matches {program} import matches.xlsx"),
    MatchesAction.WHY: (2, "two people, by id or mail address: matches {program} why 1017 1042"),
    MatchesAction.RESTORE: (1, "the number of an earlier proposal: matches {program} restore 1"),
}
"""How many words follow an action, and what they are."""

MOST_CHANGES = 20
"""Changes that an import lists one by one."""


@app.command()
def matches(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    action: Annotated[
        MatchesAction,
        typer.Argument(
            help="show, export F, import F, approve, reserve (who waits), why X Y or restore N "
            "(the pairs of an earlier proposal)"
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[F | X Y | N]",
            help="A file; or two people, by id or mail address; or a proposal’s number.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every pair of many.")] = False,
    solve: Annotated[
        bool,
        typer.Option("--solve", help="With import: match anew what you have not set."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="With export: write over a file that is there. With import: take pairs out "
            "although most rows are missing.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """See, change and approve the proposed matches."""
    given = words or []
    with told(as_json=as_json):
        wanted, what = _WANTS.get(action, (0, "nothing after it"))
        if len(given) != wanted:
            fail(f"“{action}” wants {what.format(program=program)}", BAD_INPUT)
        if solve and action is not MatchesAction.IMPORT:
            fail("“--solve” goes with import.", BAD_INPUT)
        if force and action not in (MatchesAction.EXPORT, MatchesAction.IMPORT):
            fail("“--force” goes with export and import.", BAD_INPUT)
        settings = load_settings()
        with store(settings) as database:
            desk = _Desk(settings, database, program)
            match action:
                case MatchesAction.SHOW:
                    desk.show(everything=everything, as_json=as_json)
                case MatchesAction.RESERVE:
                    desk.reserve(as_json=as_json)
                case MatchesAction.WHY:
                    desk.why(given[0], given[1], as_json=as_json)
                case MatchesAction.EXPORT:
                    desk.export(Path(given[0]), force=force)
                case MatchesAction.RESTORE:
                    desk.restore(given[0], as_json=as_json)
                case MatchesAction.APPROVE:
                    desk.approve()
                case MatchesAction.IMPORT:
                    desk.take_over(Path(given[0]), solve=solve, force=force, as_json=as_json)


class _Desk:
    """What HR sees of a program's newest proposal, and can do with it."""

    def __init__(self, settings: Settings, database: Database, program: str) -> None:
        self._settings = settings
        self._database = database
        self._program: Program = the_program(database, program)
        with database.read() as session:
            found = proposals.latest_proposal(session, program)
            self._people: Mapping[str, Participant] = {
                p.id: p for p in programs.participants(session, program)
            }
            waits = selections.is_open(session, program)
        if found is None and waits:
            fail(
                "There are no matches yet: the program waits for the selection. See: "
                f"python starter.py selection {program} show"
            )
        if found is None:
            fail(f"There are no matches yet. See: python starter.py status {program}")
        self._stored: StoredProposal = found

    @property
    def _id(self) -> str:
        return self._program.id

    @property
    def _source(self) -> Source:
        return Source(self._id, self._stored.number)

    def show(self, *, everything: bool, as_json: bool) -> None:
        """Print the proposal."""
        if as_json:
            print_json(show_matches.facts(self._stored, self._people, self._id))
        else:
            out.print(
                show_matches.proposal(
                    self._stored,
                    self._people,
                    self._id,
                    everything=everything,
                    first=self._first(),
                )
            )

    def _first(self) -> Totals | None:
        """What the first proposal reached, as long as the newest one came out of it."""
        with self._database.read() as session:
            if programs.count_pairs(session, self._id):
                return None
            first = proposals.numbered(session, self._id, 1)
        return first.proposal.totals if first is not None else None

    def reserve(self, *, as_json: bool) -> None:
        """Print who waits, in their order."""
        if as_json:
            print_json(show_matches.reserve_facts(self._stored, self._people, self._id))
        else:
            out.print(show_matches.reserve(self._stored, self._people))

    def why(self, one: str, other: str, *, as_json: bool) -> None:
        """Print why two people are not a pair, or that they are."""
        first, second = self._person(one), self._person(other)
        sections = self._sections(first, second)
        if as_json:
            print_json(
                {
                    "one": first.person.reference,
                    "other": second.person.reference,
                    "why": [line for heading, lines in sections for line in (lines or (heading,))],
                    "sections": [
                        {"heading": heading, "lines": lines} for heading, lines in sections
                    ],
                }
            )
            return
        out.print(f"{first.person.name} and {second.person.name}", style="bold")
        for line in lines_of(sections):
            out.print(line)

    def _sections(self, first: Participant, second: Participant) -> Sequence[Section]:
        # They need scipy, which takes long to load.
        from console.why import why_in_a_program, why_in_a_running_program  # noqa: PLC0415

        with self._database.read() as session:
            ask = (
                why_in_a_running_program
                if programs.count_pairs(session, self._id)
                else why_in_a_program
            )
            return ask(session, self._program, self._stored, first, second)

    def _person(self, written: str) -> Participant:
        with self._database.read() as session:
            found = programs.participant_by_reference(session, self._id, written)
        if found is None:
            near = suggestion(written, (p.person.reference for p in self._people.values()))
            hint = f" Did you mean “{near}”?" if near else ""
            fail(f"There is nobody “{written}” in “{self._id}”.{hint}", BAD_INPUT)
        if not found.takes_part:
            fail(f"{found.person.name} does not take part, so nobody can be their partner.")
        return found

    def export(self, file: Path, *, force: bool) -> None:
        """Write the proposal to a file that HR may edit."""
        check_target(file)
        refuse_to_overwrite(file, force=force)
        persons = {key: p.person for key, p in self._people.items()}
        export_proposal(file, self._stored.proposal, persons, source=self._source)
        out.print(
            f"Wrote {file}. After editing: python starter.py matches {self._id} import {file}",
            soft_wrap=True,
        )

    def approve(self) -> None:
        """Have the pairs introduced."""
        noted(number=self._stored.number)
        run(approve_matches(self._settings, self._id, self._stored.number))
        count = sum(
            self._people[pair.mentor].takes_part and self._people[pair.mentee].takes_part
            for pair in self._stored.proposal.pairs
        )
        out.print(f"Approved: {counted(count, 'pair')} will be introduced now.")

    def take_over(self, file: Path, *, solve: bool, force: bool, as_json: bool) -> None:
        """Carry out what HR decided in a file. Ends with 2 when some of it was refused."""
        read = read_edits(
            file,
            self._stored.proposal,
            {key: p.person for key, p in self._people.items()},
            source=self._source,
            taking_part={key for key, p in self._people.items() if p.takes_part},
        )
        gone, pairs = len(read.taken_out), len(self._stored.proposal.pairs)
        if 2 * gone > pairs and not force:
            missing = (
                f"{gone:,} of {counted(pairs, 'pair')} {'has' if gone == 1 else 'have'} no row"
            )
            said = f"{missing} in this file any more, and would be dropped."
            hint = "Take an unshortened file, or add --force if that is what you want."
            raise BadInput([Problem(file=str(file), message=said, hint=hint)])
        edits = Edits(edits=read.edits, solve=solve, based_on=self._stored.number)
        noted(number=self._stored.number, edits=len(edits.edits))
        outcome = run(self._carry_out(edits))
        self._tell(file, read, outcome, as_json=as_json)

    def restore(self, number: str, *, as_json: bool) -> None:
        """Make the pairs of an earlier proposal the current ones again."""
        from domain.editing import edits_back_to  # noqa: PLC0415 - scipy, which takes long

        with self._database.read() as session:
            begun = programs.count_pairs(session, self._id) > 0
            known = number.isdecimal()
            earlier = proposals.numbered(session, self._id, int(number)) if known else None
        if begun:
            fail("The first pairs are made, so that no earlier proposal can come back.")
        if earlier is None or earlier.number >= self._stored.number:
            fail(
                f"There is no earlier proposal {number}. The newest is {self._stored.number}.",
                BAD_INPUT,
            )
        back = edits_back_to(earlier.proposal, self._stored.proposal)
        edits = Edits(edits=back, solve=False, based_on=self._stored.number)
        noted(number=earlier.number)
        outcome = run(self._carry_out(edits))
        self._tell(f"proposal {number}", ReadEdits(back, (), ()), outcome, as_json=as_json)

    async def _carry_out(self, edits: Edits) -> EditsOutcome:
        handle = program_handle(await temporal(self._settings), self._id)
        view = await handle.query(ProgramWorkflow.view)
        if not view.awaits_approval:
            fail(f"No matches wait for approval. The program is in stage {view.stage}.")
        with self._database.write() as session:
            draft = proposals.save_edits(session, self._id, edits, datetime.now(UTC))
        await order(handle, "edit_matches", EditMatches(draft=draft, number=edits.based_on))
        with self._database.read() as session:
            outcome = proposals.edits_outcome(session, self._id, draft)
        if outcome is None:
            _say_not_known(self._id)
        return outcome

    def _tell(
        self, file: Path | str, read: ReadEdits, outcome: EditsOutcome, *, as_json: bool
    ) -> None:
        refused = show_matches.refusals(str(file), outcome.refused, self._people)
        problems = [*read.problems, *refused]
        unchanged = outcome.number == self._stored.number
        came_to(Outcome.UNCHANGED if unchanged else Outcome.DONE)
        if as_json:
            print_json(
                {
                    "program": self._id,
                    "number": outcome.number,
                    "applied": outcome.applied,
                    "changes": self._changes(read, outcome),
                    "pairs": outcome.pairs,
                    "unmatched": outcome.unmatched,
                    "taken_out": len(read.taken_out),
                    "refused": [
                        problem.model_dump(include={"row", "field", "message", "hint"})
                        for problem in problems
                    ],
                }
            )
        else:
            self._tell_in_words(read, outcome, some_refused=bool(problems))
            for problem in problems:
                console(stderr=True).print(str(problem), style="red", soft_wrap=True)
        if not problems:
            return
        rows = {(problem.row, problem.file) for problem in read.problems}
        count = len(rows) + len(outcome.refused)
        console(stderr=True).print(
            f"{counted(count, 'row was', 'rows were')} not taken over; their pairs are as they "
            "were. Everything else was.",
            soft_wrap=True,
        )
        raise typer.Exit(BAD_INPUT)

    def _changes(self, read: ReadEdits, outcome: EditsOutcome) -> Sequence[str]:
        """The edits that apply, in words."""
        names = {key: p.person.name for key, p in self._people.items()}
        return edits_in_words(
            read.edits, outcome.refused, self._stored.proposal, lambda key: names.get(key, key)
        )

    def _tell_in_words(self, read: ReadEdits, outcome: EditsOutcome, *, some_refused: bool) -> None:
        if read.taken_out:
            count = counted(len(read.taken_out), "row is", "rows are")
            names = ", ".join(
                f"{self._people[mentor].person.name} and {self._people[mentee].person.name}"
                for mentor, mentee in read.taken_out[:5]
            )
            more = ", …" if read.taken_out[5:] else ""
            out.print(f"{count} not in the file any more and dropped: {names}{more}.")
        if not outcome.applied and outcome.number == self._stored.number:
            out.print(f"Nothing changed: proposal {outcome.number} is as it was.")
        else:
            out.print(
                f"{counted(outcome.applied, 'change')} applied. Proposal {outcome.number} has "
                f"{counted(outcome.pairs, 'pair')} now, {outcome.unmatched:,} without a partner."
                + (" The refused rows are not in it." if some_refused else ""),
                soft_wrap=True,
            )
            changes = self._changes(read, outcome)
            for change in changes[:MOST_CHANGES]:
                out.print(f"• {change}", soft_wrap=True)
            if changes[MOST_CHANGES:]:
                out.print(f"  and {len(changes) - MOST_CHANGES:,} more")
        out.print(
            f"To introduce them: python starter.py matches {self._id} approve. To edit again, "
            "export anew.",
            soft_wrap=True,
        )


def _say_not_known(program: str) -> NoReturn:
    fail(
        "The program carried your edits out, but its store does not say how. Is this the store "
        f"that its worker uses? Look at: python starter.py matches {program} show"
    )


async def approve_matches(settings: Settings, program: str, number: int) -> None:
    """Approve the proposal of this number: its pairs are introduced."""
    await send_order(
        settings, program_workflow_id(program), "approve_matches", MatchesApproval(number=number)
    )
