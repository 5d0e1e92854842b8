"""How the terminal tells until when personal data is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from console.written import day_in_words
from domain.definition import Definition
from domain.model import Value
from domain.people import Person
from domain.privacy import IdentityKept
from domain.proposal_words import counted
from domain.retention import NOTICE
from store import consents, holds, journal, programs, retention
from store.holds import Hold
from store.programs import Program


class Kept(Value):
    """How a program stands with what is kept of it."""

    program: Program
    ends: datetime | None
    """When the time for which its personal data is kept is over; None while it is not over itself,
    or never ended."""
    now: datetime
    watched: bool
    """Whether a workflow waits, or waited, for that."""
    holds: tuple[Hold, ...]
    """Every one that there is or was, the first one first."""
    people: int
    finished: datetime | None
    counts: dict[str, int]
    withdrawn: tuple[str, ...] = ()
    """Who took back their consent and is still held, by the organisation's id."""

    @property
    def days(self) -> int:
        """Program days for which personal data is kept after the end."""
        return self.program.definition.privacy.keep_days

    @property
    def hold(self) -> Hold | None:
        """The hold that is on, if one is."""
        return next((hold for hold in self.holds if hold.lifted_at is None), None)

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return self.ends is not None and self.ends <= self.now

    @property
    def is_forgotten_about(self) -> bool:
        """Whether data would be kept for ever, because nothing waits for the end of its time."""
        return self.ends is not None and not self.watched and self.finished is None

    @property
    def needs_somebody(self) -> bool:
        """Whether HR has to do something about it, or should know that data is held back."""
        return self.is_forgotten_about or self.hold is not None

    @property
    def until_in_words(self) -> str:
        """The day on which the time is over, where the program is at home."""
        return self.day(self.ends) if self.ends else ""

    def day(self, instant: datetime) -> str:
        """The program's date at an instant, in words."""
        zone = ZoneInfo(self.program.definition.calendar.timezone)
        return day_in_words(self.program.calendar.to_program(instant).astimezone(zone).date())


def kept(session: Session, program: str) -> Kept:
    """Read it from the store. Raises `UnknownProgram`."""
    found = programs.get(session, program)
    try:
        ends = retention.term_of(session, program).ends
    except retention.NotOver:
        ends = None
    gone = retention.deletion_of(session, program)
    withdrawn = programs.some_participants(session, program, consents.withdrawn(session, program))
    return Kept(
        program=found,
        ends=ends,
        now=journal.now_of(session, program),
        watched=retention.is_watched(session, program),
        holds=tuple(holds.history(session, program)),
        people=retention.count_people(session, program),
        finished=gone.finished_at if gone else None,
        counts=gone.counts if gone else {},
        withdrawn=tuple(sorted(one.person.reference for one in withdrawn.values())),
    )


def facts(one: Kept) -> dict[str, Any]:
    """The same as data."""
    basis = one.program.definition.privacy.lawful_basis
    return {
        "program": one.program.id,
        "lawful_basis": basis.value if basis else None,
        "keep_days": one.days,
        "kept_until": one.ends.isoformat() if one.ends else None,
        "watched": one.watched,
        "people": one.people,
        "on_hold": one.hold is not None,
        "holds": [
            hold.model_dump(
                mode="json", include={"set_at", "set_by", "reference", "lifted_at", "lifted_by"}
            )
            for hold in one.holds
        ],
        "deleted_at": one.finished.isoformat() if one.finished else None,
        "deleted": one.counts,
        "consent_withdrawn": list(one.withdrawn),
    }


def line(one: Kept) -> Text:
    """One line for `status`."""
    if one.finished is not None:
        count = counted(one.counts.get("participants", 0), "person", "people")
        return Text(f"Personal data of {count} was deleted on {one.day(one.finished)}.")
    if one.hold is not None:
        until = f"; its time is over on {one.until_in_words}" if one.ends else ""
        since = f"{one.program.id} is on legal hold since {one.day(one.hold.set_at)}"
        words = f"{since}: nothing is deleted{until}."
        return Text(words, style="bold magenta")
    if one.ends is None:
        return Text(f"Personal data is kept for {one.days} days after the end.", style="dim")
    if one.is_forgotten_about:
        return Text(
            f"The personal data of {one.program.id} is to be kept until {one.until_in_words}, and "
            "nothing deletes it: "
            f"python starter.py retention {one.program.id} start",
            style="bold yellow",
        )
    return Text(f"Personal data is kept until {one.until_in_words}.", style="dim")


