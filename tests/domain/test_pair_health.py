"""Which step of the ladder brought a pair back."""

from __future__ import annotations

from domain.escalation import LadderAction
from domain.journal import EventKind
from domain.pair_health import pair_health
from tests.domain.records import Story, definition


def test_the_step_that_brought_a_pair_back_gets_the_credit() -> None:
    story = Story().meets("a", 1).tell(EventKind.PAIR_STALLED, "a", step=1)
    story.tell(EventKind.LADDER_CLIMBED, "a", step=1, action="nudge_scheduler")
    story.tell(EventKind.LADDER_CLIMBED, "a", step=2, action="nudge_both")
    story.tell(EventKind.SESSION_BOOKED, "a", session=2)
    health = pair_health(definition(), story.over(), ())
    steps = {step.action: (step.taken, step.came_back) for step in health.steps}
    assert steps[LadderAction.NUDGE_SCHEDULER] == (1, 0)
    assert steps[LadderAction.NUDGE_BOTH] == (1, 1)
    assert steps[LadderAction.TELL_SPONSOR] == (0, 0)
    assert (health.started, health.stalled, health.met_again, health.stalled_now) == (1, 1, 0, 0)
