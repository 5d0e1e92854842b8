"""What a single cell of the people file says: its text in, a value or a complaint out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from domain.countries import country_code, why_no_country
from domain.criteria import OnAScale
from domain.definition import Definition, Mode
from domain.people import Role
from domain.problems import NearWords
from domain.vocabulary import Vocabulary, folded_word
from domain.working_time import days_of_week, hours_of_day
from domain.written import EMAIL_PATTERN, MAX_EMAIL
from store.languages import language_tag, spoken_language
from store.table_file import folded, split_cell

OPT_IN = "identity.opt_in"
"""Our word for the column that lets a person's identity be used."""

MAX_CAPACITY = 50
MAX_NAME = 200
MAX_SHOWN = 80
"""Characters of a cell that are repeated to who wrote it."""

MAX_READ_AS_NO = 5
"""So many different cells that were read as no are repeated: a column of dates has hundreds."""

_NO = frozenset(("no", "n", "false", "0", "-", "–", "—"))
"""What says no plainly."""


class Complaint(NamedTuple):
    """What is wrong with a cell."""

    message: str
    hint: str | None = None
    anywhere: bool = False
    """Whether it is the same thing in whichever column it stands."""
    harmless: bool = False
    """Whether it is only worth a note."""


class Skills(NamedTuple):
    """The skills of a cell, and how well somebody knows those for which they say it."""

    names: tuple[str, ...]
    levels: Mapping[str, str]


NO_SKILLS = Skills((), MappingProxyType({}))


