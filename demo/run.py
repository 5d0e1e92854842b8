"""Plays the example program on the embedded stack, from the start command to the report."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from temporalio.client import WorkflowUpdateFailedError

from activities.report import REPORT_HTML, render_report, write_report
from console import show_status
from console.app import start_program
from console.intake import read_people
from console.matches import approve_matches
from console.selection import confirm_selection
from console.show_status import Standing
from console.status import read_standing
from console.stores import err, out
from demo.people import Crowd, Habit
from domain.definition import Definition
from domain.lifecycle import Stage
from domain.matching import rule_check
from domain.projection import NewPairs, StageEntry
from domain.proposal import Proposal
from runtime.parts import PartFailed
from runtime.running import running_stack
from runtime.settings import PROJECT, Settings
from runtime.stack import Stack, StackBusy
from store import holds, journal, programs, proposals
from store.content_folders import SHIPPED
from store.database import Database
from store.definition_file import load_definition
from store.ledger import MessageState
from store.programs import Entrant
from store.report_data import load_record

EXAMPLES = PROJECT / "examples"
MAIN_EXAMPLE = "digital-leaders"

OVER = (Stage.COMPLETED, Stage.CANCELLED)

LOOK_SECONDS = 0.5

LAST_MAILS_DAYS = 7
"""How long a program that is over is watched for its last mails: a holiday's length."""

BEFORE_ENROLMENT = (Habit.STAYS_OUT, Habit.NEVER_ANSWERS)
"""Habits of people whom no pair depends on."""

IN_PAIRS = (Habit.DRIFTS, Habit.VANISHES, Habit.WITHDRAWS)
"""Habits that make a pair stall and recover, be escalated and closed, or end by withdrawal.

One more mentee declines: a new partner for them is found among those whom others left. And a mentor
is away for two weeks.
"""


async def run_demo(
    folder: Path, *, day_seconds: float, keep: bool, name: str = MAIN_EXAMPLE
) -> int:
    """Play the whole program. Gives the exit code: 0 when the program came to its report."""
    if (other := running_stack(folder)) is not None:
        err.print(f"A demo runs already: {other.settings.get('PORTAL_URL')}. End it first.")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    began = time.monotonic()
    out.print("Starting Temporal, mailbox, worker and portal …")
    try:
        async with Stack(folder, say=lambda line: out.print(line, style="dim")) as stack:
            addresses = stack.addresses()
            links = Table.grid(padding=(0, 2))
            for part, link in (
                ("Temporal UI", addresses.temporal_ui),
                ("Portal", addresses.portal),
                ("Mailbox", addresses.mailbox or ""),
            ):
                links.add_row(Text(part, style="dim"), link)
            out.print(links)
            code = await _show(stack.settings(), folder, day_seconds, name, stays=keep)
            out.print(f"All of it took {time.monotonic() - began:.0f} seconds.", style="dim")
            if keep:
                out.print("Everything stays up to look around. Ctrl-C ends it.")
                await _until_told()
            return code
    except (PartFailed, StackBusy) as error:
        err.print(str(error), style="red", markup=False)
        return 1


@dataclass(frozen=True)
class Played:
    """A program that was played to its end."""

    definition: Definition
    standing: Standing
    crowd: Crowd


async def play(
    settings: Settings,
    database: Database,
    definition: Definition,
    look: Callable[[Standing, Crowd], Awaitable[None]],
) -> Played:
    """Start an example and have it played by simulated people until it is over.

    `look` is told every half second how things stand.
    """
    folder = EXAMPLES / definition.program.id
    found = read_people(folder / "people.csv", definition, folder)
    people = found.people
    entrants = [
        Entrant(person=person, roles=roles)
        for person, roles in zip(people, found.roles, strict=True)
    ]
    program = definition.program.id
    await start_program(settings, definition, entrants)
    with database.read() as session:
        stored = programs.get(session, program)
    crowd = Crowd((p.email for p in people), settings.mailbox_url or "", stored.calendar)
    _cast_who_stays_out(crowd, entrants)
    hr = _Hr(settings, database, crowd)
    living = asyncio.create_task(crowd.live())
    try:
        while True:
            standing = await asyncio.to_thread(read_standing, database, program)
            await look(standing, crowd)
            if standing.status.stage in OVER and not _mail_is_to_come(standing):
                return Played(definition, standing, crowd)
            await hr.see(standing)
            if living.done():
                living.result()  # raises what ended it
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


