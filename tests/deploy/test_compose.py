"""The production shape: no engine runs here, so what its file says is checked instead."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from runtime.codec_server import checked
from runtime.settings import PROJECT, Settings, load_settings
from runtime.version import VERSION
from tests.payload_keys import A, text_of
from workflows import search_attributes

COMPOSE: dict[str, Any] = YAML(typ="safe").load(PROJECT / "docker-compose.yml")
PROMETHEUS: dict[str, Any] = YAML(typ="safe").load(
    PROJECT / "deploy" / "prometheus" / "prometheus.yml"
)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOTS = {"temporal-schema", "temporal-namespace", "migrate"}
GIVEN = {
    "POSTGRES_PASSWORD": "pw",
    "LINK_KEYS": "abcdefghhgfedcba" * 2,
    "PORTAL_URL": "https://m.example.com",
}


def substituted(value: str, given: dict[str, str]) -> str:
    """A value as Compose would read it. Raises KeyError for a required variable that is not set."""

    def one(match: re.Match[str]) -> str:
        name, operator, rest = match[1], match[2], match[3]
        if given.get(name):
            return given[name]
        if operator == ":-":
            return rest
        raise KeyError(name)

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", one, value)


def environment_of(service: str) -> dict[str, str]:
    return {
        name: substituted(str(value), GIVEN)
        for name, value in SERVICES[service]["environment"].items()
    }


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == ONE_SHOTS | {
        "postgres",
        "temporal",
        "temporal-ui",
        "mailpit",
        "worker",
        "portal",
        "prometheus",
        "grafana",
        "codec",
    }


def test_who_watches_is_started_only_when_asked_for() -> None:
    asked = {name for name, service in SERVICES.items() if "profiles" in service}
    assert asked == {"prometheus", "grafana", "codec"}
    watch = {name for name in asked if SERVICES[name]["profiles"] == ["watch"]}
    assert watch == asked - {"codec"}
    for name, service in SERVICES.items():
        assert not asked & set(service.get("depends_on", {})), name


def test_every_image_is_pinned_to_a_version() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-\w+)?", service["image"]), name


def test_the_versions_that_belong_together_are_those_that_are_tested() -> None:
    said = subprocess.run(
        [str(Path(sys.executable).parent / "temporal"), "--version"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    server, ui = re.findall(r"(?:Server|UI) (\d+\.\d+\.\d+)", said)
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert SERVICES["temporal-schema"]["image"] == f"temporalio/admin-tools:{server}"
    assert SERVICES["temporal-namespace"]["image"] == f"temporalio/admin-tools:{server}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"


def test_one_version_is_told_everywhere() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    ours = {service["image"] for service in SERVICES.values() if "build" in service}
    assert ours == {f"reverse-mentoring:{VERSION}"}


def test_what_others_wait_for_has_a_health_check() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            expected = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert how["condition"] == expected, f"{name} waits for {other}"
            assert other in ONE_SHOTS or "healthcheck" in SERVICES[other], other


@pytest.mark.parametrize(
    ("service", "after"),
    [
        ("temporal", {"postgres", "temporal-schema"}),
        ("worker", {"postgres", "temporal", "temporal-namespace", "migrate", "mailpit"}),
        ("portal", {"postgres", "migrate"}),
        ("temporal-ui", {"temporal"}),
    ],
)
def test_nothing_starts_before_what_it_needs(service: str, after: set[str]) -> None:
    assert after <= all_before(service)


def all_before(service: str) -> set[str]:
    direct = set(SERVICES[service].get("depends_on", {}))
    return direct.union(*(all_before(other) for other in direct))


def test_the_portal_starts_without_temporal() -> None:
    assert "temporal" not in all_before("portal")


def test_one_shots_end_and_the_others_stay() -> None:
    for name, service in SERVICES.items():
        assert service["restart"].startswith("on-failure") == (name in ONE_SHOTS), name


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|KEY|SECRET|TOKEN", variable):
                given = re.fullmatch(r"\$\{\w+:(\?[^}]+|-)\}", str(value))
                assert given, f"{name}: {variable}"
            for password in re.findall(r"://[^:/@\s]+:([^@]+)@", str(value)):
                assert password.startswith("${"), f"{name}: {variable}"


@pytest.mark.parametrize("missing", list(GIVEN))
def test_without_a_secret_nothing_starts(missing: str) -> None:
    given = {name: value for name, value in GIVEN.items() if name != missing}
    values = [str(v) for one in SERVICES.values() for v in one.get("environment", {}).values()]
    with pytest.raises(KeyError, match=missing):
        [substituted(value, given) for value in values]


@pytest.mark.parametrize("service", ["migrate", "worker", "portal"])
def test_our_parts_get_settings_that_are_valid(service: str) -> None:
    environment = environment_of(service)
    settings = load_settings(environment)
    assert settings.signing_keys() == (GIVEN["LINK_KEYS"],)
    assert settings.database == "postgresql://mentoring:pw@postgres/mentoring"
    assert settings.mail_server.host == "mailpit"
    known = {name.upper() for name in Settings.model_fields}
    assert {n for n in environment if not n.startswith("TEMPORAL_")} <= known


@pytest.mark.parametrize("service", ["worker", "portal"])
def test_worker_and_portal_answer_watchers_inside_only(service: str) -> None:
    settings = load_settings(environment_of(service))
    assert settings.watch_host == "0.0.0.0"
    assert not any(str(settings.watch_port) in p for p in SERVICES[service].get("ports", []))
    (scraped,) = (job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == service)
    (found,) = scraped["dns_sd_configs"]
    assert (found["names"], found["port"]) == ([service], settings.watch_port)


def test_the_worker_is_healthy_when_it_is_ready() -> None:
    port = load_settings(environment_of("worker")).watch_port
    assert f"127.0.0.1:{port}/readyz" in SERVICES["worker"]["healthcheck"]["test"][-1]


def test_the_codec_server_has_the_keys_no_other_secret_and_a_network_of_its_own() -> None:
    codec, worker = SERVICES["codec"], SERVICES["worker"]
    assert codec["profiles"] == ["codec"]
    keys = {name for name in worker["environment"] if name.startswith("PAYLOAD_")}
    assert keys == {"PAYLOAD_KEYS", "PAYLOAD_READ_KEYS"}
    assert keys <= set(codec["environment"])
    assert not {"DATABASE_URL", "LINK_KEYS", "SMTP_URL"} & set(codec["environment"])
    assert [name for name, one in SERVICES.items() if "codec" in one.get("networks", [])] == [
        "codec"
    ]
    assert set(COMPOSE["networks"]) == {"codec"}
    settings = load_settings(environment_of("codec") | {"PAYLOAD_KEYS": text_of(A)})
    assert checked(settings).seals_with
    assert f"127.0.0.1:{settings.codec_port}:{settings.codec_port}" in codec["ports"]
    assert SERVICES["temporal-ui"]["environment"]["TEMPORAL_CODEC_ENDPOINT"] == "${CODEC_URL:-}"


@pytest.mark.parametrize("service", ["migrate", "worker", "portal", "codec"])
def test_our_parts_can_write_nothing_and_gain_no_rights(service: str) -> None:
    assert SERVICES[service]["read_only"] is True
    assert SERVICES[service]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[service]["security_opt"]


def test_only_this_machine_reaches_the_published_ports() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), name


def test_mounted_files_are_in_the_repository() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = str(volume).split(":", 1)[0]
            assert source in COMPOSE["volumes"] or (PROJECT / source).is_file(), source


def test_the_server_reads_its_dynamic_config_where_it_is_mounted() -> None:
    server = SERVICES["temporal"]
    path = server["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    assert any(path in volume.split(":") for volume in server["volumes"])
    config = YAML(typ="safe").load(PROJECT / "deploy/temporal/dynamicconfig.yaml")
    assert all("value" in entry for entries in config.values() for entry in entries)


def test_commands_name_programs_that_exist() -> None:
    for service in ("migrate", "worker", "portal", "codec"):
        _python, *rest = SERVICES[service]["command"]
        if rest[0] == "-m":
            module = PROJECT / rest[1].replace(".", "/")
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists()
        else:
            assert (PROJECT / rest[0]).exists()


async def test_the_namespace_script_registers_what_the_workflows_use() -> None:
    temporal = Path(sys.executable).parent / "temporal"
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(temporal), dev_server_log_level="error"
    ) as server:
        address = server.client.service_client.config.target_host
        for namespace in ("default", "mentoring", "mentoring"):
            subprocess.run(
                ["/bin/sh", str(PROJECT / "deploy/temporal/namespace.sh")],
                env={
                    "PATH": f"{temporal.parent}:{os.environ['PATH']}",
                    "HOME": "/nonexistent",
                    "TEMPORAL_ADDRESS": address,
                    "TEMPORAL_NAMESPACE": namespace,
                },
                capture_output=True,
                check=True,
            )
            listed = await server.client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=namespace)
            )
            assert {k.name: int(k.indexed_value_type) for k in search_attributes.ALL}.items() <= (
                dict(listed.custom_attributes).items()
            )


# --- The image -----------------------------------------------------------------------------------

DOCKERFILE = (PROJECT / "Dockerfile").read_text().splitlines()


def test_the_image_runs_as_nobody_in_particular() -> None:
    users = [line.split()[1] for line in DOCKERFILE if line.startswith("USER ")]
    assert users
    assert users[-1].split(":")[0] not in ("root", "0")
    assert DOCKERFILE.index(f"USER {users[-1]}") > max(
        number for number, line in enumerate(DOCKERFILE) if line.startswith("COPY ")
    )


def test_the_image_has_a_fixed_user_no_pip_and_says_whether_it_is_well() -> None:
    (user,) = (line.split()[1] for line in DOCKERFILE if line.startswith("USER "))
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", user)
    assert "--without-pip" in "\n".join(DOCKERFILE)
    check = DOCKERFILE[next(n for n, x in enumerate(DOCKERFILE) if x.startswith("HEALTHCHECK")) + 1]
    given = json.loads(check.split("CMD", 1)[1])
    compile(given[-1], "HEALTHCHECK", "exec")
    assert "/readyz" in given[-1]
    assert any("WATCH_PORT=" in line for line in DOCKERFILE)


def test_the_image_is_built_on_a_pinned_version_and_locked_packages() -> None:
    bases = {line.split()[1] for line in DOCKERFILE if line.startswith("FROM ")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases.pop())
    assert any("--require-hashes -r requirements.txt" in line for line in DOCKERFILE)


def test_the_image_holds_every_package_of_ours_and_only_those() -> None:
    copied = {line.split()[1] for line in DOCKERFILE if re.match(r"COPY [a-z]+ ", line)}
    not_needed = {"tests", "bench", "deploy", "docs"}
    packages = {file.parent.name for file in PROJECT.glob("*/__init__.py")} - not_needed
    assert packages | {"content", "examples"} == copied
    ignore = (PROJECT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(ignore)
    assert "*" in ignore