def lines(one: Kept) -> list[Text]:
    """What `status` shows: also who has to be erased because they took back their consent."""
    found = [line(one)]
    if one.withdrawn:
        count = counted(len(one.withdrawn), "person has", "people have")
        first = one.withdrawn[0]
        found.append(
            Text(
                f"{count} withdrawn their consent; erase what is held of them: "
                f"python starter.py erase {first}",
                style="bold yellow",
            )
        )
    return found


def what_comes(one: Kept) -> str:
    """What happens now that a workflow waits."""
    if one.hold is not None:
        return "A legal hold is on, so nothing is deleted before you lift it."
    if one.is_over:
        return (
            f"The time for which the personal data was to be kept is over since "
            f"{one.until_in_words}. The coordinator gets a mail now, and {NOTICE} program days "
            "later it is deleted, unless you put it on hold."
        )
    return f"Personal data is kept until {one.until_in_words} and then deleted."


def lifted(one: Kept) -> str:
    """What follows now that a hold is lifted."""
    if one.is_forgotten_about:
        start = f"python starter.py retention {one.program.id} start"
        return f"The hold is lifted. Nothing deletes the data yet: {start}"
    if one.is_over:
        return "The hold is lifted, and the personal data is being deleted."
    if one.ends is None:
        return "The hold is lifted."
    return f"The hold is lifted. Personal data is kept until {one.until_in_words}."


def in_full(one: Kept) -> RenderableType:
    """All about one program."""
    basis = one.program.definition.privacy.lawful_basis
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_row("Rests on", basis.value.replace("_", " ") if basis else "not said")
    rows.add_row("Kept for", f"{one.days} days after the end")
    rows.add_row("People", f"{one.people:,}")
    for hold in one.holds:
        rows.add_row("Hold", _hold_in_words(one, hold))
    for table, count in sorted(one.counts.items()):
        rows.add_row("Deleted", f"{count:,} {table}")
    return Group(rows, *lines(one))


def _hold_in_words(one: Kept, hold: Hold) -> str:
    words = f"since {one.day(hold.set_at)}, by {hold.set_by}"
    if hold.reference:
        words += f", for {hold.reference}"
    if hold.lifted_at is not None:
        words += f"; lifted on {one.day(hold.lifted_at)} by {hold.lifted_by}"
    return words


def table(found: Sequence[Kept]) -> RenderableType:
    """All programs."""
    if not found:
        return Text("None was started yet.")
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Program", "People", "What is kept"):
        shown.add_column(heading)
    for one in found:
        shown.add_row(one.program.id, f"{one.people:,}", line(one))
    return shown


# --- check ---------------------------------------------------------------------------------------


def planned(definition: Definition) -> str:
    """How long personal data will be kept, and on what its processing rests."""
    privacy = definition.privacy
    kept = f"deleted {counted(privacy.keep_days, 'day')} after the end"
    if privacy.lawful_basis is None:
        return f"{kept}; on what basis it is processed is not said (privacy.lawful_basis)"
    basis = privacy.lawful_basis.value.replace("_", " ")
    asked = ", for which each is asked on its own" if privacy.asks_for_consent else ""
    return f"{kept}; its processing rests on {basis}{asked}"


def identity_planned(definition: Definition, people: Sequence[Person]) -> str:
    """What becomes of what people say they are; empty where nobody is asked."""
    identity = definition.people.identity
    if identity is None:
        return ""
    columns = ", ".join(identity.columns)
    opted_in = sum(person.opted_in is True for person in people)
    read = f"{columns}, of those who opt in"
    if people:
        read = f"{columns}: read of {counted(opted_in, 'person', 'people')} who opted in"
    if identity.keep is IdentityKept.UNTIL_THE_END:
        return f"{read}; kept until all personal data is deleted"
    return (
        f"{read}; deleted when you approve the matches, so that new partners on the way are found "
        "without it"
    )
