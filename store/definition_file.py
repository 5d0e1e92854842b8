"""Reading a program's definition from its YAML file, and saying all that is wrong with it."""

from __future__ import annotations

import os
import re
import types
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.definition import Definition
from domain.problems import BadInput, Problem, did_you_mean
from store.input_file import read_bytes
from store.written_yaml import PathInFile, WrittenYaml

MAX_BYTES = 1_000_000
"""Size of a definition. Real ones have some thousand bytes."""

CONTENT = Path(__file__).resolve().parent.parent / "content"
STANDARD = "standard"
"""The template that a definition begins as unless told otherwise."""

SCHEMA_FILE = Path(__file__).resolve().parent.parent / "docs" / "definition.schema.json"


def load_definition(path: Path) -> Definition:
    """The definition in a YAML file (YAML 1.2, UTF-8).

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
        errors = [details for details in error.errors() if not _follows_from_others(details)]
        problems += [written.problem(*_explain(details, written.data)) for details in errors]
        broken = {str(details["loc"][0]) for details in errors if details["loc"]}
        problems += [written.problem(*found) for found in _contradictions(written.data, broken)]
    else:
        problems += [written.problem(*found) for found in definition.contradictions()]
        problems += [written.problem(*found) for found in _unknown_surveys(definition)]
    if problems:
        unique = {str(problem): problem for problem in problems}
        raise BadInput(sorted(unique.values(), key=lambda problem: problem.line or 0))
    return definition


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
    return tuple(sorted(file.stem for file in (CONTENT / "definitions").glob("*.yaml")))


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
    }
    text = (CONTENT / "definitions" / f"{template}.yaml").read_text(encoding="utf-8")
    return re.sub(r"\{\{ (\w+) \}\}", lambda match: filled[match[1]], text)


def _unknown_surveys(definition: Definition) -> list[_Found]:
    known = sorted(file.stem for file in (CONTENT / "en" / "surveys").glob("*.yaml"))
    return [
        _Found(
            ("check_ins", number, "survey"),
            f"there is no survey “{check_in.survey}”.",
            did_you_mean(check_in.survey, known),
        )
        for number, check_in in enumerate(definition.check_ins)
        if check_in.survey not in known
    ]


def program_id_of(name: str) -> str:
    """The id that a program of this name gets. Raises ValueError if nothing of it can serve."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    if len(slug) < 3:
        raise ValueError(
            f"“{name}” does not make an id. Take a name with at least three letters from a to z."
        )
    return slug


# --- Saying what is wrong ------------------------------------------------------------------------


class _Found(NamedTuple):
    where: PathInFile
    message: str
    hint: str | None = None


def _follows_from_others(error: ErrorDetails) -> bool:
    """Whether a list counts as too short only because its entries are wrong."""
    given = error["input"]
    least = error.get("ctx", {}).get("min_length", 0)
    return error["type"] == "too_short" and isinstance(given, list) and len(given) >= least


def _explain(error: ErrorDetails, data: Any) -> _Found:
    """A pydantic error in plain words, at the place in the file that it is about."""
    where, model = _locate(error["loc"], data)
    kind, context = error["type"], error.get("ctx", {})
    name = str(where[-1]) if where else ""
    if kind == "extra_forbidden":
        known = model.model_fields if model else {}
        return _Found(where, f"there is no setting “{name}”.", did_you_mean(name, known))
    if kind == "value_error" and error["input"] is not None:
        return _Found(where, str(context.get("error", "")))
    if kind in ("enum", "literal_error"):
        options = re.findall(r"'([^']*)'|\b(\d+)\b", str(context.get("expected", "")))
        words = [word or number for word, number in options]
        given = str(error["input"])
        return _Found(where, f"“{given}” is not known here.", did_you_mean(given, words))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _explain_tag(where, error, model)
    return _Found(where, *_plain(kind, context, error["input"], where))


def _explain_tag(where: PathInFile, error: ErrorDetails, around: type[BaseModel] | None) -> _Found:
    key = str(error.get("ctx", {}).get("discriminator", "")).strip("'")
    section = [part for part in where if isinstance(part, str)]
    field = around.model_fields.get(section[-1]) if around and section else None
    known = [
        tag for model in _models(field.annotation if field else None) for tag in _tags_of(model)
    ]
    if error["type"] == "union_tag_not_found":
        return _Found(where, f"“{key}” is missing.", f"Use one of: {', '.join(known)}.")
    tag = str(error.get("ctx", {}).get("tag", ""))
    return _Found((*where, key), f"“{tag}” is not known here.", did_you_mean(tag, known))


