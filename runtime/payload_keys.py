"""The keys that encrypt what goes to Temporal: how they are written, and what names one.

Kept apart from the cipher, so that who only reads settings loads no cryptography.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from runtime.link_keys import LEAST_DIFFERENT

PAYLOAD_KEY_BYTES = 32
"""256 bits, what AES-256 takes."""

_ID_CHARACTERS = 16
_ID_OF = b"reverse-mentoring payload key\0"


def read_payload_key(text: str) -> bytes:
    """The key that a text in base64 holds, in either alphabet, padded or not.

    Raises ValueError, in words for the operator and without the key.
    """
    plain = text.rstrip("=").translate(str.maketrans("+/", "-_"))
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not written in base64") from error
    if len(key) != PAYLOAD_KEY_BYTES:
        raise ValueError(f"has {len(key)} bytes and not {PAYLOAD_KEY_BYTES}")
    return key


def problem_with_payload_key(text: str) -> str | None:
    """Why a text can't be such a key, in words without the key, or None."""
    try:
        key = read_payload_key(text)
    except ValueError as error:
        return str(error)
    if len(set(key)) < LEAST_DIFFERENT:
        return "repeats a few bytes, so that it can be guessed"
    return None


def key_id(key: bytes) -> str:
    """What names a key wherever the key itself must not stand: 64 bits of a hash of it.

    A key is random, so its hash tells nothing about it.
    """
    return hashlib.sha256(_ID_OF + key).hexdigest()[:_ID_CHARACTERS]
