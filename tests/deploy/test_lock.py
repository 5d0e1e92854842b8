"""The lock files hold what pyproject.toml asks for, exactly, and name no index."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from runtime.settings import PROJECT

ASKED = tomllib.loads((PROJECT / "pyproject.toml").read_text())
RUN = ASKED["project"]["dependencies"]
DEV = ASKED["dependency-groups"]["dev"]


def locked(file: str) -> dict[str, set[str]]:
    """The versions of each package; there may be one for each of several Python versions."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / file).read_text(), re.M):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize(
    ("file", "asked"), [("requirements.txt", RUN), ("requirements-dev.txt", RUN + DEV)]
)
def test_every_dependency_is_locked_at_a_version_that_is_allowed(
    file: str, asked: list[str]
) -> None:
    pins = locked(file)
    for requirement in map(Requirement, asked):
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not in {file}. Run: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    dev = locked("requirements-dev.txt")
    assert all(dev[name] == versions for name, versions in locked("requirements.txt").items())


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_has_hashes_and_no_index_is_named(file: str) -> None:
    text = (PROJECT / file).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)
    for block in re.split(r"\n(?=\w)", text)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]
