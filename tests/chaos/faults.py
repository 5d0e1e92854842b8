"""What can be done to the stack, a plan of it that a seed draws, and the count of what was done."""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.stack import MAILBOX, PORTAL, TEMPORAL, WORKER


class Fault(StrEnum):
    """One kind of fault."""

    # What the stack suffers as a whole
    KILL_WORKER = "worker killed"
    KILL_PORTAL = "portal killed"
    KILL_TEMPORAL = "Temporal server killed"
    KILL_SMTP = "SMTP server killed"
    LOCK = "store locked"
    FULL = "store full"
    JUMP = "connections to the store cut"
    # What one mail suffers
    PUT_OFF = "mail put off (4xx)"
    CLOSING = "SMTP server closes (421)"
    REFUSED = "mail refused (5xx)"
    HANG = "SMTP server hangs"
    LOST_BEFORE = "connection lost in DATA, mail not accepted"
    LOST_AFTER = "connection lost after DATA, mail accepted"
    # What one form suffers
    SLOW_FORM = "form sent slowly"
    SENT_AGAIN = "form sent again"
    SENT_AT_ONCE = "form sent twice at once"
    CUT_REQUEST = "form cut off on its way"
    CUT_ANSWER = "answer to a form cut off"


KILLS = {
    Fault.KILL_WORKER: WORKER,
    Fault.KILL_PORTAL: PORTAL,
    Fault.KILL_TEMPORAL: TEMPORAL,
    Fault.KILL_SMTP: MAILBOX,
}
"""Which part is ended with SIGKILL."""

OF_THE_STACK = (*KILLS, Fault.LOCK, Fault.FULL, Fault.JUMP)
OF_MAILS = tuple(Fault)[tuple(Fault).index(Fault.PUT_OFF) : tuple(Fault).index(Fault.SLOW_FORM)]
OF_FORMS = tuple(Fault)[tuple(Fault).index(Fault.SLOW_FORM) :]

OF_THE_STORE = frozenset({Fault.LOCK, Fault.FULL, Fault.JUMP})
"""While one of these lasts, what a mail server took may not be noted."""

SHARES: Mapping[Fault, int] = {
    Fault.KILL_WORKER: 6,
    Fault.KILL_PORTAL: 4,
    Fault.KILL_TEMPORAL: 3,
    Fault.KILL_SMTP: 4,
    Fault.LOCK: 4,
    Fault.FULL: 4,
    Fault.JUMP: 6,
    Fault.PUT_OFF: 9,
    Fault.CLOSING: 3,
    Fault.REFUSED: 6,
    Fault.HANG: 4,
    Fault.LOST_BEFORE: 8,
    Fault.LOST_AFTER: 8,
    Fault.SLOW_FORM: 7,
    Fault.SENT_AGAIN: 9,
    Fault.SENT_AT_ONCE: 8,
    Fault.CUT_REQUEST: 8,
    Fault.CUT_ANSWER: 8,
}
"""Of about a hundred faults, how many are of each kind."""


def shared_out(count: int, *, sqlite: bool) -> Counter[Fault]:
    """How many faults of each kind make about `count` together, at least one of each.

    SQLite has no connections to cut, and PostgreSQL's quota is not ours to fill.
    """
    left_out = Fault.JUMP if sqlite else Fault.FULL
    shares = {fault: share for fault, share in SHARES.items() if fault is not left_out}
    total = sum(shares.values())
    return Counter({f: max(1, round(count * share / total)) for f, share in shares.items()})


@dataclass(frozen=True)
class Play:
    """How much a run without faults consists of."""

    forms: int
    mails: int


LAST = 0.9
"""After so much of the play no more faults begin: what comes then may be less than was planned."""


class Plan:
    """Which faults come when. The same for the same seed, counts and play."""

    def __init__(self, seed: int, counts: Mapping[Fault, int], play: Play) -> None:
        dice = random.Random(f"{seed}/faults")
        of_stack = _shuffled(dice, counts, OF_THE_STACK)
        times = sorted(dice.sample(range(1, max(2, int(play.forms * LAST))), len(of_stack)))
        self.of_stack = deque(zip(times, of_stack, strict=True))
        """Each with the number of forms that were thanked for before it comes."""
        self.of_mails = self._placed(dice, _shuffled(dice, counts, OF_MAILS), play.mails)
        """By the number of a mail."""
        self.of_forms = self._placed(dice, _shuffled(dice, counts, OF_FORMS), play.forms)
        """By the number of a form."""

    @staticmethod
    def _placed(dice: random.Random, faults: list[Fault], of: int) -> dict[int, Fault]:
        places = dice.sample(range(max(len(faults), int(of * LAST))), len(faults))
        return dict(zip(places, faults, strict=True))


def _shuffled(
    dice: random.Random, counts: Mapping[Fault, int], kinds: tuple[Fault, ...]
) -> list[Fault]:
    faults = [fault for fault in kinds for _ in range(counts.get(fault, 0))]
    dice.shuffle(faults)
    return faults


NO_FAULTS = Plan(0, {}, Play(forms=1, mails=1))


@dataclass
class Tally:
    """What was done so far, told line by line."""

    say: Callable[[str], None]
    done: Counter[Fault] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    def note(self, fault: Fault, about: str = "") -> None:
        """A fault was injected."""
        self.done[fault] += 1
        more = f" ({about})" if about else ""
        self.say(
            f"{time.monotonic() - self.began:6.1f} s  {self.done.total():>3}  {fault.value}{more}"
        )
