"""What is wrong with the values of a YAML file that a person wrote, in plain words.

pydantic says it for programmers; here it is said for who wrote the file, at the place in the file
that it is about.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from domain.problems import did_you_mean
from store.written_yaml import PathInFile


class Found(NamedTuple):
    """What is wrong at one place of a file, not yet with its line."""

    where: PathInFile
    message: str
    hint: str | None = None


def follows_from_others(error: ErrorDetails) -> bool:
    """Whether a list is too short, or a default unknown, only because something else is wrong."""
    if error["type"] == "default_factory_not_called":
        return True
    given = error["input"]
    least = error.get("ctx", {}).get("min_length", 0)
    return error["type"] == "too_short" and isinstance(given, list) and len(given) >= least


def explain(error: ErrorDetails, data: Any, model: type[BaseModel]) -> Found:
    """A pydantic error in plain words, at the place in the file that it is about."""
    where, around = _locate(error["loc"], data, model)
    kind, context = error["type"], error.get("ctx", {})
    name = str(where[-1]) if where else ""
    if kind == "extra_forbidden":
        known = around.model_fields if around else {}
        return Found(where, f"there is no setting “{name}”.", did_you_mean(name, known))
    if kind == "value_error" and error["input"] is not None:
        return Found(where, str(context.get("error", "")))
    if kind in ("enum", "literal_error"):
        options = re.findall(r"'([^']*)'|\b(\d+)\b", str(context.get("expected", "")))
        words = [word or number for word, number in options]
        given = str(error["input"])
        return Found(where, f"“{given}” is not known here.", did_you_mean(given, words))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _explain_tag(where, error, around)
    return Found(where, *_plain(kind, context, error["input"], where))


def _explain_tag(where: PathInFile, error: ErrorDetails, around: type[BaseModel] | None) -> Found:
    key = str(error.get("ctx", {}).get("discriminator", "")).strip("'")
    section = [part for part in where if isinstance(part, str)]
    field = around.model_fields.get(section[-1]) if around and section else None
    known = [
        tag for model in _models(field.annotation if field else None) for tag in _tags_of(model)
    ]
    if error["type"] == "union_tag_not_found":
        return Found(where, f"“{key}” is missing.", f"Use one of: {', '.join(known)}.")
    tag = str(error.get("ctx", {}).get("tag", ""))
    return Found((*where, key), f"“{tag}” is not known here.", did_you_mean(tag, known))


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


def _locate(
    loc: tuple[str | int, ...], data: Any, model: type[BaseModel]
) -> tuple[PathInFile, type[BaseModel] | None]:
    """Where in the file a pydantic location is, and the model that stands around it.

    pydantic's locations also name which member of a union it tried; the file knows nothing of it.
    """
    where: list[str | int] = []
    models: list[type[BaseModel]] = [model]
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
