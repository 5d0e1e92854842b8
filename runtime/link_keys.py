"""The keys that sign links: what one must be like, and the file of those the embedded stack made.

The first key of a list signs and all of them verify, so that a new one comes in front while links
signed with an older one are still out.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

LINK_KEY_CHARACTERS = 32
"""The least length of a signing key: 32 characters of base64 hold 192 bits."""

LEAST_DIFFERENT = 8
"""Characters, or bytes, of which a key has to be made: of 32 random ones fewer are never seen."""

KEYS_FILE = "link_keys"

_ID_CHARACTERS = 8
_ID_OF = b"reverse-mentoring link key\0"


def problem_with_key(key: str) -> str | None:
    """Why a text can't be a signing key, in words without the key, or None."""
    if len(key) < LINK_KEY_CHARACTERS:
        return f"has fewer than {LINK_KEY_CHARACTERS} characters"
    if len(set(key)) < LEAST_DIFFERENT:
        return "repeats a few characters, so that it can be guessed"
    return None


def problems_with_keys(keys: Sequence[str], problem: Callable[[str], str | None]) -> list[str]:
    """What is wrong with each of some keys, by their places in the list, and which come twice."""
    found = [f"key {n} {said}" for n, key in enumerate(keys, 1) if (said := problem(key))]
    for key, count in Counter(keys).items():
        if count > 1:
            found.append(f"key {keys.index(key) + 1} is there {count} times")
    return found


def key_id(key: str) -> str:
    """What names a signing key wherever the key itself must not stand: 32 bits of a hash of it."""
    return hashlib.sha256(_ID_OF + key.encode()).hexdigest()[:_ID_CHARACTERS]


# --- The embedded stack's own --------------------------------------------------------------------


def own_keys(var: Path, say: Callable[[str], None]) -> Path:
    """The file with the keys, made with one at the first start; for nobody else to read."""
    file = var / KEYS_FILE
    if not file.exists():
        if (var / "store.db").exists():
            say(f"{file} is gone: a new key is made, and links that are out do not open any more.")
        write_keys(file, [new_key()])
    elif file.stat().st_mode & 0o077:
        file.chmod(0o600)
        say(f"Others could read {file}. Now only you can; if somebody may have, change the key.")
    return file


def new_key() -> str:
    """A key that nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)


def read_keys(file: Path) -> list[str]:
    """The keys in a file, the one that signs first. Raises OSError."""
    return file.read_text("utf-8").replace(",", " ").split()


def write_keys(file: Path, keys: Sequence[str]) -> None:
    """Put keys into a file, all of them or, if that fails, none; only its owner can read it."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as writing:
        writing.write("".join(f"{key}\n" for key in keys))
        writing.flush()
        os.fsync(handle)
    fresh.replace(file)
