"""Every language beside English: what it has fits the English, and a complete one has it all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from jinja2 import Environment, nodes
from ruamel.yaml import YAML

from domain.languages import FALLBACK
from domain.survey_versions import questions_of
from store.content import Mail
from store.content_folders import SHIPPED, languages_in
from store.survey_file import read_survey
from tests import shipped
from tests.content.test_mails import values_for
from tests.content.test_training import WORDS_A_MINUTE, words_of

COMPLETE = ("de",)
"""The languages that have every file and every word. One that is still growing is tried only on
what it has: it is put here when it is done."""

ENGLISH = shipped.CONTENT
LANGUAGES = {
    language: ENGLISH.in_language(language)
    for language in languages_in([SHIPPED])
    if language != FALLBACK
}

WORDS_BY_KEY = ("portal.yaml", "agenda.yaml", "report/words.yaml")
"""Files of words by their keys."""

ONLY_ENGLISH = ("vocabularies/*", "report/*.css", "report/*.j2")
"""What is the same in every language."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_HEAD = re.compile(r"---\n(.*?\n)---\n(.*)", re.DOTALL)


def files(language: str) -> dict[str, Path]:
    """What the folder of a language holds, by the place in it, but for what is never translated."""
    root = SHIPPED / language
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {
        name: path
        for name, path in sorted(found.items())
        if not any(Path(name).match(pattern) for pattern in ONLY_ENGLISH)
    }


TRANSLATED = [
    pytest.param(language, name, id=f"{language}/{name}")
    for language in LANGUAGES
    for name in files(language)
    if name in files(FALLBACK)
]
PLACES = [(language, name) for language, name in (param.values for param in TRANSLATED)]


def named(beginning: str, ending: str = "") -> list[Any]:
    return [
        pytest.param(language, name, id=f"{language}/{name}")
        for language, name in PLACES
        if str(name).startswith(beginning) and str(name).endswith(ending)
    ]


def text_of(language: str, name: str) -> str:
    return (SHIPPED / language / name).read_text(encoding="utf-8")


def yaml_of(language: str, name: str) -> Any:
    return YAML(typ="safe", pure=True).load(text_of(language, name))


