"""The next run of a program: the same definition, as far as it is not about the last run alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain.definition import Definition
from domain.group_sessions import Move, dates_of
from domain.sections import GroupSession

A_WEEK = timedelta(weeks=1)
A_YEAR = 52 * A_WEEK
"""From one run to the next, on the same day of the week."""
SOONEST = timedelta(days=21)
"""What HR has at least to prepare a run."""


def next_run(
    definition: Definition,
    identity: str,
    today: date,
    title: str | None = None,
    moves: Sequence[Move] = (),
) -> Definition:
    """A run like an earlier one, under another id.

    It starts a year later, or as many years as it takes for three weeks to prepare it, and the
    dates of group sessions with it. It belongs to the same scheme; an earlier run without one gives
    its id for it. Pairs that HR fixed are left out: they name people of the earlier run.

    Args:
        definition: of the earlier run.
        identity: the id of the next.
        today: on which it is written.
        title: as participants read it; that of the earlier run, if left out.
        moves: the postponements of the earlier run.
    """
    program = definition.program
    later = A_YEAR
    while program.starts + later < today + SOONEST:
        later += A_YEAR
    before = [move for move in moves if move.at.date() < program.starts]
    groups = tuple(_moved(definition, group, before, later) for group in definition.group_sessions)
    return _following(definition, identity, program.starts + later, title, groups)


def run_on(definition: Definition, identity: str, scheme: str, starts: date) -> Definition:
    """The run of a scheme that starts on a day, by the scheme's definition.

    Group sessions move with the start date by whole weeks, so that each keeps its day of the week.
    A title that names the year of the definition names that of the run.
    """
    program = definition.program
    dates = [day for group in definition.group_sessions for day in group.dates]
    later = round((starts - program.starts) / A_WEEK) * A_WEEK
    if any((day + later).date() < starts for day in dates):
        later += A_WEEK
    groups = tuple(
        group.model_copy(update={"dates": tuple(day + later for day in group.dates)})
        for group in definition.group_sessions
    )
    title = re.sub(rf"\b{program.starts.year}\b(?![/–-]\d)", str(starts.year), program.title)
    run = _following(definition, identity, starts, title, groups)
    return run.model_copy(update={"program": run.program.model_copy(update={"scheme": scheme})})


def _following(
    definition: Definition,
    identity: str,
    starts: date,
    title: str | None,
    group_sessions: tuple[GroupSession, ...],
) -> Definition:
    program = definition.program
    return definition.model_copy(
        update={
            "program": program.model_copy(
                update={
                    "id": identity,
                    "title": title or program.title,
                    "starts": starts,
                    "scheme": program.scheme or program.id,
                }
            ),
            "matching": definition.matching.model_copy(update={"fixed": ()}),
            "group_sessions": group_sessions,
        }
    )


def _moved(
    definition: Definition, group: GroupSession, moves: Sequence[Move], later: timedelta
) -> GroupSession:
    """A group session so much later than it was planned when the run began."""
    zone = ZoneInfo(definition.calendar.timezone)
    dates = dates_of(definition, group, moves)
    moved = tuple(day.astimezone(zone).replace(tzinfo=None) + later for day in dates)
    return group.model_copy(update={"dates": moved})
