"""A whole program on the real stack, while parts of it are killed."""

from __future__ import annotations

from pathlib import Path

from console.show import Standing
from runtime.stack import PORTAL, TEMPORAL, WORKER, Stack
from tests.end_to_end.program import (
    ended_as_it_should,
    every_answer_reached_its_workflow,
    every_message_went_out_once,
    no_answer_is_lost,
    nothing_personal_is_in_temporal_or_in_logs,
    played_program,
)


class Killer:
    """Kills the worker, the portal and the Temporal server while pairs meet."""

    def __init__(self) -> None:
        self.plan = [(5, WORKER), (12, PORTAL), (20, TEMPORAL), (30, WORKER)]
        self.killed: list[str] = []

    async def look(self, stack: Stack, standing: Standing) -> None:
        held = sum(pair.sessions_held for pair in standing.status.pairs)
        while self.plan and held >= self.plan[0][0]:
            _, part = self.plan.pop(0)
            await stack.kill(part)
            self.killed.append(part)
            await stack.wait_ready(part)


async def test_killing_each_part_loses_no_answer_and_doubles_no_mail(tmp_path: Path) -> None:
    killer = Killer()
    async with played_program(tmp_path, 0.7, killer.look) as scene:
        assert killer.killed == [WORKER, PORTAL, TEMPORAL, WORKER]
        ended_as_it_should(scene, was_disturbed=True)
        no_answer_is_lost(scene)
        await every_answer_reached_its_workflow(scene)
        every_message_went_out_once(scene)
        await nothing_personal_is_in_temporal_or_in_logs(scene)
