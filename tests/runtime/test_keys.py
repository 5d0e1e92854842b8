"""Keys: strong, changed without breaking links that are out, and told nowhere."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from starlette.testclient import TestClient

import worker
from domain.problems import BadInput
from portal import __main__ as portal
from portal.app import create_app
from runtime.link_keys import KEYS_FILE, new_key, own_keys, read_keys
from runtime.secret_files import warn_of_open_files
from runtime.settings import PROJECT, load_settings
from store.links import Link, LinkInvalid, Links, Purpose
from tests import payload_keys
from tests.portal.scene import EXPIRES, PROGRAM, make_scene
from tests.shipped import CONTENT

NOW = datetime.now(UTC)
OLD, NEW = new_key(), new_key()
LINK = Link(
    purpose=Purpose.OVERVIEW, program=PROGRAM, person="p-mia", pair="pair-1", expires=EXPIRES
)


def refusal(tmp_path: Path, **environment: str) -> str:
    with pytest.raises(BadInput) as refused:
        load_settings({"VAR_DIR": str(tmp_path), **environment})
    return "\n".join(map(str, refused.value.problems))


# --- What a key must be like ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (f"{NEW} short", "key 2 has fewer than 32 characters"),
        ("ab" * 32, "key 1 repeats a few characters, so that it can be guessed"),
        (f"{NEW} {OLD} {NEW}", "key 1 is there 2 times"),
        (f"short {'a' * 40}", "key 1 has fewer than 32 characters; key 2 repeats a few"),
    ],
    ids=["short", "pattern", "twice", "two"],
)
def test_a_weak_short_or_repeated_key_of_links_is_refused(
    tmp_path: Path, keys: str, said: str
) -> None:
    told = refusal(tmp_path, LINK_KEYS=keys)
    assert f"environment, LINK_KEYS: {said}" in told
    assert "secrets.token_urlsafe(32)" in told
    assert not any(key in told for key in (NEW, OLD, "short ", "aaa"))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (payload_keys.text_of(bytes(32)), "key 1 repeats a few bytes"),
        (" ".join([payload_keys.text_of(payload_keys.A)] * 2), "key 1 is there 2 times"),
        ("short", "key 1 is not written in base64"),
    ],
)
def test_so_is_one_that_encrypts(tmp_path: Path, keys: str, said: str) -> None:
    told = refusal(tmp_path, PAYLOAD_KEYS=keys)
    assert said in told
    assert keys.split(maxsplit=1)[0] not in told.replace("secrets.token_urlsafe", "")


def test_no_key_that_our_command_makes_is_refused(tmp_path: Path) -> None:
    for _ in range(2_000):
        key = new_key()
        environment = {"VAR_DIR": str(tmp_path), "LINK_KEYS": key, "PAYLOAD_KEYS": key}
        assert load_settings(environment, ("link_keys", "payload_keys")).signing_keys() == (key,)


@pytest.mark.parametrize("main", [worker.main, portal.main], ids=["worker", "portal"])
def test_a_start_without_a_key_is_refused_and_says_how_to_make_one(
    main: Callable[[], int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("LINK_KEYS", "LINK_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "nothing"))
    monkeypatch.setattr(f"{main.__module__}.set_up_logs", lambda *_: None)
    assert main() == 2
    said = capsys.readouterr()
    assert "LINK_KEYS: there is no key to sign the links in messages with." in said.err
    assert "python3 -c" in said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


# --- Changing it ---------------------------------------------------------------------------------


def test_links_that_are_out_open_until_their_key_is_dropped(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    out = Links("http://testserver", [OLD]).url(LINK)

    def opened(keys: list[str], url: str) -> tuple[int, str]:
        links = Links("http://testserver", keys)
        with TestClient(create_app(scene.database, links, CONTENT)) as browser:
            page = browser.get(url)
        return page.status_code, page.text

    both = [NEW, OLD]
    assert opened(both, out)[0] == 200
    assert opened(both, Links("http://testserver", both).url(LINK))[0] == 200
    status, page = opened([NEW], out)
    assert status == 404
    assert "ask the person who is named at its end for a new one" in page
    assert opened([NEW], Links("http://testserver", both).url(LINK))[0] == 200


def keys(var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runtime.keys", *words],
        cwd=PROJECT,
        env={**os.environ, "VAR_DIR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_embedded_stack_s_key_is_changed_by_a_command_that_prints_none(tmp_path: Path) -> None:
    file = own_keys(tmp_path, print)
    first = read_keys(file)
    out = Links("http://x", first).token(LINK)
    made = keys(tmp_path, "new")
    assert made.returncode == 0
    now = read_keys(file)
    assert (len(now), now[1:]) == (2, first)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Links("http://x", now).open(out, Purpose.OVERVIEW) == LINK
    assert [line.split(maxsplit=1)[1] for line in made.stdout.splitlines()] == [
        "signs and opens links",
        "opens links",
    ]
    dropped = keys(tmp_path, "drop")
    assert read_keys(file) == now[:1]
    with pytest.raises(LinkInvalid):
        Links("http://x", read_keys(file)).open(out, Purpose.OVERVIEW)
    last = keys(tmp_path, "drop")
    assert last.returncode == 2
    assert "there is one key only" in last.stderr
    assert read_keys(file) == now[:1]
    said = made.stdout + dropped.stdout + last.stderr
    assert not any(key in said for key in now)


def test_there_is_nothing_to_change_where_no_stack_made_one(tmp_path: Path) -> None:
    done = keys(tmp_path, "new")
    assert (done.returncode, done.stdout) == (2, "")
    assert "LINK_KEYS" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_others_can_read_is_closed_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    file = own_keys(tmp_path, said.append)
    assert said == []
    file.chmod(0o644)
    assert own_keys(tmp_path, said.append) == file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Others could read" in said[0]


def test_a_key_that_is_gone_is_not_made_anew_in_silence(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "store.db").touch()
    own_keys(tmp_path, said.append)
    assert f"{tmp_path / KEYS_FILE} is gone" in said[0]


# --- Told nowhere --------------------------------------------------------------------------------


def test_a_secret_s_file_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(OLD)
    file.chmod(0o644)
    environment = {"LINK_KEYS_FILE": str(file), "PAYLOAD_KEYS_FILE": str(tmp_path / "gone")}
    with structlog.testing.capture_logs() as logged:
        warn_of_open_files(environment)
        file.chmod(0o640)
        warn_of_open_files(environment)
    assert [(line["variable"], line["mode"]) for line in logged] == [("LINK_KEYS_FILE", "0644")]
    assert OLD not in str(logged)


def test_no_key_shows_in_what_is_printed_of_settings_and_links(tmp_path: Path) -> None:
    payload = payload_keys.text_of(payload_keys.A)
    settings = load_settings(
        {"VAR_DIR": str(tmp_path), "LINK_KEYS": f"{NEW} {OLD}", "PAYLOAD_KEYS": payload}
    )
    links = Links("http://x", settings.signing_keys())
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()} "
    shown += f"{links!r} {links.url(LINK)} {LINK!r}"
    assert not any(key in shown for key in (NEW, OLD, payload))


def test_no_key_shows_in_a_traceback_nor_in_a_log_of_one(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = """
import os
from runtime.logs import set_up_logs
from runtime.settings import load_settings
from store.links import Links
import structlog
settings = load_settings()
set_up_logs(settings, "portal")
keys = settings.signing_keys()
links = Links("http://x", keys)
try:
    links.token(None)
except AttributeError:
    structlog.get_logger().exception("failed", settings=settings, links=links)
links.open(keys, None)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "VAR_DIR": str(tmp_path), "LINK_KEYS": NEW, "LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "AttributeError" in said
    assert "ended by an error" in said
    assert NEW not in said
