"""Surveys as people were asked them, whatever content has by now.

The first time that somebody is asked on an occasion decides which version of a survey they answer
there, and that version is kept with the program. So a survey can be changed for those not yet
asked, while answers stay readable by the questions that they were given to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from domain.ids import answer_id
from domain.model import Value
from domain.problems import BadInput
from domain.survey_versions import Changed, Instrument, in_version
from domain.surveys import Survey
from store.as_stored import as_stored, text_of
from store.content_folders import file_in
from store.database import insert_new
from store.tables import AskedRow, InstrumentRow, table_of


class Shelf(Protocol):
    """The surveys that there are now, for one reader: `store.content.Content`."""

    language: str

    def instrument(self, survey: str) -> Instrument | None:
        """A survey by its id, with the language that it is written in; None if there is none."""


class Asking(Value):
    """What somebody is asked, and on which occasion."""

    occasion: str
    instrument: Instrument
    is_kept: bool = False
    """Whether the store has both already: that they are asked, and what."""


def to_ask(
    session: Session,
    content: Shelf,
    program: str,
    pair: str | None,
    person: str,
    occasion: str,
    survey: str,
) -> Asking | None:
    """What somebody answers on an occasion, in the language of `content`.

    It is the version that they were asked there first. Who was never asked gets what content has,
    as it was when others in the program were asked that version. None for a survey that nobody
    was asked and content does not have.
    """
    now = content.instrument(survey)
    about = {"id": answer_id(program, pair, person, occasion)}
    asked = session.execute(_ASKED, about).all()
    if asked:
        version = asked[0].version
        kept = _surveys({row.language: row.content for row in asked if row.language is not None})
    elif now is not None:
        version = now.survey.version
        kept = _stored(session, program, survey, version)
    else:
        return None
    found = in_version(version, content.language, kept, now)
    if found is None:
        return None
    is_kept = bool(asked) and found.language in kept
    return Asking(occasion=occasion, instrument=found, is_kept=is_kept)


def ask(
    session: Session,
    program: str,
    pair: str | None,
    person: str,
    asking: Asking,
    at: datetime,
) -> None:
    """Note what somebody is asked. The first time counts: a reminder changes nothing."""
    if asking.is_kept:
        return
    survey, language = asking.instrument.survey, asking.instrument.language
    if language not in _stored(session, program, survey.id, survey.version):
        row = {
            "program_id": program,
            "survey": survey.id,
            "version": survey.version,
            "language": language,
            "content": survey.model_dump(mode="json"),
        }
        key = ("program_id", "survey", "version", "language")
        insert_new(session, InstrumentRow, [row], *key)
    asked = {
        "id": answer_id(program, pair, person, asking.occasion),
        "program_id": program,
        "person_id": person,
        "survey": survey.id,
        "version": survey.version,
        "asked_at": at,
    }
    insert_new(session, AskedRow, [asked], "id")


def as_answered(
    session: Session, content: Shelf, program: str, survey: str, version: int
) -> Survey | None:
    """The survey that an answer was given to, in the language of `content`.

    What content has by now stands in for a version that was not kept, as before 0.3.0.
    """
    now = content.instrument(survey)
    found = _in_version(session, content, program, survey, version, now) or now
    return found.survey if found is not None else None


def load_instruments(
    session: Session, program: str, language: str
) -> dict[tuple[str, int], Survey]:
    """All that people of a program were asked, by survey and version, in this language.

    Another language stands in where nobody was asked in this one.
    """
    rows = session.scalars(select(InstrumentRow).where(InstrumentRow.program_id == program))
    by_version: dict[tuple[str, int], dict[str, Survey]] = {}
    for row in rows:
        stored = by_version.setdefault((row.survey, row.version), {})
        stored[row.language] = Survey.stored(row.content)
    return {
        (survey, version): found.survey
        for (survey, version), stored in sorted(by_version.items())
        if (found := in_version(version, language, stored, None)) is not None
    }


def changed(
    session: Session,
    folders: Sequence[Path],
    program: str | None = None,
    unchanged: set[str] | None = None,
) -> list[Changed]:
    """Surveys in the folders of content that were changed under a version that people were asked.

    In all programs, or in one. What was found not to be so is added to `unchanged`, by a digest of
    both; what is there already is not read again, which takes a while.
    """
    unchanged = set() if unchanged is None else unchanged
    query = select(InstrumentRow).order_by(
        InstrumentRow.survey, InstrumentRow.language, InstrumentRow.version
    )
    if program is not None:
        query = query.where(InstrumentRow.program_id == program)
    now: dict[tuple[str, str], Survey | None] = {}
    found: dict[tuple[str, str, int], set[str]] = {}
    for row in session.scalars(query):
        written = (row.survey, row.language)
        both = _digest(_file(folders, *written), row.content)
        if both in unchanged:
            continue
        if written not in now:
            now[written] = _written(folders, *written)
        survey = now[written]
        if survey is None:
            continue
        if survey.version != row.version or survey == Survey.stored(row.content):
            unchanged.add(both)
        else:
            found.setdefault((*written, row.version), set()).add(row.program_id)
    return [
        Changed(survey=survey, language=language, version=version, programs=tuple(sorted(where)))
        for (survey, language, version), where in found.items()
    ]


def _written(folders: Iterable[Path], survey: str, language: str) -> Survey | None:
    """A survey in exactly this language; None if there is none that can be read."""
    from store.survey_file import read_survey  # noqa: PLC0415 - few commands read YAML

    file = _file(folders, survey, language)
    try:
        return read_survey(file) if file is not None else None
    except BadInput:
        return None


def _file(folders: Iterable[Path], survey: str, language: str) -> Path | None:
    return file_in([folder / language for folder in folders], f"surveys/{survey}.yaml")


def _digest(file: Path | None, content: object) -> str:
    """Tells a survey as it stands in a file and as it was asked, together, from any others."""
    try:
        written = file.read_bytes() if file is not None else b""
    except OSError:
        written = b""
    asked = json.dumps(content, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(written).digest() + asked).hexdigest()


def _in_version(
    session: Session,
    content: Shelf,
    program: str,
    survey: str,
    version: int,
    now: Instrument | None,
) -> Instrument | None:
    stored = _stored(session, program, survey, version)
    return in_version(version, content.language, stored, now)


_ASKINGS, _INSTRUMENTS = table_of(AskedRow), table_of(InstrumentRow)
_SAME = ("program_id", "survey", "version")
_ASKED = (
    select(_ASKINGS.c.version, _INSTRUMENTS.c.language, text_of(_INSTRUMENTS.c.content))
    .outerjoin(_INSTRUMENTS, and_(*(_ASKINGS.c[name] == _INSTRUMENTS.c[name] for name in _SAME)))
    .where(_ASKINGS.c.id == bindparam("id"))
)
_IN_VERSION = select(_INSTRUMENTS.c.language, text_of(_INSTRUMENTS.c.content)).where(
    _INSTRUMENTS.c.program_id == bindparam("program"),
    _INSTRUMENTS.c.survey == bindparam("survey"),
    _INSTRUMENTS.c.version == bindparam("version"),
)


def _stored(session: Session, program: str, survey: str, version: int) -> dict[str, Survey]:
    """A version of a survey as people of a program were asked it, by language."""
    which = {"program": program, "survey": survey, "version": version}
    found = session.execute(_IN_VERSION, which)
    return _surveys({row.language: row.content for row in found})


def _surveys(kept: Mapping[str, str]) -> dict[str, Survey]:
    return {language: as_stored(Survey, content) for language, content in kept.items()}
