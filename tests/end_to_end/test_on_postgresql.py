"""A whole program on the real stack, with the store on PostgreSQL, and activities that fail at
first with errors that quote people. Everything says all that it can, in logs and traces."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from demo import people
from runtime.stack import WORKER
from tests.end_to_end import evidence
from tests.end_to_end.program import (
    ended_as_it_should,
    every_answer_reached_its_workflow,
    every_message_went_out_once,
    no_answer_is_lost,
    nothing_personal_is_in_temporal_or_in_logs,
    played_program,
    what_was_counted_is_what_was_written,
)
from tests.end_to_end.words import Words
from tests.hostile import WORDS
from tests.watching.collector import collecting

HOSTILE_WORKER = [sys.executable, "-m", "tests.end_to_end.hostile_worker"]

CANARIES = {field: f"Kanarek-{field}" for field in people.WORDS}
"""A word of its own for each field in which people write."""


async def test_a_program_whose_activities_fail_runs_the_same_on_postgresql_and_tells_nothing(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = {
        field: tuple(f"{text} {CANARIES[field]}" for text in texts)
        for field, texts in people.WORDS.items()
    }
    monkeypatch.setattr(people, "WORDS", marked)
    with collecting() as collector:
        environment = {"LOG_LEVEL": "debug", "TRACES_URL": collector.url}
        async with played_program(
            tmp_path,
            0.7,
            url=postgres_url,
            programs={WORKER: HOSTILE_WORKER},
            environment=environment,
        ) as scene:
            assert scene.database.engine.dialect.name == "postgresql"
            ended_as_it_should(scene, was_disturbed=True)
            no_answer_is_lost(scene)
            await every_answer_reached_its_workflow(scene)
            every_message_went_out_once(scene)
            what_was_counted_is_what_was_written(scene)
            assert evidence.log_lines(tmp_path).count("activity failed") > 15
            written = "\n".join(evidence.personal_words(scene.database))
            missing = {field for field, word in CANARIES.items() if word not in written}
            assert missing == set()
            await nothing_personal_is_in_temporal_or_in_logs(scene, (*WORDS, *CANARIES.values()))
            words = evidence.personal_words(scene.database)
    assert len(collector.spans) > 1_000
    sought = Words({*words, *WORDS, *CANARIES.values()} - {w for w in words if w.isdigit()})
    assert sought.found_in(b"".join(collector.raw)) == []
