"""Where content is read from: an organisation's own folder is laid over the one that ships.

Each holds a folder a language, and in it a file has the same place everywhere. The first one found
counts: the organisation's own in the language, the shipped one in the language, then both in
English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from domain.languages import nearest_to

SHIPPED = Path(__file__).resolve().parent.parent / "content"
"""What comes with the service."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")


def languages_in(folders: Sequence[Path]) -> tuple[str, ...]:
    """The languages that any of the folders has something in."""
    names = {path.name for folder in folders for path in folder.iterdir() if path.is_dir()}
    return tuple(sorted(name for name in names if _LANGUAGE.fullmatch(name)))


def roots_of(folders: Sequence[Path], language: str) -> tuple[Path, ...]:
    """The folders in which a file of this language may stand, the one that counts first.

    `folders` begins with the one that is laid over the others. A language with a region falls back
    on the one without, and that on English.
    """
    return tuple(folder / name for name in nearest_to(language) for folder in folders)


def file_in(roots: Sequence[Path], name: str) -> Path | None:
    """The file of this name that counts, None if there is none."""
    return next((path for root in roots if (path := root / name).is_file()), None)


def names_in(roots: Sequence[Path], kind: str, ending: str) -> tuple[str, ...]:
    """The names, without their ending, of all files of one kind: `surveys`, `training`, …"""
    return tuple(sorted({path.stem for root in roots for path in (root / kind).glob(f"*{ending}")}))
