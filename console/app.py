"""The commands that start, steer and report on programs. `console/commands.py` lists all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from console import show, show_pair
from console.absence import take_leave
from console.intake import read_all, read_intake, start_date_problem
from console.people import update_people
from console.recording import came_to, noted
from console.session import program_handle, run, send_order, tell_workflows, temporal
from console.show_parts import ui_link
from console.show_status import Standing
from console.status import read_standing
from console.stores import err, out, store, the_program, told, unlogged
from console.surveys import changed_surveys
from console.terminal import BAD_INPUT, fail, print_json
from domain.acts import Outcome
from domain.calendar import epoch_for, morning_of
from domain.definition import Definition
from domain.ids import pair_workflow_id, program_workflow_id
from domain.pair_orders import Order
from domain.plan import plan_of
from domain.problems import BadInput, Problem, did_you_mean
from runtime.settings import PROJECT, Settings, content_folders, load_settings
from store import (
    answers,
    journal,
    pair_story,
    program_facts,
    programs,
)
from store.content import Content
from store.database import Database
from store.programs import Entrant, Program
from workflows.messages import (
    HrOrder,
    ProgramInput,
)
from workflows.program import ProgramWorkflow
from workflows.starting import start_options

app = typer.Typer(
    name="starter.py",
)

DefinitionFile = Annotated[Path, typer.Argument(help="The program's definition (YAML).")]
PeopleFile = Annotated[Path, typer.Argument(help="The people (CSV or XLSX).")]
ProgramId = Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document and nothing else.")]


# --- Before the start ----------------------------------------------------------------------------


@app.command()
def check(
    definition: DefinitionFile,
    people: Annotated[Path | None, typer.Argument(help="The people (CSV or XLSX).")] = None,
    as_json: AsJson = False,
) -> None:
    """Validate, and say what would happen."""
    with told(as_json=as_json):
        content = content_folders()
        intake = read_all(definition, people, content).noting(changed_surveys(content))
        if as_json:
            print_json(show.plan_facts(intake))
        else:
            out.print(show.plan(intake))


@app.command()
def start(definition: DefinitionFile, people: PeopleFile, as_json: AsJson = False) -> None:
    """Start a run; prints its id and the UI link."""
    with told(as_json=as_json):
        intake = read_intake(definition, people, content_folders())
        plan = intake.definition
        if past := start_date_problem(plan):
            raise BadInput([Problem(file=str(definition), message=past)])
        settings = load_settings()
        noted(program=plan.program.id, people=len(intake.entrants))
        run_id = run(start_program(settings, plan, intake.entrants))
    program = plan.program.id
    link = ui_link(settings, program)
    if as_json:
        print_json({"program": program, "run": run_id, "ui": link})
        return
    out.print(f"Started {program_workflow_id(program)}")
    out.print(f"Watch it: {link}", soft_wrap=True)
    out.print(f"      or: python starter.py status {program} --watch", soft_wrap=True)


async def start_program(settings: Settings, plan: Definition, entrants: Sequence[Entrant]) -> str:
    """Put a program into the store and start its workflow. Gives the run's id.

    A program that came into the store and was never started, because Temporal went away in
    between, is put there anew, as the files are now.
    """
    client = await temporal(settings)
    program = plan.program.id
    now = datetime.now(UTC)
    with store(settings) as database:
        with database.read() as session:
            known = programs.exists(session, program)
            began = bool(journal.read(session, program))
        if began or await _has_workflow(client, program):
            _say_started(program)
        with database.write() as session:
            if known:
                programs.take_back(session, program)
            programs.enter(session, plan, entrants, epoch_for(plan, now), now)
        with database.read() as session:
            stored = programs.get(session, program)
    try:
        handle = await client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=program, plan=plan_of(stored.definition, stored.epoch)),
            task_queue=settings.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            **start_options(program),
        )
    except WorkflowAlreadyStartedError:
        _say_started(program)
    return handle.result_run_id or ""


async def _has_workflow(client: Client, program: str) -> bool:
    try:
        await program_handle(client, program).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


def _say_started(program: str) -> None:
    fail(
        f"Program “{program}” was started already. Nothing was changed. "
        f"See: python starter.py status {program}. For another run give it another program.id."
    )


# --- While it runs -------------------------------------------------------------------------------


@app.command()
def pause(program: ProgramId) -> None:
    """Stop the clock: nothing goes out, no deadline passes."""
    _steer(program, "pause")
    out.print(f"Paused. Go on with: python starter.py resume {program}")


@app.command()
def resume(program: ProgramId) -> None:
    """Let the clock run again."""
    _steer(program, "resume")
    out.print("Resumed. Everything that was due is later by the length of the pause.")


@app.command("close-enrolment")
def close_enrolment(program: ProgramId) -> None:
    """End enrolment early, and go on with who has joined."""
    enrolment = _steer(program, "close_enrolment").enrolment
    said = ["Enrolment is closed."]
    if enrolment.manager_approval:
        said.append("Who has no yes of their manager is told so, kindly, and is not matched.")
    if enrolment.selection:
        said.append(f"Now choose whom to match: python starter.py selection {program} show")
    else:
        said.append("The matches are being made.")
    out.print(" ".join(said), soft_wrap=True)


@app.command()
def cancel(
    program: ProgramId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End a program for everybody, each told kindly."""
    _sure(yes, f"End “{program}” for everybody? This can't be undone.")
    _steer(program, "cancel")
    out.print("Cancelled. Everybody in a pair gets a kind message.")