_SHAPES = {
    "model_type": ("this must be a group of settings, one a line.", None),
    "model_attributes_type": ("this must be a group of settings, one a line.", None),
    "dict_type": ("this must be a group of lines like “name: value”.", None),
    "tuple_type": ("this must be a list.", "Write it like [one, two], or a line “- one” each."),
    "string_type": ("this must be text.", "Put it in quotes."),
    "int_type": ("this must be a whole number.", None),
    "int_parsing": ("this must be a whole number.", None),
    "int_from_float": ("this must be a whole number.", None),
    "int_parsing_size": ("this number is too large.", None),
    "float_type": ("this must be a number.", None),
    "float_parsing": ("this must be a number.", None),
    "bool_type": ("this must be true or false.", None),
    "bool_parsing": ("this must be true or false.", None),
    "finite_number": ("this must be a number.", None),
}

_PATTERNS = {
    "id": "Use 3 to 40 small letters, digits and hyphens, like “digital-leaders”.",
    "email": "Write one address, like name@example.com.",
    "language": "Write a code, like en or pt-BR.",
    "survey": "Use small letters, digits and underscores.",
}


_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def _plain(
    kind: str, context: Mapping[str, Any], given: Any, where: PathInFile
) -> tuple[str, str | None]:
    hint = None
    if kind == "missing":
        message = "this is missing."
    elif given is None:
        message, hint = "nothing is written here.", "Write a value, or remove the line."
    elif kind in _SHAPES:
        shape, hint = _SHAPES[kind]
        message = f"{shape[:-1]}; it is {_describe(given)}."
    elif kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        message = f"this must be {words} {context.get(key)}; it is {given}."
    elif kind in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        bound = f"at least {least}" if least is not None else f"at most {most}"
        message = f"this list must have {bound}; it has {context.get('actual_length')}."
    elif kind == "string_too_short":
        message = "this is empty."
    elif kind == "string_too_long":
        message = f"this is longer than {context.get('max_length')} characters."
    else:
        message = f"{_describe(given)} can't be used here."
        hint = _PATTERNS.get(str(where[-1]) if where else "")
    return message, hint


def _describe(given: Any) -> str:
    if isinstance(given, dict):
        return "a group of settings"
    if isinstance(given, list):
        return "a list"
    text = "true" if given is True else "false" if given is False else str(given)
    return f"“{text[:60]}”"


def _locate(loc: tuple[str | int, ...], data: Any) -> tuple[PathInFile, type[BaseModel] | None]:
    """Where in the file a pydantic location is, and the model that stands around it.

    pydantic's locations also name which member of a union it tried; the file knows nothing of it.
    """
    where: list[str | int] = []
    models: list[type[BaseModel]] = [Definition]
    around: type[BaseModel] | None = None
    for part in loc:
        if isinstance(part, str):
            tried = [model for model in models if part in _tags_of(model)]
            if tried and not (isinstance(data, dict) and part in data):
                models = tried
                continue
            around = models[0] if models else None
            field = around.model_fields.get(part) if around else None
            models = _models(field.annotation) if field else []
        where.append(part)
        data = _step(data, part)
    return tuple(where), around


def _step(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that a field may hold, through lists, options and unions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models(get_args(annotation)[0])
    if origin in (Union, types.UnionType, tuple):
        return [model for member in get_args(annotation) for model in _models(member)]
    return []


_TAG_KEYS = ("rule", "prefer")
"""The settings that say which kind of matching rule or preference an entry is."""


def _tags_of(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(
        str(tag)
        for key in _TAG_KEYS
        if key in model.model_fields
        for tag in get_args(model.model_fields[key].annotation)
    )


# --- Contradictions in the parts that are sound --------------------------------------------------

_HANG_TOGETHER = (
    frozenset({"people", "eligibility", "matching"}),
    frozenset({"stages", "sessions", "check_ins", "ladder"}),
)
"""Sections that `Definition.contradictions` compares with one another, and with no others."""

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


def _contradictions(data: dict[str, Any], broken: set[str]) -> list[_Found]:
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
        _Found(where, message)
        for where, message in definition.contradictions()
        if any(where[0] in group for group in whole)
    ]
