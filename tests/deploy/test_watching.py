"""What Prometheus and Grafana are given: the shape of each file, and each alert by example."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from runtime.settings import PROJECT

PROMETHEUS = PROJECT / "deploy" / "prometheus"
GRAFANA = PROJECT / "deploy" / "grafana"
_yaml = YAML(typ="safe")
GROUPS: list[dict[str, Any]] = _yaml.load(PROMETHEUS / "alerts.yml")["groups"]
ALERTS: dict[str, dict[str, Any]] = {r["alert"]: r for g in GROUPS for r in g["rules"]}
EXAMPLES = ["alerts_test.yml", "alerts_test_days.yml"]

WANTED = {
    *("NoWorkerReady", "WorkerStuck", "NoPortalReady", "ProcessNotSeen", "StoreAway"),
    *("OutboxOld", "ActivitiesFail", "WorkflowTasksFail", "TasksWait"),
    *("MailRefused", "MailPutOff", "NoMessagesSent", "ManyPairsStalled"),
}


def test_the_alerts_are_those_that_the_document_tells_of() -> None:
    text = (PROJECT / "docs" / "watching.md").read_text("utf-8")
    assert set(ALERTS) == WANTED
    assert [name for name in ALERTS if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_is_so_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert set(alert["annotations"]) == {"summary", "description"}
    assert len(alert["annotations"]["description"]) > 80


def test_every_alert_has_an_example_in_which_it_goes_off() -> None:
    examples = "".join((PROMETHEUS / name).read_text("utf-8") for name in EXAMPLES)
    assert sorted(set(re.findall(r'alertname="(\w+)"', examples))) == sorted(ALERTS)


def test_prometheus_reads_the_alerts_that_are_mounted() -> None:
    config = _yaml.load(PROMETHEUS / "prometheus.yml")
    assert config["rule_files"] == ["alerts.yml"]


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (on Debian: apt-get install prometheus)")
    return found


def test_prometheus_itself_finds_nothing_wrong(promtool: str) -> None:
    for task in (["config", "prometheus.yml"], ["rules", "alerts.yml"]):
        subprocess.run([promtool, "check", *task], cwd=PROMETHEUS, check=True)


def test_alerts_go_off_when_they_should_and_not_before(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "test", "rules", *EXAMPLES],
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_asks_the_source_that_is_provisioned() -> None:
    dashboard = json.loads((GRAFANA / "mentoring.json").read_text("utf-8"))
    (source,) = _yaml.load(GRAFANA / "datasource.yml")["datasources"]
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert panels
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in panels:
        assert panel["title"]
        assert panel["targets"]
        for asks in (panel, *panel["targets"]):
            assert asks["datasource"] == {"type": source["type"], "uid": source["uid"]}


def test_panels_lie_beside_each_other() -> None:
    dashboard = json.loads((GRAFANA / "mentoring.json").read_text("utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_grafana_finds_the_dashboard_where_it_is_mounted() -> None:
    (provider,) = _yaml.load(GRAFANA / "dashboards.yml")["providers"]
    compose = _yaml.load(PROJECT / "docker-compose.yml")
    mounts = compose["services"]["grafana"]["volumes"]
    assert (
        f"./deploy/grafana/mentoring.json:{provider['options']['path']}/mentoring.json:ro" in mounts
    )
