"""What names somebody is found as a person would find it, and nothing else is."""

from __future__ import annotations

import pytest

from domain.traces import Named, Traces

ANN = Named("p-1", "7", "Ann Lee", "ann.lee@example.com")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("I met Ann Lee.", "I met […]."),
        ("Ann Lee's goals", "[…]'s goals"),
        ("Write to ANN.LEE@example.com!", "Write to […]!"),
        ("Joann Lee and Ann Leeds", "Joann Lee and Ann Leeds"),
        ("Ann Lee-Smith", "Ann Lee-Smith"),
        ("x.ann.lee@example.com", "x.ann.lee@example.com"),
        ("7 of us", "7 of us"),
    ],
)
def test_a_name_is_a_whole_word(text: str, masked: str) -> None:
    traces = Traces([ANN])
    assert traces.out_of(text) == masked
    assert traces.are_in(text) == (text != masked)


def test_a_short_reference_counts_where_references_stand() -> None:
    traces = Traces([ANN])
    document = {"manager": "7", "capacity": "7", "fixed": [["7", "8"]]}
    assert traces.are_in_document(document)
    assert not traces.are_in_document({"capacity": "7"})
    assert traces.out_of(document) == {
        "manager": "erased-p-1",
        "capacity": "7",
        "fixed": [["erased-p-1", "8"]],
    }


def test_a_name_that_somebody_who_stays_has_is_left_alone() -> None:
    traces = Traces([ANN], {"Mary Ann Lee"})
    assert traces.shared == {"Ann Lee"}
    assert traces.out_of("Ann Lee") == "Ann Lee"
