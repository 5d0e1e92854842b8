"""A definition as somebody would write it: “7 days” and “>= 80%”, without what holds anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.definition import Definition
from domain.model import Section
from domain.written import AS_WRITTEN

Path = tuple[str | int, ...]

_ALWAYS = frozenset({"rule", "prefer", "weight", "trigger"})
"""Settings without which an entry of a list reads as if something were missing."""


def as_written(definition: Definition, also: Collection[Path] = ()) -> dict[str, Any]:
    """What a definition file has to say for this definition, by key, in the order of the schema.

    Args:
        definition: the definition.
        also: settings to be written though they are as they would be without.
    """
    spelt = definition.model_dump(mode="json", context=AS_WRITTEN)
    return _said(definition, spelt, frozenset(also), ())


def _said(
    section: Section, spelt: Mapping[str, Any], also: frozenset[Path], here: Path
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value, written, where = getattr(section, name), spelt[name], (*here, name)
        usual = field.get_default(call_default_factory=True, validated_data=vars(section))
        if value is None:
            continue
        if isinstance(value, Section) and isinstance(written, Mapping):
            if inner := _said(value, written, also, where):
                found[name] = inner
        elif value != usual or where in also or name in _ALWAYS:
            found[name] = _entries(value, written, also, where)
    return found


def _entries(value: Any, written: Any, also: frozenset[Path], here: Path) -> Any:
    """A value, or a list of which each entry says only what it has to."""
    if not isinstance(value, tuple) or not isinstance(written, list):
        return written
    return [
        _said(one, spelt, also, (*here, number))
        if isinstance(one, Section) and isinstance(spelt, Mapping)
        else spelt
        for number, (one, spelt) in enumerate(zip(value, written, strict=True))
    ]
