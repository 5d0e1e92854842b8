"""What the image says of itself holds: its processes run as nobody and write nothing of their own.

No engine runs here. In its place, a copy of what the image copies belongs to root, and the
processes run as the image's user, who is nobody on this machine: only a folder in the place of /tmp
can be written.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from temporalio.testing import WorkflowEnvironment

from runtime.ports import any_free_port
from runtime.settings import PROJECT

DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
(USER,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.M)
READS_ALL = "-all,+dac_read_search"
AS_NOBODY = (
    *("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs"),
    *("--inh-caps", READS_ALL, "--ambient-caps", READS_ALL, "--bounding-set", READS_ALL),
)
"""As the image's user, with no capability but to read what others own: Python itself may be
installed where only root looks."""

COPIED = re.findall(r"^COPY ([a-z]+) \1$", DOCKERFILE, re.M)


class Image:
    """The copy, and who runs in it."""

    def __init__(self, folder: Path) -> None:
        self.app, self.tmp = folder / "app", folder / "tmp"
        for name in COPIED:
            shutil.copytree(PROJECT / name, self.app / name)
        for name in ("starter.py", "worker.py"):
            shutil.copy2(PROJECT / name, self.app / name)
        self.tmp.mkdir(mode=0o700)
        os.chown(self.tmp, int(USER), int(USER))
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "TMPDIR": str(self.tmp),
            "MPLCONFIGDIR": str(self.tmp),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LOG_FORMAT": "json",
            "LINK_KEYS": "abcdefghhgfedcba" * 2,
            "SMTP_URL": "smtp://127.0.0.1:1?tls=none",
        }

    def start(self, *command: str, **more: str) -> subprocess.Popen[str]:
        """Run a command as the image's user."""
        return subprocess.Popen(
            [*AS_NOBODY, sys.executable, *command],
            cwd=self.app,
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str) -> str:
        """The same, to its end, which must be a good one."""
        process = self.start(*command)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        return said

    @contextmanager
    def running(self, *command: str) -> Iterator[str]:
        """A process that serves, ended in good order; gives where it answers, once it is ready."""
        port = any_free_port()
        process = self.start(*command, WATCH_PORT=str(port))
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while not _is_ready(f"{address}/readyz"):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.1)
        try:
            yield address
        finally:
            process.terminate()
            said, _ = process.communicate(timeout=40)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert "is not a writable directory" not in said, "matplotlib found no folder of its own"


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.fixture
def image() -> Iterator[Image]:
    if os.geteuid() != 0:
        pytest.skip("only root can run something as another user")
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed (on Debian: util-linux)")
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        Path(folder).chmod(0o755)
        yield Image(Path(folder))


async def test_everything_runs_as_nobody_where_nothing_can_be_written(
    image: Image, dev_server: WorkflowEnvironment, postgres_url: str
) -> None:
    image.environment |= {
        "DATABASE_URL": postgres_url,
        "TEMPORAL_ADDRESS": dev_server.client.service_client.config.target_host,
        "TASK_QUEUE": f"image-{os.getpid()}",
        "PORTAL_PORT": str(any_free_port()),
    }
    image.environment["PORTAL_URL"] = f"http://localhost:{image.environment['PORTAL_PORT']}"
    before = {file for file in image.app.rglob("*") if "__pycache__" not in file.parts}
    example = "examples/digital-leaders"
    image.run("-m", "runtime.migrate")
    with image.running("-m", "portal"), image.running("worker.py"):
        image.run("starter.py", "start", f"{example}/definition.yaml", f"{example}/people.csv")
        said = json.loads(image.run("starter.py", "status", "digital-leaders", "--json"))
        assert said["program"]
        out = image.tmp / "report"
        image.run("starter.py", "report", "digital-leaders", "--out", str(out))
        assert (out / "report.html").is_file()
        page = httpx.get(image.environment["PORTAL_URL"], trust_env=False)
        assert page.status_code == httpx.codes.OK
        image.run("starter.py", "cancel", "digital-leaders", "--yes")
    after = {file for file in image.app.rglob("*") if "__pycache__" not in file.parts}
    assert after == before


def test_the_copy_really_cant_be_written(image: Image) -> None:
    """Shows that the test above can fail."""
    process = image.start("-c", "open('written', 'w')")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "PermissionError" in said or "Read-only" in said
