"""Makes all attacks and says what came of them: `make attack`, `make attack ATTACK="--seed 7"`."""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import time

import structlog

from runtime.exit import leave_with
from tests.attack.everything import KINDS, attack


def main() -> int:
    """0 if nothing got through."""
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--short", action="store_true", help="as few as the tests make")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    print(f"Seed {asked.seed}", flush=True)
    through, made = [], 0
    for kind, (_, few, many) in KINDS.items():
        began = time.monotonic()
        tally = attack(kind, asked.seed, few if asked.short else many)
        count = sum(tally.made.values())
        made += count
        through += tally.through
        print(
            f"{kind:<45} {count:>6} made, {count - len(tally.through):>6} refused, "
            f"{len(tally.through):>2} got through, {time.monotonic() - began:>5.0f} s",
            flush=True,
        )
    print(f"{made} attacks, {made - len(through)} refused, got through {len(through)}")
    print(*through, sep="\n", file=sys.stderr)
    return 1 if through else 0


if __name__ == "__main__":
    leave_with(main)
