"""Which task queue an activity waits in, so that one kind of work can't keep another waiting."""

from __future__ import annotations

from enum import StrEnum

from activities.signatures import PairActivities, ProgramActivities


class Work(StrEnum):
    """A kind of work. Each has a task queue, and a worker may do some of them or all."""

    WORKFLOWS = "workflows"
    """Workflows, and activities that take a moment."""
    MAIL = "mail"
    """Activities that send. Their queue is paced, so that a mail server is not run over."""
    MATCHING = "matching"
    """Activities that compute for seconds or minutes: matching, and the success metrics."""


EVERY_KIND = tuple(Work)

_WORK_OF = {
    PairActivities.send_pair_moment: Work.MAIL,
    PairActivities.send_held: Work.MAIL,
    ProgramActivities.send_program_moment: Work.MAIL,
    ProgramActivities.send_held_of_program: Work.MAIL,
    ProgramActivities.propose_matches: Work.MATCHING,
    ProgramActivities.propose_new_pairs: Work.MATCHING,
    ProgramActivities.edit_matches: Work.MATCHING,
    ProgramActivities.evaluate: Work.MATCHING,
}
_BY_NAME = {activity.__name__: work for activity, work in _WORK_OF.items()}


def work_of(activity: str) -> Work:
    """The kind of work that an activity of this name is."""
    return _BY_NAME.get(activity, Work.WORKFLOWS)


def queue_of(work: Work, task_queue: str) -> str:
    """The task queue of a kind of work, where workflows have `task_queue`."""
    return task_queue if work is Work.WORKFLOWS else f"{task_queue}-{work}"
