"""All that is measured of the engine, in the short form and in the long one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bench.comparison import Tell
from bench.engine import cost, invitations, large, portal, reading, replay, speed, storage
from bench.tables import Result


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each is measured."""

    command: str
    cost: tuple[int, float]
    """Pairs, and seconds that a day takes."""
    speed: tuple[int, int]
    """Pairs, and turns."""
    storage: tuple[int, int]
    """Workflows, and turns."""
    portal: tuple[int, int]
    """Answers, and turns."""
    reading: tuple[tuple[int, int], ...]
    """Pairs, and runs of the report, which takes long; 0 for none."""
    replay: int
    """Times that each history is replayed."""
    invitations: tuple[int, float]
    """People, and mails a second."""
    large: tuple[tuple[int, int, float], ...]
    """Pairs of a program, programs at once, and seconds that a day takes."""


SHORT = Sizes(
    command="make bench",
    cost=(4, 1.0),
    speed=(30, 2),
    storage=(60, 2),
    portal=(400, 2),
    reading=((1_000, 1), (10_000, 0)),
    replay=5,
    invitations=(500, 100),
    large=((50, 1, 0.5), (10, 5, 0.5)),
)
FULL = Sizes(
    command="make bench-full",
    cost=(20, 2.0),
    speed=(100, 5),
    storage=(300, 5),
    portal=(2_000, 5),
    reading=((10, 3), (100, 3), (1_000, 3), (10_000, 3)),
    replay=20,
    invitations=(20_000, 100),
    large=((10, 1, 1.0), (100, 1, 2.0), (1_000, 1, 5.0), (10_000, 1, 20.0), (20, 200, 10.0)),
)


def _cost(sizes: Sizes, _tell: Tell) -> Result:
    pairs, day = sizes.cost
    return cost.result_of(asyncio.run(cost.measure(pairs, day)), pairs, day, sizes.command)


def _speed(sizes: Sizes, _tell: Tell) -> Result:
    pairs, turns = sizes.speed
    return speed.result_of(asyncio.run(speed.measure(pairs, turns)), pairs, sizes.command)


def _replay(sizes: Sizes, _tell: Tell) -> Result:
    return replay.result_of(asyncio.run(replay.measure(sizes.replay)), sizes.command)


def _storage(sizes: Sizes, _tell: Tell) -> Result:
    workflows, turns = sizes.storage
    found = asyncio.run(storage.measure(workflows, turns))
    return storage.result_of(found, workflows, sizes.command)


def _portal(sizes: Sizes, _tell: Tell) -> Result:
    answers, turns = sizes.portal
    return portal.result_of(asyncio.run(portal.measure(answers, turns)), answers, sizes.command)


def _reading(sizes: Sizes, tell: Tell) -> Result:
    return reading.result_of(reading.measure(sizes.reading, tell), sizes.command)


def _invitations(sizes: Sizes, _tell: Tell) -> Result:
    people, rate = sizes.invitations
    found = asyncio.run(invitations.measure(people, rate))
    return invitations.result_of(found, sizes.command)


def _large(sizes: Sizes, tell: Tell) -> Result:
    found = [
        asyncio.run(large.measure(pairs, programs, day, tell))
        for pairs, programs, day in sizes.large
    ]
    return large.result_of(found, sizes.command)


PARTS: dict[str, Callable[[Sizes, Tell], Result]] = {
    "cost": _cost,
    "speed": _speed,
    "replay": _replay,
    "storage": _storage,
    "portal": _portal,
    "reading": _reading,
    "invitations": _invitations,
    "large": _large,
}
"""What is measured, by its name."""


def measure(parts: list[str], tell: Tell, *, full: bool) -> list[Result]:
    """Measure these parts."""
    found = []
    for part in parts:
        tell(f"{part} …")
        found.append(PARTS[part](FULL if full else SHORT, tell))
        tell(f"{part}: {sum(c.holds for c in found[-1].checks)} of {len(found[-1].checks)} held")
    return found
