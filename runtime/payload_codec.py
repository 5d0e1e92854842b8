"""Encrypts what goes to Temporal, for those who want the ids hidden too. See docs/encryption.md.

A payload is sealed whole, with its metadata, by AES-256-GCM. What Temporal then holds is the id of
the key, a random nonce and the sealed bytes. Payloads that are not sealed are read as they are, so
that encryption can be switched on while programs run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter, PayloadCodec

from domain.problems import BadInput, Problem
from runtime.clean_failures import CleanFailures, EncodedCleanFailures, NamesNobody
from runtime.payload_converter import SharedPayloadConverter
from runtime.payload_keys import key_id, read_payload_key
from runtime.settings import ENVIRONMENT, Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENCODING = b"binary/encrypted"
"""The encoding of a sealed payload: what Temporal's own examples of encryption call it too."""

KEY_ID = "encryption-key-id"
"""The metadata that names the key of a sealed payload."""

NONCE_BYTES = 12
"""96 random bits. One key may seal 2³² payloads with such nonces (NIST SP 800-38D, 8.3)."""

_TAG_BYTES = 16
_BOUND = b"reverse-mentoring/1"
"""The version of this format. A next one gets another, and neither opens as the other."""

_OUR_KEY_ID = re.compile(rb"[0-9a-f]{16}")


class PayloadUnreadable(NamesNobody, BadInput):
    """A sealed payload can't be opened here. Its words hold nothing of the payload.

    In a worker this fails the task, which Temporal tries again until the key is there; in a
    command it is told as a wrong setting.
    """

    def __init__(self, message: str, hint: str) -> None:
        problem = Problem(file=ENVIRONMENT, field="PAYLOAD_KEYS", message=message, hint=hint)
        super().__init__([problem])

    def __str__(self) -> str:
        return str(self.problems[0])


class Encryption(PayloadCodec):
    """Seals payloads with one key and opens those that any of its keys has sealed.

    Without a key to seal with, payloads go out as they are. Without any key it is there all the
    same, to refuse what is sealed: of an encoding that nobody knows, the SDK drops a signal, and a
    person's answer with it, while a task that this fails is tried again until the key is there.
    """

    def __init__(self, seals: bytes | None = None, opens: Sequence[bytes] = ()) -> None:
        keys = (*((seals,) if seals else ()), *opens)
        self._ciphers = {key_id(key): _cipher(key) for key in keys}
        self._seals_with = key_id(seals) if seals else None

    @property
    def seals_with(self) -> str | None:
        """The id of the key that seals, if there is one."""
        return self._seals_with

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the one that seals first."""
        return tuple(self._ciphers)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Seal payloads."""
        if self._seals_with is None:
            return cast("list[Payload]", payloads)  # the same: the SDK need not put it back then
        return [self._seal(payload, self._seals_with) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Open payloads that are sealed. Raises PayloadUnreadable."""
        if not any(payload.metadata.get("encoding") == ENCODING for payload in payloads):
            return cast("list[Payload]", payloads)
        return [
            self._open(payload) if payload.metadata.get("encoding") == ENCODING else payload
            for payload in payloads
        ]

    # On the event loop: 1 KB takes 5 microseconds and the largest payload 0.8 milliseconds
    # (measured), less than handing it to a thread.

    def _seal(self, payload: Payload, name: str) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[name].encrypt(nonce, payload.SerializeToString(), _bound_to(name))
        return Payload(metadata={"encoding": ENCODING, KEY_ID: name.encode()}, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as in _cipher

        name = _named_by(payload)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise PayloadUnreadable(
                f"what Temporal holds was encrypted with a key that is missing here: {name}.",
                "Add it to PAYLOAD_KEYS or PAYLOAD_READ_KEYS of this process, and start it again.",
            )
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            if len(sealed) < _TAG_BYTES:
                raise InvalidTag
            return Payload.FromString(cipher.decrypt(nonce, sealed, _bound_to(name)))
        except InvalidTag:
            raise PayloadUnreadable(
                f"what was encrypted with the key {name} does not open with it: it was changed "
                "after it was written.",
                "It is not read. Look who can write to Temporal's database.",
            ) from None


def encryption(settings: Settings) -> Encryption:
    """The codec that the settings ask for; without keys, one that seals and opens nothing."""
    seals = _keys(settings.payload_keys)
    return Encryption(seals[0] if seals else None, [*seals, *_keys(settings.payload_read_keys)])


def data_converter(settings: Settings) -> DataConverter:
    """What turns our values into what Temporal holds, and back, for every client of ours.

    Errors become failures without their words. Where payloads are sealed, so is what is left of
    them, and stack traces: a failure may name a pair, and is no payload by itself.
    """
    codec = encryption(settings)
    return DataConverter(
        payload_converter_class=SharedPayloadConverter,
        payload_codec=codec,
        failure_converter_class=CleanFailures if codec.seals_with is None else EncodedCleanFailures,
    )


def _keys(written: Iterable[SecretStr]) -> list[bytes]:
    return [read_payload_key(one.get_secret_value()) for one in written]


def _cipher(key: bytes) -> AESGCM:
    # Here, so that who encrypts nothing does not load it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)


def _bound_to(name: str) -> bytes:
    """What a sealed payload is bound to beside its content: it opens under no other metadata."""
    return b"\0".join((_BOUND, ENCODING, name.encode()))


def _named_by(payload: Payload) -> str:
    """The id of the key that a sealed payload names. What can't be one of ours is not repeated."""
    name = payload.metadata.get(KEY_ID, b"")
    return name.decode() if _OUR_KEY_ID.fullmatch(name) else "one of another service"
