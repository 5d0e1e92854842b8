"""What schemathesis makes of the portal, the watchers' port and the codec server.

None of them publishes a schema. The portal's is written here: one path a page, whose tokens are
right ones, so that what is sent gets past the door.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient

from portal.relay import Relay
from runtime.codec_server import create_app as codec_app
from runtime.payload_codec import Encryption
from runtime.settings import load_settings
from runtime.watching.health import PortalHealth
from runtime.watching.watch import Watch
from store.links import Purpose
from tests.attack.ground import Attack, GotThrough, check_answer, form_of, ground, some
from tests.payload_keys import A
from tests.portal.test_pages import SENDS

_CHECKS = ("not_a_server_error", "content_type_conformance", "response_schema_conformance")

SOME = 5
"""Addresses of each that are tried at least."""

_HTML = {"text/html": {"schema": {"type": "string"}}}
_PAGE = {"default": {"description": "A page", "content": _HTML}}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


def _field(good: str) -> dict[str, Any]:
    return {"anyOf": [{"enum": [good]}, {"type": "string", "maxLength": 3000}]}


def _path(token: dict[str, Any], purpose: Purpose) -> dict[str, Any]:
    form = {"type": "object", "properties": {k: _field(v) for k, v in form_of(purpose).items()}}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}}
    given_token = {"name": "token", "in": "path", "required": True, "schema": token}
    done = {"name": "done", "in": "query", "schema": {"type": "string", "maxLength": 300}}
    file = {"application/json": {"schema": {"type": "object"}}}
    sent = {
        "200": {"description": "A file", "content": file},
        "303": {"description": "On to the page that says thanks"},
        **_PAGE,
    }
    return {
        "get": {"parameters": [given_token, done], "responses": _PAGE},
        "post": {"parameters": [given_token], "requestBody": body, "responses": sent},
    }


def _schema(paths: dict[str, Any]) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "All", "version": "1"}, "paths": paths}


def portal_schema(tokens: dict[Purpose, str]) -> dict[str, Any]:
    """The portal's pages, with these tokens as the right ones."""
    paths = {
        f"/{purpose}/{{token}}": _path({"enum": [tokens[purpose]]}, purpose) for purpose in Purpose
    }
    paths["/join/{token}"]["get"]["parameters"][0]["schema"] = {"type": "string", "minLength": 1}
    paths["/"] = {"get": {"responses": _PAGE}}
    answers = {"default": {"description": "", "content": {"application/json": {"schema": {}}}}}
    paths |= {path: {"get": {"responses": answers}} for path in ("/healthz", "/readyz")}
    return _schema(paths)


def _watch_schema() -> dict[str, Any]:
    json = {"default": {"description": "", "content": {"application/json": {"schema": {}}}}}
    text = {"default": {"description": "", "content": _TEXT}}
    return _schema(
        {
            "/healthz": {"get": {"responses": json}},
            "/readyz": {"get": {"responses": json}},
            "/metrics": {"get": {"responses": text}},
        }
    )


def _codec_schema() -> dict[str, Any]:
    pair = {"type": "object", "additionalProperties": {"type": "string"}}
    payload = {"type": "object", "properties": {"metadata": pair, "data": {"type": "string"}}}
    body = {"type": "object", "properties": {"payloads": {"type": "array", "items": payload}}}
    post = {
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {
            "200": {"description": "", "content": {"application/json": {"schema": body}}},
            "default": {"description": "", "content": _TEXT},
        },
    }
    return _schema({"/decode": {"post": post}, "/codec/default/encode": {"post": post}})


def schemathesis_cases(rng: random.Random, times: int) -> Iterator[Attack]:
    """So many requests to each address that fit its description, and as many that don't."""
    with ground() as here:
        tokens = {purpose: here.url(purpose).rpartition("/")[2] for purpose in Purpose}
        assert set(SENDS) <= set(tokens)
        yield from _tried(portal_schema(tokens), here.client, rng, times, check_answer)
        watch = Watch(load_settings({"WATCH_PORT": "1"}), here.scene.database, sends=False)
        health = PortalHealth(Relay(here.scene.database, None))  # type: ignore[arg-type]
        client = TestClient(watch.app(health), raise_server_exceptions=False)
        yield from _tried(_watch_schema(), client, rng, times, _no_failure)
    codec = TestClient(
        codec_app(Encryption(A), ("https://ui.example",)), raise_server_exceptions=False
    )
    yield from _tried(_codec_schema(), codec, rng, times, _no_failure)


def _no_failure(answer: Any) -> None:
    if answer.status_code >= 500 and answer.request.url.path != "/readyz":
        raise GotThrough(f"answered {answer.status_code}")


def _tried(
    raw: dict[str, Any],
    client: TestClient,
    rng: random.Random,
    times: int,
    check: Callable[[Any], None],
) -> Iterator[Attack]:
    schema = schemathesis.openapi.from_dict(raw)
    wanted: list[Any] = [CHECKS.get_one(name) for name in _CHECKS]
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    for operation in some(rng, operations, max(SOME, times)):
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
            cases: list[Case[Any]] = []
            _collect(operation, mode, rng.randrange(2**32), times, cases)
            for case in cases:

                def attempt(case: Case[Any] = case) -> None:
                    answer = _call(case, client)
                    check(answer)
                    try:
                        case.validate_response(answer, checks=wanted)
                    except FailureGroup as failures:
                        raise GotThrough("; ".join(str(f) for f in failures.exceptions)) from None

                yield Attack(f"{operation.label}, {mode.value}", attempt)


def _collect(
    operation: Any, mode: GenerationMode, number: int, times: int, cases: list[Case[Any]]
) -> None:
    @seed(number)
    @settings(
        max_examples=times,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=operation.as_strategy(mode))
    def collect(case: Case[Any]) -> None:
        cases.append(case)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            collect()
        except Exception as error:
            if "Impossible" not in repr(error) and "Unsatisfiable" not in type(error).__name__:
                raise


def _call(case: Case[Any], client: TestClient) -> Any:
    prepared = requests.Request(**case.as_transport_kwargs(base_url=str(client.base_url))).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    return client.request(
        str(prepared.method),
        str(prepared.url),
        headers=[(_bytes(name), _bytes(value)) for name, value in prepared.headers.items()],
        content=cast("bytes | None", body),
    )


def _bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else value
