"""Checks the licences of what is shipped: `python -m deploy.licences`.

Which are allowed stands in pyproject.toml under `tool.licences`, and for each package that has
another one the reason why it may be there all the same. Reads what is installed, and asks nobody.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from deploy.locked import locked
from runtime.settings import PROJECT

_AND_OR = re.compile(r"\s+(?:AND|OR)\s+|\s*;\s*")


def found_licences() -> dict[str, str]:
    """What each package that is shipped, and installed here, says of its licence."""
    said = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed"),
            *("--packages", *(package.name for package in locked())),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {canonicalize_name(one["Name"]): one["License"] for one in json.loads(said)}


def problems(
    found: Mapping[str, str], allowed: Iterable[str], reviewed: Mapping[str, str]
) -> list[str]:
    """What does not fit, a sentence each."""
    known = {licence.casefold() for licence in allowed}
    wrong = []
    for name, licence in sorted(found.items()):
        parts = [part for part in _AND_OR.split(licence) if part.strip()]
        fits = all(_plain(part) in known for part in parts)
        if not fits and name not in reviewed:
            wrong.append(
                f"{name} is under “{licence}”, which is not in tool.licences.allowed. Do without "
                "it, or say under tool.licences.reviewed why it may be shipped."
            )
        if fits and name in reviewed:
            wrong.append(f"{name} is under “{licence}”, which is allowed: take it out of reviewed.")
    wrong += [
        f"{name} is in tool.licences.reviewed and not shipped any more."
        for name in sorted(set(reviewed) - set(found))
    ]
    return wrong


def _plain(licence: str) -> str:
    bare = licence.strip()
    if bare.count("(") != bare.count(")"):  # of “A AND (B OR C)”
        bare = bare.strip("()")
    return bare.casefold()


def rules() -> dict[str, Any]:
    """What pyproject.toml says about licences."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    found: dict[str, Any] = project["tool"]["licences"]
    return found


def main() -> int:
    """Check. Gives 1 where something does not fit."""
    given = rules()
    found = found_licences()
    wrong = problems(found, given["allowed"], given["reviewed"])
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if not wrong:
        print(f"Licences of {len(found)} packages: all allowed, {len(given['reviewed'])} reviewed.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