async def _show(
    settings: Settings, folder: Path, day_seconds: float, name: str, *, stays: bool
) -> int:
    """Play the example before the eyes of who started the demonstration.

    Where everything stays up, a hold keeps its people from being deleted some minutes later.
    """
    definition = example(day_seconds, name)
    database = Database(settings.database)
    stages: list[Stage] = []
    told: set[str] = set()
    try:
        with Live(console=out, refresh_per_second=4, transient=True) as live:

            async def look(standing: Standing, crowd: Crowd) -> None:
                for entry in standing.status.stages[len(stages) :]:
                    stages.append(entry.stage)
                    out.print(_news(standing, entry))
                new = standing.status.new_pairs
                if new is not None and not new.waiting and new.proposal not in told:
                    told.add(new.proposal)
                    out.print(_news_of_new_pairs(standing, new))
                if out.is_terminal:
                    live.update(_progress(standing, crowd, settings))

            played = await play(settings, database, definition, look)
        if stays:
            with database.write() as session:
                now = journal.now_of(session, definition.program.id)
                holds.put(session, definition.program.id, "demo", "to look around", now)
        with database.read() as session:
            record = load_record(session, definition.program.id)
    finally:
        database.close()
    target = folder / "report"
    write_report(render_report(record, SHIPPED, definition.program.language), target)
    _summarise(played.standing, played.crowd, target)
    return 0 if played.standing.status.stage is Stage.COMPLETED else 1


def examples() -> tuple[str, ...]:
    """The examples that can be played: folders with a definition and people."""
    return tuple(sorted(file.parent.name for file in EXAMPLES.glob("*/definition.yaml")))


def example(day_seconds: float, name: str = MAIN_EXAMPLE) -> Definition:
    """An example program, with days of this length."""
    definition = load_definition(EXAMPLES / name / "definition.yaml")
    calendar = definition.calendar.model_copy(update={"day": day_seconds})
    return definition.model_copy(update={"calendar": calendar})


def _cast_who_stays_out(crowd: Crowd, entrants: Sequence[Entrant]) -> None:
    invited = [entrant for entrant in entrants if entrant.roles]
    for habit, entrant in zip(BEFORE_ENROLMENT, (invited[0], invited[-1]), strict=True):
        crowd.cast(entrant.person.email, habit)
    for entrant in invited[1:-1:4]:
        crowd.cast(entrant.person.email, Habit.SLOW)


class _Hr:
    """Confirms a selection, and approves matches: the first ones when they are there, and new pairs
    when somebody lost their partner."""

    def __init__(self, settings: Settings, database: Database, crowd: Crowd) -> None:
        self._settings = settings
        self._database = database
        self._crowd = crowd
        self._approved = 0

    async def see(self, standing: Standing) -> None:
        """Look at how things stand, and do what waits."""
        proposal, program = standing.proposal, standing.program.id
        if standing.status.selection_waits:
            with suppress(WorkflowUpdateFailedError):  # it is just being confirmed
                await confirm_selection(self._settings, program)
            return
        waits = show_status.waits_for_approval(standing.status)
        if proposal is None or not waits or proposal.number <= self._approved:
            return
        if not self._approved:
            _cast_pairs(self._database, program, self._crowd, proposal.proposal)
        with suppress(WorkflowUpdateFailedError):  # there is a newer one: it is seen next time
            await approve_matches(self._settings, program, proposal.number)
            self._approved = proposal.number


def _mail_is_to_come(standing: Standing) -> bool:
    """Whether the last mails of a program wait for the hour at which they may go out."""
    if not standing.messages.get(MessageState.HELD, 0):
        return False
    over = standing.status.updated_at or datetime.now(UTC)
    waited = (datetime.now(UTC) - over).total_seconds()
    return waited < LAST_MAILS_DAYS * standing.program.calendar.day_seconds


