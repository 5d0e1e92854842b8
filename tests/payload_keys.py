"""Two keys that encrypt payloads, for tests."""

from __future__ import annotations

import base64
import hashlib

A = hashlib.sha256(b"key A of the tests").digest()
B = hashlib.sha256(b"key B of the tests").digest()


def text_of(key: bytes) -> str:
    """A key as the settings hold it, and as the command that makes one prints it."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()
