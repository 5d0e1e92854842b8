"""The real worker and portal, watched: what rules and dashboard ask for is what they say."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain.deeds import Deed, DeedKind
from domain.ids import program_workflow_id
from domain.people import Role
from domain.plan import plan_of
from runtime.ports import any_free_port
from runtime.settings import PROJECT, load_settings
from runtime.temporal import connect
from runtime.watching.metrics import OF_BOTH, OF_PORTAL, OF_WORKER
from store import outbox, programs
from store.database import Database
from store.links import Link, Links, Purpose
from store.migrate import migrate
from tests.portal.scene import PEOPLE, PROGRAM, fill
from tests.watching.collector import Collector, collecting
from workflows import search_attributes
from workflows.messages import ProgramInput
from workflows.program import ProgramWorkflow

KEY = "abcdefghhgfedcba" * 2
NOWHERE = "not-in-the-store"
"""A program whose activities fail."""

PROMETHEUS = PROJECT / "deploy" / "prometheus"
DASHBOARD = json.loads((PROJECT / "deploy" / "grafana" / "mentoring.json").read_text("utf-8"))
RULES: dict[str, Any] = YAML(typ="safe").load(PROMETHEUS / "alerts.yml")

OF_PROMETHEUS = {"up", "ALERTS"}
"""Series that Prometheus makes itself."""

_METRIC = re.compile(r"\b(?:mentoring|temporal|process)_\w+|\bup\b|\bALERTS\b")

in_one_loop = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Watched:
    """A server, and the two processes with what they say."""

    server: WorkflowEnvironment
    processes: dict[str, subprocess.Popen[bytes]]
    ports: dict[str, int]
    folder: Path
    token: str

    async def ask(self, process: str, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as web:
            return await web.get(f"http://127.0.0.1:{self.ports[process]}{path}")

    async def say(self, words: str) -> None:
        """Say something to the portal that need not be HTTP, and hear it out."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports["pages"])
        writer.write(words.encode())
        await reader.read()
        writer.close()

    async def until(self, process: str, path: str, word: str) -> str:
        """What it answers, once this is in it."""
        said = ""
        async with asyncio.timeout(40):
            while word not in said:
                try:
                    said = (await self.ask(process, path)).text
                except httpx.TransportError:
                    assert self.processes[process].poll() is None, self.log(process)
                await asyncio.sleep(0.1)
        return said

    async def families(self, process: str) -> dict[str, Metric]:
        page = (await self.ask(process, "/metrics")).text
        assert KEY not in page
        return {family.name: family for family in text_string_to_metric_families(page)}

    def log(self, process: str) -> str:
        return (self.folder / f"{process}.log").read_text("utf-8")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> AsyncIterator[Watched]:
    """Both processes after some work, some of which failed."""
    folder = tmp_path_factory.mktemp("watched")
    database = Database(f"sqlite:///{folder / 'store.db'}")
    migrate(database)
    fill(database)
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).parent / "temporal"),
        search_attributes=list(search_attributes.ALL),
        data_converter=pydantic_data_converter,
        dev_server_log_level="error",
    )
    ports = {name: any_free_port() for name in ("worker", "portal", "pages")}
    environment = {
        "VAR_DIR": str(folder),
        "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
        "SMTP_URL": "smtp://127.0.0.1:1",
        "LINK_KEYS": KEY,
        "LOG_FORMAT": "json",
        "TRACES_URL": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
        "PORTAL_PORT": str(ports["pages"]),
    }
    processes = {}
    for name, command in {"worker": ["worker.py"], "portal": ["-m", "portal"]}.items():
        with (folder / f"{name}.log").open("wb") as log:
            processes[name] = subprocess.Popen(
                [sys.executable, *command],
                cwd=PROJECT,
                env=os.environ | environment | {"WATCH_PORT": str(ports[name])},
                stderr=log,
            )
    url = Links("http://portal", [KEY]).url
    token = url(_link()).rpartition("/")[2]
    found = Watched(server, processes, ports, folder, token)
    try:
        await _make_work(found, database, environment)
        yield found
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
        database.close()
        await server.shutdown()


def _link() -> Link:
    return Link(
        purpose=Purpose.HELP,
        program=PROGRAM,
        person="p-mia",
        pair="pair-1",
        expires=datetime(2100, 1, 1, tzinfo=UTC),
    )


async def _make_work(watched: Watched, database: Database, environment: dict[str, str]) -> None:
    client = await connect(load_settings(environment), environment)
    with database.read() as session:
        stored = programs.get(session, PROGRAM)
    await watched.until("worker", "/readyz", '"status":"idle"')
    queue = load_settings(environment).task_queue
    plan = plan_of(stored.definition, stored.epoch)
    for program in (PROGRAM, NOWHERE):
        await client.start_workflow(
            ProgramWorkflow.run,
            ProgramInput(program=program, plan=plan),
            id=program_workflow_id(program),
            task_queue=queue,
        )
    await client.start_workflow("Pair", "no pair", id="program/x/pair/wrong", task_queue=queue)
    with database.write() as session:
        deed = Deed(kind=DeedKind.HELP_ASKED, role=Role.MENTOR, at=datetime.now(UTC))
        outbox.add(session, PROGRAM, "pair-1", deed)
    for path in (f"{Purpose.HELP}/{watched.token}", f"{watched.token}/x", f"x/{watched.token}%0A"):
        await watched.ask("pages", f"/{path}")
    await watched.say(f"GET /{watched.token}\r HTTP/1.1\r\n\r\n")
    await watched.say(
        f"POST /{Purpose.HELP}/{watched.token} HTTP/1.1\r\nHost: x\r\n"
        "Transfer-Encoding: chunked\r\n\r\nnot-a-number\r\n"
    )
    for word in ("temporal_activity_execution_failed", "temporal_workflow_task_execution_failed"):
        await watched.until("worker", "/metrics", word)


