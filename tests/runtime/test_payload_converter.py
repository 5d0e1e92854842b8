"""The converter of payloads: one for all, and the same as the SDK's own."""

from __future__ import annotations

import json

from temporalio.contrib.pydantic import PydanticPayloadConverter

from domain.deeds import Deed, DeedKind
from domain.people import Role
from runtime.payload_codec import data_converter
from runtime.payload_converter import SharedPayloadConverter
from runtime.settings import load_settings
from tests.workflows.test_ladders import MONDAY

DEED = Deed(kind=DeedKind.ACCEPTED, role=Role.MENTOR, at=MONDAY)


def test_whoever_asks_gets_the_same_one() -> None:
    assert data_converter(load_settings({})).payload_converter_class is SharedPayloadConverter
    assert SharedPayloadConverter() is SharedPayloadConverter()


def test_what_nobody_set_is_left_out_and_read_back_all_the_same() -> None:
    ours = SharedPayloadConverter()
    (written,) = ours.to_payloads([DEED])
    assert json.loads(written.data).keys() == {"kind", "role", "at"}
    assert ours.from_payloads([written], [Deed]) == [DEED]


def test_all_else_is_written_as_the_sdk_does_and_what_the_sdk_wrote_is_read() -> None:
    ours, theirs = SharedPayloadConverter(), PydanticPayloadConverter()
    values = [None, b"bytes", {"a": 1}, "text"]
    assert ours.to_payloads(values) == theirs.to_payloads(values)
    assert ours.from_payloads(theirs.to_payloads([DEED]), [Deed]) == [DEED]
