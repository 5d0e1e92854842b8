"""A PostgreSQL server for the tests, of this machine's own programs, gone when they end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtime.ports import any_free_port

_USER = "postgres"


def postgres_programs() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest version there is, or None."""
    on_path = shutil.which("pg_ctl")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name),
        reverse=True,
    )
    return next((folder for folder in found if (folder / "initdb").exists()), None)


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """Run a server on a free port; gives the URL of its first database."""
    as_root = os.geteuid() == 0  # which PostgreSQL refuses
    with tempfile.TemporaryDirectory(prefix="postgres-") as temporary:
        folder = Path(temporary)
        if as_root:
            shutil.chown(folder, _USER)
        data, port = folder / "data", any_free_port()

        def call(program: str, *arguments: str) -> None:
            _run([str(programs / program), "-D", str(data), *arguments], folder, as_root)

        call("initdb", "-A", "trust", "-U", _USER, "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
        call("pg_ctl", "start", "-w", "-o", options, "-l", str(folder / "log"))
        try:
            yield f"postgresql://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            call("pg_ctl", "stop", "-m", "immediate")


def _run(command: Sequence[str], folder: Path, as_root: bool) -> None:
    user = {"user": _USER, "group": _USER, "extra_groups": ()} if as_root else {}
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        **user,  # type: ignore[call-overload]
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
