"""How the answer of `check` looks in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from console import show_retention
from console.intake import Intake
from console.show_parts import facts_table, trigger_in_words
from console.written import day_in_words
from domain.eligibility import why_not_counted
from domain.escalation import Ladder, Wait
from domain.people import Role
from domain.sections import Enrolment
from store.programs import Entrant

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


def _ladders(ladders: Sequence[Ladder]) -> RenderableType:
    if not ladders:
        return "none"
    table = Table.grid(padding=(0, 1, 0, 0))
    for ladder in ladders:
        table.add_row("•", _ladder(ladder))
    return table


def _ladder(ladder: Ladder) -> str:
    """A ladder in a line: “silence: 7 days nudge scheduler; 14 days close”."""
    trigger = trigger_in_words(ladder.trigger, [ladder])
    steps = (f"{_wait(step.after)} {', '.join(step.do)}" for step in ladder.steps)
    return f"{trigger}: {'; '.join(steps)}".replace("_", " ")


def _wait(wait: Wait) -> str:
    if wait.days == 0:
        return "at once"
    return f"{wait.days} {'working ' if wait.working else ''}day{'s' if wait.days > 1 else ''}"


def plan(intake: Intake) -> RenderableType:
    """What would happen."""
    definition, facts = intake.definition, plan_facts(intake)
    stages, sessions = definition.stages, definition.sessions
    table = facts_table()
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
