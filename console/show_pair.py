"""How one pair looks in a terminal, closely."""

from __future__ import annotations

from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from console.show_parts import facts_table, trigger_in_words
from console.show_status import ASKED, STYLE, Standing, next_words
from domain.escalation import Trigger
from domain.model import Value
from domain.projection import PairStatus
from store.pair_story import Told


class Closely(Value):
    """What a look at one pair shows beyond its status."""

    told: tuple[Told, ...]
    next_step: str | None
    """What happens if nothing is done, for a pair that is on a ladder."""


def one_pair(current: Standing, pair: str, closely: Closely) -> RenderableType:
    """One pair's status, its place on a ladder, and its story."""
    there = next((one for one in current.pairs.listed if one.status.pair == pair), None)
    mentor, mentee = current.names.get(pair, ("?", "?"))
    table = facts_table()
    table.add_row("Mentor", mentor)
    table.add_row("Mentee", mentee)
    if there is None:
        table.add_row("State", "not begun")
        return table
    found, stands = there.status, there.attention
    planned = found.planned or current.program.definition.sessions.count
    because = f" ({found.ended_because.replace('_', ' ')})" if found.ended_because else ""
    state = Text(found.state.value, style=STYLE.get(found.state, "dim"))
    table.add_row("State", state.append(f"{because} since {_instant(found.since)}", style="none"))
    missed = f"; {found.missed} missed" if found.missed else ""
    table.add_row("Sessions", f"{found.sessions_held} of {planned} held{missed}")
    sign = found.last_sign_of_life
    table.add_row("Sign of life", _instant(sign) if sign else "none yet")
    if found.ladder_step:
        table.add_row("Ladder", _place(current, found))
    if closely.next_step:
        table.add_row("Then", closely.next_step)
    if stands.asks:
        table.add_row("For you", Text(", ".join(ASKED[a] for a in stands.asks), "bold yellow"))
    if stands.taken_until:
        table.add_row("Taken", f"somebody is on it until {_instant(stands.taken_until)}")
    if found.help_asked:
        times = f"{found.help_asked} times" if found.help_asked > 1 else "once"
        table.add_row("Help asked", times)
    table.add_row("Next", next_words(found.next_due) or "nothing")
    for number, line in enumerate(closely.told):
        said = Text(f"{_instant(line.at)}  {line.text}")
        if line.quote:
            said.append(f"\n“{line.quote}”", style="italic")
        table.add_row("" if number else "So far", said)
    return table


def _place(current: Standing, pair: PairStatus) -> str:
    """On which ladder a pair is, and how far up."""
    trigger = pair.trigger or Trigger.SILENCE
    ladders = current.program.definition.ladder
    steps = next((len(one.steps) for one in ladders if one.trigger is trigger), None)
    of = f" of {steps}" if steps else ""
    action = f", {pair.ladder_action.replace('_', ' ')}" if pair.ladder_action else ""
    return f"{trigger_in_words(trigger, ladders)}: step {pair.ladder_step}{of}{action}"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
