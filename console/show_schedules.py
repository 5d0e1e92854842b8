"""How schedules look in a terminal, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich import box
from rich.table import Table

from console.recurring import Standing
from console.written import day_in_words
from domain.calendar import DAY_BEGINS
from domain.ids import schedule_id
from domain.model import Value
from domain.next_run import run_on
from domain.proposal_words import counted
from domain.recurrence import Opening, in_words, opened_for, upcoming
from runtime.settings import Settings
from runtime.ui_links import schedules_address
from store.schemes import Scheme

MOST_TO_COME = 3
"""Programs to come that are named."""

_INVALID = (
    "Its definition is not valid in this version any more, so nothing can be opened. Give it anew: "
    "python starter.py schedule DEFINITION PEOPLE --every …"
)


class Shown(Value):
    """A scheme as the store and Temporal have it."""

    scheme: Scheme
    standing: Standing | None
    """None if Temporal has no schedule for it."""
    started: frozenset[str]
    """The ids of all programs that there are."""
    now: datetime

    @property
    def to_come(self) -> list[Opening]:
        """The next programs; none if the definition is not valid any more."""
        scheme = self.scheme
        if scheme.definition is None:
            return []
        openings = upcoming(scheme.id, scheme.rhythm, scheme.definition, self.now)
        return list(islice(openings, MOST_TO_COME))

    @property
    def state(self) -> str:
        """In a word."""
        if self.standing is None:
            return "not in Temporal"
        if self.standing.hindered or self.scheme.definition is None:
            return "hindered"
        return "paused" if self.standing.paused else "active"

    @property
    def too_near(self) -> Opening | None:
        """The program that would have to be open already, if it is not there."""
        scheme = self.scheme
        if scheme.definition is None:
            return None
        opening = opened_for(scheme.id, scheme.rhythm, scheme.definition, self.now)
        near = opening.planned < self.to_come[0].planned
        return opening if near and opening.program not in self.started else None


def facts(shown: Shown, settings: Settings) -> dict[str, Any]:
    """A schedule as data."""
    scheme, standing = shown.scheme, shown.standing
    return {
        "schedule": scheme.id,
        "state": shown.state,
        "every": in_words(scheme.rhythm),
        "notice_days": scheme.rhythm.notice,
        "people": scheme.people,
        "people_from": scheme.people_from,
        "next": [
            {
                "program": one.program,
                "opens": one.opens,
                "starts": one.starts,
                "started": one.program in shown.started,
            }
            for one in shown.to_come
        ],
        "missed": standing.missed if standing else 0,
        "hindered": list(standing.hindered) if standing else [],
        "ui": schedule_link(settings, scheme.id),
    }


def schedule_link(settings: Settings, scheme: str) -> str:
    """Where the Temporal UI shows the schedule."""
    return f"{schedules_address(settings)}/{quote(schedule_id(scheme), safe='')}"


def table(found: Sequence[Shown]) -> Table:
    """All schedules."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("schedule", "starts", "state", "next program", "its start"):
        made.add_column(heading)
    for shown in found:
        following = shown.to_come[:1]
        made.add_row(
            shown.scheme.id,
            in_words(shown.scheme.rhythm),
            shown.state,
            *([following[0].program, str(following[0].starts)] if following else ["–", "–"]),
        )
    return made


def in_full(shown: Shown, settings: Settings) -> Iterator[str]:
    """A schedule, line by line."""
    scheme, standing = shown.scheme, shown.standing
    yield f"{scheme.id}: {in_words(scheme.rhythm)} ({shown.state})"
    if standing is None:
        yield (
            "• Temporal has no schedule for it. Set it up again: "
            "python starter.py schedule DEFINITION PEOPLE --every …"
        )
    if scheme.definition is None:
        yield f"• {_INVALID}"
    for why in standing.hindered if standing else ():
        yield f"• {why}"
    if standing and standing.missed:
        yield f"• {counted(standing.missed, 'program was', 'programs were')} missed: see the UI."
    yield (
        f"• {counted(scheme.people, 'person', 'people')}, as taken over on "
        f"{day_in_words(scheme.people_from.date())}. A newer file: "
        f"python starter.py schedule {scheme.id} people PEOPLE"
    )
    for opening in shown.to_come:
        yield f"• {_opening(shown, opening)}"
    yield f"Under Schedules in the Temporal UI: {schedule_link(settings, scheme.id)}"


def scheduled(
    shown: Shown, settings: Settings, definition: Path, people: Path, *, fixed: int
) -> Iterator[str]:
    """What HR should know once a schedule is set up or changed."""
    scheme = shown.scheme
    yield f"Scheduled “{scheme.id}”: a program starts {in_words(scheme.rhythm)}."
    for opening in shown.to_come[:1]:
        yield f"Next: {_opening(shown, opening)}"
    if near := shown.too_near:
        yield (
            f"For {day_in_words(near.starts)} it is too late to be opened by itself. If you want "
            f"that one: python starter.py start {definition} {people}"
        )
    if fixed:
        yield (
            f"{counted(fixed, 'pair')} under matching.fixed "
            f"{'is' if fixed == 1 else 'are'} left out: who is in it differs from run to run."
        )
    yield (
        "The coordinator hears by mail when a program is opened. Until then, and until it starts, "
        f"newer people are taken over by: python starter.py schedule {scheme.id} people PEOPLE"
    )
    if shown.state == "paused":
        yield f"It is paused. Go on with: python starter.py schedule {scheme.id} resume"
    yield f"Under Schedules in the Temporal UI: {schedule_link(settings, scheme.id)}"


def removed(scheme: str) -> str:
    """What HR should know once a schedule is removed."""
    return (
        f"Removed “{scheme}” and its list of people. No program is opened any more; those that "
        "were opened go on."
    )


def _opening(shown: Shown, opening: Opening) -> str:
    if opening.program in shown.started:
        return f"{opening.program} is there already, so nothing is opened for it."
    assert shown.scheme.definition is not None  # noqa: S101 - there is an opening
    run = run_on(shown.scheme.definition, opening.program, shown.scheme.id, opening.starts)
    return (
        f"{opening.program}, “{run.program.title}”, is opened on {day_in_words(opening.opens)} at "
        f"{DAY_BEGINS:%H:%M} ({run.calendar.timezone}) and starts on "
        f"{day_in_words(opening.starts)}."
    )
