"""Which kind of work an activity is, and so in which task queue it waits."""

from __future__ import annotations

from activities.signatures import PairActivities, ProgramActivities
from domain.work import Work

_WORK_OF = {
    PairActivities.send_pair_moment: Work.MAIL,
    PairActivities.send_held: Work.MAIL,
    ProgramActivities.send_program_moment: Work.MAIL,
    ProgramActivities.send_held_of_program: Work.MAIL,
    ProgramActivities.propose_matches: Work.MATCHING,
    ProgramActivities.propose_new_pairs: Work.MATCHING,
    ProgramActivities.edit_matches: Work.MATCHING,
    ProgramActivities.evaluate: Work.MATCHING,
    ProgramActivities.delete_personal_data: Work.MATCHING,
}
_BY_NAME = {activity.__name__: work for activity, work in _WORK_OF.items()}


def work_of(activity: str) -> Work:
    """The kind of work that an activity of this name is."""
    return _BY_NAME.get(activity, Work.WORKFLOWS)
