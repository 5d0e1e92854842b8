"""What Python and libraries print past the log, or into it, loses its words on the way."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from google.protobuf import json_format
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient
from temporalio.api.common.v1 import Payload, Payloads

from domain.deeds import Deed, DeedKind
from domain.people import Role
from portal import app as portal_app
from portal.relay import Relay
from runtime.codec_server import create_app
from runtime.payload_codec import ENCODING, Encryption
from store import outbox
from store.links import Purpose
from tests.end_to_end.words import Words
from tests.hostile import ADDRESS, HOSTILE, NAME, WORDS, WROTE
from tests.log_setup import logs_to_set_up
from tests.payload_keys import A
from tests.portal.scene import PROGRAM, Scene, make_scene


@pytest.fixture
def all_logs(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Sets logs up, down to the last detail, when called."""
    with logs_to_set_up(tmp_path, LOG_LEVEL="debug") as set_up:
        yield set_up


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = make_scene(tmp_path)
    yield made
    made.database.close()


def raised(one: Callable[[], None]) -> BaseException:
    try:
        one()
    except BaseException as error:  # noqa: BLE001 - some are no Exception
        return error
    raise AssertionError(f"{one.__name__} raises nothing")


@pytest.mark.parametrize("one", HOSTILE, ids=lambda one: one.__name__)
@pytest.mark.parametrize("readable", ["json", "readable"])
def test_an_error_is_logged_without_its_words(
    tmp_path: Path, one: Callable[[], None], readable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with logs_to_set_up(tmp_path, LOG_FORMAT=readable) as set_up:
        set_up()
        error = raised(one)
        structlog.get_logger("a").error("failed", exc_info=error)
        logging.getLogger("a").error("failed", exc_info=error)
        sys.excepthook(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert Words(WORDS).found_in(said) == []
    assert said.count(type(error).__name__) >= 3
    assert "hostile.py" in said


def test_an_error_in_a_thread_is_logged_without_its_words(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()
    threads = [threading.Thread(target=one) for one in HOSTILE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = capsys.readouterr().err
    assert said.count("a thread was ended by an error") == len(HOSTILE)
    assert Words(WORDS).found_in(said) == []


async def test_an_error_that_nobody_waits_for_is_logged_without_its_words(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()

    async def fails() -> None:
        raise LookupError(NAME)

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    del task
    gc.collect()
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda _: HOSTILE[0](), NAME)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    said = capsys.readouterr().err
    assert "Task exception was never retrieved" in said
    assert "Exception in callback" in said
    assert Words(WORDS).found_in(said) == []


def test_a_warning_says_its_kind_and_its_place(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()
    with warnings.catch_warnings():
        all_logs()
        warnings.simplefilter("always")
        warnings.warn(f"{NAME} is no cell", UserWarning, stacklevel=1)
    said = capsys.readouterr().err
    assert "UserWarning" in said
    assert "test_stray_words.py:" in said
    assert Words(WORDS).found_in(said) == []


def test_a_line_that_cant_be_written_is_not_printed_in_another_way(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()
    logging.getLogger("a").info("%d people", NAME)
    said = capsys.readouterr().err
    assert "a line of a:" in said
    assert Words(WORDS).found_in(said) == []


def test_statements_are_not_logged_with_their_values(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("SELECT :name"), {"name": NAME})
    assert Words(WORDS).found_in(capsys.readouterr().err) == []


def test_a_page_that_fails_logs_no_words(
    scene: Scene,
    all_logs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    all_logs()
    failed = 0
    with TestClient(scene.app(), raise_server_exceptions=False) as browser:
        for one in HOSTILE:
            if not isinstance(raised(one), Exception):
                continue  # ends the request otherwise
            monkeypatch.setattr(portal_app, "receive", lambda *_, one=one: one())
            page = browser.get(scene.url(Purpose.OVERVIEW))
            sent = browser.post(scene.url(Purpose.HELP), data={"text": WROTE, "name": NAME})
            assert {page.status_code, sent.status_code} == {500}, one.__name__
            assert Words(WORDS).found_in(page.text + sent.text) == []
            failed += 2
    said = capsys.readouterr().err
    assert said.count("request failed") == failed
    assert Words(WORDS).found_in(said) == []


async def test_a_relay_that_fails_logs_no_words(
    scene: Scene, all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()

    class Temporal:
        def get_workflow_handle(self, _workflow: str) -> Any:
            raise LookupError(f"{NAME} at {ADDRESS}: {WROTE}")

    relay = Relay(scene.database, Temporal())  # type: ignore[arg-type]
    with scene.database.write() as session:
        deed = Deed(kind=DeedKind.HELP_ASKED, role=Role.MENTOR, at=datetime.now(UTC))
        outbox.add(session, PROGRAM, "pair-1", deed)
    with pytest.raises(LookupError):
        await relay.deliver_once()
    assert Words(WORDS).found_in(capsys.readouterr().err) == []


def test_a_codec_server_that_fails_logs_no_words(
    all_logs: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    all_logs()
    sealed = Payload(metadata={"encoding": ENCODING, "who": NAME.encode()}, data=WROTE.encode())
    body = json_format.MessageToJson(Payloads(payloads=[sealed]))
    app = create_app(Encryption(A), origins=(), token=None)
    with TestClient(app, raise_server_exceptions=False) as browser:
        for sent in (body, WROTE, json.dumps({"payloads": [{"metadata": {NAME: "?"}}]})):
            answer = browser.post("/decode", content=sent)
            assert answer.is_success or Words(WORDS).found_in(answer.text) == []
    assert Words(WORDS).found_in(capsys.readouterr().err) == []