class CellReader:
    """Reads cells by the column that they stand in.

    Each method that reads takes a cell's text, "" when it is empty, and gives what it means for a
    person; what is wrong goes to `complain`, and a value that does no harm is given.
    """

    def __init__(
        self,
        definition: Definition,
        vocabulary: Vocabulary | None,
        complain: Callable[[Complaint], None],
    ) -> None:
        self._definition = definition
        self._vocabulary = vocabulary
        self._complain = complain
        self._near = NearWords()
        self._unknown: dict[str, Complaint] = {}
        """By unknown word: a word that is spelt in three ways is one complaint."""
        people = definition.people
        self._labels: dict[str, str | None] = {}
        self._separator = people.separator
        self._levels = {folded(level): level for level in people.levels}
        self._skill_levels = {folded(level): level for level in people.skill_levels}
        self._yes = {folded(word) for word in people.yes}
        self._read_as_no: dict[str, str] = {}
        """What was read as no, as it is compared and as it was written first."""
        words = people.role_words
        self._role_words: dict[str, tuple[Role, ...]] = {
            **{folded(word): (Role.MENTOR,) for word in words.mentor},
            **{folded(word): (Role.MENTEE,) for word in words.mentee},
            **{folded(word): tuple(Role) for word in words.both},
        }
        self._scales: dict[str, list[OnAScale]] = {}
        for preference in definition.matching.preferences:
            if isinstance(preference, OnAScale) and preference.column != "level":
                self._scales.setdefault(preference.column, []).append(preference)

    def reader_of(self, column: str) -> Callable[[str], Any]:
        """What reads a column's cells; the columns' words are `Columns`' and those of `extra`."""
        readers: Mapping[str, Callable[[str], Any]] = {
            "id": self._needed,
            "name": self._name,
            "email": self._email,
            "role": self._roles,
            "level": self._level,
            "language": self._language,
            "languages": self._languages,
            "timezone": self._timezone,
            "country": self._country,
            "working_days": self._working_days,
            "working_hours": self._working_hours,
            "skills": self._skills,
            "goals": self._goals,
            "interests": self._interests,
            "capacity": self._capacity,
            "consent": self._says_yes,
            OPT_IN: self._says_yes,
        }
        if column in readers:
            return readers[column]
        scales = self._scales.get(column, ())
        return lambda text: self._on_scales(text, scales)

    def _says_yes(self, text: str) -> bool:
        """Whether a cell says yes, in the words of `people.yes`.

        What says neither that nor no plainly is noted.
        """
        says = folded(text)
        if says in self._yes:
            return True
        if text and says not in _NO:
            if len(self._read_as_no) < MAX_READ_AS_NO:
                self._read_as_no.setdefault(says, _quoted(text))
            which = self._read_as_no.get(says, "other text")
            self._complain(
                Complaint(
                    f"{which} was read as no: people.yes lists what counts as yes.", harmless=True
                )
            )
        return False

    def nobody(self, reference: str, references: Collection[str]) -> str:
        """A hint for a manager's id that is nobody's."""
        near = self._near.suggestion(reference, references)
        return (
            f"Did you mean “{near}”? " if near else ""
        ) + "Managers must be in the file too, without a role if they take no part."

    # --- Who it is -------------------------------------------------------------------------------

    def _needed(self, text: str) -> str:
        if not text:
            self._complain(Complaint("this is empty.", "Everybody needs one."))
        return text

    def _name(self, text: str) -> str:
        if len(text) > MAX_NAME:
            self._complain(Complaint(f"this name is longer than {MAX_NAME} characters."))
        return self._needed(text)

    def _email(self, text: str) -> str:
        if text and (len(text) > MAX_EMAIL or not re.match(EMAIL_PATTERN, text)):
            self._complain(
                Complaint(
                    f"{_quoted(text)} is no mail address.", "Write one, like name@example.com."
                )
            )
        return self._needed(text)

    def _roles(self, text: str) -> tuple[Role, ...]:
        if not text:
            return ()
        roles = self._role_words.get(folded(text))
        if roles is None:
            words = self._definition.people.role_words
            self._complain(
                Complaint(
                    f"{_quoted(text)} is no role that people.role_words knows.",
                    self._near.did_you_mean(text, (*words.mentor, *words.mentee, *words.both)),
                )
            )
            return ()
        return tuple(Role) if self._definition.program.mode is Mode.MUTUAL else roles

    # --- One value each --------------------------------------------------------------------------

    def _level(self, text: str) -> str | None:
        if not text or not self._levels:
            return text or None
        return self._one_of(text, self._levels, "is not in people.levels.")

    def _one_of(self, text: str, known: Mapping[str, str], wrong: str) -> str | None:
        found = known.get(folded(text))
        if found is None:
            hint = self._near.did_you_mean(text, known.values())
            self._complain(Complaint(f"{_quoted(text)} {wrong}", hint))
        return found

    def _on_scales(self, text: str, scales: Iterable[OnAScale]) -> str | None:
        value: str | None = text or None
        for scale in scales if text else ():
            if scale.numbers is None:
                words = {folded(word): word for word in scale.scale}
                value = self._one_of(text, words, "is not on the scale that matching uses.")
            elif (number := _number(text)) is not None:
                value = f"{number:.12g}"
            else:
                low, high = scale.numbers
                self._complain(
                    Complaint(
                        f"{_quoted(text)} is no number.",
                        f"Write one from {low:g} to {high:g}, or leave the cell empty.",
                    )
                )
        return value

    def _capacity(self, text: str) -> int | None:
        """None where the cell is empty: what counts then depends on the roles."""
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_CAPACITY:
            places = self._definition.matching.places
            usual = {places.mentor, places.mentee}
            empty = f"for {usual.pop()}" if len(usual) == 1 else "to have matching.places decide"
            self._complain(
                Complaint(
                    f"{_quoted(text)} is no number of pairs.",
                    f"Write a whole number from 1 to {MAX_CAPACITY}, or leave the cell empty "
                    f"{empty}.",
                )
            )
            return None
        return int(text)

    def _language(self, text: str) -> str:
        tag = language_tag(text) if text else None
        if text and tag is None:
            self._complain_of_language(text)
        return tag or self._definition.program.language

    def _complain_of_language(self, text: str) -> None:
        self._complain(
            Complaint(
                f"{_quoted(text)} is no language that is known here.",
                "Write a code like en or pt-BR, or the language's English name.",
            )
        )

    def _timezone(self, text: str) -> str | None:
        if not text:
            return None
        try:
            ZoneInfo(text)
        except (ValueError, OSError, KeyError):
            near = self._near.suggestion(text, available_timezones())
            self._complain(
                Complaint(
                    f"{_quoted(text)} is no time zone.",
                    f"Did you mean “{near}”?" if near else "Write it like Europe/London.",
                )
            )
            return None
        return text

    def _country(self, text: str) -> str | None:
        code = country_code(text) if text else None
        if text and code is None:
            message, hint = why_no_country(text, self._near.suggestion)
            self._complain(Complaint(f"{_quoted(text)} {message}", hint))
        return code

    def _working_days(self, text: str) -> tuple[int, ...]:
        days = days_of_week(text, self._separator) if text else ()
        if days is None:
            self._complain(
                Complaint(
                    f"{_quoted(text)} can't be read as days of the week.",
                    f"Write them like Mon-Fri, or Mon{self._separator}Tue{self._separator}Thu.",
                )
            )
        return days or ()

    def _working_hours(self, text: str) -> tuple[int, int] | None:
        if not text:
            return None
        try:
            return hours_of_day(text)
        except ValueError as error:
            hint = "Write them like 09:00-17:30, in the person's own time zone."
            self._complain(Complaint(str(error), hint))
            return None

    # --- Several values each ---------------------------------------------------------------------

    def _languages(self, text: str) -> tuple[str, ...]:
        found: list[str] = []
        for entry in split_cell(text, self._separator):
            code = spoken_language(entry)
            if code is None:
                self._complain_of_language(entry)
            else:
                found.append(code)
        return tuple(dict.fromkeys(found))

    def _goals(self, text: str) -> tuple[str, ...]:
        return _each_once(self._known(entry) for entry in split_cell(text, self._separator))

    def _interests(self, text: str) -> tuple[str, ...]:
        """In the vocabulary's words where it has them; an interest may be anything."""
        entries = split_cell(text, self._separator)
        return _each_once(self._label(entry) or entry for entry in entries)

    def _skills(self, text: str) -> Skills:
        names: dict[str, str] = {}
        levels: dict[str, str] = {}
        for entry in split_cell(text, self._separator):
            name, level = self._skill(entry)
            name = names.setdefault(folded_word(name), name)
            if level is None:
                continue
            other = levels.setdefault(name, level)
            if other != level:
                scale = self._definition.people.skill_levels
                levels[name] = max(level, other, key=scale.index)
                self._complain(
                    Complaint(
                        "a skill stands twice in a cell, with two levels; the higher one counts.",
                        harmless=True,
                    )
                )
        return Skills(tuple(names.values()), levels)

    def _skill(self, entry: str) -> tuple[str, str | None]:
        """A skill and its level: “Python (expert)”, “Python: expert”, or without one."""
        if (label := self._label(entry)) is not None:
            return label, None
        parts = _WITH_LEVEL.fullmatch(entry)
        if parts is None:
            return self._known(entry), None
        name, level = parts["name"], parts["bracket"] or parts["colon"]
        if self._skill_levels:
            found = self._one_of(level, self._skill_levels, "is not in people.skill_levels.")
            return self._known(name), found
        if (label := self._label(name)) is not None:
            self._complain(
                Complaint(
                    f"{_quoted(entry)} has a level, and the definition has no people.skill_levels.",
                    "List them there, from low to high.",
                )
            )
            return label, None
        return self._known(entry), None

    def _known(self, word: str) -> str:
        """The label of a word; the word itself where there is no vocabulary or none knows it."""
        if self._vocabulary is None:
            return word
        label = self._label(word)
        if label is None:
            self._complain(self._not_in_vocabulary(word))
        return label or word

    def _label(self, word: str) -> str | None:
        """The label of a word that a vocabulary has, found once for each spelling."""
        if word not in self._labels:
            self._labels[word] = self._vocabulary.find(word) if self._vocabulary else None
        return self._labels[word]

    def _not_in_vocabulary(self, word: str) -> Complaint:
        key = folded_word(word)
        if key not in self._unknown:
            known = self._vocabulary
            near = (
                known.suggestion(word)
                if known is not None and self._near.may_compare(word, len(known))
                else None
            )
            self._unknown[key] = Complaint(
                f"{_quoted(word)} is in none of the vocabularies.",
                f"Did you mean “{near}”?"
                if near
                else "Add it to a vocabulary of your own, or write what it is called there.",
                anywhere=True,
            )
        return self._unknown[key]


_WITH_LEVEL = re.compile(r"(?P<name>[^:(]+?)\s*(?:\((?P<bracket>[^()]+)\)|:\s*(?P<colon>[^:]+))")


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(folded_word(word), word)
    return tuple(found.values())


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= MAX_SHOWN else f"“{text[: MAX_SHOWN - 1]}…”"
