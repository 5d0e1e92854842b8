"""Where Temporal is and how to get in: from the environment, from files, from profiles."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from temporalio.service import TLSConfig

from domain.problems import BadInput
from runtime.settings import PROJECT, Settings, load_settings
from runtime.temporal import (
    USUAL_ADDRESS,
    connect,
    connection,
    identity,
)
from runtime.ui_links import workflows_address

CLOUD = {
    "TEMPORAL_ADDRESS": "mentoring.a1b2c.tmprl.cloud:7233",
    "TEMPORAL_NAMESPACE": "mentoring.a1b2c",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a machine on which no embedded stack runs."""
    return Settings(var_dir=tmp_path)


@pytest.fixture(autouse=True)
def _no_file_of_the_person_who_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_without_anything_it_is_this_machine(settings: Settings) -> None:
    assert connection(settings, {}) == {"target_host": USUAL_ADDRESS}


def test_an_api_key_turns_tls_on(settings: Settings) -> None:
    config = connection(settings, {**CLOUD, "TEMPORAL_API_KEY": "secret"})
    assert config["target_host"] == CLOUD["TEMPORAL_ADDRESS"]
    assert config["namespace"] == CLOUD["TEMPORAL_NAMESPACE"]
    assert config["api_key"] == "secret"
    assert config["tls"] is True


def test_an_api_key_may_come_from_a_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    given = {**CLOUD, "TEMPORAL_API_KEY_FILE": str(tmp_path / "key")}
    assert connection(settings, given)["api_key"] == "secret"


@pytest.mark.parametrize("held", [None, ""])
def test_an_api_key_file_that_holds_none_names_itself(
    held: str | None, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if held is not None:
        file.write_text(held)
    with pytest.raises(BadInput) as refused:
        connection(settings, {**CLOUD, "TEMPORAL_API_KEY_FILE": str(file)})
    assert [problem.field for problem in refused.value.problems] == ["TEMPORAL_API_KEY_FILE"]


def test_the_ui_s_links_name_the_namespace(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
    cloud = settings.model_copy(update={"temporal_ui_url": "https://cloud.temporal.io"})
    before = workflows_address(cloud)
    assert before == "https://cloud.temporal.io/namespaces/mentoring.a1b2c/workflows"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TEMPORAL_ADDRESS": "elsewhere:7233", "TEMPORAL_NAMESPACE": "a/b"},
        {"TEMPORAL_NAMESPACE": ""},
        {"TEMPORAL_CONFIG_FILE": "{folder}/temporal.toml"},
        {"TEMPORAL_CONFIG_FILE": "{folder}/temporal.toml", "TEMPORAL_NAMESPACE": "over"},
        {"XDG_CONFIG_HOME": "{folder}/xdg"},
    ],
)
def test_the_ui_s_links_name_what_the_connection_does(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    """Most of the time it is not asked, which would load Temporal's client."""
    folder = tmp_path / "xdg" / "temporalio"
    folder.mkdir(parents=True)
    for file in (tmp_path / "temporal.toml", folder / "temporal.toml"):
        file.write_text(f'[profile.default]\nnamespace = "from-{file.parent.name}"\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(folder=tmp_path))
    named = quote(connection(settings).get("namespace") or "default", safe="")
    assert workflows_address(settings).endswith(f"/namespaces/{named}/workflows")


# --- Profiles ------------------------------------------------------------------------------------


def test_a_profile_holds_all_and_a_variable_wins_over_it(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "temporal.toml"
    file.write_text(
        """
        [profile.default]
        address = "elsewhere.example.com:7233"
        [profile.cloud]
        address = "mentoring.a1b2c.tmprl.cloud:7233"
        namespace = "mentoring.a1b2c"
        api_key = "secret"
        """
    )
    given = {"TEMPORAL_CONFIG_FILE": str(file), "TEMPORAL_PROFILE": "cloud"}
    config = connection(settings, given)
    assert config["target_host"] == CLOUD["TEMPORAL_ADDRESS"]
    assert (config["namespace"], config["api_key"], config["tls"]) == (
        "mentoring.a1b2c",
        "secret",
        True,
    )
    other = connection(settings, {**given, "TEMPORAL_NAMESPACE": "trial.a1b2c"})
    assert (other["namespace"], other["api_key"]) == ("trial.a1b2c", "secret")
    usual = connection(settings, {"TEMPORAL_CONFIG_FILE": str(file)})
    assert usual["target_host"] == "elsewhere.example.com:7233"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"TEMPORAL_PROFILE": "cluod"}, "cluod"),
        ({"TEMPORAL_CONFIG_FILE": "broken.toml"}, "TOML"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "gone.pem"}, "gone.pem"),
    ],
)
def test_what_can_t_be_read_is_told_in_words(
    given: dict[str, str],
    told: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text("[profile.default\naddress = secret")
    with pytest.raises(BadInput) as refused:
        connection(settings, {**CLOUD, **given})
    [problem] = refused.value.problems
    assert problem.field == "TEMPORAL_*"
    assert told in problem.message


def test_the_example_of_the_documents_is_read(settings: Settings, tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "configuration.md").read_text("utf-8")
    _, example = text.split("```toml\n")
    file = tmp_path / "temporal.toml"
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    for name in ("client.pem", "client.key"):
        (certificates / name).write_text(name)
    file.write_text(example.split("```")[0].replace("/etc/mentoring", str(certificates)))
    by_key = connection(
        settings,
        {
            "TEMPORAL_CONFIG_FILE": str(file),
            "TEMPORAL_PROFILE": "cloud-key",
            "TEMPORAL_API_KEY": "secret",
        },
    )
    assert (by_key["api_key"], by_key["tls"]) == ("secret", True)
    by_certificate = connection(
        settings, {"TEMPORAL_CONFIG_FILE": str(file), "TEMPORAL_PROFILE": "cloud-certificate"}
    )
    assert isinstance(by_certificate["tls"], TLSConfig)
    assert by_certificate["tls"].client_cert == b"client.pem"
    assert by_certificate["tls"].client_private_key == b"client.key"
    assert {by_key["namespace"], by_certificate["namespace"]} == {CLOUD["TEMPORAL_NAMESPACE"]}


# --- Certificates, on a real handshake -----------------------------------------------------------


@dataclass(frozen=True)
class Certificates:
    """Files of an authority, and of a server and a client that it vouches for."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("authority", authority_key, "authority", authority_key)

    def write(name: str, certificate: x509.Certificate) -> Path:
        file = folder / f"{name}.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def made(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        held = folder / f"{name}.key"
        held.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return write(name, _certificate(name, key, "authority", authority_key)), held

    return Certificates(write("authority", authority), *made("server"), *made("client"))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    def named(one: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])

    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(names, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


async def seen_by_a_server(
    certificates: Certificates, settings: Settings, environment: dict[str, str]
) -> str | None:
    """Whose certificate a server that asks for one is shown; None if no handshake comes about."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.load_cert_chain(certificates.server, certificates.server_key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    seen: list[str] = []

    def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        shown = writer.get_extra_info("peercert")
        seen.extend(value for ((name, value),) in shown["subject"] if name == "commonName")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RuntimeError):  # it speaks no more than TLS
            await connect(settings, {"TEMPORAL_ADDRESS": f"localhost:{port}", **environment})
    return seen[0] if seen else None