def _cast_pairs(database: Database, program: str, crowd: Crowd, proposal: Proposal) -> None:
    """Give some pairs the habits that make a program need somebody to look after it."""
    with database.read() as session:
        definition = programs.get(session, program).definition
        background = proposals.background(session, program)
        people = {p.id: p.person for p in programs.participants(session, program)}
    for habit, match in zip(IN_PAIRS, proposal.pairs, strict=False):
        crowd.cast(people[match.mentee].email, habit)
        if habit is not Habit.WITHDRAWS:
            crowd.cast(people[match.mentor].email, habit)
    for match in proposal.pairs[len(IN_PAIRS) :][-1:]:
        crowd.cast(people[match.mentor].email, Habit.GOES_AWAY)
    left_behind = people[proposal.pairs[IN_PAIRS.index(Habit.WITHDRAWS)].mentor]
    rules = rule_check(definition, background)
    fits = (people[m.mentee] for m in proposal.pairs[len(IN_PAIRS) :])
    declines = next((mentee for mentee in fits if not rules(left_behind, mentee)), None)
    if declines is not None:
        crowd.cast(declines.email, Habit.DECLINES)


def _day_of(standing: Standing, instant: datetime) -> float:
    calendar = standing.program.calendar
    return (calendar.to_program(instant) - calendar.first).total_seconds() / 86_400


def _news(standing: Standing, entry: StageEntry) -> Text:
    people = standing.status.people
    day = f"day {max(0, _day_of(standing, entry.at)):>3.0f}  "
    words = {
        Stage.DEFINITION: "The program is started.",
        Stage.MATCHING: "Invitations go out; people join in the portal.",
        Stage.PREPARATION: f"{people.joined} joined. HR approved {standing.status.matches.pairs} "
        "pairs; they are introduced.",
        Stage.MEETINGS: "Pairs are prepared and meet.",
        Stage.EVALUATION: "Sessions are over; the final survey goes out.",
        Stage.COMPLETED: "The program is over.",
        Stage.CANCELLED: "The program was cancelled.",
    }
    stage = entry.stage
    line = Text(day, style="dim")
    line.append(f"{stage.value:<12}", style="bold cyan")
    line.append(words[stage])
    return line


def _news_of_new_pairs(standing: Standing, new: NewPairs) -> Text:
    updated = standing.status.updated_at
    day = max(0, _day_of(standing, updated)) if updated is not None else 0
    pairs = "a new pair" if new.pairs == 1 else f"{new.pairs} new pairs"
    line = Text(f"day {day:>3.0f}  ", style="dim")
    line.append(f"{'':<12}HR approved {pairs} for those left without a partner.")
    return line


def _progress(standing: Standing, crowd: Crowd, settings: Settings) -> RenderableType:
    stages = standing.program.definition.stages
    total = stages.total - stages.approval  # HR approves at once here
    day = min(_day_of(standing, datetime.now(UTC)), total)
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        Text(f"day {day:.0f} of {total}", style="bold"),
        ProgressBar(total=total, completed=day, width=40),
    )
    return Group(
        bar,
        show_status.standing(standing, settings),
        Text(f"{crowd.read} mails read, {len(crowd.thanked)} forms sent in the portal"),
    )


def _summarise(standing: Standing, crowd: Crowd, report: Path) -> None:
    out.print()
    out.print(show_status.people_line(standing))
    out.print(show_status.state_line(standing.status))
    held = sum(pair.sessions_held for pair in standing.pairs.statuses)
    usual = standing.program.definition.sessions.count
    planned = sum(pair.planned or usual for pair in standing.pairs.statuses)
    stalls = [stall for pair in standing.pairs.statuses for stall in pair.stalls]
    back = sum(stall.outcome == "came_back" for stall in stalls)
    out.print(f"{held} of {planned} sessions held; {len(stalls)} stalls, {back} came back")
    out.print(f"{len(crowd.thanked)} forms sent in the portal")
    out.print(f"Report: {report / REPORT_HTML}", style="bold", soft_wrap=True)


async def _until_told() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
