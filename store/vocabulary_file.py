"""Reading vocabularies: lists of terms, each a YAML file that HR's people can read and write.

The service ships some in `content/<language>/vocabularies/`; an organisation puts its own beside
the definition, or into its own folder of content. Of a term nothing but its label is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError

from domain.languages import FALLBACK
from domain.model import Section
from domain.problems import BadInput, Problem, did_you_mean, suggestion
from domain.vocabulary import MAX_TERMS, Term, Vocabulary, words_claimed_twice
from store.content_folders import SHIPPED, file_in, names_in, roots_of
from store.input_file import read_bytes, refuse
from store.written_yaml import WrittenYaml
from store.wrong_values import explain, follows_from_others

MAX_BYTES = 1_000_000
"""Size of a vocabulary. The 90 terms of `workplace` take some 10,000 bytes."""


class VocabularyFile(Section):
    """A vocabulary as it is written."""

    id: str = Field(min_length=1, max_length=100)
    title: str
    language: str = Field(default=FALLBACK, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    source: str = ""
    """Where the terms come from."""
    licence: str = ""
    attribution: str = ""
    """What must be said wherever the terms are shown, if the licence asks for it."""
    terms: tuple[Term, ...] = Field(min_length=1, max_length=MAX_TERMS)


def load_vocabulary(
    names: Sequence[str], language: str, beside: Path, content: Sequence[Path] = (SHIPPED,)
) -> Vocabulary:
    """The terms of several vocabularies, in this order.

    A name is that of a shipped vocabulary, or the path of a file from the folder `beside`, where
    the definition stands. A shipped one, or one in another folder of `content`, is taken in
    `language`, or else in English.

    Raises:
        BadInput: with every problem of every file, each with its line.
    """
    terms: list[Term] = []
    problems: list[Problem] = []
    for name in names:
        try:
            terms += read_vocabulary(vocabulary_path(name, language, beside, content)).terms
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput(problems)
    return Vocabulary(tuple(terms))


def read_vocabulary(path: Path) -> VocabularyFile:
    """One vocabulary.

    Raises:
        BadInput: with every problem found, each with its line: a term that stands there twice, a
            synonym of two terms, a setting that does not exist, …
    """
    written = WrittenYaml(path, read_bytes(path, MAX_BYTES))
    problems = list(written.problems)
    if not isinstance(written.data, dict):
        raise (
            BadInput(problems)
            if problems
            else refuse(
                path, "this is no vocabulary: it must consist of lines like “terms:”.", line=1
            )
        )
    try:
        vocabulary = VocabularyFile.model_validate(written.data)
    except ValidationError as error:
        problems += [
            written.problem(*explain(details, written.data, VocabularyFile))
            for details in error.errors()
            if not follows_from_others(details)
        ]
    problems += [
        written.problem(("terms", number), message)
        for number, message in _said_twice(_terms_as_far_as_read(written.data))
    ]
    if problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.line or 0))
    return vocabulary


def shipped_vocabularies(content: Sequence[Path] = (SHIPPED,)) -> tuple[str, ...]:
    """The names of the vocabularies that come with the service, or stand in `content`."""
    return names_in(roots_of(content, FALLBACK), "vocabularies", ".yaml")


@cache
def shipped_vocabulary(
    name: str, language: str, content: tuple[Path, ...] = (SHIPPED,)
) -> VocabularyFile:
    """One of those, read once. Raises KeyError if there is none."""
    path = file_in(roots_of(content, language), f"vocabularies/{name}.yaml")
    if path is None:
        raise KeyError(f"no vocabulary “{name}”. {did_you_mean(name, shipped_vocabularies())}")
    return read_vocabulary(path)


def vocabulary_path(
    name: str, language: str, beside: Path, content: Sequence[Path] = (SHIPPED,)
) -> Path:
    """Where the vocabulary of this name should stand."""
    shipped = file_in(roots_of(content, language), f"vocabularies/{name}.yaml")
    return shipped or beside / name


def vocabulary_problem(
    name: str, language: str, beside: Path, content: Sequence[Path] = (SHIPPED,)
) -> tuple[str, str | None] | None:
    """What is wrong with naming this vocabulary in a definition, and a hint; None if nothing is."""
    if vocabulary_path(name, language, beside, content).is_file():
        return None
    if name.endswith(".yaml"):
        near = suggestion(name.removesuffix(".yaml"), (own.stem for own in beside.glob("*.yaml")))
        return (
            f"there is no file “{name}” beside the definition.",
            f"Did you mean “{near}.yaml”?" if near else None,
        )
    return (
        f"there is no vocabulary “{name}”.",
        f"{did_you_mean(name, shipped_vocabularies(content))} A file of your own is named with its "
        "ending, like our-words.yaml.",
    )


def _terms_as_far_as_read(data: dict[str, object]) -> list[tuple[int, Term]]:
    """The terms that are well-formed, with their positions."""
    entries = data.get("terms")
    found: list[tuple[int, Term]] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        try:
            found.append((number, Term.model_validate(entry)))
        except ValidationError:
            continue
    return found


def _said_twice(numbered: list[tuple[int, Term]]) -> list[tuple[int, str]]:
    terms = [term for _, term in numbered]
    found: list[tuple[int, str]] = []
    for position, word, first in words_claimed_twice(terms):
        number, term = numbered[position]
        if term.label == word:
            message = f"the term “{word}” is there already, as a word for “{first}”."
        elif term.label == first:
            message = f"“{word}” stands twice among the words for “{first}”."
        else:
            message = f"“{word}” means two terms: “{first}” and “{term.label}”."
        found.append((number, message))
    return found
