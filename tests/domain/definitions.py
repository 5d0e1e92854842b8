"""A definition for tests that says only what the test is about."""

from __future__ import annotations

from typing import Any

from domain.definition import Definition


def definition_with(
    *,
    mode: str = "one_way",
    matching: dict[str, Any] | None = None,
    levels: list[str] | None = None,
    eligibility: dict[str, Any] | None = None,
    people: dict[str, Any] | None = None,
    **columns: Any,
) -> Definition:
    """A valid definition; `columns` are further mappings under people.columns."""
    return Definition.model_validate(
        {
            "program": {
                "id": "example",
                "title": "Example",
                "organisation": "Example organisation",
                "mode": mode,
                "starts": "2027-01-11",
                "goals": [{"goal": "Learn", "priority": "Digital"}],
            },
            "coordinator": {"name": "Coordinator", "email": "coordinator@example.com"},
            "sponsor": {"name": "Sponsor", "email": "sponsor@example.com"},
            "people": {
                "columns": {"id": "ID", "name": "Name", "email": "Mail", **columns},
                "levels": levels or [],
                **(people or {}),
            },
            "matching": matching if matching is not None else {"rules": []},
            "eligibility": eligibility or {},
            "success": [{"metric": "sessions_held", "target": ">= 80%"}],
        }
    )
