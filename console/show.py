"""How the commands' answers look in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console import show_retention
from console.intake import Intake
from console.show_retention import Kept
from console.written import day_in_words
from domain.eligibility import why_not_counted
from domain.escalation import Ladder, Trigger, Wait
from domain.ids import program_workflow_id
from domain.lifecycle import PairState, Stage
from domain.model import Value
from domain.pair_story import Ask, Attention
from domain.people import Role
from domain.projection import NextDue, PairStatus, PeopleCounts, ProgramStatus
from domain.sections import Enrolment
from runtime.settings import Settings
from runtime.temporal import workflows_address
from store.group_sessions import GroupSessionNow
from store.ledger import MessageState
from store.pair_story import Told
from store.programs import Entrant, Program
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
    status: ProgramStatus
    messages: dict[MessageState, int]
    answers: int
    names: dict[str, tuple[str, str]]
    proposal: StoredProposal | None
    groups: tuple[GroupSessionNow, ...] = ()
    """Its group sessions, and how everybody stands with them."""
    attention: dict[str, Attention] = Field(default_factory=dict)
    """What waits for the coordinator, by pair."""
    refusing: tuple[Refusing, ...] = ()
    """Whom mail does not reach."""
    remarks: tuple[str, ...] = ()
    """What content gives to think about, in words."""
    kept: Kept | None = None
    """Until when its personal data is kept."""

    def waits(self, pair: str) -> tuple[Ask, ...]:
        """What waits for the coordinator with one pair."""
        return self.attention.get(pair, Attention()).asks


class Closely(Value):
    """What a look at one pair shows beyond its status."""

    told: tuple[Told, ...]
    next_step: str | None
    """What happens if nothing is done, for a pair that is on a ladder."""


def ui_link(settings: Settings, program: str) -> str:
    """Where the Temporal UI shows a program."""
    return f"{workflows_address(settings)}/{quote(program_workflow_id(program), safe='')}"


# --- check ---------------------------------------------------------------------------------------


def plan_facts(intake: Intake) -> dict[str, Any]:
    """What would happen, as data."""
    plan, entrants = intake.definition, intake.entrants
    stages = plan.stages
    return {
        "program": plan.program.id,
        "starts": plan.program.starts.isoformat(),
        "days": stages.total,
        "sessions": plan.sessions.count,
        "people": len(entrants),
        "may_mentor": _count(entrants, Role.MENTOR),
        "may_be_mentee": _count(entrants, Role.MENTEE),
        "not_eligible": sum(not entrant.roles for entrant in entrants),
        "not_eligible_because": list(why_not_counted(plan, intake.people)),
        "keep_days": plan.privacy.keep_days,
        "lawful_basis": plan.privacy.lawful_basis,
        "warnings": intake.warnings,
    }


_COUNTED = {
    Trigger.GAP: "no session for {:g} × the usual distance",
    Trigger.CANCELLATIONS: "{:g} cancellations in a row",
}
"""Triggers of ladders that count something."""

_SHORT = {Trigger.CANCELLATIONS: "{:g} cancellations"}
"""The same in a narrow column."""


def _ladders(ladders: Sequence[Ladder]) -> RenderableType:
    if not ladders:
        return "none"
    table = Table.grid(padding=(0, 1, 0, 0))
    for ladder in ladders:
        table.add_row("•", _ladder(ladder))
    return table


def _ladder(ladder: Ladder) -> str:
    """A ladder in a line: “silence: 7 days nudge scheduler; 14 days close”."""
    trigger = _trigger(ladder.trigger, [ladder])
    steps = (f"{_wait(step.after)} {', '.join(step.do)}" for step in ladder.steps)
    return f"{trigger}: {'; '.join(steps)}".replace("_", " ")


def _trigger(
    trigger: Trigger, ladders: Sequence[Ladder], counted: Mapping[Trigger, str] = _COUNTED
) -> str:
    """What a ladder begins with, in a few words."""
    times = next((one.times for one in ladders if one.trigger is trigger), 1)
    return counted.get(trigger, trigger.value.replace("_", " ")).format(times)


def _wait(wait: Wait) -> str:
    if wait.days == 0:
        return "at once"
    return f"{wait.days} {'working ' if wait.working else ''}day{'s' if wait.days > 1 else ''}"


def plan(intake: Intake) -> RenderableType:
    """What would happen."""
    definition, facts = intake.definition, plan_facts(intake)
    stages, sessions = definition.stages, definition.sessions
    table = _facts_table()
    table.add_row("Program", f"{definition.program.title} ({definition.program.id})")
    table.add_row("Starts", day_in_words(definition.program.starts))
    table.add_row(
        "Lasts",
        f"{stages.total} days: enrolment {stages.enrolment}, approval {stages.approval}, "
        f"introduction {stages.introduction}, preparation {stages.preparation}, "
        f"meetings {stages.meetings}, evaluation {stages.evaluation}",
    )
    table.add_row(
        "Sessions",
        f"{sessions.count} of {sessions.minutes} minutes, every {sessions.every} days, at least "
        f"{sessions.needed}; the {sessions.scheduled_by} proposes the time",
    )
    check_ins = ", ".join(f"{c.survey} ({_when(c)})" for c in definition.check_ins)
    table.add_row("Check-ins", check_ins or "none")
    after = (f"{f.survey} ({f.after} days after the end)" for f in definition.planned_follow_ups)
    table.add_row("Follow-ups", ", ".join(after) or "none")
    table.add_row("Ladders", _ladders(definition.ladder))
    table.add_row("Personal data", show_retention.planned(definition))
    if identity := show_retention.identity_planned(definition, intake.people):
        table.add_row("Self-declared", identity)
    if enrolment := _enrolment(definition.enrolment):
        table.add_row("Before matching", enrolment)
    if intake.entrants:
        table.add_row(
            "People",
            f"{facts['people']}: {facts['may_mentor']} may be mentors, "
            f"{facts['may_be_mentee']} mentees, {facts['not_eligible']} are not eligible",
        )
    if because := facts["not_eligible_because"]:
        table.add_row("Not eligible", "; ".join(because))
    if not facts["warnings"]:
        return Group(table, Text("Everything fits. Nothing was started.", style="green"))
    return Group(
        table,
        Text("Nothing was started. Nothing is wrong with the files, but:", style="yellow"),
        *(Text(f"• {warning}", style="yellow") for warning in facts["warnings"]),
    )


def _enrolment(enrolment: Enrolment) -> str:
    asked = "line managers are asked whether they agree" if enrolment.manager_approval else ""
    chosen = "you choose whom to match" if enrolment.selection else ""
    return "; ".join(part for part in (asked, chosen) if part)


def _when(check_in: Any) -> str:
    when = check_in.when
    if when.session is not None:
        return f"after session {when.session}"
    if when.share is not None:
        return f"{when.share:.0%} of meetings"
    return str(when.point)


def _count(entrants: Sequence[Entrant], role: Role) -> int:
    return sum(role in entrant.roles for entrant in entrants)


# --- status --------------------------------------------------------------------------------------


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
        "pair_list": [_pair_facts(pair, standing.waits(pair.pair)) for pair in status.pairs],
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
    if current.status.pairs:
        parts += [state_line(current.status), *_attention_lines(current), _pairs_table(current)]
    if waits_for_approval(current.status) and current.proposal:
        count = len(current.proposal.proposal.pairs)
        kind = "new pairs" if current.status.pairs else "pairs"
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


def waits_for_approval(status: ProgramStatus) -> bool:
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


def stage_line(status: ProgramStatus, paused_until: str | None = None) -> Text:
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


def state_line(status: ProgramStatus) -> Text:
    """How many pairs stand where."""
    line = Text(f"{len(status.pairs)} pairs: ")
    shown = [(state, count) for state, count in status.counts.items() if count]
    for number, (state, count) in enumerate(shown):
        line.append(", " if number else "")
        line.append(f"{count} {state}", style=STYLE.get(state, ""))
    return line


_ATTENTION = (PairState.STALLED, PairState.PAUSED)

_ASKED = {Ask.HELP: "asks for help", Ask.FLAGGED: "look at an answer", Ask.TASK: "a task"}


def _attention_lines(current: Standing) -> list[Text]:
    """How many pairs wait for the coordinator, and how to look at one."""
    waiting = sum(bool(current.waits(pair.pair)) for pair in current.status.pairs)
    if not waiting:
        return []
    need = "1 pair needs" if waiting == 1 else f"{waiting} pairs need"
    how = f"python starter.py pair {current.program.id} PAIR show"
    return [Text(f"{need} attention, first in the list: {how}", style="bold yellow")]


def _state_cell(current: Standing, pair: PairStatus) -> Text:
    """A pair's state, with why it is on a ladder and what waits for the coordinator."""
    step = f", step {pair.ladder_step}" if pair.ladder_step else ""
    cell = Text(f"{pair.state}{step}", style=STYLE.get(pair.state, "dim"))
    if pair.trigger is not None and pair.state is PairState.STALLED:
        why = _trigger(pair.trigger, current.program.definition.ladder, _SHORT)
        cell.append(f"\n{why}", style="none")
    for ask in current.waits(pair.pair):
        cell.append(f"\n{_ASKED[ask]}", style="bold yellow")
    return cell


