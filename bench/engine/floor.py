"""The least that a pair can cost: one start, and no more than what has to be done.

One activity for each moment at which something must be sent, one timer for each wait, one signal
for each thing that a person did. It is written down here as a script for the bare workflow, by
hand and not by the rules of `domain/`, so that it can't follow them into a mistake.
"""

from __future__ import annotations

from bench.engine.bare import Script
from bench.engine.people import HOURS, TO_A_SESSION
from domain.plan import PairPlan

LADDER_DAYS = (7, 14, 21, 28, 42)
"""When the reference program's ladder has its steps; the last one ends the pair."""

CHECK_IN_AFTER, CHECK_IN_HALFWAY = 2, 4
"""After which session the first check-in comes, and before which the second falls: half of the 147
days for meetings are over between the fourth session's turn and the fifth's."""


class Life:
    """A pair's life at its least. Times are in program days."""

    def __init__(self, day_seconds: float) -> None:
        self._day = day_seconds
        self._script = Script()
        self._answers: tuple[float, ...] = ()

    def send(self, *answers_after: float) -> None:
        """A moment at which something is sent; who gets it answers so many days later."""
        self._people_answer()
        self._script.activity()
        self._answers = answers_after

    def wait_for_people(self, days: float) -> None:
        """A wait that ends with the last answer, or after so many days."""
        self._script.start_timer(days * self._day)
        self._people_answer()
        self._script.cancel_timer()

    def wait(self, days: float) -> None:
        """A wait for a time."""
        self._script.start_timer(days * self._day)
        self._people_answer()
        self._script.timer_fires()

    def _people_answer(self) -> None:
        for days in self._answers:
            self._script.signal(days * self._day)
        self._answers = ()

    def __str__(self) -> str:
        self._people_answer()
        return str(self._script)


_ONE = HOURS / 24
"""Days after which the first of the two answers."""


def _until_they_meet(life: Life) -> None:
    life.send(_ONE, _ONE * 2)  # both say yes
    life.wait_for_people(7)
    life.send(_ONE, _ONE * 2, _ONE * 2, _ONE * 4, _ONE * 5)  # training, agreement, goals
    life.wait_for_people(7)


def prompt_floor(plan: PairPlan) -> str:
    """Of two who do whatever they are asked on the same day."""
    life = Life(plan.day_seconds)
    _until_they_meet(life)
    met = TO_A_SESSION + 0.5
    for session in range(1, plan.sessions + 1):
        life.send(_ONE)  # asks for times, and gets some
        life.wait_for_people(7)
        life.send(_ONE)  # asks the other, who picks one
        life.wait_for_people(7)
        life.send()  # the invitation
        life.wait(TO_A_SESSION - 1)
        life.send()  # the reminder
        life.wait(1)
        life.send(_ONE)  # did it take place? it did
        life.wait_for_people(7)
        if session == CHECK_IN_AFTER:
            life.send(_ONE, _ONE * 2)
        if session < plan.sessions:
            life.wait(plan.every - met)
        if session == CHECK_IN_HALFWAY:
            life.send(_ONE, _ONE * 2)
            life.wait(1)
    life.send(_ONE, _ONE * 2, _ONE * 1.5, _ONE * 3)  # the last survey, and whether they go on
    life.wait_for_people(14)
    life.send()  # the farewell
    return str(life)


def ladder_floor(plan: PairPlan) -> str:
    """Of two who prepare, and are not heard of again: nudged, told of, and closed."""
    life = Life(plan.day_seconds)
    _until_they_meet(life)
    life.send()  # asks for times
    last = 0
    for days in LADDER_DAYS:
        life.wait(days - last)
        life.send()
        last = days
    return str(life)
