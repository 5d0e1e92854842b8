"""What operators read in the Temporal UI: ids, numbers, dates and states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.lifecycle import PairState, Stage
from domain.pair import Moment, MomentKind, Pair
from domain.plan import PairPlan


def _when(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def moment_summary(moment: Moment) -> str:
    """A moment in a few words, for the timer that waits for it and the activity that does it."""
    words = [moment.kind.value.replace("_", " ")]
    if moment.kind is MomentKind.LADDER_STEP:
        words = [f"ladder step {moment.step}: {str(moment.action).replace('_', ' ')}"]
    elif moment.kind is MomentKind.FAREWELL:
        words = [f"farewell: {moment.ending}"]
        if moment.step is not None:
            words.append(f"(ladder step {moment.step})")
    elif moment.session is not None:
        words.append(str(moment.session))
    elif moment.check_ins:
        words.append(", ".join(check_in.occasion for check_in in moment.check_ins))
    return " ".join(words)


def pair_details(plan: PairPlan, pair: Pair, due: Moment | None) -> str:
    """How a pair stands, as a Markdown table."""
    following = "nothing"
    if pair.state is PairState.PAUSED:
        following = "nothing until it is resumed"
    elif due is not None:
        following = f"{moment_summary(due)}, due {_when(due.at)}"
    rows = [
        ("State", str(pair.state) + (f" (while {pair.under})" if pair.under else "")),
        ("Next step", following),
        ("Sessions held", f"{len(pair.held)} of {plan.sessions}"),
        ("Last sign of life", _when(pair.sign_of_life)),
        ("Ladder", f"step {pair.ladder_step} of {len(plan.ladder)}" if pair.ladder_step else "–"),
    ]
    return _table(rows)


def program_details(
    stage: Stage,
    paused: bool,
    stage_ends: datetime | None,
    proposal_number: int | None,
    awaits_approval: bool,
    pairs: Mapping[PairState, int],
) -> str:
    """How a program stands, as Markdown tables."""
    waiting = "HR’s approval of the matches" if awaits_approval else "–"
    rows = [
        ("Stage", f"{stage}{' (paused)' if paused else ''}"),
        ("This stage ends by", _when(stage_ends) if stage_ends else "–"),
        ("Waits for", waiting),
        ("Proposal", f"number {proposal_number}" if proposal_number else "–"),
    ]
    counted = [(state.value, str(pairs[state])) for state in PairState if pairs.get(state)]
    total = ("all", str(sum(pairs.values())))
    return _table(rows) + ("\n" + _table([*counted, total], ("Pairs", "")) if counted else "")


def _table(rows: list[tuple[str, str]], heading: tuple[str, str] = ("", "")) -> str:
    lines = [f"| {heading[0]} | {heading[1]} |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(lines) + "\n"