def _sure(yes: bool, question: str) -> None:
    """Ask, unless told not to; end without having changed anything if the answer is no."""
    if not yes and not typer.confirm(question, err=True):
        err.print("Nothing was changed.")
        raise typer.Exit


def _steer(program: str, update: str) -> Definition:
    """Have a program's workflow carry out an update. Gives the program's definition."""
    with told():
        settings = load_settings()
        with store(settings) as database:
            definition = the_program(database, program).definition
        run(send_order(settings, program_workflow_id(program), update))
        return definition


class PairAction(StrEnum):
    """What to do with a pair."""

    SHOW = "show"
    PAUSE = "pause"
    RESUME = "resume"
    REMATCH = "rematch"
    CLOSE = "close"


_DONE = {
    PairAction.PAUSE: "{pair} is paused: nothing goes out to them until it is resumed.",
    PairAction.RESUME: "{pair} goes on.",
    PairAction.REMATCH: "{pair} has ended, and both are told kindly. New partners are looked for; "
    "the coordinator gets mail when there are some.",
    PairAction.CLOSE: "{pair} is closed. Both get a kind message.",
}


@app.command("pair")
def steer_pair(
    program: ProgramId,
    pair: Annotated[str, typer.Argument(help="The pair's id, from “status”.")],
    action: Annotated[PairAction, typer.Argument(help="show, pause, resume, rematch or close")],
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="DATE", help="Of pause: the day on which it ends by itself."
        ),
    ] = None,
) -> None:
    """Look at one pair, pause or close it, or part the two.

    With `rematch` the pair ends kindly, and both find another partner.
    """
    with told():
        if until is not None and action is not PairAction.PAUSE:
            fail(f"--until belongs to pause, not to {action}.", BAD_INPUT)
        settings = load_settings()
        with store(settings) as database:
            running = the_program(database, program)
            with database.read() as session:
                if programs.pair(session, program, pair) is None:
                    fail(
                        f"There is no pair “{pair}” in “{program}”. “status” lists them.", BAD_INPUT
                    )
            if action is PairAction.SHOW:
                this = partial(program_facts.some_pairs, pairs=[pair])
                standing = read_standing(database, program, choose=this)
                closely = _look_closely(database, running, pair, standing, settings.content)
                out.print(show_pair.one_pair(standing, pair, closely))
                return
        # A pair that HR paused is not resumed with the program.
        given = HrOrder(
            order=Order.HOLD if action is PairAction.PAUSE else Order(action.value),
            until=_morning(running, until) if until else None,
        )
        run(send_order(settings, pair_workflow_id(program, pair), "order", given))
        if until:
            out.print(f"{pair} is paused: nothing goes out to them until {until}.")
        else:
            out.print(_DONE[action].format(pair=pair))


