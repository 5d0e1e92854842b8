"""The vocabularies that are shipped: sound, attributed, and as their sources have them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from domain.vocabulary import folded_word, words_claimed_twice
from store.content_folders import SHIPPED
from store.vocabulary_file import (
    load_vocabulary,
    read_vocabulary,
    shipped_vocabularies,
    vocabulary_path,
)

FILES = sorted(SHIPPED.glob("*/vocabularies/*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_shipped_vocabulary_is_sound_and_says_where_it_comes_from(path: Path) -> None:
    vocabulary = read_vocabulary(path)
    assert (vocabulary.id, vocabulary.language) == (path.stem, path.parts[-3])
    assert vocabulary.title
    assert vocabulary.source
    assert vocabulary.licence
    assert words_claimed_twice(vocabulary.terms) == []
    assert all(term.group for term in vocabulary.terms)


def test_two_are_shipped() -> None:
    assert shipped_vocabularies() == ("digcomp-3.0", "workplace")


def test_digcomp_is_attributed_as_its_licence_asks() -> None:
    digcomp = read_vocabulary(vocabulary_path("digcomp-3.0", "en", Path()))
    assert digcomp.licence.startswith("CC BY 4.0, https://creativecommons.org/licenses/by/4.0/")
    for owed in ("European Union", "Joint Research Centre", "CC BY 4.0", "Synonyms were added"):
        assert owed in digcomp.attribution


def test_digcomp_has_its_five_areas_and_all_their_competences() -> None:
    digcomp = read_vocabulary(vocabulary_path("digcomp-3.0", "en", Path()))
    areas = {t.code: t.label for t in digcomp.terms if t.code and "." not in t.code}
    competences = [t for t in digcomp.terms if t.code and "." in t.code]
    assert list(areas) == ["1", "2", "3", "4", "5"]
    per_area = {code: sum(t.code[0] == code for t in competences if t.code) for code in areas}
    assert per_area == {"1": 3, "2": 6, "3": 4, "4": 4, "5": 4}
    assert all(term.group == areas[term.code[0]] for term in competences if term.code)


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("ChatGPT", "AI assistants"),
        ("gen-AI", "AI assistants"),
        ("MS Teams", "Chat and task tools"),
        ("Power BI", "Data dashboards"),
        ("tik tok", "Short video"),
        ("a11y", "Accessible design"),
        ("Gen Z", "Generational awareness"),
        ("GDPR", "Online privacy"),
        ("WFH", "Remote work"),
        ("DE&I", "Diversity and inclusion"),
        ("ESG", "Sustainability"),
        ("agile", "Agile ways of working"),
        ("Excel", "Spreadsheets"),
    ],
)
def test_everyday_words_and_abbreviations_are_known(word: str, label: str) -> None:
    assert load_vocabulary(["workplace"], "en", Path()).find(word) == label


def test_workplace_has_topics_of_every_field_that_programs_teach() -> None:
    workplace = read_vocabulary(vocabulary_path("workplace", "en", Path()))
    assert 60 <= len(workplace.terms) <= 120
    assert len({term.group for term in workplace.terms}) >= 9


def test_words_that_the_example_uses_are_labels() -> None:
    workplace = load_vocabulary(["workplace"], "en", Path())
    with Path("examples/digital-leaders/people.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = {
        entry.partition(" (")[0]
        for row in rows
        for column in ("Can teach", "Wants to learn")
        for entry in row[column].split(";")
        if entry
    }
    assert len(words) == 9
    assert {word: workplace.find(word) for word in words} == {word: word for word in words}


def test_no_word_is_so_short_that_it_could_mean_anything() -> None:
    for path in FILES:
        for term in read_vocabulary(path).terms:
            assert all(len(folded_word(word)) >= 2 for word in (term.label, *term.synonyms))
