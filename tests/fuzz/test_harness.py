"""The harness sees what it is there to see: readers that were broken on purpose are caught."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from console import app, intake
from domain.problems import BadInput, Problem
from store.database import Database
from store.tables import ProgramRow
from tests.fuzz import commands, runner, starts
from tests.fuzz.runner import fuzz
from tests.fuzz.targets import Target
from tests.fuzz.watch import Case, Failure, attempt

CASE = Case("given.csv", b"a,b\n")
_NOW = datetime(2027, 1, 11, tzinfo=UTC)


def _raises(path: Path) -> None:
    int(path.read_text()[:1])


def _hangs(_: Path) -> None:
    for _number in itertools.count():
        try:
            pass
        except Exception:  # noqa: BLE001
            return


def _says_nothing(_: Path) -> None:
    raise BadInput([])


def _names_no_row(path: Path) -> None:
    raise BadInput([Problem(file=str(path), field="Name", message="this is empty.")])


def _names_another_file(_: Path) -> None:
    raise BadInput([Problem(file="elsewhere.csv", message="this is empty.")])


def _steers_the_terminal(path: Path) -> None:
    raise BadInput([Problem.model_construct(file=str(path), message="“\x1b[31m” is no role.")])


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        (_raises, "ValueError came out"),
        (_hangs, "takes more than"),
        (_says_nothing, "refused without a reason"),
        (_names_no_row, "a field without its line or row"),
        (_names_another_file, "names another file"),
        (_steers_the_terminal, "is shown"),
    ],
)
def test_a_broken_reader_is_caught(
    reader: Callable[[Path], None], seen: str, tmp_path: Path
) -> None:
    with pytest.raises(Failure, match=seen):
        attempt(reader, CASE, tmp_path, seconds=0.2)


def test_a_reader_that_fails_for_few_files_is_caught_and_the_file_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CORPUS", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)

    def reads(path: Path) -> None:
        if b"=" in path.read_bytes():
            raise ValueError("formula")

    files = st.text("abc=", max_size=9).map(lambda text: Case("given.csv", text.encode()))
    report = fuzz("people-csv", Target(files, reads, 300, 300), 1, 300, tmp_path / "given")
    assert "ValueError came out: 'formula'" in report.failure
    (kept,) = (tmp_path / "var" / "fuzz" / "people-csv").iterdir()
    assert kept.read_bytes() == b"="  # the smallest that fails


def test_a_program_that_is_put_into_the_store_before_its_files_are_read_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = intake.read_intake

    def begins_too_soon(*files: Any) -> Any:
        database = Database(f"sqlite:///{tmp_path / 'store.db'}")
        with database.write() as session:
            session.add(ProgramRow(id="x", title="", definition={}, epoch=_NOW, created_at=_NOW))
        database.close()
        return reads(*files)

    monkeypatch.setattr(app, "read_intake", begins_too_soon)
    with pytest.raises(Failure, match="ended with 2, 1 rows and 0 workflows"):
        attempt(starts.start, Case("people.csv", b"not,people\n1,2\n"), tmp_path)


def test_a_workflow_that_is_started_without_its_program_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forgets(settings: Any, plan: Any, _: Any) -> str:
        client: Any = await vars(app)["temporal"](settings)
        await client.start_workflow(id=plan.program.id)
        return "run"

    monkeypatch.setattr(app, "start_program", forgets)
    sound = Case("people.csv", (starts.SOUND / "people.csv").read_bytes())
    with pytest.raises(Failure, match="0 rows and 1 workflows"):
        attempt(starts.start, sound, tmp_path)


def test_a_command_that_ends_with_a_traceback_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "starter.py").write_text("raise ValueError('x')")
    monkeypatch.setattr(commands, "PROJECT", tmp_path)
    with pytest.raises(Failure, match="a traceback is shown"):
        commands.check(tmp_path / "given.yaml")
