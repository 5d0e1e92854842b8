"""`starter.py hold` and `retention`: how long personal data is kept, and keeping it for longer."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from temporalio.client import WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from console import show_retention
from console.recording import who_is_here
from console.session import program_handle, run, tell_workflows, temporal
from console.show_retention import Kept
from console.stores import out, store, the_program, told
from console.terminal import BAD_INPUT, fail, print_json
from console.written import day_in_words
from domain.details import RETENTION_HELP
from domain.ids import program_workflow_id, retention_workflow_id
from domain.journal import EventKind, JournalEvent
from runtime.settings import Settings, load_settings
from store import holds, journal, programs, retention
from store.database import Database
from workflows.messages import RetentionInput
from workflows.retention import RetentionWorkflow
from workflows.search_attributes import PROGRAM

app = typer.Typer(add_completion=False)

ProgramId = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program’s id.")]


class RetentionAction(StrEnum):
    """What to do about the time for which data is kept."""

    SHOW = "show"
    START = "start"


@app.command()
def hold(
    program: ProgramId,
    reference: Annotated[
        str | None,
        typer.Option("--reference", metavar="TEXT", help="What it is for: the number of a case."),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Lift the hold that is on.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a program on legal hold: nothing of it is deleted.

    What it is for stays in the store. With `--lift` data is deleted again when its time is over.
    """
    with told():
        if lift and reference is not None:
            fail("--reference belongs to a new hold, not to --lift.", BAD_INPUT)
        reference = _checked(reference)
        settings = load_settings()
        with store(settings) as database:
            the_program(database, program)
            who = who_is_here(settings)
            if lift:
                done = _lift(database, program, who, yes=yes)
            else:
                done = _put(database, program, who, reference)
            if done and not run(tell_workflows(settings, database)):
                out.print(
                    "Temporal could not be told yet. It counts already: nothing is deleted before "
                    "the store was asked.",
                    soft_wrap=True,
                )


def _checked(reference: str | None) -> str | None:
    words = (reference or "").strip()
    if len(words) > holds.MAX_REFERENCE or not words.isprintable():
        fail(f"--reference: give one line of at most {holds.MAX_REFERENCE} characters.", BAD_INPUT)
    return words or None


def _put(database: Database, program: str, who: str, reference: str | None) -> bool:
    with database.write() as session:
        now = journal.now_of(session, program)
        gone = retention.deletion_of(session, program)
        made = None
        if gone is None or gone.finished_at is None:
            made = holds.put(session, program, who, reference, now)
    if gone is not None and gone.finished_at is not None:
        day = day_in_words(gone.finished_at.date())
        fail(f"There is nothing left to hold: personal data was deleted on {day}.")
    if made is None:
        out.print("It is on hold already. Nothing was changed.")
        return False
    out.print(
        f"“{program}” is on hold: nothing of it is deleted, by time or by “erase”, until "
        f"you lift it: python starter.py hold {program} --lift",
        soft_wrap=True,
    )
    if gone is not None:
        out.print("A deletion was under way. What it had not come to is kept.")
    return True


def _lift(database: Database, program: str, who: str, *, yes: bool) -> bool:
    kept = read_kept(database, program)
    if kept.hold is None:
        out.print("It is not on hold. Nothing was changed.")
        return False
    if kept.is_over and not yes:
        question = (
            f"The time for which the personal data of “{program}” is kept is over since "
            f"{kept.until_in_words}. If you lift the hold, all of it is deleted now, and can't be "
            "brought back. Lift it?"
        )
        if not typer.confirm(question, err=True):
            out.print("Nothing was changed.")
            return False
    with database.write() as session:
        holds.lift(session, program, who, journal.now_of(session, program))
    out.print(show_retention.lifted(kept), soft_wrap=True)
    return True


@app.command(name="retention")
def keeping(
    program: Annotated[
        str | None, typer.Argument(metavar="[PROGRAM]", help="The program’s id; all without it.")
    ] = None,
    action: Annotated[RetentionAction, typer.Argument(help="show or start")] = RetentionAction.SHOW,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Until when personal data is kept, and which holds there are.

    `start` has it deleted in time where no workflow waits for that: of programs that ended before
    0.3.0, or were ended by force.
    """
    with told(as_json=as_json):
        settings = load_settings()
        with store(settings) as database:
            if program is None:
                found = _all(database)
                if as_json:
                    print_json({"programs": [show_retention.facts(one) for one in found]})
                else:
                    out.print(show_retention.table(found))
                return
            the_program(database, program)
            kept = read_kept(database, program)
            if action is RetentionAction.START:
                _start(settings, database, kept)
                return
            if as_json:
                print_json(show_retention.facts(kept))
            else:
                out.print(show_retention.in_full(kept))


def _all(database: Database) -> list[Kept]:
    with database.read() as session:
        known = programs.all_ids(session)
    return [read_kept(database, program) for program in known]


def read_kept(database: Database, program: str) -> Kept:
    """How a program stands with what is kept of it."""
    with database.read() as session:
        return show_retention.kept(session, program)


def _start(settings: Settings, database: Database, kept: Kept) -> None:
    if kept.ends is None:
        kept = _ended(settings, database, kept)
    if kept.finished is not None:
        out.print("Its personal data is deleted already. Nothing was changed.")
        return
    if run(_started(settings, kept.program.id)):
        out.print(f"Started. {show_retention.what_comes(kept)}", soft_wrap=True)
    else:
        out.print("A workflow waits for it already. Nothing was changed.")


def _ended(settings: Settings, database: Database, kept: Kept) -> Kept:
    """The same of a program whose workflow was ended by force, or is lost: it ended today.

    Ends the command where the workflow goes on.
    """
    program = kept.program.id
    if run(_goes_on(settings, program)):
        fail(
            f"“{program}” is not over. When it is, its personal data is kept for {kept.days} days "
            "more; that begins by itself."
        )
    with database.write() as session:
        event = JournalEvent(
            id=f"{program_workflow_id(program)}#ended",
            kind=EventKind.PROGRAM_CANCELLED,
            at=journal.now_of(session, program),
        )
        journal.append(session, program, [event])
    out.print(
        "Its workflow is gone, and nothing says when it ended: that counts as today, by cancelling."
    )
    return read_kept(database, program)


async def _goes_on(settings: Settings, program: str) -> bool:
    """Whether a program's workflow runs."""
    client = await temporal(settings)
    try:
        described = await program_handle(client, program).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return described.status is WorkflowExecutionStatus.RUNNING


async def _started(settings: Settings, program: str) -> bool:
    """Start the workflow, unless it runs. Gives whether that was new."""
    client = await temporal(settings)
    try:
        await client.start_workflow(
            RetentionWorkflow.run,
            RetentionInput(program=program),
            id=retention_workflow_id(program),
            task_queue=settings.task_queue,
            static_summary=f"How long the personal data of {program} is kept",
            static_details=RETENTION_HELP,
            search_attributes=TypedSearchAttributes([SearchAttributePair(PROGRAM, program)]),
        )
    except WorkflowAlreadyStartedError:
        return False
    return True
