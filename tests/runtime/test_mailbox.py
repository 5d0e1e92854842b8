"""The embedded mailbox keeps what it took, and shows it safely."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from runtime.mailbox import Mailbox, mailbox_pages
from runtime.ports import any_free_port
from runtime.settings import PROJECT


def message(
    subject: str = "Your next session", to: str = "Ada@Example.com", **headers: str
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Mentoring <mentoring@example.com>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = headers.get("message_id", "<one@example.com>")
    mail.set_content("Say how it went: http://localhost:8080/session/abc.def?x=1.\n")
    mail.add_alternative(
        '<p><a href="http://localhost:8080/session/abc.def?x=1&amp;y=2">Say</a></p>'
        "<script>alert(1)</script>",
        subtype="html",
    )
    mail.add_attachment(b"BEGIN:VCALENDAR", "text", "calendar", filename="invite é.ics")
    return mail


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    box = Mailbox(tmp_path / "mailbox.db")
    yield box
    box.close()


@pytest.fixture
def pages(mailbox: Mailbox) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(mailbox_pages(mailbox))
    return httpx.AsyncClient(transport=transport, base_url="http://mailbox")


def put(mailbox: Mailbox, mail: EmailMessage) -> int:
    return mailbox.keep(mail.as_bytes(), [str(mail["To"])])


async def test_a_delivery_is_given_with_its_links_and_attachments(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    number = put(mailbox, message())
    (found,) = (await pages.get("/api/messages")).json()["messages"]
    assert found["id"] == number
    assert found["to"] == ["ada@example.com"]
    assert found["subject"] == "Your next session"
    assert found["message_id"] == "<one@example.com>"
    assert found["links"] == [
        "http://localhost:8080/session/abc.def?x=1",
        "http://localhost:8080/session/abc.def?x=1&y=2",
    ]
    assert found["attachments"] == ["invite é.ics"]
    assert "Say how it went" in found["text"]
    assert "<script>" in found["html"]


async def test_only_later_deliveries_are_given_when_asked_so(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    first, second = put(mailbox, message("a")), put(mailbox, message("b"))
    later = (await pages.get("/api/messages", params={"after": first})).json()["messages"]
    assert [mail["id"] for mail in later] == [second]


async def test_deliveries_are_found_by_address_in_any_case(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    put(mailbox, message(to="ada@example.com"))
    put(mailbox, message("other", to="ben@example.com"))
    found = (await pages.get("/api/messages", params={"to": "BEN@example.com"})).json()["messages"]
    assert [mail["subject"] for mail in found] == ["other"]
    listed = (await pages.get("/", params={"to": "ben@example.com"})).text
    assert "other" in listed
    assert "Your next session" not in listed


def test_the_same_message_twice_is_kept_twice(mailbox: Mailbox) -> None:
    put(mailbox, message())
    put(mailbox, message())
    assert mailbox.count() == 2


async def test_a_subject_cannot_put_markup_into_the_page(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    number = put(mailbox, message("<img src=x onerror=alert(1)>"))
    for path in ("/", f"/message/{number}"):
        assert "<img" not in (await pages.get(path)).text


async def test_the_html_of_a_message_is_locked_in(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    number = put(mailbox, message())
    view = await pages.get(f"/message/{number}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in view.text
    assert "<script>" not in view.text
    body = await pages.get(f"/message/{number}/html")
    rules = body.headers["content-security-policy"]
    assert "sandbox" in rules
    assert "allow-scripts" not in rules
    assert "default-src 'none'" in rules


async def test_an_attachment_is_downloaded_as_it_was(
    mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    number = put(mailbox, message())
    found = await pages.get(f"/message/{number}/attachment/1")
    assert found.content == b"BEGIN:VCALENDAR"
    assert found.headers["content-disposition"] == 'attachment; filename="invite__.ics"'
    assert found.headers["content-type"] == "application/octet-stream"


async def test_what_is_not_there_is_a_404(mailbox: Mailbox, pages: httpx.AsyncClient) -> None:
    number = put(mailbox, message())
    for path in ("/message/99", "/message/99/html", f"/message/{number}/attachment/2"):
        assert (await pages.get(path)).status_code == 404
    assert (await pages.get("/api/messages?after=x")).status_code == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not a message at all",
        b"Content-Type: text/plain; charset=nowhere\n\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nbroken",
        b"Subject: =?utf-8?B?broken\nMessage-ID: <<<\n\nx",
        b"Content-Transfer-Encoding: base64\n\n!!!",
    ],
)
async def test_a_broken_message_is_kept_and_shown_too(
    raw: bytes, mailbox: Mailbox, pages: httpx.AsyncClient
) -> None:
    number = mailbox.keep(raw, ["ada@example.com"])
    for path in ("/", f"/message/{number}", "/api/messages"):
        assert (await pages.get(path)).status_code == 200


def test_an_accepted_message_survives_a_kill(tmp_path: Path) -> None:
    file, smtp_port, http_port = tmp_path / "mailbox.db", any_free_port(), any_free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "runtime.mailbox", "--file", str(file)),
            *("--smtp-port", str(smtp_port), "--http-port", str(http_port)),
        ],
        cwd=PROJECT,
    )
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport, trust_env=False) as web:
            web.get(f"http://127.0.0.1:{http_port}/healthz")
        with smtplib.SMTP("127.0.0.1", smtp_port) as smtp:
            smtp.send_message(message(), to_addrs=["ada@example.com", "ben@example.com"])
            process.kill()
    except smtplib.SMTPServerDisconnected:
        pass  # it was killed before the goodbye
    finally:
        process.kill()
        process.wait()
    box = Mailbox(file)
    (kept,) = box.after(0)
    assert kept.to == ("ada@example.com", "ben@example.com")
    box.close()
