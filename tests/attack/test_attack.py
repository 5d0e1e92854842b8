"""No attack gets through; and each kind notices where what it is held off by is missing."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session
from uvicorn.protocols.http.h11_impl import H11Protocol

from portal import app, protection
from portal.pages import PAGES
from portal.visits import receive
from store.database import Database
from store.links import Link, LinkInvalid, Links, Purpose
from store.tables import OutboxRow
from tests.attack.by_schema import schemathesis_cases
from tests.attack.everything import KINDS, attack
from tests.attack.ground import Kind, Tally
from tests.attack.links import ReadsUnsigned, out_of_place, tampered
from tests.attack.mails import TO, mails
from tests.attack.requests import bodies, double_clicks, guesses, other_sites, paths, scanners
from tests.attack.slow import slow
from tests.attack.texts import texts


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_gets_through(kind: str) -> None:
    seed = random.SystemRandom().randrange(10**6)
    tally = attack(kind, seed, KINDS[kind][1])
    assert sum(tally.made.values()) > 0
    assert not tally.through, f"make attack ATTACK='--short --seed {seed}'"


def through(make: Kind, times: int) -> list[str]:
    tally = Tally()
    tally.run("broken", make(random.Random(1), times))
    return tally.through


def test_a_portal_that_reads_unsigned_tokens_is_caught() -> None:
    made = through(lambda rng, times: tampered(rng, times, ReadsUnsigned), 52)
    assert any("unsigned" in one for one in made)
    assert any("another person written in" in one for one in made)


def test_a_link_that_can_be_written_in_many_ways_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.links._is_as_we_write", lambda _token: True)
    assert any("spelt otherwise" in one for one in through(tampered, 13))


def test_a_link_that_opens_every_page_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Links.open

    def opens(links: Links, token: str, purpose: Purpose) -> Link:
        for made in Purpose:
            with suppress(LinkInvalid):
                return opened(links, token, made).model_copy(update={"purpose": purpose})
        raise LinkInvalid

    monkeypatch.setattr(Links, "open", opens)
    assert any(" opens " in one for one in through(out_of_place, 10))


def test_a_page_that_fails_on_what_schemathesis_sends_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(visit: Any, form: Any) -> Any:
        raise ValueError

    for page in PAGES.values():
        monkeypatch.setattr(page, "submit", fails)
    assert any("POST" in one and "answered 500" in one for one in through(schemathesis_cases, 1))


def test_a_page_that_writes_when_it_is_opened_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "read", Database.write)
    monkeypatch.setattr(app, "receive", _receive_and_write)
    assert any("changed outbox" in one for one in through(scanners, 60))


def test_a_form_that_counts_twice_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "receive", _receive_and_write)
    assert through(double_clicks, 2)


def _receive_and_write(session: Session, *rest: Any) -> Any:
    """Broken on purpose: whoever comes leaves something behind."""
    session.add(OutboxRow(workflow_id="x", signal="x", argument={}, created_at=datetime.now(UTC)))
    return receive(session, *rest)


@pytest.mark.parametrize(
    ("make", "what", "instead"),
    [
        (other_sites, "portal.protection.Protection._is_from_here", lambda *_: True),
        (bodies, "portal.protection.LARGEST_BODY", 10**9),
        (paths, "portal.app.FastAPI", lambda **how: FastAPI(**how | {"redirect_slashes": True})),
        (guesses, "portal.limits.Limit.count", lambda *_: None),
    ],
)
def test_a_portal_without_a_protection_is_caught(
    monkeypatch: pytest.MonkeyPatch, make: Kind, what: str, instead: object
) -> None:
    monkeypatch.setattr(what, instead)
    assert through(make, 100 if make is paths else 1)


def test_a_name_that_is_markup_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = app._templates().overlay(autoescape=False)
    monkeypatch.setattr(app, "_templates", lambda: pages)
    monkeypatch.setattr("tests.attack.texts.HOSTILE", ["<script>alert(1)</script>"])
    assert any("<script>" in one for one in through(texts, 3))


def test_a_name_that_turns_the_page_over_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "shown_as_it_reads", lambda text: text)
    monkeypatch.setattr("tests.attack.texts.HOSTILE", ["a\u202eb"])
    assert through(texts, 3)


def test_a_page_without_its_headers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(protection._HEADERS, "Referrer-Policy", "origin")
    assert any("referrer-policy" in one for one in through(paths, 3))


def test_a_server_that_waits_for_ever_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.attack.slow.LONGEST", 5.0)
    made = through(lambda rng, times: slow(rng, times, http=H11Protocol), 1)
    assert any("a head letter by letter" in one for one in made)
    assert any("takes nothing" in one for one in made)


def test_a_name_that_ends_a_header_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.mail._for_header", lambda text: " ".join(text.split()))
    monkeypatch.setattr("tests.attack.mails.WORDS", ["=?utf-8?q?=0ABcc:_x=40example.net?="])
    assert through(mails, 10)


def test_a_name_that_is_read_as_an_address_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.mail._recipients", lambda _message: ["mia@x.example", TO])
    assert any("it went to" in one for one in through(mails, 1))
