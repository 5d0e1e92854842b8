"""A whole program on the real stack, with the store on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.program import (
    ended_as_it_should,
    every_answer_reached_its_workflow,
    every_message_went_out_once,
    no_answer_is_lost,
    played_program,
    what_was_counted_is_what_was_written,
)


async def test_a_program_runs_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    async with played_program(tmp_path, 0.6, url=postgres_url) as scene:
        assert scene.database.engine.dialect.name == "postgresql"
        ended_as_it_should(scene)
        no_answer_is_lost(scene)
        await every_answer_reached_its_workflow(scene)
        every_message_went_out_once(scene)
        what_was_counted_is_what_was_written(scene)
