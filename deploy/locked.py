"""The lock file, read: which packages are shipped, in which version, with which hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from runtime.settings import PROJECT

_PACKAGE = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:[^\n]*\\\n)*[^\n]*)", re.M
)


@dataclass(frozen=True)
class Locked:
    """A package as the lock file has it."""

    name: str
    """As package indexes write it: in lower case, with hyphens."""
    version: str
    hashes: tuple[str, ...]
    """Of its files, SHA-256."""


def locked(file: str = "requirements.txt") -> Iterator[Locked]:
    """Each package of a lock file, in its order."""
    for found in _PACKAGE.finditer((PROJECT / file).read_text("utf-8")):
        hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", found["rest"]))
        yield Locked(canonicalize_name(found["name"]), found["version"], hashes)
