"""How a program, and each of its pairs, stand, in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console import show_retention
from console.show_parts import trigger_in_words, ui_link
from console.show_retention import Kept
from console.written import day_in_words
from domain.lifecycle import PairState, Stage
from domain.model import Value
from domain.pair_story import Ask
from domain.projection import NextDue, PairStatus, PeopleCounts, ProgramFacts
from domain.standing import PairNow
from runtime.settings import Settings
from store.group_sessions import GroupSessionNow
from store.ledger import MessageState
from store.program_facts import PairsNow
from store.programs import Program
from store.proposals import StoredProposal
from store.refusals import Refusing

STYLE = {
    PairState.INTRODUCED: "cyan",
    PairState.PREPARING: "cyan",
    PairState.MEETING: "green",
    PairState.STALLED: "bold yellow",
    PairState.PAUSED: "magenta",
    PairState.EVALUATING: "blue",
    PairState.COMPLETED: "bold green",
    PairState.CONTINUED: "bold green",
}

MOST_ROWS = 40
"""Pairs that `status` lists; those that need attention come first."""

STAGES = (
    Stage.DEFINITION,
    Stage.MATCHING,
    Stage.PREPARATION,
    Stage.MEETINGS,
    Stage.EVALUATION,
    Stage.COMPLETED,
)


class Standing(Value):
    """All that `status` shows of a program."""

    program: Program
    status: ProgramFacts
    pairs: PairsNow
    """All of them, or those that HR should look at first."""
    messages: dict[MessageState, int]
    answers: int
    names: dict[str, tuple[str, str]]
    """Of the pairs that are listed."""
    proposal: StoredProposal | None
    """The newest matches while they wait for HR."""
    groups: tuple[GroupSessionNow, ...] = ()
    """Its group sessions, and how everybody stands with them."""
    refusing: tuple[Refusing, ...] = ()
    """Whom mail does not reach."""
    remarks: tuple[str, ...] = ()
    """What content gives to think about, in words."""
    kept: Kept | None = None
    """Until when its personal data is kept."""


class InALine(Value):
    """What the list of programs tells of one."""

    program: Program
    status: ProgramFacts
    kept: Kept


def standing_facts(standing: Standing) -> dict[str, Any]:
    """A program's status as data."""
    status = standing.status
    return {
        "program": standing.program.id,
        "stage": status.stage.value,
        "paused": status.paused,
        "paused_until": status.paused_until.isoformat() if status.paused_until else None,
        "selection_waits": status.selection_waits,
        "people": status.people.model_dump(),
        "pairs": {state.value: n for state, n in status.counts.items() if n},
        "messages": {state.value: n for state, n in standing.messages.items()},
        "refused_addresses": [one.model_dump() for one in standing.refusing],
        "answers": standing.answers,
        "group_sessions": [_group_facts(group) for group in standing.groups],
        "pair_list": [_pair_facts(pair.status, pair.asks) for pair in standing.pairs.listed],
        "kept": show_retention.facts(standing.kept) if standing.kept else None,
        "warnings": list(standing.remarks),
    }


def _group_facts(group: GroupSessionNow) -> dict[str, Any]:
    return {
        "group": group.session.id,
        "needed": group.session.needed,
        "people": len(group.attendance),
        "on_course": group.on_course,
        "next": group.next.isoformat() if group.next else None,
        "dates": [date.isoformat() for date in group.dates],
    }


def _pair_facts(pair: PairStatus, waits: Sequence[Ask]) -> dict[str, Any]:
    return {
        "pair": pair.pair,
        "state": pair.state.value,
        "since": pair.since.isoformat(),
        "sessions_held": pair.sessions_held,
        "ladder_step": pair.ladder_step,
        "trigger": pair.trigger.value if pair.trigger else None,
        "waits_for_coordinator": [ask.value for ask in waits],
        "next": pair.next_due.model_dump(mode="json") if pair.next_due else None,
    }


