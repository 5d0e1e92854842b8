"""Reading a survey from its YAML file, and saying all that is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.problems import BadInput, Problem
from domain.surveys import Scale, Survey, WrongSurvey
from store.input_file import read_bytes, refuse
from store.written_yaml import WrittenYaml
from store.wrong_values import Found, explain, follows_from_others

MAX_BYTES = 1_000_000
"""Size of a survey. One of 21 items takes some 3,000 bytes."""


def read_survey(path: Path) -> Survey:
    """The survey in a YAML file (UTF-8).

    Raises:
        BadInput: with every problem found, each with its line and the item that it is about.
    """
    written = WrittenYaml(path, read_bytes(path, MAX_BYTES))
    problems = list(written.problems)
    if not isinstance(written.data, dict):
        raise (
            BadInput(problems)
            if problems
            else refuse(path, "this is no survey: it must consist of lines like “title:”.", line=1)
        )
    survey, found = _understood(written.data)
    problems += [_problem(written, one) for one in found]
    if survey is None or problems:
        raise BadInput(sorted(problems, key=lambda problem: problem.line or 0))
    return survey


def _understood(data: dict[str, Any]) -> tuple[Survey | None, list[Found]]:
    wrong_scale = _wrong_scale(data)
    if wrong_scale:
        data = {key: value for key, value in data.items() if key != "scale"}
    try:
        survey = Survey.model_validate(data)
    except ValidationError as error:
        errors = error.errors()
    else:
        return survey, wrong_scale
    if wrong_scale:  # what an item says of its points can't be judged without it
        errors = [details for details in errors if details["type"] != "value_error"]
    found = [
        one
        for details in errors
        if not follows_from_others(details)
        for one in _explained(details, data)
    ]
    broken = {str(one.where[0]) for one in (*found, *wrong_scale) if one.where}
    return None, [*wrong_scale, *found, *_misfits_of_sound_parts(data, broken)]


def _wrong_scale(data: dict[str, Any]) -> list[Found]:
    """What is wrong with the scale that a survey gives all of its items."""
    if data.get("scale") is None:
        return []
    try:
        Scale.model_validate(data["scale"])
    except ValidationError as error:
        wrong = [explain(details, data["scale"], Scale) for details in error.errors()]
        return [one._replace(where=("scale", *one.where)) for one in wrong]
    return []


def _explained(details: ErrorDetails, data: dict[str, Any]) -> list[Found]:
    why = details.get("ctx", {}).get("error")
    if isinstance(why, WrongSurvey):
        return [Found(*misfit) for misfit in why.misfits]
    one = explain(details, data, Survey)
    if details["type"] == "string_pattern_mismatch":
        hint = "Use small letters, digits and underscores, with a letter first."
        return [one._replace(hint=hint)]
    return [one]


_FIT_TOGETHER = frozenset({"items", "subscales", "scale"})
"""The parts of a survey that have to fit one another."""

_STAND_INS = {"id": "stand_in", "version": 1, "title": "", "intro": "", "minutes": 1}
"""What a survey needs besides them."""


def _misfits_of_sound_parts(data: dict[str, Any], broken: set[str]) -> list[Found]:
    """What does not fit together in a survey whose other parts are wrong.

    Somebody who left out the version hears of a missing item now, not next time.
    """
    if broken & _FIT_TOGETHER or not broken:
        return []
    parts = {key: data[key] for key in _FIT_TOGETHER if key in data}
    try:
        Survey.model_validate({**_STAND_INS, **parts})
    except ValidationError as error:
        return [one for details in error.errors() for one in _explained(details, parts)]
    return []


def _problem(written: WrittenYaml, found: Found) -> Problem:
    """A problem with its line, and with the item or subscale by its id and not by its place."""
    problem = written.problem(*found)
    match found.where:
        case (("items" | "subscales") as group, int(number), *rest):
            entry = written.data[group][number]
            name = entry.get("id") if isinstance(entry, dict) else None
            named = name if isinstance(name, str) else f"number {number + 1}"
            passed_over = {"[key]", "id" if named == name else ""}
            places = [part + 1 if isinstance(part, int) else part for part in rest]
            inside = " ".join(str(place) for place in places if place not in passed_over)
            field = f"{group.removesuffix('s')} {named}" + (f", {inside}" if inside else "")
            return Problem.model_validate({**problem.model_dump(), "field": field})
    return problem
