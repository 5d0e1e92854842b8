"""`starter.py schedule`: recurring programs, such as one that starts every January."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.intake import Intake, read_intake, read_people
from console.recording import noted
from console.recurring import NoSchedule, end_schedule, pause_schedule, put_schedule, standings
from console.session import run, temporal
from console.show_schedules import Shown, facts, in_full, removed, scheduled, table
from console.stores import out, store, told
from console.terminal import BAD_INPUT, fail, print_json
from console.written import read_days
from domain.definition import Definition
from domain.journal import JournalEvent
from domain.lifecycle import Stage
from domain.model import Value
from domain.problems import BadInput, Problem, did_you_mean
from domain.projection import project
from domain.proposal_words import counted
from domain.recurrence import LONGEST_NAME, USUAL_NOTICE, Rhythm, read_rhythm, scheme_of
from runtime.settings import Settings, load_settings
from store import journal, programs, schemes
from store.database import Database
from store.programs import Entrant
from store.schemes import Scheme, UnknownScheme

app = typer.Typer(add_completion=False)

LIST = "list"


class ScheduleAction(StrEnum):
    """What to do with a schedule."""

    SHOW = "show"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    PEOPLE = "people"


class Wanted(Value):
    """What HR wrote behind the options."""

    every: str | None
    day: int | None
    notice: str | None


_HOW = (
    "Write: schedule DEFINITION PEOPLE --every “January”, or schedule NAME "
    "show|pause|resume|remove, or schedule NAME people FILE, or schedule list."
)


@app.command()
def schedule(
    what: Annotated[
        str,
        typer.Argument(metavar="DEFINITION|NAME", help="A definition (YAML); a name; or “list”."),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PEOPLE|ACTION",
            help="After a definition the people (CSV or XLSX); after a name show, pause, resume, "
            "remove, or people F to take over a newer people file.",
        ),
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", metavar="WHEN", help="“January”, “15 January”, “6 months” or “year”."
        ),
    ] = None,
    day: Annotated[
        int | None,
        typer.Option("--day", help="Day of the month; that of program.starts, if left out."),
    ] = None,
    notice: Annotated[
        str | None,
        typer.Option(
            "--notice",
            metavar="SPAN",
            help=f"How long before a start you hear of it; {USUAL_NOTICE} days, if left out.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Have a program start every January, or twice a year.

    You hear of each by mail before it starts. Typed again, it changes those that are to come.
    """
    given, wanted = words or [], Wanted(every=every, day=day, notice=notice)
    with told(as_json=as_json):
        action = _action(given)
        if what != LIST and action is None:
            definition, people = Path(what), _people_file(what, given)
            _set_up(definition, people, wanted, as_json=as_json)
            return
        if wanted != Wanted(every=None, day=None, notice=None):
            fail("--every, --day and --notice go with a definition and its people.", BAD_INPUT)
        settings = load_settings()
        with store(settings) as database:
            if action is None:
                _list(settings, database, given, as_json=as_json)
            else:
                _Desk(settings, database, what).do(action, given[1:], as_json=as_json)


def _action(given: Sequence[str]) -> ScheduleAction | None:
    known = bool(given) and given[0] in list(ScheduleAction)
    return ScheduleAction(given[0]) if known else None


def _people_file(what: str, given: Sequence[str]) -> Path:
    """The second file; ends the command, with what was meant, where it can be none."""
    if len(given) != 1:
        fail(_HOW, BAD_INPUT)
    people = Path(given[0])
    if not Path(what).suffix and not Path(what).is_file() and not people.is_file():
        fail(f"There is no “{given[0]}”. {did_you_mean(given[0], list(ScheduleAction))}", BAD_INPUT)
    return people


# --- Setting up ----------------------------------------------------------------------------------


