"""Copies of the workflows with one line missing, and whether the recorded runs show it.

Every statement that may ask something of the server is taken out once. A mutant is caught when a
recorded run of this release does not replay with it, or asks for other things than are written
down. Each is tried in a process of its own: one that never ends is caught by that.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtime.settings import PROJECT
from runtime.version import VERSION
from tests.histories.commands import DoesNotReplay, commands_of, fingerprints
from tests.histories.keeping import HISTORIES, name_of

SOURCE = PROJECT / "workflows"

CLASSES = (
    ("program", "ProgramWorkflow"),
    ("cohort", "CohortWorkflow"),
    ("pair", "PairWorkflow"),
    ("afterwards", "AfterwardsWorkflow"),
    ("follow_up", "FollowUpWorkflow"),
    ("retention", "RetentionWorkflow"),
    ("opening", "OpenProgramWorkflow"),
)

LONGEST_SECONDS = 30
"""What the recorded runs may take with one mutant."""

_ASKS = frozenset({"upsert_search_attributes", "patched", "continue_as_new", "_enter"})
"""What asks something of the server without being awaited."""


_ENDS_LATER = "it waits for what ends by itself, and nothing is asked in between"
_HAD_COME = "it waits for what had come already in every recorded run"
_AT_THE_SAME_TIME = "HR's act came while cohorts were being started, which no run has recorded"
_GATHERED = "no recorded run gathers news; tests/workflows/test_waves.py sees that one does"

HARMLESS = {
    ("cohort", "await reporting"): _ENDS_LATER,
    ("cohort", "await watching"): _HAD_COME,
    ("cohort", "await self._pass_on(order)"): _AT_THE_SAME_TIME,
    ("cohort", "await self._gather_news(told, told_at + BETWEEN_REPORTS)"): _GATHERED,
    ("cohort", "await workflow.wait_condition("): _GATHERED,
    ("cohort", "await self._until_ended(pair, handle)"): "only runs of 0.1.0 go there",
    ("follow_up", "await self._held.gone(within=self._days(GIVE_UP_AFTER))"): _HAD_COME,
    ("group_sessions", "await self._end_group_sessions()"): _ENDS_LATER,
    ("group_sessions", "await self._group_sessions"): _ENDS_LATER,
    ("held_mail", "await workflow.wait_condition(self._may_go)"): (
        "no recorded run has a pause while something is held; tests/workflows/test_program.py does"
    ),
    ("opening", "await held.gone(within=plan.days(TELL_WITHIN))"): _HAD_COME,
    ("program", "await self._end_group_sessions()"): _ENDS_LATER,
    ("program", "await self._all_cohorts_over()"): _ENDS_LATER,
    (
        "program",
        "await self._wait(until=None, or_when=self._all_pairs_ended, may_begin_anew=True)",
    ): "the cohorts are waited for next",
    ("program_steps", "await watcher"): _ENDS_LATER,
    (
        "program_steps",
        "await self._wait(until=None, or_when=partial(self._has_begun, number))",
    ): "no recorded run has two cohorts; tests/workflows/test_waves.py sees them take turns",
    ("program_steps", "await self._not_in_a_pause()"): _HAD_COME,
    (
        "program_steps",
        "await self._wait(until=None, or_when=lambda: self._paused_at is None)",
    ): _HAD_COME,
    ("program_steps", "await self._tell_cohort("): _AT_THE_SAME_TIME,
    ("repairs", "await self._not_in_a_pause()"): _HAD_COME,
    (
        "retention",
        "await self._held_mail.gone(within=program_days(GIVE_UP_AFTER, term.day_seconds))",
    ): _HAD_COME,
    (
        "retention",
        "await workflow.wait_condition(lambda: self._switched != seen)",
    ): "the store is asked next either way; a test sees that it is asked no sooner",
    ("repairs", "await self._wait(until=None, or_when=lambda: not self._matching)"): _HAD_COME,
}
"""Statements whose absence the recorded runs need not show, and why. As are those that wait for
handlers to finish, and what stands in an update that takes no more calls."""

_IN_NO_RUN = ("await workflow.wait_condition(workflow.all_handlers_finished)",)


@dataclass(frozen=True)
class Mutant:
    """The workflows without one statement."""

    file: Path
    line: int
    statement: str
    """The first line of what is missing."""
    function: str
    """The function in which it is missing."""
    text: str
    """The file without it."""

    @property
    def is_harmless(self) -> bool:
        """Whether the recorded runs need not show it."""
        named = (self.file.stem, self.statement) in HARMLESS
        return named or self.statement in _IN_NO_RUN or "change_matches" in self.function

    def __str__(self) -> str:
        return f"{self.file.stem}.py:{self.line} {self.statement}"


def mutants_of(file: Path) -> Iterator[Mutant]:
    """The mutants of one file of workflow code."""
    source = file.read_text("utf-8")
    lines = source.splitlines(keepends=True)
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    seen: set[int] = set()
    for function in reversed(functions):  # the inner ones first
        for node in ast.walk(function):
            if not isinstance(node, ast.Expr | ast.Assign | ast.Return):
                continue
            if node.lineno not in seen and _asks(node):
                seen.add(node.lineno)
                yield _mutant(file, lines, function.name, node)


def _mutant(file: Path, lines: list[str], function: str, node: ast.stmt) -> Mutant:
    before, after = lines[: node.lineno - 1], lines[node.end_lineno :]
    instead = f"{' ' * node.col_offset}{_without(node)}\n"
    statement = lines[node.lineno - 1].strip()
    return Mutant(file, node.lineno, statement, function, "".join([*before, instead, *after]))


def _asks(node: ast.stmt) -> bool:
    return any(
        isinstance(part, ast.Await)
        or (isinstance(part, ast.Call) and getattr(part.func, "attr", "") in _ASKS)
        for part in ast.walk(node)
    )


def _without(node: ast.stmt) -> str:
    match node:
        case ast.Assign(targets=targets):
            return f"{' = '.join(ast.unparse(target) for target in targets)} = None"
        case ast.Return():
            return "return None"
        case _:
            return "pass"


def is_caught(mutant: Mutant, runs: str = "*") -> bool:
    """Whether a recorded run of this release shows that the statement is missing.

    Of those whose names match `runs`. Forks, so call it where no Temporal client has been used.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "workflows"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / mutant.file.name).write_text(mutant.text, "utf-8")
        process = os.fork()
        if process == 0:
            signal.alarm(LONGEST_SECONDS)
            _leave_with_verdict(Path(folder), runs)
        _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) != 0


