"""The peer's own environment, `.venv-peer`, made when it is needed."""

from __future__ import annotations

import venv
from collections.abc import Callable

from bench.runs import PROJECT, run

REQUIREMENTS = PROJECT / "bench" / "peer-requirements.txt"
ENVIRONMENT = PROJECT / ".venv-peer"
PYTHON = ENVIRONMENT / "bin" / "python"
_READY = ENVIRONMENT / "installed.txt"


def make_peer_environment(tell: Callable[[str], None]) -> None:
    """Install the peer as `bench/peer-requirements.txt` pins it, unless that was done before."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if _READY.exists() and _READY.read_text(encoding="utf-8") == wanted:
        return
    tell("Installing the peer into .venv-peer …")
    venv.create(ENVIRONMENT, clear=True, with_pip=True)
    pip = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet")
    run([PYTHON, *pip, "--require-hashes", "-r", REQUIREMENTS])
    _READY.write_text(wanted, encoding="utf-8")


def peer_versions() -> str:
    """What of the peer is installed, as `name version`."""
    lines = run([PYTHON, "-m", "pip", "list", "--format=freeze"]).output.split()
    named = (line.split("==") for line in lines)
    return ", ".join(f"{name} {version}" for name, version in named if name in _PEER)


_PEER = ("mentor-match", "munkres")
