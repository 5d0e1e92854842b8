"""`starter.py` as HR runs it: a process that ends with the right code and says it in words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.settings import PROJECT, load_settings
from store.database import Database
from store.migrate import migrate
from tests.console.conftest import DEFINITION, PEOPLE
from tests.portal.scene import PROGRAM, fill


def starter(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(PROJECT / "starter.py"), *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("check", DEFINITION, PEOPLE), 0),
        (("check", "nothing.yaml", "nothing.csv"), 2),
        (("status", "nope"), 2),
        (("matches", "nope", "dance"), 2),
        (("dance",), 2),
    ],
)
def test_the_process_ends_with_the_command_s_code(words: tuple[object, ...], code: int) -> None:
    done = starter(*words)
    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr
    assert bool(done.stdout) is (code == 0)
    assert bool(done.stderr) is (code != 0)


def test_matching_loads_neither_temporal_nor_a_database_nor_excel(here: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", str(PROJECT / "starter.py")),
            *("match", str(DEFINITION), str(PEOPLE), "--out", "m.json"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "domain.matching" in loaded
    assert not loaded & {"temporalio", "sqlalchemy", "fastapi", "openpyxl", "structlog", "rich"}


def test_status_loads_neither_temporal_nor_migrations_nor_templates(here: Path) -> None:
    database = Database(load_settings().database)
    migrate(database)
    fill(database)
    database.close()
    done = subprocess.run(
        [*(sys.executable, "-X", "importtime", str(PROJECT / "starter.py")), "status", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "store.program_facts" in loaded
    unneeded = {"temporalio", "alembic", "jinja2", "markdown_it", "ruamel.yaml", "structlog"}
    assert not loaded & (unneeded | {"sqlalchemy.dialects.postgresql", "openpyxl", "scipy"})


def test_ctrl_c_while_the_starter_loads_shows_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-v", str(PROJECT / "starter.py"), "--help"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:  # each import is told: stop in the middle of them
        if line.startswith("import 'typer'"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    assert process.wait() == -signal.SIGINT
    assert "Traceback" not in rest


def test_no_server_is_one_and_said_in_words() -> None:
    done = starter("start", DEFINITION, PEOPLE, TEMPORAL_ADDRESS="127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.asyncio(loop_scope="session")
async def test_a_process_that_used_temporal_ends_with_the_command_s_code(
    dev_server: WorkflowEnvironment, task_queue: str
) -> None:
    address = str(dev_server.client.service_client.config.target_host)
    done = starter("start", DEFINITION, PEOPLE, TEMPORAL_ADDRESS=address, TASK_QUEUE=task_queue)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no worker listens" in done.stderr


def test_json_goes_to_a_pipe_alone_and_a_reader_who_leaves_is_no_error(here: Path) -> None:
    done = starter("check", DEFINITION, PEOPLE, "--json")
    assert json.loads(done.stdout)["people"] == 28
    assert done.stderr == ""
    command = f'"{sys.executable}" "{PROJECT / "starter.py"}" check "{DEFINITION}" | true'
    piped = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in piped.stderr


def test_a_terminal_that_knows_only_ascii_is_no_error_and_json_stands_alone() -> None:
    done = starter("check", DEFINITION, PEOPLE, "--json", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["people"] == 28
    done = starter("check", "nothing.yaml", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