def _set_up(definition: Path, people: Path, wanted: Wanted, *, as_json: bool) -> None:
    intake, rhythm = _read(definition, people, wanted)
    plan = intake.definition
    scheme = scheme_of(plan)
    settings = load_settings()
    with store(settings) as database:
        noted(schedule=scheme, people=len(intake.entrants))
        run(_keep(settings, database, scheme, intake, rhythm))
        shown = _shown(settings, database, [scheme])[0]
    if as_json:
        print_json(facts(shown, settings))
        return
    for line in scheduled(shown, settings, definition, people, fixed=len(plan.matching.fixed)):
        out.print(line, soft_wrap=True)


def _read(definition: Path, people: Path, wanted: Wanted) -> tuple[Intake, Rhythm]:
    """Both files and the options, with the problems of all of them at once."""
    problems: list[Problem] = []
    intake: Intake | None = None
    try:
        intake = read_intake(definition, people, load_settings().content)
    except BadInput as bad:
        problems += bad.problems
    starts = intake.definition.program.starts if intake else datetime.now(UTC).date()
    rhythm: Rhythm | None = None
    notice = USUAL_NOTICE
    try:
        if wanted.notice is not None:
            notice = read_days(wanted.notice)
    except ValueError as wrong:
        problems.append(Problem(file=f"--notice {wanted.notice}", message=str(wrong)))
    if wanted.every is None:
        said = "say when programs start, such as --every “January”."
        problems.append(Problem(file="--every", message=said))
    else:
        try:
            rhythm = read_rhythm(wanted.every, starts, wanted.day, notice)
        except ValueError as wrong:
            problems.append(Problem(file=f"--every {wanted.every}", message=str(wrong)))
    if intake is not None and len(scheme_of(intake.definition)) > LONGEST_NAME:
        said = (
            f"“{scheme_of(intake.definition)}” is too long to name programs by with their year. "
            f"Give program.scheme a name of at most {LONGEST_NAME} letters."
        )
        problems.append(Problem(file=str(definition), field="program.scheme", message=said))
    if problems or intake is None or rhythm is None:
        raise BadInput(problems)
    return intake, rhythm


async def _keep(
    settings: Settings, database: Database, scheme: str, intake: Intake, rhythm: Rhythm
) -> None:
    """Store what programs are made of, and have them opened."""
    client = await temporal(settings)
    with database.write() as session:
        schemes.keep(session, scheme, intake.definition, rhythm, intake.entrants, datetime.now(UTC))
    await put_schedule(client, settings, scheme, rhythm, intake.definition)


# --- Looking, and changing -----------------------------------------------------------------------


def _list(settings: Settings, database: Database, given: Sequence[str], *, as_json: bool) -> None:
    if given:
        fail(f"“list” wants nothing after it. {_HOW}", BAD_INPUT)
    with database.read() as session:
        known = schemes.all_ids(session)
    found = _shown(settings, database, known) if known else []
    if as_json:
        print_json({"schedules": [facts(shown, settings) for shown in found]})
    elif found:
        out.print(table(found))
    else:
        out.print("Nothing is scheduled yet. Begin with: python starter.py schedule --help")


def _shown(settings: Settings, database: Database, names: Sequence[str]) -> list[Shown]:
    """These schemes as the store and Temporal have them."""
    found = run(standings(settings, list(names)))
    with database.read() as session:
        return [
            Shown(
                scheme=schemes.get(session, name),
                standing=found.get(name),
                started=frozenset(programs.all_ids(session)),
                now=datetime.now(UTC),
            )
            for name in names
        ]


