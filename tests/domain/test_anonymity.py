"""Nothing about groups smaller than the threshold, attacked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from domain.anonymity import NameMasker, publishable, publishable_texts
from tests.domain.examples import examples

_sizes = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 14), max_size=8)
_threshold = st.integers(3, 9)


def test_groups_that_are_large_enough_are_all_shown() -> None:
    assert publishable({"mentor": 5, "mentee": 8}, 5) == {"mentor", "mentee"}


def test_the_other_of_two_roles_is_hidden_with_a_small_one() -> None:
    assert publishable({"mentor": 4, "mentee": 8}, 5) == frozenset()


def test_of_several_groups_the_smallest_is_hidden_with_a_small_one() -> None:
    assert publishable({"a": 4, "b": 20, "c": 6, "d": 9}, 5) == {"b", "d"}


def test_two_small_groups_that_are_enough_together_hide_no_third() -> None:
    assert publishable({"a": 3, "b": 2, "c": 20}, 5) == {"c"}


def test_nothing_is_shown_of_a_whole_that_is_too_small() -> None:
    assert publishable({"a": 2, "b": 2}, 5) == frozenset()


@seed(5)
@examples(500)
@given(_sizes, _threshold)
def test_what_is_hidden_is_never_one_group_nor_too_few_people(
    sizes: dict[str, int], threshold: int
) -> None:
    shown = publishable(sizes, threshold)
    hidden = [sizes[key] for key in sizes if key not in shown]
    assert all(sizes[key] >= threshold for key in shown)
    if shown and hidden:
        assert len(hidden) >= 2
        assert sum(hidden) >= threshold


@seed(6)
@examples(200)
@given(_sizes, _threshold)
def test_whatever_can_be_worked_out_is_about_enough_people(
    sizes: dict[str, int], threshold: int
) -> None:
    """An attacker who knows every group's size solves for sums from what is published."""
    groups = sorted(sizes)
    shown = publishable(sizes, threshold)
    known = [np.eye(len(groups))[n] for n, key in enumerate(groups) if key in shown]
    known += [np.eye(len(groups))[n] for n, key in enumerate(groups) if sizes[key] == 0]
    if sum(sizes.values()) >= threshold:
        known.append(np.ones(len(groups)))
    equations = np.array(known).reshape(len(known), len(groups))
    rank = np.linalg.matrix_rank(equations) if known else 0
    for several in range(1, 2 ** len(groups)):
        wanted = np.array([float(several >> n & 1) for n in range(len(groups))])
        people = sum(sizes[key] for n, key in enumerate(groups) if several >> n & 1)
        can_be_solved = np.linalg.matrix_rank(np.vstack([equations, wanted])) == rank
        assert not can_be_solved or people == 0 or people >= threshold


def test_words_are_shown_only_when_enough_people_wrote_some() -> None:
    assert publishable_texts(["a", "b", "c", " ", ""], 4, [], seed="x") is None
    assert publishable_texts(["a", "b", "c", "d"], 4, [], seed="x") is not None


def test_the_order_of_words_is_the_same_whoever_wrote_first() -> None:
    texts = [f"text {n}" for n in range(20)]
    forward = publishable_texts(texts, 5, [], seed="program/final/best")
    backward = publishable_texts(texts[::-1], 5, [], seed="program/final/best")
    assert forward == backward
    assert forward is not None
    assert list(forward) not in (sorted(texts), texts, texts[::-1])
    assert sorted(forward) == sorted(texts)


def test_another_question_has_another_order() -> None:
    texts = [f"text {n}" for n in range(20)]
    assert publishable_texts(texts, 5, [], seed="a") != publishable_texts(texts, 5, [], seed="b")


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