def asked_for() -> dict[str, set[str]]:
    """The metrics of every rule and panel."""
    rules = [rule for group in RULES["groups"] for rule in group["rules"]]
    asked = {rule["alert"]: set(_METRIC.findall(rule["expr"])) for rule in rules}
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            asked.setdefault(panel["title"], set()).update(_METRIC.findall(target["expr"]))
    (variable,) = DASHBOARD["templating"]["list"]
    return asked | {"variable": set(_METRIC.findall(variable["query"]["query"]))}


@in_one_loop
async def test_every_metric_of_a_rule_or_a_panel_is_really_there(watched: Watched) -> None:
    there = set(OF_PROMETHEUS)
    for process in ("worker", "portal"):
        for name, family in (await watched.families(process)).items():
            there |= {name, f"{name}_total", *(sample.name for sample in family.samples)}
    missing = {title: names - there for title, names in asked_for().items() if names - there}
    assert missing == {}
    assert all(asked_for().values())


@in_one_loop
async def test_what_is_there_of_ours_is_what_is_described(watched: Watched) -> None:
    for process, own in (("worker", OF_WORKER), ("portal", OF_PORTAL)):
        families = await watched.families(process)
        ours = {name for name in families if name.startswith("mentoring_")}
        described = {m.name.removesuffix("_total"): m for m in (*OF_BOTH, *own)}
        assert ours == set(described)
        for name, family in families.items():
            for sample in family.samples if name in described else ():
                assert set(sample.labels) == set(described[name].labels)


@in_one_loop
async def test_waiting_is_measured_up_to_where_the_alert_begins(watched: Watched) -> None:
    families = await watched.families("worker")
    for kind, seconds in (("activity", 30), ("workflow_task", 10)):
        family = families[f"temporal_{kind}_schedule_to_start_latency_seconds"]
        steps = {float(s.labels["le"]) for s in family.samples if "le" in s.labels}
        assert any(seconds < step < float("inf") for step in steps), sorted(steps)


@in_one_loop
async def test_traces_lead_from_starter_and_portal_through_the_sandbox_and_hold_ids_only(
    watched: Watched, collector: Collector
) -> None:
    async def find(service: str, beginning: str, workflow: str) -> Span:
        wanted = (f"mentoring-{service}", beginning, workflow)
        return await asyncio.to_thread(collector.wait_for, *wanted)

    program, pair = program_workflow_id(NOWHERE), f"program/{PROGRAM}/pair/pair-1"
    begun = await find("starter", "StartWorkflow:Program", program)
    inside = await find("worker", "RunWorkflow:Program", program)
    done = await find("worker", "RunActivity:", program)
    assert inside.trace_id == begun.trace_id == done.trace_id
    told = await find("portal", "SignalWorkflow:", pair)
    ids = {a.key: a.value.string_value for a in told.attributes}
    assert ids == {"temporalWorkflowID": pair}
    for _, span in collector.spans:
        assert not span.events
        assert not span.status.message
    everything = b"".join(collector.raw)
    words = [name for name, *_ in PEOPLE.values()] + ["example.com", watched.token]
    assert [word for word in words if word.encode() in everything] == []


@in_one_loop
async def test_both_log_one_json_line_an_event_with_ids_and_no_names(watched: Watched) -> None:
    for process in ("worker", "portal"):
        lines = [json.loads(line) for line in watched.log(process).splitlines()]
        assert {line["process"] for line in lines} == {process}
        assert all(line["event"] and line["timestamp"] and line["level"] for line in lines)
        for name, *_ in PEOPLE.values():
            assert name not in watched.log(process)
        assert watched.token not in watched.log(process)
    lines = [json.loads(line) for line in watched.log("worker").splitlines()]
    failed = next(line for line in lines if line["event"] == "activity failed")
    assert failed["program"] == NOWHERE
    assert failed["run"]
    assert failed["attempt"] >= 1
    core = next(line for line in lines if line["logger"] == "temporal")
    assert "temporal_log" not in core


@in_one_loop
async def test_with_temporal_away_the_worker_is_cut_off_and_the_portal_ready(
    watched: Watched,
) -> None:
    await watched.server.shutdown()
    said = await watched.until("worker", "/readyz", "cut_off")
    assert json.loads(said)["why"] == "Temporal can't be reached"
    assert (await watched.ask("worker", "/readyz")).status_code == 503
    assert (await watched.ask("worker", "/healthz")).status_code == 200
    await watched.until("portal", "/readyz", "cut_off")
    assert (await watched.ask("portal", "/readyz")).status_code == 200
    for process in watched.processes.values():
        process.terminate()
    codes = {name: await asyncio.to_thread(p.wait, 40) for name, p in watched.processes.items()}
    assert codes == {"worker": 0, "portal": 0}