def _leave_with_verdict(folder: Path, runs: str) -> None:
    """Leave this process with 0 when no recorded run shows that anything is missing."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    for name in [name for name in sys.modules if name.split(".")[0] == "workflows"]:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        workflows = [
            getattr(importlib.import_module(f"workflows.{module}"), name)
            for module, name in CLASSES
        ]
        os._exit(0 if asyncio.run(_all_as_written(workflows, runs)) else 1)
    except BaseException:  # noqa: BLE001 - whatever happens, it was seen
        os._exit(1)


async def _all_as_written(workflows: list[type], runs: str) -> bool:
    written = fingerprints(VERSION)
    files = (HISTORIES / VERSION).glob(f"{runs}.json.gz")
    for file in sorted(files, key=lambda file: file.stat().st_size):
        try:
            if await commands_of(file, workflows) != written[name_of(file)]:
                return False
        except DoesNotReplay:
            return False
    return True


PROGRAM = (
    *("program", "program_steps", "enrolling", "repairs", "steering", "group_sessions"),
    *("held_mail", "renewal"),
)
FILES = (
    *(PROGRAM, ("cohort",), ("pair",), ("afterwards",), ("follow_up",), ("retention",)),
    ("opening",),
)
"""The files of each workflow."""


def mutants_to_try(seed: int, *, every: bool) -> list[Mutant]:
    """All mutants that have to be caught, or one of each workflow by chance."""
    chance = random.Random(seed)
    found = []
    for files in FILES:
        of_one = [m for name in files for m in mutants_of(SOURCE / f"{name}.py")]
        of_one = [mutant for mutant in of_one if not mutant.is_harmless]
        found += of_one if every else [chance.choice(of_one)]
    return found


def main(seed: int, *, every: bool) -> None:
    """Print what becomes of each, and of the workflows as they are."""
    whole = Mutant(SOURCE / "pair.py", 0, "nothing", "", (SOURCE / "pair.py").read_text("utf-8"))
    print("caught" if is_caught(whole, "whole-pair-*") else "passes", whole, sep="\t", flush=True)
    for mutant in mutants_to_try(seed, every=every):
        print("caught" if is_caught(mutant) else "passes", mutant, sep="\t", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), every=sys.argv[2] == "every")
