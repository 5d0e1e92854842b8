"""Asks a vulnerability service about every locked package: `python -m deploy.audit [pypi|osv]`.

Needs the network. What could not be looked up is said, and never taken for harmless.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

LOCK = "requirements-dev.txt"
"""Has what is shipped, in the same versions, and what it is built and tested with."""

SERVICES = ("pypi", "osv")


def told(answer: str, error: str, service: str) -> tuple[int, list[str]]:
    """What pip-audit found, in sentences, and the exit code: 0 where all is known and well."""
    try:
        found: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        reason = (error.strip().splitlines() or ["no answer"])[-1]
        kind = reason.partition(":")[0].rpartition(".")[2]
        return 1, [
            f"Nothing was audited: the service “{service}” could not be asked ({kind}). This needs "
            "the network; try the other service: make audit AUDIT=" + _other(service)
        ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}"
        + (f", mended in {', '.join(flaw['fix_versions'])}" if flaw["fix_versions"] else "")
        for one in found
        for flaw in one.get("vulns", ())
    ]
    flaws = len(lines)
    audited = len(found) - len(skipped)
    lines.append(f"{audited} of {len(found)} packages audited by “{service}”: {flaws} known flaws.")
    if skipped:
        few = ", ".join(skipped[:5]) + (", …" if len(skipped) > 5 else "")
        lines.append(
            f"{len(skipped)} could not be looked up ({few}), so nothing is known of them. Is the "
            "service reached? Try the other one: make audit AUDIT=" + _other(service)
        )
    return int(bool(flaws or skipped)), lines


def _other(service: str) -> str:
    return next(one for one in SERVICES if one != service)


def main() -> int:
    """Audit. Gives 1 where there is a known flaw, or something is not known."""
    service = sys.argv[1] if len(sys.argv) > 1 else SERVICES[0]
    if service not in SERVICES:
        print(f"“{service}” is none of: {', '.join(SERVICES)}.", file=sys.stderr)
        return 2
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--require-hashes"),
            *("--disable-pip", "--vulnerability-service", service),
            *("--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    code, lines = told(done.stdout, done.stderr, service)
    print(*lines, sep="\n", file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
