"""The exit code is the program's own, whatever happens while Python is torn down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runtime.settings import PROJECT

ABORTS_AT_EXIT = "import atexit, os\natexit.register(os.abort)\n"
"""What the Temporal SDK does now and then, done every time."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )


def pytest_on(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    file = folder / "test_generated.py"
    file.write_text(ABORTS_AT_EXIT + body)
    return run(
        "-m",
        "pytest",
        "-p",
        "tests.leaving",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        str(file),
    )


def test_the_abort_is_real_without_leaving() -> None:
    assert run("-c", ABORTS_AT_EXIT).returncode < 0


def test_a_green_test_run_ends_with_0(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "def test_it(): pass\n")
    assert done.returncode == 0
    assert "1 passed" in done.stdout.splitlines()[-1]


def test_a_failing_test_run_ends_with_1(tmp_path: Path) -> None:
    done = pytest_on(tmp_path, "def test_it(): assert 1 == 2\n")
    assert done.returncode == 1
    assert "1 failed" in done.stdout.splitlines()[-1]


def test_a_test_run_that_cannot_collect_ends_with_2(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, "import nowhere_to_be_found\n").returncode == 2


def test_an_internal_error_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("def pytest_runtest_protocol(item): raise RuntimeError\n")
    assert pytest_on(tmp_path, "def test_it(): pass\n").returncode == 3


def test_a_test_run_without_tests_ends_with_5(tmp_path: Path) -> None:
    assert pytest_on(tmp_path, "").returncode == 5


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("return None", 0),
        ("return 2", 2),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('no')", 1),
        ("raise SystemExit", 0),
        ("raise KeyboardInterrupt", 130),
        ("raise ValueError('oh')", 1),
    ],
)
def test_a_program_ends_with_the_code_of_its_main(body: str, code: int) -> None:
    done = run(
        "-c",
        f"{ABORTS_AT_EXIT}from runtime.exit import leave_with\n"
        f"def main():\n    print('said')\n    {body}\nleave_with(main)",
    )
    assert (done.returncode, done.stdout) == (code, "said\n")


def test_an_unhandled_error_is_shown() -> None:
    done = run("-c", "from runtime.exit import leave_with\nleave_with(lambda: 1 / 0)")
    assert "ZeroDivisionError" in done.stderr