class _Desk:
    """One schedule, and what HR can do with it."""

    def __init__(self, settings: Settings, database: Database, name: str) -> None:
        self._settings = settings
        self._database = database
        self._name = name
        with database.read() as session:
            try:
                self._scheme: Scheme = schemes.get(session, name)
            except UnknownScheme:
                known = schemes.all_ids(session)
                there = f"There are: {', '.join(known)}." if known else "Nothing is scheduled yet."
                fail(f"Nothing is scheduled as “{name}”. {there}", BAD_INPUT)

    def do(self, action: ScheduleAction, given: Sequence[str], *, as_json: bool) -> None:
        """Carry out an action."""
        noted(schedule=self._name)
        if action is ScheduleAction.PEOPLE:
            if len(given) != 1:
                fail(f"“people” wants a file: schedule {self._name} people PEOPLE", BAD_INPUT)
            self._take_people(Path(given[0]), as_json=as_json)
            return
        if given:
            fail(f"“{action}” wants nothing after it.", BAD_INPUT)
        match action:
            case ScheduleAction.SHOW:
                self._show(as_json=as_json)
            case ScheduleAction.REMOVE:
                self._remove(as_json=as_json)
            case _:
                self._pause(pause=action is ScheduleAction.PAUSE, as_json=as_json)

    def _show(self, *, as_json: bool) -> None:
        (shown,) = _shown(self._settings, self._database, [self._name])
        if as_json:
            print_json(facts(shown, self._settings))
            return
        for line in in_full(shown, self._settings):
            out.print(line, soft_wrap=True)

    def _pause(self, *, pause: bool, as_json: bool) -> None:
        try:
            run(pause_schedule(self._settings, self._name, self._scheme.rhythm, pause=pause))
        except NoSchedule:
            fail(
                f"Temporal has no schedule for “{self._name}”. Set it up again: "
                "python starter.py schedule DEFINITION PEOPLE --every …"
            )
        if as_json:
            self._show(as_json=True)
        elif pause:
            out.print(
                "Paused: no program is opened. Those that were opened go on. Go on with: "
                f"python starter.py schedule {self._name} resume",
                soft_wrap=True,
            )
        else:
            out.print("Resumed. What would have been opened meanwhile is left out.")
            self._show(as_json=False)

    def _remove(self, *, as_json: bool) -> None:
        with suppress(NoSchedule):  # an operator deleted it in the UI
            run(end_schedule(self._settings, self._name))
        with self._database.write() as session:
            schemes.remove(session, self._name)
        if as_json:
            print_json({"schedule": self._name, "removed": True})
        else:
            out.print(removed(self._name), soft_wrap=True)

    def _take_people(self, file: Path, *, as_json: bool) -> None:
        definition = self._definition()
        found = read_people(file, definition, file.parent, self._settings.content)
        intake = Intake(definition=definition, people=found.people, roles=found.roles)
        now = datetime.now(UTC)
        with self._database.write() as session:
            schemes.take_people(session, self._name, intake.entrants, now)
            waiting = [
                program
                for program in programs.waiting_of(session, self._name, now)
                if _has_not_begun([event for _, event in journal.read(session, program)])
            ]
            for program in waiting:
                programs.exchange_people(session, program, intake.entrants)
        self._tell_people(intake.entrants, waiting, as_json=as_json)

    def _tell_people(
        self, entrants: Sequence[Entrant], waiting: Sequence[str], *, as_json: bool
    ) -> None:
        able = sum(bool(entrant.roles) for entrant in entrants)
        if as_json:
            print_json(
                {
                    "schedule": self._name,
                    "people": len(entrants),
                    "eligible": able,
                    "programs": list(waiting),
                }
            )
            return
        whom = counted(able, "person", "people")
        out.print(f"Taken over: {whom} will be invited to the next programs of “{self._name}”.")
        for program in waiting:
            out.print(f"{program}, which has not started yet, takes in the same people.")

    def _definition(self) -> Definition:
        if self._scheme.definition is None:
            fail(
                f"The definition stored for “{self._name}” is not valid in this version any more. "
                "Give it anew: python starter.py schedule DEFINITION PEOPLE --every …"
            )
        return self._scheme.definition


def _has_not_begun(events: Sequence[JournalEvent]) -> bool:
    return project(events).stage is Stage.DEFINITION
