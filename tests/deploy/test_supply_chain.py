"""What is shipped is known: its licences, its parts, its flaws as far as somebody can be asked."""

from __future__ import annotations

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy import audit, licences, sbom
from deploy.locked import locked
from runtime.settings import PROJECT


def test_every_locked_package_is_read_with_its_hashes() -> None:
    found = list(locked())
    lines = re.findall(r"^[\w.-]+==", (PROJECT / "requirements.txt").read_text(), re.M)
    assert len(found) == len(lines) > 60
    assert all(package.hashes for package in found)


def test_the_licences_of_what_is_shipped_are_allowed_and_others_are_found() -> None:
    rules, found = licences.rules(), licences.found_licences()
    assert len(found) > 60
    assert licences.problems(found, rules["allowed"], rules["reviewed"]) == []
    told = licences.problems({"a": "GPL-3.0", "b": "MIT AND SSPL"}, ["MIT"], {"c": "gone"})
    assert [line.split()[0] for line in told] == ["a", "b", "c"]
    several = {"a": "ISC License (ISCL) OR (MIT AND 0BSD)"}
    assert licences.problems(several, ["ISC License (ISCL)", "MIT", "0BSD"], {}) == []


def test_the_bill_is_valid_complete_the_same_each_time_and_names_no_index_or_path() -> None:
    first, second = sbom.text(), sbom.text()
    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(first) is None
    bill = json.loads(first)
    assert {one["name"] for one in bill["components"]} == {one.name for one in locked()}
    needs = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    ours = needs[bill["metadata"]["component"]["bom-ref"]]
    assert any(one.startswith("pkg:pypi/psycopg@") for one in ours)
    elsewhere = r"://|\w\.org\b|/home/|/root/|timestamp|serialNumber"
    assert not re.search(elsewhere, first.replace(bill["$schema"], ""))
    assert str(PROJECT) not in first


ANSWER = {
    "dependencies": [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "bad", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]},
        {"name": "unknown", "skip_reason": "not found"},
    ]
}


def test_a_flaw_and_what_is_not_known_are_told_and_neither_passes() -> None:
    code, lines = audit.told(json.dumps(ANSWER), "", "pypi")
    assert code == 1
    assert lines[0] == "bad 2: CVE-1, mended in 3"
    assert lines[1].startswith("2 of 3 packages audited")
    assert "unknown" in lines[2]
    for part, passes in ((0, True), (1, False), (2, False)):
        said = {"dependencies": [ANSWER["dependencies"][part]]}
        assert (audit.told(json.dumps(said), "", "pypi")[0] == 0) is passes


@pytest.mark.parametrize("answer", ["", "{}", "Traceback"])
def test_without_the_network_a_sentence_says_so(answer: str) -> None:
    trace = "Traceback (most recent call last):\n  File …\nrequests.exceptions.ConnectionError: no"
    code, lines = audit.told(answer, trace, "osv")
    assert code == 1
    assert len(lines) == 1
    assert "Nothing was audited" in lines[0]
    assert "(ConnectionError)" in lines[0]
