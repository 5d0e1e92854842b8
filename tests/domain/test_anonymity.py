"""Free words: in an order that says nothing, and with names masked."""

from __future__ import annotations

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.anonymity import NameMasker, in_shuffled_order
from tests.domain.examples import examples


def test_the_order_of_words_is_the_same_whoever_wrote_first() -> None:
    texts = [f"text {n}" for n in range(20)]
    forward = in_shuffled_order(texts, "program/final/best")
    backward = in_shuffled_order(texts[::-1], "program/final/best")
    assert forward == backward
    assert list(forward) not in (sorted(texts), texts, texts[::-1])
    assert sorted(forward) == sorted(texts)


def test_another_question_has_another_order() -> None:
    texts = [f"text {n}" for n in range(20)]
    assert in_shuffled_order(texts, "a") != in_shuffled_order(texts, "b")


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("Anna Bergqvist", "Anna Bergqvist was kind.", "[name] was kind."),
        ("Anna Bergqvist", "thanks anna!", "thanks [name]!"),
        ("Anna Bergqvist", "BERGQVIST's advice", "[name]'s advice"),
        ("Anna Bergqvist", "Savanna is no name.", "Savanna is no name."),
        ("José Núñez", "Jose Nunez and josé", "[name] and [name]"),
        ("Jose Nunez", "Ask José Núñez", "Ask [name]"),
        ("Will Best", "I will do my best.", "I will do my best."),
        ("Will Best", "Will is the best.", "[name] is the best."),
        ("Will Best", "I met will best twice.", "I met [name] twice."),
        ("Jo Li", "jo and li: no. Jo Li: yes.", "jo and li: no. [name]: yes."),
        ("Ineke van der Berg", "the van der Valk hotel", "the van der Valk hotel"),
        ("Ineke van der Berg", "Ineke van der Berg", "[name]"),
        ("Niamh O'Brien", "O'Brien said", "[name] said"),
        ("Anne-Marie Roux", "Anne-Marie, Anne and marie", "[name], [name] and [name]"),
        ("ANNA BERGQVIST", "Anna and bergqvist", "[name] and [name]"),
        ("anna bergqvist", "Anna and Bergqvist", "[name] and [name]"),
        ("王小明", "我和王小明见面", "我和[name]见面"),
        ("", "write to a.b@example.org or +44 20 7946 0018", "write to [name] or [name]"),
        ("", "In 2026 we met 12 times.", "In 2026 we met 12 times."),
    ],
)
def test_names_are_masked(name: str, text: str, masked: str) -> None:
    masker = NameMasker([name], ordinary_words=["will", "best"])
    assert masker.apply(text) == masked


@seed(7)
@examples(200)
@given(
    st.lists(st.from_regex(r"\A[A-Z][a-z]{4,9} [A-Z][a-zéü]{4,9}\Z"), min_size=1, max_size=6),
    st.text(alphabet="abc ,.!?\n", max_size=20),
)
def test_no_name_survives_wherever_it_stands(names: list[str], around: str) -> None:
    masker = NameMasker(names, mask="*")
    for name in names:
        for said in (name, name.lower(), name.upper(), name.split()[0], name.split()[1]):
            text = masker.apply(f"{around} {said} {around}")
            assert said.casefold() not in text.casefold()