def standing(current: Standing, settings: Settings) -> RenderableType:
    """A program's status for the terminal."""
    definition = current.program.definition
    parts: list[RenderableType] = [
        Text(f"{definition.program.title} ({current.program.id})", style="bold"),
        stage_line(current.status, paused_until=_paused_until(current)),
        people_line(current),
        *_refusing_lines(current),
        *(_group_line(current, group) for group in current.groups if group.attendance),
    ]
    if current.status.number_of_pairs:
        parts += [state_line(current.status), *_attention_lines(current), _pairs_table(current)]
    if waits_for_approval(current.status) and current.proposal:
        count = len(current.proposal.proposal.pairs)
        kind = "new pairs" if current.status.number_of_pairs else "pairs"
        parts.append(
            Text(
                f"{count} {kind} wait for you: python starter.py matches {current.program.id} show",
                style="bold yellow",
            )
        )
    if current.status.selection_waits:
        parts.append(
            Text(
                "The program waits for the selection: python starter.py selection "
                f"{current.program.id} show",
                style="bold yellow",
            )
        )
    parts += show_retention.lines(current.kept) if current.kept else []
    parts += [Text(f"• {remark}", style="yellow") for remark in current.remarks]
    link = ui_link(settings, current.program.id)
    parts.append(Text(f"Temporal UI: {link}", style="dim", no_wrap=True, overflow="ignore"))
    return Group(*parts)


def waits_for_approval(status: ProgramFacts) -> bool:
    """Whether HR is asked to approve matches."""
    matches, new = status.matches, status.new_pairs
    first = matches.proposal is not None and matches.approved_at is None
    return first or (new is not None and new.waiting)


def _paused_until(current: Standing) -> str | None:
    """The day on which a postponed program goes on, where it is at home."""
    until = current.status.paused_until
    return _day(current.program, current.program.calendar.to_program(until)) if until else None


def _group_line(current: Standing, group: GroupSessionNow) -> Text:
    """How people stand with a group session."""
    people = len(group.attendance)
    line = Text(f"{group.session.title}: ")
    if group.session.needed:
        line.append(f"{group.on_course} of {people} people on course")
    else:
        line.append(f"{people} people")
    if group.next is not None:
        line.append(f", next on {_day(current.program, group.next)}")
    return line


def _day(program: Program, moment: datetime) -> str:
    """A program time as a day in words, where the program is at home."""
    return day_in_words(moment.astimezone(ZoneInfo(program.definition.calendar.timezone)))


def stage_line(status: ProgramFacts, paused_until: str | None = None) -> Text:
    """The stages, with the present one marked."""
    line = Text()
    if status.stage is Stage.CANCELLED:
        return Text("cancelled", style="bold red")
    reached = STAGES.index(status.stage)
    for number, stage in enumerate(STAGES):
        if number:
            line.append(" → ", style="dim")
        style = "bold reverse" if number == reached else "green" if number < reached else "dim"
        line.append(f" {stage} " if number == reached else str(stage), style=style)
    if status.paused:
        until = f" until {paused_until}" if paused_until else ""
        line.append(f"  paused{until}", style="bold magenta")
    return line


def people_line(current: Standing) -> Text:
    """Counts of people, mails and answers."""
    people, messages = current.status.people, current.messages
    refused = messages.get(MessageState.REFUSED, 0)
    held = messages.get(MessageState.HELD, 0)
    text = (
        f"{people.invited} invited, {people.joined} joined, {people.stayed_out} stayed out, "
        f"{people.withdrew} withdrew{_sifted(people)} · "
        f"{messages.get(MessageState.SENT, 0)} messages sent"
        f"{f', {held} waiting' if held else ''}{f', {refused} refused' if refused else ''}"
        f" · {current.answers} answers"
    )
    return Text(text)


MOST_ADDRESSES = 10
"""Addresses that `status` lists of those which refuse mail."""


def _refusing_lines(current: Standing) -> list[Text]:
    """Whom mail does not reach, and what to do about it."""
    refusing = current.refusing
    if not refusing:
        return []
    count = "1 address" if len(refusing) == 1 else f"{len(refusing)} addresses"
    how = f"python starter.py people {current.program.id} FILE"
    lines = [Text(f"Mail does not reach {count}. Correct the file: {how}", style="bold yellow")]
    lines += [Text(f"  {_refused(one)}") for one in refusing[:MOST_ADDRESSES]]
    if len(refusing) > MOST_ADDRESSES:
        more = len(refusing) - MOST_ADDRESSES
        lines.append(Text(f"  and {more} more; all of them with --json", style="dim"))
    return lines