def mutual_tls(certificates: Certificates) -> dict[str, str]:
    return {
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(certificates.authority),
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(certificates.client),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(certificates.client_key),
    }


async def test_the_server_is_shown_our_certificate(
    certificates: Certificates, settings: Settings
) -> None:
    given = mutual_tls(certificates)
    assert await seen_by_a_server(certificates, settings, given) == "client"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda given: given.pop("TEMPORAL_TLS_SERVER_CA_CERT_PATH"),
        lambda given: given.update(TEMPORAL_TLS_SERVER_NAME="another.example.com"),
    ],
    ids=["an authority that nobody trusts", "a server with another name"],
)
async def test_a_server_that_is_not_the_one_meant_is_not_talked_to(
    spoil: Callable[[dict[str, str]], object], certificates: Certificates, settings: Settings
) -> None:
    given = mutual_tls(certificates)
    spoil(given)
    assert await seen_by_a_server(certificates, settings, given) is None


def test_temporal_hears_no_name_of_a_computer_that_may_be_a_persons(tmp_path: Path) -> None:
    settings = load_settings({"VAR_DIR": str(tmp_path), "HR_USER": "a.kowalska"})
    assert identity(settings) == f"{os.getpid()}@starter"
    assert identity(settings, "worker") == f"{os.getpid()}@{socket.gethostname()}"
    named = load_settings({"VAR_DIR": str(tmp_path), "MACHINE_NAME": "worker-1"})
    assert identity(named, "worker") == f"{os.getpid()}@worker-1"
    assert identity(named) == f"{os.getpid()}@starter"
