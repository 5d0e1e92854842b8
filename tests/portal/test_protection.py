"""What stands around the pages: headers, limits, the log, and what a failure shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from store.links import Purpose
from tests.portal.scene import Scene, make_scene

SECRET = "I would never say this aloud"


def test_every_answer_carries_the_security_headers(scene: Scene, browser: TestClient) -> None:
    for path in (scene.url(Purpose.OVERVIEW, pair=None), "/join/x", "/nothing", "/healthz"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        )
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "camera=()" in headers["permissions-policy"]
        assert "strict-transport-security" not in headers


def test_a_portal_behind_https_asks_browsers_to_stay_there(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, "https://mentoring.example.com")
    with TestClient(scene.app()) as browser:
        assert "max-age" in browser.get("/healthz").headers["strict-transport-security"]


def test_only_the_stylesheet_may_be_kept(browser: TestClient) -> None:
    answer = browser.get("/static/portal.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/nothing", "/nothing/here", "/join", "/join/a/b"])
def test_an_unknown_address_gets_a_page_that_a_person_understands(
    browser: TestClient, path: str
) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "<h1>We can’t find this page</h1>" in answer.text


def test_an_unusual_method_is_refused(scene: Scene, browser: TestClient) -> None:
    before = scene.everything()
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        assert browser.request(method, scene.url(Purpose.GUIDE)).status_code == 405
    assert browser.post("/healthz").status_code == 405
    assert scene.everything() == before


def test_a_body_larger_than_any_form_is_refused(scene: Scene, browser: TestClient) -> None:
    answer = browser.post(scene.url(Purpose.GOALS), data={"goal_1": "x" * 70_000})
    assert answer.status_code == 413
    assert "more than we can take" in answer.text


def test_a_large_body_that_hides_its_length_is_refused(scene: Scene, browser: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"goal_1=" + b"x" * 1000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.post(scene.url(Purpose.GOALS), content=pieces(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=%ff%zz&&&=", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"no boundary", "multipart/form-data"),
        (b'{"goal_1": "x"}', "application/json"),
        (b"&".join(b"f%d=1" % n for n in range(500)), "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nx\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_form_that_can_not_be_read_changes_nothing_and_is_not_our_failure(
    scene: Scene, browser: TestClient, body: bytes, kind: str
) -> None:
    before = scene.everything()
    headers = {"content-type": kind}
    answer = browser.post(scene.url(Purpose.GOALS), content=body, headers=headers)
    assert answer.status_code in (400, 415, 422)
    assert "<h1>" in answer.text
    assert scene.everything() == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://testserver"}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({}, 303),
    ],
)
def test_a_form_on_another_site_can_not_be_sent_here(
    scene: Scene, browser: TestClient, headers: dict[str, str], status: int
) -> None:
    url = scene.url(Purpose.GUIDE)
    answer = browser.post(url, data={"read": "yes"}, headers=headers, follow_redirects=False)
    assert answer.status_code == status


def test_no_token_and_no_word_of_a_person_is_in_the_log(scene: Scene, browser: TestClient) -> None:
    url = scene.url(Purpose.GOALS)
    token = url.rsplit("/", 1)[1]
    with capture_logs() as logs:
        browser.get(url)
        browser.post(url, data={"goal_1": SECRET, "rating_1": "2"})
        browser.get(f"/book/{token}")
        browser.get(f"/nothing/{token}")
    written = str(logs)
    assert token not in written
    assert SECRET not in written
    assert "Mia" not in written
    assert [(line["route"], line["status"]) for line in logs] == [
        ("/{purpose}/{token}", 200),
        ("/{purpose}/{token}", 303),
        ("/{purpose}/{token}", 200),
        ("/{purpose}/{token}", 404),
        ("/{purpose}/{token}", 404),
    ]


def test_a_failure_of_ours_is_explained_and_leaks_nothing(
    scene: Scene, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError(f"could not write {SECRET}")

    monkeypatch.setattr("store.answers.write_goals", fails)
    with capture_logs() as logs:
        data = {"goal_1": SECRET, "rating_1": "2"}
        answer = browser.post(scene.url(Purpose.GOALS), data=data)
    assert answer.status_code == 500
    assert "It was not your fault" in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert SECRET not in answer.text + str(logs)
    assert logs[0]["error"] == "RuntimeError"
    assert scene.events() == ["program_started"]


def test_the_portal_is_alive_and_ready(scene: Scene, browser: TestClient) -> None:
    assert browser.get("/healthz").json() == {"status": "alive"}
    assert browser.get("/readyz").json() == {"status": "ready", "outbox_seconds": 0}
    browser.post(scene.url(Purpose.TRAINING, occasion="feedback"), data={"read": "yes"})
    assert browser.get("/readyz").json()["status"] == "ready"


def test_without_a_store_the_portal_is_alive_but_not_ready(
    scene: Scene, browser: TestClient
) -> None:
    with scene.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO gone")
        connection.commit()
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").status_code == 503
