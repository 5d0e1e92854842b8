"""Writes what is in a release as CycloneDX JSON: `python -m deploy.sbom [FILE]`.

Made of the lock file, and of what the installed packages say about their licence and what they
need. The same lock file gives the same bytes: no time, no random number, no path, no index.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.licences import found_licences
from deploy.locked import Locked, locked
from runtime.settings import PROJECT
from runtime.version import VERSION

_NAME = "reverse-mentoring"
_OURS = f"pkg:generic/{_NAME}@{VERSION}"


def bill() -> dict[str, Any]:
    """The whole document."""
    packages = list(locked())
    licences = found_licences()
    known = {package.name: _reference(package) for package in packages}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": _OURS,
                "name": _NAME,
                "version": VERSION,
                "purl": _OURS,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": [_component(one, licences.get(one.name)) for one in packages],
        "dependencies": [
            {"ref": _OURS, "dependsOn": _named(project["dependencies"], known)},
            *(
                {"ref": _reference(one), "dependsOn": _named(_needs(one.name), known)}
                for one in packages
            ),
        ],
    }


def _reference(package: Locked) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def _component(package: Locked, licence: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(package),
        "name": package.name,
        "version": package.version,
        "purl": _reference(package),
        "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(package.hashes)],
    }
    if licence is not None:
        found["licenses"] = [{"license": {"name": licence}}]
    return found


def _needs(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []  # of another platform


def _named(requirements: Iterable[str], known: dict[str, str]) -> list[str]:
    """Those that are locked, of what is required here without an extra."""
    found = set()
    for requirement in map(Requirement, requirements):
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and name in known:
            found.add(known[name])
    return sorted(found)


def text() -> str:
    """The document as it is written."""
    return json.dumps(bill(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write it into the file that is named, or print it."""
    if len(sys.argv) > 1:
        file = Path(sys.argv[1])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(), "utf-8")
        print(f"{file}: {sum(1 for _ in locked())} packages.")
    else:
        print(text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
