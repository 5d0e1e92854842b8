"""The short form of `make chaos`: thirty pairs on the real stack, with faults."""

from __future__ import annotations

import base64
import os
import random
from pathlib import Path

from tests.chaos.faults import KILLS, Plan, shared_out
from tests.chaos.play import played
from tests.chaos.population import PAIRS, populate
from tests.chaos.verdict import judge, remember
from tests.end_to_end import evidence

DAY_SECONDS = 2.0

FAULTS = 45


async def test_faults_lose_nothing_double_nothing_more_and_change_no_journal(
    tmp_path: Path,
) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(100_000))
    print(f"SEED={seed}")
    population = populate(tmp_path, seed, day_seconds=DAY_SECONDS, brief=True)
    async with played(tmp_path / "undisturbed", population) as scene:
        undisturbed, play = remember(scene), scene.play
    counts = shared_out(FAULTS, sqlite=True)
    plan = Plan(seed, counts, play)
    async with played(tmp_path / "disturbed", population, plan) as scene:
        verdict = await judge(scene, undisturbed)
        held = await evidence.personal_words_held(
            scene.client, scene.database, scene.folder, scene.program
        )
    assert verdict.wrong == []
    assert verdict.faults.total() >= 0.9 * FAULTS
    assert all(verdict.faults[fault] for fault in KILLS)
    assert verdict.answers > 8 * PAIRS
    assert held == {}
    assert verdict.refused >= 2, "of those whose address is refused"


def test_the_search_for_personal_words_finds_one_that_is_there() -> None:
    """Shows that the test above can fail."""
    payload = base64.b64encode(b'{"name": "Hello There", "id": "1007"}').decode()
    found = list(evidence.strings({"input": {"payloads": [{"data": payload}]}, "eventId": "1008"}))
    held = evidence.Held(
        payloads="".join(text for is_payload, text in found if is_payload),
        all="".join(text for _, text in found),
    )
    assert held.mentions("Hello There")
    assert held.mentions("1007")
    assert not held.mentions("1008")
