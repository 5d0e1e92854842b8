"""Reading a file that a person hands in: bounded, and told kindly when it can't be read."""

from __future__ import annotations

from pathlib import Path

from domain.problems import BadInput, Problem, suggestion


def refuse(path: Path, message: str, hint: str | None = None, **place: int | str) -> BadInput:
    """The refusal of a whole file, for one reason."""
    return BadInput(
        [Problem.model_validate({"file": str(path), "message": message, "hint": hint, **place})]
    )


def read_bytes(path: Path, limit: int) -> bytes:
    """What a file holds, if it is a plain file of at most `limit` bytes and not empty.

    The size is asked before anything is read.

    Raises:
        BadInput: it is missing, no plain file, unreadable, too large or empty.
    """
    try:
        if path.is_dir():
            raise refuse(path, "this is a folder, not a file.")
        if not path.exists():
            raise refuse(path, "there is no such file.", _nearby(path))
        if not path.is_file():
            raise refuse(path, "this is not a plain file.")
        size = path.stat().st_size
        if size > limit:
            raise refuse(
                path,
                f"this file has {_megabytes(size)}; at most {_megabytes(limit)} are read.",
                "Is it the right file?",
            )
        data = path.read_bytes()
    except PermissionError as error:
        raise refuse(path, "you are not allowed to read this file.") from error
    except (OSError, ValueError) as error:
        raise refuse(path, "this file can't be read.") from error
    if not data.strip():
        raise refuse(path, "this file is empty.")
    return data


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


def _nearby(path: Path) -> str | None:
    if not path.parent.is_dir():
        return f"There is no folder {path.parent} either."
    near = suggestion(path.name, (other.name for other in path.parent.iterdir()))
    return f"Did you mean “{near}”?" if near else None
