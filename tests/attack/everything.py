"""All kinds of attacks, and how many of each: a few with the tests, many by `make attack`."""

from __future__ import annotations

import random

from tests.attack.by_schema import schemathesis_cases
from tests.attack.ground import Kind, Tally
from tests.attack.links import out_of_place, tampered
from tests.attack.mails import mails
from tests.attack.requests import bodies, double_clicks, guesses, other_sites, paths, scanners
from tests.attack.slow import slow
from tests.attack.texts import texts

KINDS: dict[str, tuple[Kind, int, int]] = {
    "tampered, foreign and unsigned links": (tampered, 39, 2600),
    "links out of place, late, of who has gone": (out_of_place, 5, 1000),
    "scanners that open links": (scanners, 20, 1000),
    "double clicks": (double_clicks, 4, 1000),
    "forms from other sites": (other_sites, 13, 1000),
    "bodies that are no form": (bodies, 1, 1000),
    "paths, hosts and methods": (paths, 40, 1000),
    "guessing and hammering": (guesses, 1, 1),
    "names and words in pages and files": (texts, 8, 1000),
    "names and words in mails": (mails, 40, 4000),
    "slow and broken connections": (slow, 1, 1),
    "schemathesis: pages, watchers, codec server": (schemathesis_cases, 1, 60),
}
"""By what they are called: the attacks, how many with the tests, and how many by `make attack`."""


def attack(kind: str, seed: int, times: int) -> Tally:
    """Make the attacks of one kind. The same seed makes the same ones."""
    tally = Tally()
    make, _, _ = KINDS[kind]
    tally.run(kind, make(random.Random(f"{seed} {kind}"), times))
    return tally
