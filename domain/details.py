"""What operators read in the Temporal UI: ids, numbers, dates and states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.escalation import Trigger
from domain.lifecycle import PairState, Stage
from domain.pair import Moment, MomentKind, Pair
from domain.pair_orders import place_on_the_ladder
from domain.plan import PairPlan
from domain.retention import Step, Term


def _when(instant: datetime) -> str:
    # Not by `strftime`, which imports: in a workflow's sandbox that takes more than all the rest.
    return f"{instant.isoformat(' ', 'seconds').partition('+')[0]} UTC"


_IN_WORDS = {
    MomentKind.INTRODUCTION: "introduction",
    MomentKind.PREPARATION: "start of preparation",
    MomentKind.PREPARATION_REMINDER: "reminder of preparation",
    MomentKind.PREPARATION_OVERDUE: "preparation overdue: tell the coordinator",
    MomentKind.AGREEMENT_CHANGED: "the agreement changed: ask for a signature",
    MomentKind.SESSION_DUE: "ask for a date for session {session}",
    MomentKind.SESSION_PROPOSED: "times proposed for session {session}",
    MomentKind.ANSWER_REMINDER: "reminder to answer the times proposed for session {session}",
    MomentKind.SESSION_CANCELLED: "session {session} called off",
    MomentKind.SESSION_INVITATION: "invitation to session {session}",
    MomentKind.SESSION_REMINDER: "reminder of session {session}",
    MomentKind.SESSION_FOLLOW_UP: "ask whether session {session} took place",
    MomentKind.CHECK_IN: "check-in {occasions}",
    MomentKind.CHECK_IN_REMINDER: "reminder of check-in {occasions}",
    MomentKind.FLAGGED: "an answer to look at: tell the coordinator",
    MomentKind.LADDER_STEP: "ladder step {step}: {action}",
    MomentKind.RECOVERED: "recovered: tell the coordinator",
    MomentKind.HELP: "call for help: tell the coordinator",
    MomentKind.SAFETY: "call to the named contact",
    MomentKind.AWAY: "one is away: tell the other",
    MomentKind.RETURN: "the pause ends",
    MomentKind.EXTENDED: "more time for meetings: tell both",
    MomentKind.CONTINUED_REMINDER: "reminder to go on meeting",
    MomentKind.HELD: "messages that were held",
    MomentKind.EVALUATION: "end of meetings: final survey",
    MomentKind.FAREWELL: "farewell: {ending}",
}


def moment_summary(moment: Moment) -> str:
    """A moment in a few words, for the timer that waits for it and the activity that does it."""
    words = _IN_WORDS[moment.kind].format(
        session=moment.session,
        occasions=", ".join(check_in.occasion for check_in in moment.check_ins),
        step=moment.step,
        action=" and ".join(moment.actions).replace("_", " "),
        ending=moment.ending,
    )
    last_step = moment.kind is MomentKind.FAREWELL and moment.step is not None
    if last_step:
        words = f"{words} (ladder step {moment.step})"
    drifts = moment.trigger is not None and moment.trigger is not Trigger.SILENCE
    return f"{words} ({str(moment.trigger).replace('_', ' ')})" if drifts else words


def pair_details(plan: PairPlan, pair: Pair, due: Moment | None, since: datetime) -> str:
    """How a pair stands, as a Markdown table. `since` is when it came to its state."""
    following = "nothing"
    if pair.state is PairState.PAUSED:
        following = "nothing until it is resumed"
    if due is not None:
        following = f"{moment_summary(due)}, due {_when(due.at)}"
    under = f" (while {pair.under})" if pair.under else ""
    rows = [
        ("State", f"{pair.state}{under} since {_when(since)}"),
        ("Next step", following),
        ("Sessions held", f"{len(pair.held)} of {plan.sessions}"),
        ("Last sign of life", _when(pair.sign_of_life)),
        ("Ladder", _place(plan, pair)),
    ]
    if pair.snoozed_until is not None:
        rows.append(
            ("Coordinator", f"is on it; the ladder waits until {_when(pair.snoozed_until)}")
        )
    if pair.fell_through:
        rows.append(("Sessions that fell through in a row", str(pair.fell_through)))
    return _table(rows)


def _place(plan: PairPlan, pair: Pair) -> str:
    place = place_on_the_ladder(plan, pair)
    if place is None:
        return "–"
    trigger, step, steps = place
    since = f" since {_when(pair.ladder_since)}" if pair.ladder_since else ""
    return f"{trigger.replace('_', ' ')}{since}: step {step} of {steps}"


def program_details(
    stage: Stage,
    paused: bool,
    paused_until: datetime | None,
    stage_ends: datetime | None,
    proposal_number: int | None,
    awaits_approval: bool,
    pairs: Mapping[PairState, int],
    awaits_selection: bool = False,
) -> str:
    """How a program stands, as Markdown tables."""
    waiting = "HR’s approval of the matches" if awaits_approval else "–"
    if awaits_selection:
        waiting = "HR’s selection of whom to match"
    rows = [
        ("Stage", f"{stage}{_paused(paused, paused_until)}"),
        ("This stage ends by", _when(stage_ends) if stage_ends else "–"),
        ("Waits for", waiting),
        ("Proposal", f"number {proposal_number}" if proposal_number else "–"),
    ]
    return _table(rows) + (f"\n{counts_details(pairs)}" if any(pairs.values()) else "")


def _paused(paused: bool, until: datetime | None) -> str:
    if not paused:
        return ""
    return f" (paused until {_when(until)})" if until is not None else " (paused)"


def retention_details(term: Term, announced_at: datetime | None) -> str:
    """How long a program's personal data is kept, as a Markdown table."""
    due = term.next_step(announced_at)
    words = {Step.ANNOUNCE: "tell HR that it will be deleted", Step.DELETE: "delete it"}
    following = "nothing while the hold is on" if term.held else "nothing"
    if due is not None:
        following = f"{words[due.step]}, due {_when(due.at)}"
    rows = [
        ("Personal data is kept until", _when(term.ends)),
        ("Legal hold", "on" if term.held else "–"),
        ("HR was told of the deletion", _when(announced_at) if announced_at else "–"),
        ("Deleted", "yes" if term.deleted else "no"),
        ("Next step", following),
    ]
    return _table(rows)


