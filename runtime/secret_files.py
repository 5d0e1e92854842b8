"""Files that hold secrets and that everybody on the machine can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from runtime.settings import SECRETS

log = structlog.get_logger(__name__)


def warn_of_open_files(environment: Mapping[str, str] = os.environ) -> None:
    """Log each file with a secret that everybody can read.

    A warning and no more: where secrets are mounted into a container they often look so.
    """
    for variable, mode in open_files(environment):
        log.warning("everybody can read a secret's file", variable=variable, mode=mode)


def open_files(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that name such files, each with the file's mode."""
    for name in sorted({*SECRETS, "temporal_api_key"}):
        variable = f"{name.upper()}_FILE"
        path = environment.get(variable)
        if not path:
            continue
        try:
            mode = stat.S_IMODE(Path(path).stat().st_mode)
        except OSError:
            continue  # whoever reads it says so
        if mode & stat.S_IROTH:
            yield variable, f"{mode:04o}"
