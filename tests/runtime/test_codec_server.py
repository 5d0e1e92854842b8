"""The codec server speaks the UI's protocol, and answers nobody else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from starlette.testclient import TestClient
from temporalio.api.common.v1 import Payload, Payloads

from domain.problems import BadInput
from runtime.codec_server import LARGEST_BODY, checked, create_app, main, origins
from runtime.payload_codec import ENCODING, Encryption
from runtime.payload_keys import key_id
from runtime.settings import load_settings
from tests.payload_keys import A, B, text_of

UI = "https://temporal.example.com"
ASKED = {"Origin": UI, "X-Namespace": "default", "Content-Type": "application/json"}
TOKEN = "t" * 32
PLAIN: dict[str, Any] = {
    "metadata": {"encoding": base64.b64encode(b"json/plain").decode()},
    "data": base64.b64encode(b'{"pair":"m-1"}').decode(),
}


@pytest.fixture
def server() -> TestClient:
    return TestClient(create_app(Encryption(A, [B]), (UI,)))


async def sealed(key: bytes = A) -> dict[str, Any]:
    [payload] = await Encryption(key).encode([json_format.ParseDict(PLAIN, Payload())])
    return json_format.MessageToDict(payload)


async def test_what_was_sealed_is_shown(server: TestClient) -> None:
    asked = {"payloads": [await sealed(A), PLAIN, await sealed(B)], "an": "unknown field"}
    answer = server.post("/decode", json=asked, headers=ASKED)
    assert answer.status_code == 200
    assert answer.json() == {"payloads": [PLAIN] * 3}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


async def test_what_an_operator_types_is_sealed(server: TestClient) -> None:
    answer = server.post("/encode", json={"payloads": [PLAIN]}, headers=ASKED)
    [payload] = json_format.ParseDict(answer.json(), Payloads()).payloads
    assert payload.metadata["encoding"] == ENCODING
    [opened] = await Encryption(A).decode([payload])
    assert json_format.MessageToDict(opened) == PLAIN


def test_only_the_end_of_the_path_counts(server: TestClient) -> None:
    for path in ("/codec/default/decode", "/a/b/encode", "/decode"):
        assert server.post(path, json={"payloads": []}, headers=ASKED).status_code == 200
    assert server.post("/other", json={}, headers=ASKED).status_code == 404
    assert server.get("/decode", headers=ASKED).status_code == 405
    assert server.get("/healthz").text == "ok"


def test_a_browser_may_ask_for_the_pages_of_the_ui(server: TestClient) -> None:
    preflight = server.options(
        "/decode",
        headers={
            "Origin": UI,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-namespace,authorization",
        },
    )
    assert preflight.status_code == 200
    answer = server.post("/decode", json={"payloads": []}, headers=ASKED)
    for given in (preflight, answer):
        assert given.headers["access-control-allow-origin"] == UI
        assert given.headers["access-control-allow-credentials"] == "true"


async def test_the_page_of_another_site_gets_nothing(server: TestClient) -> None:
    other = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    assert server.options("/decode", headers=other).status_code == 400
    body = {"payloads": [await sealed()]}
    for origin in ("https://evil.example.com", "null", f"{UI}.evil.example.com"):
        answer = server.post("/decode", json=body, headers=ASKED | {"Origin": origin})
        assert answer.status_code == 403
        assert PLAIN["data"] not in answer.text
        assert "access-control-allow-origin" not in answer.headers


async def test_where_there_is_a_token_only_who_sends_it_is_answered() -> None:
    server = TestClient(create_app(Encryption(A), (UI,), TOKEN))
    body = {"payloads": [await sealed()]}
    for wrong in ({}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}x"}):
        answer = server.post("/decode", json=body, headers=ASKED | wrong)
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == UI  # so that the UI can say so
        assert PLAIN["data"] not in answer.text
    right = {"Authorization": f"Bearer {TOKEN}"}
    assert server.post("/decode", json=body, headers=right).json() == {"payloads": [PLAIN]}


@pytest.mark.parametrize(
    "body",
    [b"", b"not json m-1", b'{"payloads": 7}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_payloads_message_is_refused_without_repeating_it(
    server: TestClient, body: bytes
) -> None:
    answer = server.post("/decode", content=body, headers=ASKED)
    assert (answer.status_code, answer.text) == (400, "This is not a Payloads message as JSON.")


def test_more_than_temporal_could_hold_is_refused(server: TestClient) -> None:
    answer = server.post("/decode", content=b" " * (LARGEST_BODY + 1), headers=ASKED)
    assert answer.status_code == 413


async def test_a_key_that_is_missing_is_named() -> None:
    server = TestClient(create_app(Encryption(B), (UI,)))
    answer = server.post("/decode", json={"payloads": [await sealed(A)]}, headers=ASKED)
    assert answer.status_code == 422
    assert key_id(A) in answer.text
    assert "m-1" not in answer.text


async def test_what_was_changed_is_not_shown(server: TestClient) -> None:
    payload = await sealed()
    data = bytearray(base64.b64decode(payload["data"]))
    data[20] ^= 1
    payload["data"] = base64.b64encode(data).decode()
    answer = server.post("/decode", json={"payloads": [payload]}, headers=ASKED)
    assert (answer.status_code, "it was changed" in answer.text) == (422, True)


# --- Settings ------------------------------------------------------------------------------------


def settings_of(folder: Path, **environment: str) -> Any:
    return load_settings({"VAR_DIR": str(folder), **environment})


def test_without_a_key_or_open_to_everybody_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        checked(settings_of(tmp_path, CODEC_HOST="0.0.0.0"))
    told = {problem.field: str(problem) for problem in refused.value.problems}
    assert "Make one with: python3 -c" in told["PAYLOAD_KEYS"]
    assert "CODEC_TOKEN" in told["CODEC_HOST"]


@pytest.mark.parametrize(
    "guarded",
    [
        {"CODEC_HOST": "::1"},
        {"CODEC_HOST": "0.0.0.0", "CODEC_TOKEN": TOKEN},
        {"CODEC_HOST": "0.0.0.0", "CODEC_TRUST_NETWORK": "true"},
    ],
)
def test_a_guarded_one_starts(guarded: dict[str, str], tmp_path: Path) -> None:
    assert checked(settings_of(tmp_path, PAYLOAD_KEYS=text_of(A), **guarded)).seals_with


def test_a_short_token_and_a_wrong_site_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        settings_of(tmp_path, CODEC_TOKEN="topsecret", CODEC_ORIGINS="temporal.example.com")
    told = {problem.field: str(problem) for problem in refused.value.problems}
    assert set(told) == {"CODEC_TOKEN", "CODEC_ORIGINS"}
    assert "topsecret" not in json.dumps(told)


def test_the_ids_of_keys_are_told_without_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PAYLOAD_KEYS", f"{text_of(B)},{text_of(A)}")
    monkeypatch.setattr("sys.argv", ["codec_server", "--ids"])
    assert main() == 0
    told = capsys.readouterr().out
    assert told == f"{key_id(B)}  encrypts and decrypts\n{key_id(A)}  decrypts\n"
    monkeypatch.setenv("PAYLOAD_KEYS", "topsecret")
    assert main() == 2
    assert "PAYLOAD_KEYS: key 1" in capsys.readouterr().err


def test_the_sites_that_may_ask(tmp_path: Path) -> None:
    local = settings_of(tmp_path, TEMPORAL_UI_URL="http://localhost:8234/ui")
    assert origins(local) == ("http://localhost:8234", "http://127.0.0.1:8234")
    assert origins(settings_of(tmp_path, TEMPORAL_UI_URL="https://Cloud.temporal.io")) == (
        "https://cloud.temporal.io",
    )
    several = settings_of(tmp_path, CODEC_ORIGINS="https://a.example.com, https://b.example.com/x")
    assert origins(several) == ("https://a.example.com", "https://b.example.com")