def _pairs_table(current: Standing) -> RenderableType:
    sessions = current.program.definition.sessions.count
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Pair", "Mentor", "Mentee", "State", "Held", "Next"):
        table.add_column(heading, no_wrap=heading in ("Pair", "State", "Held"))
    pairs = sorted(
        current.status.pairs,
        key=lambda p: (not current.waits(p.pair), p.state not in _ATTENTION, p.state.is_over),
    )
    for pair in pairs[:MOST_ROWS]:
        mentor, mentee = current.names.get(pair.pair, ("?", "?"))
        table.add_row(
            pair.pair,
            mentor,
            mentee,
            _state_cell(current, pair),
            f"{pair.sessions_held}/{pair.planned or sessions}",
            next_words(pair.next_due),
        )
    if len(pairs) <= MOST_ROWS:
        return table
    hidden = Counter(pair.state.value for pair in pairs[MOST_ROWS:])
    rest = ", ".join(f"{count} {state}" for state, count in hidden.items())
    return Group(table, Text(f"and {rest}; all of them with --json", style="dim"))


def next_words(due: NextDue | None) -> str:
    """What a pair is expected to do next."""
    if due is None:
        return ""
    words = due.step.value.replace("_", " ")
    return f"{words} {due.session}" if due.session else words


def one_pair(current: Standing, pair: str, closely: Closely) -> RenderableType:
    """One pair's status, its place on a ladder, and its story."""
    found = next((p for p in current.status.pairs if p.pair == pair), None)
    mentor, mentee = current.names.get(pair, ("?", "?"))
    table = _facts_table()
    table.add_row("Mentor", mentor)
    table.add_row("Mentee", mentee)
    if found is None:
        table.add_row("State", "not begun")
        return table
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
    stands = current.attention.get(pair, Attention())
    if stands.asks:
        table.add_row("For you", Text(", ".join(_ASKED[a] for a in stands.asks), "bold yellow"))
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
    return f"{_trigger(trigger, ladders)}: step {pair.ladder_step}{of}{action}"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def all_programs(found: Sequence[Standing]) -> RenderableType:
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
            str(len(status.pairs)),
        )
    due = [one.kept for one in found if one.kept and one.kept.needs_somebody]
    return Group(table, *(show_retention.line(one) for one in due)) if due else table


def _facts_table() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table
