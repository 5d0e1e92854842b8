"""Payloads are sealed, and opened by who has the key and by nobody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from domain.deeds import Deed, DeedKind
from domain.people import Role
from domain.problems import BadInput
from runtime.payload_codec import (
    ENCODING,
    KEY_ID,
    NONCE_BYTES,
    Encryption,
    PayloadUnreadable,
    data_converter,
    encryption,
)
from runtime.payload_keys import key_id
from runtime.settings import Settings, load_settings
from tests.payload_keys import A, B, text_of

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"pair": "m-1"}')


async def sealed(key: bytes = A) -> Payload:
    [payload] = await Encryption(key).encode([PLAIN])
    return payload


async def test_what_is_sealed_shows_nothing_and_opens_as_it_was() -> None:
    payload = await sealed()
    assert set(payload.metadata) == {"encoding", KEY_ID}
    assert payload.metadata["encoding"] == ENCODING
    held = payload.SerializeToString()
    assert not any(word in held for word in (b"m-1", b"pair", b"json", A, text_of(A).encode()))
    assert await Encryption(A).decode([payload]) == [PLAIN]


async def test_the_same_payload_is_never_sealed_the_same_way() -> None:
    many = await Encryption(A).encode([PLAIN] * 50)
    assert len({payload.data[:NONCE_BYTES] for payload in many}) == 50
    assert len({payload.data for payload in many}) == 50


async def test_what_was_written_before_encryption_is_read_as_it_is() -> None:
    assert await Encryption(A).decode([PLAIN, Payload()]) == [PLAIN, Payload()]


async def test_every_key_opens_and_the_first_one_seals() -> None:
    both = encryption(Settings(payload_keys=(SecretStr(text_of(B)), SecretStr(text_of(A)))))
    assert both.seals_with == key_id(B)
    assert await both.decode([await sealed(A), await sealed(B)]) == [PLAIN, PLAIN]
    [written] = await both.encode([PLAIN])
    assert await Encryption(B).decode([written]) == [PLAIN]


async def test_keys_for_reading_seal_nothing() -> None:
    reader = encryption(Settings(payload_read_keys=(SecretStr(text_of(A)),)))
    assert reader.seals_with is None
    assert await reader.encode([PLAIN]) == [PLAIN]
    assert await reader.decode([await sealed()]) == [PLAIN]


@pytest.mark.parametrize("codec", [Encryption(), Encryption(B)])
async def test_a_key_that_is_missing_is_named_with_where_to_set_it(codec: Encryption) -> None:
    with pytest.raises(PayloadUnreadable) as refused:
        await codec.decode([await sealed()])
    told = str(refused.value)
    assert told.startswith(
        f"environment, PAYLOAD_KEYS: what Temporal holds was encrypted with a "
        f"key that is missing here: {key_id(A)}."
    )
    assert "PAYLOAD_READ_KEYS" in told
    assert "m-1" not in told


async def test_a_key_of_somebody_else_is_not_repeated() -> None:
    other = Payload(metadata={"encoding": ENCODING, KEY_ID: b"Olena\n"}, data=b"x" * 40)
    with pytest.raises(PayloadUnreadable, match="one of another service") as refused:
        await Encryption(A).decode([other])
    assert "Olena" not in str(refused.value)


async def test_a_single_flipped_bit_anywhere_is_refused() -> None:
    whole, codec = await sealed(), Encryption(A)
    for at in range(len(whole.data)):
        changed = bytearray(whole.data)
        changed[at] ^= 1 << at % 8
        with pytest.raises(PayloadUnreadable, match="it was changed after it was written"):
            await codec.decode([Payload(metadata=whole.metadata, data=bytes(changed))])


@pytest.mark.parametrize("length", [0, NONCE_BYTES, NONCE_BYTES + 15])
async def test_a_payload_that_was_cut_off_is_refused(length: int) -> None:
    whole = await sealed()
    with pytest.raises(PayloadUnreadable, match="it was changed"):
        await Encryption(A).decode([Payload(metadata=whole.metadata, data=whole.data[:length])])


async def test_the_name_of_the_key_can_not_be_exchanged() -> None:
    payload = await sealed(A)
    payload.metadata[KEY_ID] = key_id(B).encode()
    with pytest.raises(PayloadUnreadable, match=f"key {key_id(B)} does not open"):
        await Encryption(B, [A]).decode([payload])


def test_a_key_s_id_tells_nothing_of_the_key() -> None:
    assert len({key_id(os.urandom(32)) for _ in range(20)}) == 20
    assert key_id(A) not in text_of(A) + A.hex()
    assert len(key_id(A)) == 16


# --- With Temporal's converter -------------------------------------------------------------------


def converter(**keys: bytes) -> DataConverter:
    given = {name: (SecretStr(text_of(key)),) for name, key in keys.items()}
    return data_converter(Settings(**given))


async def test_our_values_come_back_as_they_were(tmp_path: Path) -> None:
    deed = Deed(kind=DeedKind.ACCEPTED, role=Role.MENTOR, at="2027-03-01T09:00:00Z")
    for one in (converter(payload_keys=A), converter()):
        assert await one.decode(await one.encode([deed, None]), [Deed, type(None)]) == [deed, None]


async def test_the_words_of_a_failure_are_sealed_and_its_kind_is_not() -> None:
    failure, writes = Failure(), converter(payload_keys=A)
    error = ApplicationError("Pair m-1 is not in the store.", type="UnknownPair")
    await writes.encode_failure(error, failure)
    assert b"m-1" not in failure.SerializeToString()
    assert failure.message == "Encoded failure"
    assert failure.application_failure_info.type == "UnknownPair"
    for reads in (writes, converter(payload_read_keys=A)):
        copy = Failure()
        copy.CopyFrom(failure)
        read = await reads.decode_failure(copy)
        assert "Pair m-1 is not in the store." in str(read)


async def test_without_a_key_to_seal_with_a_failure_is_readable() -> None:
    failure = Failure()
    await converter(payload_read_keys=A).encode_failure(PayloadUnreadable("no key", ""), failure)
    assert "no key" in failure.message


# --- Settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (" ", "there is no key in it"),
        ("topsecre", "key 1 has 6 bytes and not 32"),
        (f"{text_of(A)} top*secret", "key 2 is not written in base64"),
        (text_of(A) + "A", "key 1 has 33 bytes and not 32"),
    ],
)
@pytest.mark.parametrize("variable", ["PAYLOAD_KEYS", "PAYLOAD_READ_KEYS"])
def test_a_key_that_can_t_be_used_is_refused_with_the_way_to_a_good_one(
    variable: str, given: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput) as refused:
        load_settings({"VAR_DIR": str(tmp_path), variable: given})
    [problem] = refused.value.problems
    assert problem.field == variable
    assert why in problem.message
    assert "Make one with: python3 -c" in problem.message
    assert not any(word in problem.message for word in ("topsecre", "top*secret", text_of(A)))


def test_a_key_file_that_is_empty_does_not_switch_encryption_off(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("\n")
    with pytest.raises(BadInput) as refused:
        load_settings({"VAR_DIR": str(tmp_path), "PAYLOAD_KEYS_FILE": str(file)})
    assert [problem.field for problem in refused.value.problems] == ["PAYLOAD_KEYS_FILE"]


@pytest.mark.parametrize("separator", [" ", ",", "\n", ", "])
def test_keys_are_read_in_every_usual_form(separator: str, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    padded = text_of(B).replace("-", "+").replace("_", "/") + "="
    file.write_text(f"{text_of(A)}{separator}{padded}\n")
    settings = load_settings({"VAR_DIR": str(tmp_path), "PAYLOAD_KEYS_FILE": str(file)})
    codec = encryption(settings)
    assert codec.seals_with == key_id(A)
    assert codec.ids == (key_id(A), key_id(B))
    assert text_of(A) not in repr(settings)