def _look_closely(
    database: Database,
    program: Program,
    pair: str,
    standing: Standing,
    folders: Sequence[Path],
) -> show_pair.Closely:
    """A pair's story and what comes next, in the words of the program's language."""
    content = Content(folders).in_language(program.definition.program.language)
    with database.read() as session:
        people = programs.pair(session, program.id, pair)
        told = pair_story.story(session, program, people, content) if people else []
    stands = next((one.attention for one in standing.pairs.listed), None)
    step = stands.next_step(program.definition.ladder) if stands else None
    on_a_ladder = stands is not None and stands.trigger is not None
    return show_pair.Closely(
        told=tuple(told),
        next_step=pair_story.next_in_words(content.words, step) if on_a_ladder else None,
    )


def _morning(program: Program, written: str) -> datetime:
    """The instant at which a day begins that HR wrote. Ends the command if it can't be meant."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        fail(f"“{written}” is not a date. Write it like 2027-01-31: year, month, day.", BAD_INPUT)
    instant = program.calendar.to_instant(morning_of(program.definition, day))
    if instant <= datetime.now(UTC):
        fail(f"{written} is past. Choose a later day.", BAD_INPUT)
    return instant


@app.command()
def leave(
    program: ProgramId,
    person: Annotated[str, typer.Argument(help="The person's id or mail address.")],
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DATE", help="The day on which they are back."),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="They are back before that day.")] = False,
) -> None:
    """Let somebody be away until a day.

    No messages reach them, and their pairs wait.
    """
    with told():
        if back is (until is not None):
            fail("Give either --until DATE or --back.", BAD_INPUT)
        take_leave(load_settings(), program, person, until)


@app.command()
def withdraw(
    program: ProgramId,
    person: Annotated[str, typer.Argument(help="The person's id or mail address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a person out of a program.

    Their partner is told kindly.
    """
    with told():
        settings = load_settings()
        with store(settings) as database:
            title = the_program(database, program).definition.program.title
            with database.read() as session:
                found = programs.participant_by_reference(session, program, person)
            if found is None:
                fail(f"There is nobody “{person}” in “{program}”.", BAD_INPUT)
            if found.withdrew:
                out.print("They had left before. Nothing was changed.")
                came_to(Outcome.UNCHANGED)
                return
            _sure(yes, f"Take {found.person.name} out of “{title}”? This can't be undone.")
            with database.write() as session:
                answers.withdraw(session, program, found.id)
            out.print("Done: they have left the program, and get no more messages.")
            if not run(tell_workflows(settings, database)):
                out.print(
                    "Temporal could not be told yet. That is kept: their partners hear of it once "
                    "“make run” (or your portal) is up."
                )


@app.command("people")
def people_of(
    program: ProgramId,
    people: Annotated[Path, typer.Argument(help="The people as they are now (CSV or XLSX).")],
) -> None:
    """Take over a newer people file.

    The hard rules are checked on all pairs.
    """
    with told():
        update_people(load_settings(), program, people)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything up afterwards.")] = False,
    day: Annotated[
        float, typer.Option("--day", help="Seconds that a program day takes.", min=0.05, max=10)
    ] = 0.6,
    example: Annotated[
        str, typer.Option("--example", help="Which of the programs in examples/ is played.")
    ] = "digital-leaders",
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the demo keeps its data.")
    ] = PROJECT / "var" / "demo",
) -> None:
    """Watch a whole program pass in about two minutes.

    The real stack, with simulated people.
    """
    from demo.run import examples, run_demo  # noqa: PLC0415 - only this command needs it

    if example not in examples():
        hint = did_you_mean(example, examples()) or f"Use one of: {', '.join(examples())}."
        fail(f"There is no example “{example}”. {hint}", BAD_INPUT)
    with unlogged():
        played = run_demo(folder, day_seconds=day, keep=keep, name=example)
        raise typer.Exit(asyncio.run(played))