def _refused(one: Refusing) -> str:
    whose = f"the line manager of {one.name}" if one.of_manager else one.name
    reference = f" ({one.reference})" if one.reference else ""
    address = f", {one.email}" if one.email else ""
    messages = "1 message" if one.messages == 1 else f"{one.messages} messages"
    return f"{whose}{reference}{address}: {messages} refused, code {one.code}"


def _sifted(people: PeopleCounts) -> str:
    """What line managers and HR said, where anybody asks them."""
    asked = people.manager_agrees or people.manager_says_no
    managers = f"; managers: {people.manager_agrees} yes, {people.manager_says_no} no"
    chosen = f"; {people.not_selected} not selected" if people.not_selected else ""
    return (managers if asked else "") + chosen


def state_line(status: ProgramFacts) -> Text:
    """How many pairs stand where."""
    line = Text(f"{status.number_of_pairs} pairs: ")
    shown = [(state, count) for state, count in status.counts.items() if count]
    for number, (state, count) in enumerate(shown):
        line.append(", " if number else "")
        line.append(f"{count} {state}", style=STYLE.get(state, ""))
    return line


ASKED = {Ask.HELP: "asks for help", Ask.FLAGGED: "look at an answer", Ask.TASK: "a task"}


def _attention_lines(current: Standing) -> list[Text]:
    """How many pairs wait for the coordinator, and how to look at one."""
    waiting = current.pairs.waiting
    if not waiting:
        return []
    need = "1 pair needs" if waiting == 1 else f"{waiting} pairs need"
    how = f"python starter.py pair {current.program.id} PAIR show"
    return [Text(f"{need} attention, first in the list: {how}", style="bold yellow")]


def _state_cell(current: Standing, one: PairNow) -> Text:
    """A pair's state, with why it is on a ladder and what waits for the coordinator."""
    pair = one.status
    step = f", step {pair.ladder_step}" if pair.ladder_step else ""
    cell = Text(f"{pair.state}{step}", style=STYLE.get(pair.state, "dim"))
    if pair.trigger is not None and pair.state is PairState.STALLED:
        why = trigger_in_words(pair.trigger, current.program.definition.ladder, short=True)
        cell.append(f"\n{why}", style="none")
    for ask in one.asks:
        cell.append(f"\n{ASKED[ask]}", style="bold yellow")
    return cell


def _pairs_table(current: Standing) -> RenderableType:
    sessions = current.program.definition.sessions.count
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Pair", "Mentor", "Mentee", "State", "Held", "Next"):
        table.add_column(heading, no_wrap=heading in ("Pair", "State", "Held"))
    pairs = sorted(current.pairs.listed, key=lambda one: one.rank)
    for one in pairs[:MOST_ROWS]:
        pair = one.status
        mentor, mentee = current.names.get(pair.pair, ("?", "?"))
        table.add_row(
            pair.pair,
            mentor,
            mentee,
            _state_cell(current, one),
            f"{pair.sessions_held}/{pair.planned or sessions}",
            next_words(pair.next_due),
        )
    hidden = Counter(one.status.state for one in pairs[MOST_ROWS:])
    hidden.update(current.pairs.rest)
    if not hidden:
        return table
    rest = ", ".join(f"{count} {state}" for state, count in hidden.items())
    return Group(table, Text(f"and {rest}; all of them with --json", style="dim"))


def next_words(due: NextDue | None) -> str:
    """What a pair is expected to do next."""
    if due is None:
        return ""
    words = due.step.value.replace("_", " ")
    return f"{words} {due.session}" if due.session else words


def all_programs(found: Sequence[InALine]) -> RenderableType:
    """Every program, in a line each."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Program", "Title", "Stage", "Joined", "Pairs"):
        table.add_column(heading, justify="right" if heading in ("Joined", "Pairs") else "left")
    for current in found:
        status = current.status
        table.add_row(
            current.program.id,
            current.program.definition.program.title,
            f"{status.stage}{' (paused)' if status.paused else ''}",
            str(status.people.joined),
            str(status.number_of_pairs),
        )
    due = [one.kept for one in found if one.kept.needs_somebody]
    return Group(table, *(show_retention.line(one) for one in due)) if due else table
