"""Leave: HR says until when somebody is away, as they could themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from console.recording import came_to
from console.session import run, tell_workflows
from console.stores import out, store, the_program
from console.terminal import BAD_INPUT, fail
from domain.absence import Unfit, back_on, unfit
from domain.acts import Outcome
from domain.people import Person
from runtime.settings import Settings
from store import answers, programs
from store.programs import Program

_UNFIT = {
    Unfit.PAST: "{day} is not after today. Give the day on which they are back.",
    Unfit.FAR: "{day} is more than a year away. Give an earlier day.",
}


def take_leave(settings: Settings, program: str, person: str, until: str | None) -> None:
    """Let somebody be away until a day; without one, let them be back now."""
    with store(settings) as database:
        running = the_program(database, program)
        with database.read() as session:
            found = programs.participant_by_reference(session, program, person)
        if found is None:
            fail(f"There is nobody “{person}” in “{program}”.", BAD_INPUT)
        if found.withdrew:
            fail(f"{found.person.name} has left “{program}”. Nothing was changed.", BAD_INPUT)
        name = found.person.name
        instant = _back_on(running, found.person, until) if until is not None else None
        with database.write() as session:
            if instant is None:
                new = answers.come_back(session, program, found.id)
            else:
                new = answers.go_away(session, program, found.id, instant)
        if not new:
            stands = f"was away until {until} already" if until else "was not away"
            out.print(f"{name} {stands}. Nothing was changed.")
            came_to(Outcome.UNCHANGED)
            return
        if until:
            out.print(
                f"{name} is away until {until}: no messages come before, and their pairs wait. "
                "Partners are told the date and no reason."
            )
        else:
            out.print(f"{name} is back, and their pairs go on.")
        if not run(tell_workflows(settings, database)):
            out.print(
                "Temporal could not be told yet. That is kept: their pairs hear of it once "
                "“make run” (or your portal) is up."
            )


def _back_on(program: Program, person: Person, written: str) -> datetime:
    """The instant at which somebody is back. Ends the command if it can't be meant."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        fail(f"“{written}” is not a date. Write it like 2027-01-31: year, month, day.", BAD_INPUT)
    zone = ZoneInfo(person.timezone or program.definition.calendar.timezone)
    if wrong := unfit(program.calendar, day, zone, datetime.now(UTC)):
        fail(_UNFIT[wrong].format(day=written), BAD_INPUT)
    return back_on(program.calendar, day, zone)
