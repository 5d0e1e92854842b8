"""Reading a program's definition from its YAML file, and saying all that is wrong with it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.check_ins import wrong_threshold
from domain.definition import Definition
from domain.plan import GOALS
from domain.problems import BadInput, Problem, did_you_mean
from domain.surveys import ItemKind, Survey
from domain.targets import misfits, unmeasured
from store.content_folders import SHIPPED, file_in, names_in, roots_of
from store.input_file import read_bytes
from store.survey_file import read_survey
from store.vocabulary_file import vocabulary_problem
from store.written_yaml import PathInFile, WrittenYaml
from store.wrong_values import Found, explain, follows_from_others

MAX_BYTES = 1_000_000
"""Size of a definition. Real ones have some thousand bytes."""

STANDARD = "standard"
"""The template that a definition begins as unless told otherwise."""

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "docs" / "definition.schema.json"


def load_definition(path: Path, content: Sequence[Path] = (SHIPPED,)) -> Definition:
    """The definition in a YAML file (YAML 1.2, UTF-8).

    `content` are the folders whose surveys, modules and vocabularies it may name, the first laid
    over the others.

    Raises:
        BadInput: with every problem found, each with its line and field.
    """
    written = WrittenYaml(path, read_bytes(path, MAX_BYTES))
    problems = list(written.problems)
    if not isinstance(written.data, dict):
        raise BadInput(
            problems
            or [
                Problem(
                    file=str(path),
                    line=1,
                    message="this is not a definition: it must consist of lines like “program:”.",
                    hint="“starter.py new NAME” writes one to begin with.",
                )
            ]
        )
    try:
        definition = Definition.model_validate(written.data)
    except ValidationError as error:
        errors = [details for details in error.errors() if not follows_from_others(details)]
        problems += [
            written.problem(*explain(details, written.data, Definition)) for details in errors
        ]
        broken = {str(details["loc"][0]) for details in errors if details["loc"]}
        problems += [written.problem(*found) for found in _contradictions(written.data, broken)]
    else:
        problems += [written.problem(*found) for found in problems_with(definition, content)]
        problems += [
            written.problem(*found) for found in _unknown_vocabularies(definition, path, content)
        ]
    if problems:
        unique = {str(problem): problem for problem in problems}
        raise BadInput(sorted(unique.values(), key=lambda problem: problem.line or 0))
    return definition


def problems_with(definition: Definition, content: Sequence[Path]) -> list[Found]:
    """What does not fit together in a definition, and what it names that content does not have.

    Its vocabularies are left out: they may stand beside its file.
    """
    roots = roots_of(content, definition.program.language)
    return [
        *_misfits(definition),
        *_unknown_surveys(definition, roots),
        *_wrong_thresholds(definition, roots),
        *_unmeasured(definition, roots),
        *_unknown_modules(definition, roots),
    ]


def definition_schema() -> dict[str, Any]:
    """JSON Schema of a definition as people write it, for editors that complete and check."""
    schema = Definition.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Definition of a reverse-mentoring program",
    }


def definition_templates() -> tuple[str, ...]:
    """The definitions that a new one can begin as: `content/definitions/<name>.yaml`."""
    return tuple(sorted(file.stem for file in (SHIPPED / "definitions").glob("*.yaml")))


def new_definition(
    name: str, folder: Path = Path(), today: date | None = None, template: str = STANDARD
) -> str:
    """A commented definition to edit, for a program of this name.

    `folder` is where the file will stand (its first line leads an editor to the schema). The
    program starts on the first Monday that is at least three weeks away. `template` is one of
    `definition_templates`.

    Raises:
        ValueError: nothing of the name can serve as an id, or there is no such template.
    """
    if template not in definition_templates():
        raise ValueError(
            f"there is no template “{template}”. {did_you_mean(template, definition_templates())}"
        )
    slug = program_id_of(name)
    soonest = (today or datetime.now(UTC).date()) + timedelta(days=21)
    starts = soonest + timedelta(days=-soonest.weekday() % 7)
    title = name.strip() if name.strip() != slug else slug.replace("-", " ").capitalize()
    filled = {
        "schema": Path(os.path.relpath(SCHEMA_FILE, folder.resolve())).as_posix(),
        "id": slug,
        "title": title.replace("\\", "\\\\").replace('"', '\\"'),
        "starts": starts.isoformat(),
        "workshop_1": (starts + timedelta(days=65)).isoformat(),
        "workshop_2": (starts + timedelta(days=121)).isoformat(),
    }
    text = (SHIPPED / "definitions" / f"{template}.yaml").read_text(encoding="utf-8")
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: filled[match[1]], text)


def _unknown_surveys(definition: Definition, roots: Sequence[Path]) -> list[Found]:
    known = names_in(roots, "surveys", ".yaml")
    named = [
        *((("check_ins", n, "survey"), one.survey) for n, one in enumerate(definition.check_ins)),
        *(
            (("follow_ups", n, "survey"), one.survey)
            for n, one in enumerate(definition.follow_ups or ())
        ),
    ]
    return [
        Found(
            where,
            f"there is no survey “{survey}”.",
            "When people look at their goals again stands under goals.review."
            if survey == GOALS
            else did_you_mean(survey, known),
        )
        for where, survey in named
        if survey not in known
    ]


def _wrong_thresholds(definition: Definition, roots: Sequence[Path]) -> Iterator[Found]:
    for number, check_in in enumerate(definition.check_ins):
        survey = _survey(check_in.survey, roots) if check_in.look_if else None
        if survey is None:
            continue
        scales = [item.id for item in survey.items if item.kind is ItemKind.SCALE]
        for item, threshold in check_in.look_if.items():
            wrong = wrong_threshold(survey, item, threshold)
            if wrong is not None:
                hint = None if item in scales else did_you_mean(item, scales)
                yield Found(("check_ins", number, "look_if", item), wrong, hint)


def _unmeasured(definition: Definition, roots: Sequence[Path]) -> Iterator[Found]:
    names = {check_in.survey for check_in in definition.check_ins}
    surveys = {name: found for name in names if (found := _survey(name, roots)) is not None}
    if surveys.keys() == names:
        yield from (Found(*misfit) for misfit in unmeasured(definition, surveys))


def _survey(name: str, roots: Sequence[Path]) -> Survey | None:
    """A survey, if it is there and sound; what is wrong with one is told where content is read."""
    file = file_in(roots, f"surveys/{name}.yaml")
    if file is None:
        return None
    try:
        return read_survey(file)
    except BadInput:
        return None


def _unknown_modules(definition: Definition, roots: Sequence[Path]) -> list[Found]:
    known = names_in(roots, "training", ".md")
    return [
        Found(
            ("training", "modules", number),
            f"there is no module “{module}” of the training.",
            did_you_mean(module, known),
        )
        for number, module in enumerate(definition.training.modules or ())
        if module not in known
    ]


def _unknown_vocabularies(
    definition: Definition, path: Path, content: Sequence[Path]
) -> Iterator[Found]:
    for number, name in enumerate(definition.people.vocabularies):
        problem = vocabulary_problem(name, definition.program.language, path.parent, content)
        if problem is not None:
            yield Found(("people", "vocabularies", number), *problem)


def definition_problem(
    path: Path, where: PathInFile, message: str, hint: str | None = None
) -> Problem:
    """A problem with the setting at `where` of a definition that can be read, with its line."""
    return WrittenYaml(path, read_bytes(path, MAX_BYTES)).problem(where, message, hint)


def program_id_of(name: str) -> str:
    """The id that a program of this name gets. Raises ValueError if nothing of it can serve."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    if len(slug) < 3:
        raise ValueError(
            f"“{name}” does not make an id. Take a name with at least three letters from a to z."
        )
    return slug