# --- What there is -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", COMPLETE)
def test_a_complete_language_has_every_file(language: str) -> None:
    assert sorted(files(FALLBACK).keys() - files(language).keys()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_no_file_that_english_lacks(language: str) -> None:
    """Surveys and modules are for everybody, whatever language they read."""
    assert sorted(files(language).keys() - files(FALLBACK).keys()) == []


def leaves(words: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Words by their dotted keys; a text with plural forms is one."""
    if isinstance(words, Mapping) and "other" not in words:
        for key, value in words.items():
            yield from leaves(value, f"{prefix}{key}.")
    else:
        yield prefix.removesuffix("."), words


def placeholders(words: Any) -> set[str]:
    texts = words.values() if isinstance(words, Mapping) else [words]
    return {found for text in texts for found in _PLACEHOLDER.findall(str(text))}


@pytest.mark.parametrize(("language", "name"), [p for p in PLACES if p[1] in WORDS_BY_KEY])
def test_words_have_the_keys_and_placeholders_of_the_english_ones(language: str, name: str) -> None:
    english = dict(leaves(yaml_of(FALLBACK, name)))
    words = dict(leaves(yaml_of(language, name)))
    assert sorted(words.keys() - english.keys()) == []
    if language in COMPLETE:
        assert sorted(english.keys() - words.keys()) == []
    assert {key: placeholders(text) for key, text in words.items()} == {
        key: placeholders(text) for key, text in english.items() if key in words
    }
    for key, text in words.items():
        assert isinstance(text, Mapping) is isinstance(english[key], Mapping), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_counted_text_has_the_forms_that_the_language_needs(language: str) -> None:
    read = yaml_of(language, "portal.yaml")
    locale = Locale.parse(str(read["locale"]))
    needed = {locale.plural_form(number) for number in range(200)}
    for key, text in leaves(read):
        if isinstance(text, Mapping):
            assert needed <= text.keys(), key


# --- Mails ---------------------------------------------------------------------------------------


def paths_in(template: str) -> set[str]:
    """What a template takes from its values: `links.survey`, `session.when`, …"""
    tree = Environment(autoescape=True).parse(template)
    inner = {id(found.node) for found in tree.find_all(nodes.Getattr)}
    whole = (
        found for found in tree.find_all((nodes.Getattr, nodes.Name)) if id(found) not in inner
    )
    return {_dotted(found) for found in whole}


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "…"


NAMES = ("me.", "partner.")
"""Whether somebody is called by their first name or in full is up to the language."""


@pytest.mark.parametrize(("language", "name"), named("mail/"))
def test_a_mail_says_with_its_values_what_the_english_one_says(language: str, name: str) -> None:
    def told(of: str) -> set[str]:
        return {path for path in paths_in(text_of(of, name)) if not path.startswith(NAMES)}

    assert told(language) == told(FALLBACK)
    tags = (sorted(re.findall(r"{%.*?%}", text_of(of, name))) for of in (language, FALLBACK))
    assert next(tags) == next(tags)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mail", Mail)
def test_a_mail_is_written_with_the_values_of_the_english_one(mail: Mail, language: str) -> None:
    text = LANGUAGES[language].mail(mail.value, **values_for(mail))
    english = ENGLISH.mail(mail.value, **values_for(mail))
    assert "\n" not in text.subject
    assert 10 < len(text.subject) < 100
    assert "None" not in text.subject + text.text
    assert not re.search(r"[{}\\]|\*\*", text.text)
    assert f'lang="{language}"' in text.html
    links = re.compile(r'href="([^"]+)"')
    assert sorted(links.findall(text.html)) == sorted(links.findall(english.html))


# --- Surveys, training and the agreement ---------------------------------------------------------


@pytest.mark.parametrize(("language", "name"), [*named("surveys/"), *named("agreement.yaml")])
def test_a_survey_asks_the_same_in_the_same_way(language: str, name: str) -> None:
    survey, english = (read_survey(SHIPPED / of / name) for of in (language, FALLBACK))
    assert questions_of(survey) == questions_of(english)
    for text in ("source", "licence", "citation"):
        assert bool(getattr(survey, text)) is bool(getattr(english, text)), text
    for item, meant in zip(survey.items, english.items, strict=True):
        for text in ("text_mentor", "text_mentee"):
            assert bool(getattr(item, text)) is bool(getattr(meant, text)), (item.id, text)
        for point in range(item.low, item.high + 1):
            assert bool(item.label_of(point)) is bool(meant.label_of(point)), (item.id, point)


def head_and_body(language: str, name: str) -> tuple[dict[str, Any], str]:
    match = _HEAD.fullmatch(text_of(language, name))
    assert match is not None
    return YAML(typ="safe", pure=True).load(match[1]), match[2]


@pytest.mark.parametrize(("language", "name"), [*named("training/"), *named("agreement.md")])
def test_a_text_with_a_head_differs_in_its_title_alone(language: str, name: str) -> None:
    (head, body), (meant, english) = (head_and_body(of, name) for of in (language, FALLBACK))
    assert head.keys() == meant.keys()
    assert {key for key in head if head[key] != meant[key]} <= {"title"}
    assert paths_in(body) == paths_in(english)
    for mark in ("## ", "- ", "{% "):
        assert body.count(f"\n{mark}") == english.count(f"\n{mark}"), mark


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_module_takes_the_time_it_says_and_ends_with_something_to_try(language: str) -> None:
    slow, quick = WORDS_A_MINUTE
    last = set()
    for module in LANGUAGES[language].training():
        words = len(words_of(module.html))
        assert 350 <= words <= 750, module.id
        assert words / quick <= module.minutes <= words / slow, module.id
        last.add(re.findall(r"<h2>(.*?)</h2>", module.html)[-1])
    assert len(last) == 1


# --- No English left -----------------------------------------------------------------------------


def sentences(text: str) -> set[str]:
    """What people read in a file, in pieces of at least four words."""
    text = re.sub(r"(?m)^[ -]*[\w\"]+:(?= |$)|\{id: \w+, text:", "|", text)
    text = re.sub(r"(?s)\{\{.*?\}\}|\{%.*?%\}|\{\w+\}|<[^>]*>|\]\(.*?\)", "|", text)
    text = re.sub(r"(?m)\n\s*\n|^\s*#.*$|^\s*-|\*\*", "|", text)
    pieces = (" ".join(piece.split()) for piece in re.split(r"[.!?:;|>“”„]", text))
    return {piece for piece in pieces if len(re.findall(r"[^\W\d_]{2,}", piece)) >= 4}


@pytest.mark.parametrize(("language", "name"), TRANSLATED)
def test_no_english_sentence_is_left(language: str, name: str) -> None:
    assert sentences(text_of(language, name)) & sentences(text_of(FALLBACK, name)) == set()


def test_a_sentence_that_is_left_would_be_found() -> None:
    assert "A few questions about how" in sentences(text_of(FALLBACK, "mail/check_in.md"))


# --- German --------------------------------------------------------------------------------------

GERMAN = {name: text_of("de", name) for name in files("de")}


@pytest.mark.parametrize("name", GERMAN)
def test_german_has_its_own_quotation_marks(name: str) -> None:
    assert "”" not in GERMAN[name]
    assert GERMAN[name].count("„") == GERMAN[name].count("“")


@pytest.mark.parametrize("name", GERMAN)
def test_german_calls_people_sie_and_means_everybody(name: str) -> None:
    informal = r"\b(du|dich|dir|dein\w*|euch|euer|eure\w*)\b"
    assert not re.search(informal, GERMAN[name], re.IGNORECASE)
    assert not re.search(r"\w[*:/·]-?in(nen)?\b|\w[a-zäöü]In(nen)?\b", GERMAN[name])


def test_german_dates_are_written_as_germans_write_them() -> None:
    words = LANGUAGES["de"].words
    afternoon = datetime(2026, 3, 2, 14, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert words.moment(afternoon) == "Montag, 2. März 2026, 14:30 Uhr (Europe/Berlin)"
    assert words.day(afternoon) == "Montag, 2. März 2026"
    assert words.weekday(2) == "Mittwoch"
    assert words.number(1234.5) == "1.234,5"
    assert ENGLISH.words.moment(afternoon) == "Monday 2 March 2026, 14:30 (Europe/Berlin)"
