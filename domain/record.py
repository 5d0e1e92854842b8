"""The record of a program: all that its evaluation is made of, as pure values.

The same journal and the same answers give the same record, and the same record the same report.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from domain.calendar import ProgramCalendar
from domain.definition import Definition
from domain.model import Value
from domain.outcomes import Later
from domain.pair_health import PairMembers
from domain.participation import Participant
from domain.projection import ProgramStatus
from domain.responses import Response
from domain.surveys import Survey


class MessageCount(Value):
    """How many messages of a kind got how far."""

    kind: str
    state: str
    count: int


class GroupAttendance(Value):
    """A group session, and how many came to as many of its dates as they should."""

    title: str
    dates: int
    needed: int
    """To how many of the dates everybody should come."""
    people: int
    """Who should come: they are in a pair that goes on or has completed."""
    came: int
    """To at least one date."""
    came_to_enough: int
    """To as many as they should, of those that were held while they were in a pair."""


class Record(Value):
    """One program. `names` are those of the participants and of who runs the program: they are here
    to be masked in what people wrote, and stand in no report.
    """

    program: str
    definition: Definition
    calendar: ProgramCalendar
    status: ProgramStatus
    responses: tuple[Response, ...]
    members: tuple[PairMembers, ...]
    participants: tuple[Participant, ...]
    messages: tuple[MessageCount, ...] = ()
    group_sessions: tuple[GroupAttendance, ...] = ()
    later: dict[str, Later] = Field(default_factory=dict)
    """What a later people file says, by person."""
    asked: tuple[Survey, ...] = ()
    """The surveys as they were asked, where content may have others by now."""
    names: tuple[str, ...] = ()
    kept_until: datetime | None = None
    """When its personal data is deleted; None while the program is not over."""
    on_hold: bool = False
    """Whether a legal hold keeps it for longer."""
    earlier: tuple[Record, ...] = ()
    """Earlier runs of the same scheme, the latest first."""