# --- Contradictions in the parts that are sound --------------------------------------------------

_HANG_TOGETHER = (
    frozenset({"people", "eligibility", "matching"}),
    frozenset({"stages", "sessions", "check_ins", "ladder"}),
    frozenset({"follow_ups", "privacy"}),
    frozenset({"success", "people"}),
)
"""Sections that are compared with one another, and with no others."""

STAND_INS: dict[str, Any] = {
    "program": {
        "id": "stand-in",
        "title": "Stand-in",
        "organisation": "Stand-in",
        "starts": "2027-01-04",
        "goals": [{"goal": "Stand-in", "priority": "Stand-in"}],
    },
    "coordinator": {"name": "Stand-in", "email": "stand-in@example.com"},
    "sponsor": {"name": "Stand-in", "email": "stand-in@example.com"},
    "people": {"columns": {"id": "id", "name": "name", "email": "email"}},
    "success": [{"metric": "sessions_held", "target": ">= 0%"}],
}
"""What a definition needs, to stand in for sections that can't be read."""


def _contradictions(data: dict[str, Any], broken: set[str]) -> list[Found]:
    """What does not fit together among the sections that are well-formed in themselves.

    Somebody whose sponsor's address is wrong hears of an impossible calendar now, not next time.
    """
    sound = {key: value for key, value in data.items() if key not in broken}
    try:
        definition = Definition.model_validate({**STAND_INS, **sound})
    except ValidationError:
        return []
    whole = [group for group in _HANG_TOGETHER if not group & broken]
    return [
        found for found in _misfits(definition) if any(found.where[0] in group for group in whole)
    ]


def _misfits(definition: Definition) -> list[Found]:
    """What does not fit together in a definition, content aside."""
    contradictions = [Found(where, message) for where, message in definition.contradictions()]
    return contradictions + [Found(*misfit) for misfit in misfits(definition)]
