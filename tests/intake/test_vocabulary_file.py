"""Vocabularies: one word for what people call by many, from files with every mistake told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.problems import BadInput
from domain.vocabulary import Term, Vocabulary, folded_word
from store.vocabulary_file import load_vocabulary, read_vocabulary

OWN = """
id: own
title: Our words
terms:
  - label: Till systems
    code: "7.1"
    synonyms: [POS, cash desk]
  - label: Café etiquette
"""


def written(folder: Path, text: str, name: str = "own.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(BadInput) as refused:
        read_vocabulary(path)
    return [str(problem).replace(str(path), "V") for problem in refused.value.problems]


def vocabulary(*terms: tuple[str, ...]) -> Vocabulary:
    return Vocabulary(tuple(Term(label=label, synonyms=words) for label, *words in terms))


# --- Looking a word up ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["E-mail", "e mail", "EMAIL", "é-mail", "  e_mail ", "e‑mail", "e\u00a0mail"]
)
def test_spelling_that_looks_alike_is_the_same_word(word: str) -> None:
    assert vocabulary(("Mail", "email")).find(word) == "Mail"


def test_an_ampersand_is_an_and() -> None:
    assert vocabulary(("Diversity & inclusion",)).find("diversity and inclusion")


def test_the_label_comes_out_for_label_synonym_and_code(tmp_path: Path) -> None:
    own = load_vocabulary([written(tmp_path, OWN).name], "en", tmp_path)
    assert [own.find(word) for word in ("till systems", "pos", "7.1", "cafe-etiquette", "bar")] == [
        "Till systems", "Till systems", "Till systems", "Café etiquette", None,
    ]  # fmt: skip


def test_a_mistyped_word_is_recognised_as_it_is_written_in_the_vocabulary() -> None:
    words = vocabulary(("Spreadsheets", "Excel"), ("Mail", "email"))
    assert words.suggestion("Exel") == "Excel"
    assert words.suggestion("Spredsheets") == "Spreadsheets"
    assert words.suggestion("agil") is None


@given(st.text(max_size=40))
def test_folding_is_the_same_done_twice(word: str) -> None:
    assert folded_word(folded_word(word)) == folded_word(word)


def test_the_vocabulary_named_first_decides_what_a_word_means(tmp_path: Path) -> None:
    text = "id: own\ntitle: Own\nterms:\n  - label: Office tools\n    synonyms: [Spreadsheets, CSV]"
    name = written(tmp_path, text).name
    own_first = load_vocabulary([name, "workplace"], "en", tmp_path)
    shipped_first = load_vocabulary(["workplace", name], "en", tmp_path)
    assert [own_first.find(word) for word in ("Spreadsheets", "MS Excel", "csv")] == [
        "Office tools", "Office tools", "Office tools",
    ]  # fmt: skip
    assert [shipped_first.find(word) for word in ("Spreadsheets", "MS Excel", "csv")] == [
        "Spreadsheets", "Spreadsheets", "Office tools",
    ]  # fmt: skip


def test_a_term_that_is_shipped_can_be_given_further_words(tmp_path: Path) -> None:
    text = "id: own\ntitle: Own\nterms:\n  - label: Spreadsheets\n    synonyms: [sheetz]"
    both = load_vocabulary(["workplace", written(tmp_path, text).name], "en", tmp_path)
    assert both.find("Sheetz") == both.find("Excel") == "Spreadsheets"


def test_a_language_without_vocabularies_has_the_english_ones(tmp_path: Path) -> None:
    assert load_vocabulary(["workplace"], "pt-BR", tmp_path).find("Excel") == "Spreadsheets"


def test_the_shipped_vocabularies_are_read_in_a_blink(tmp_path: Path) -> None:
    began = time.perf_counter()
    load_vocabulary(["workplace", "digcomp-3.0"], "en", tmp_path)
    assert time.perf_counter() - began < 1  # some 0.06 s


def test_synonyms_are_a_list_or_a_text_with_commas(tmp_path: Path) -> None:
    text = """
id: own
title: Own
terms:
  - label: Excel
    synonyms: spreadsheets, MS Excel,
      Google Sheets
  - label: Numbers
    synonyms: ["One, two, three", counting]
"""
    own = load_vocabulary([written(tmp_path, text).name], "en", tmp_path)
    assert [own.find(word) for word in ("google sheets", "One, two, three", "two")] == [
        "Excel", "Numbers", None,
    ]  # fmt: skip


# --- What is wrong with a file -------------------------------------------------------------------


def test_all_problems_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """id: own
titel: Own
licence: 4
terms:
  - label: Excel
    synonyms: [spreadsheets, MS Excel]
  - label: Spreadsheets
  - label: excel
  - label: Word
    synonyms: [W, MS-Excel, w]
    synonims: [x]
  - group: Office
  - label: "-"
  - label: Chess
    code: 1.1
  - label: Draughts
    synonyms: [Checkers, draughts, checkers, excel]
"""
    assert problems_of(written(tmp_path, text)) == [
        "V, line 1, title: this is missing.",
        "V, line 2, titel: there is no setting “titel”. Did you mean “title”?",
        "V, line 3, licence: this must be text; it is “4”. Put it in quotes.",
        "V, line 7, terms[2]: the term “Spreadsheets” is there already, as a word for “Excel”.",
        "V, line 8, terms[3]: the term “excel” is there already, as a word for “Excel”.",
        "V, line 11, terms[4].synonims: there is no setting “synonims”. Did you mean “synonyms”?",
        "V, line 12, terms[5].label: this is missing.",
        "V, line 13, terms[6].label: this is empty.",
        "V, line 15, terms[7].code: this must be text; it is “1.1”. Put it in quotes.",
        "V, line 16, terms[8]: “draughts” stands twice among the words for “Draughts”.",
        "V, line 16, terms[8]: “checkers” stands twice among the words for “Draughts”.",
        "V, line 16, terms[8]: “excel” means two terms: “Excel” and “Draughts”.",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "V: this file is empty."),
        ("- Excel\n", "V, line 1: this is no vocabulary: it must consist of lines like “terms:”."),
        ("id: own\ntitle: Own\nterms: []\n",
         "V, line 3, terms: this list must have at least 1; it has 0."),
        ("id: own\ntitle: Own\nterms: Excel\n", "V, line 3, terms: this must be a list; it is "
         "“Excel”. Write it like [one, two], or a line “- one” each."),
        ("id: own\ntitle: Own\nterms: [{label: Excel, synonyms: 7}]\n",
         "V, line 3, terms[1].synonyms: this must be a list; it is “7”. Write it like [one, two], "
         "or a line “- one” each."),
        ("id: own\ntitle: Own\nterms: [{label: Excel, synonyms: 'a,,b'}]\n",
         "V, line 3, terms[1].synonyms: one of these is empty."),
        ("id: own\ntitle: Own\nterms: [Excel]\n",
         "V, line 3, terms[1]: this must be a group of settings, one a line; it is “Excel”."),
    ],
)  # fmt: skip
def test_what_is_no_vocabulary_is_told_kindly(tmp_path: Path, text: str, told: str) -> None:
    assert problems_of(written(tmp_path, text)) == [told]


def test_the_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    written(tmp_path, "id: a\n", "a.yaml")
    with pytest.raises(BadInput) as refused:
        load_vocabulary(["a.yaml", "workplace", "b.yaml"], "en", tmp_path)
    files = [Path(problem.file).name for problem in refused.value.problems]
    assert files == ["a.yaml", "a.yaml", "b.yaml"]