NOT_YET_MEETING = (PairState.INTRODUCED, PairState.PREPARING)
COUNTED_TOGETHER = (
    NOT_YET_MEETING,
    *((state,) for state in PairState if state not in NOT_YET_MEETING),
)
"""States of pairs as cohorts and programs count them. A pair that moves between two of the same
does not tell: each telling is an action that is paid."""


def counts_details(pairs: Mapping[PairState, int]) -> str:
    """How many pairs stand where, as a Markdown table."""
    counted = [
        (" or ".join(states), str(count))
        for states in COUNTED_TOGETHER
        if (count := sum(pairs.get(state, 0) for state in states))
    ]
    return _table([("Pairs", str(sum(pairs.values()))), *counted])


PROGRAM_HELP = """A reverse-mentoring program.

- Stage and counts: **Current Details** here, or the search attribute `MentoringStage`.
- Its pairs: **Relationships**, program → cohort → pair; or the list filter `MentoringProgram`.
- HR’s acts are updates: `confirm_selection`, `approve_matches`, `edit_matches`, `check_pairs`,
  `close_enrolment`, `pause`, `resume`, `postpone`, `extend`, `cancel`.
- To end it, use `cancel`: everybody is told kindly. Terminating it tells nobody, and its pairs go
  on.
"""
"""What an operator reads beside a program, the same for all of them."""

COHORT_HELP = """Some of a program’s pairs, at most 500. It starts and counts them.

- How many stand where: **Current Details** here.
- Its pairs: **Relationships**, or the list filters `MentoringProgram` and `Cohort`.
- There is nothing to do here. A pair is steered in its own workflow, all of them in the program’s.
"""
"""What an operator reads beside a cohort."""

PAIR_HELP = """A mentor and a mentee, from the introduction to the farewell.

- State, next step, sessions, last sign of life, place on the ladder: **Current Details** here.
- What it waits for: the timer at the end of the **Timeline**. What fails: **Pending Activities**.
- HR’s acts are the update `order`: `{"order": "hold"}`, `resume`, `extend` with `days`, `close`,
  `rematch`. What the two did arrives as the signal `person_did`.
- Who they are stands in the store: `python starter.py pair PROGRAM PAIR show`.
"""
"""What an operator reads beside a pair."""

FOLLOW_UP_HELP = """Asks those who took part how things are, some weeks after the program.

- It waits on timers that say for what. It may be terminated if nobody is to be asked any more.
"""
"""What an operator reads beside a program's follow-ups."""

RETENTION_HELP = """Deletes a program’s personal data when the time is over for which it is kept.

- Until when, and whether a legal hold is on: **Current Details** here.
- It waits on one timer, or on nothing while a hold is on: `python starter.py hold PROGRAM`.
- Terminated, nothing is deleted any more, and `status` does not know. To keep data, use a hold.
"""
"""What an operator reads beside what deletes a program's personal data."""

AFTERWARDS_HELP = """Reminds a pair that goes on meeting and asked for it.

- It waits on timers that say for what. It may be terminated: the two just hear no more.
"""
"""What an operator reads beside the reminders of a pair that goes on."""

OPENING_HELP = """Opens the next program of a scheme: makes it in the store and starts its workflow.

- Which program that was: the result here, or the search attribute `MentoringProgram`.
- Done twice for the same program, it opens one.
- If it fails, **Pending Activities** says what to do; it goes on by itself once that is done.
"""
"""What an operator reads beside each opening of a program by a schedule."""


_GAP = "\u2003\u2060"
"""The UI's tables have no space between columns. The word joiner keeps this one from being cut."""


def _table(rows: list[tuple[str, str]]) -> str:
    (name, value), *rest = ((f"{name}{_GAP}", value) for name, value in rows)
    lines = [f"| {name} | {value} |", "|:--|:--|", *(f"| {n} | {v} |" for n, v in rest)]
    return "".join(f"{line}\n" for line in lines)
