"""Links that are not right, or not any more."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sqlite3
import string
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from itsdangerous import URLSafeSerializer
from sqlalchemy import update

from domain.journal import EventKind
from store.links import Links, Purpose
from store.tables import ParticipantRow
from tests.attack.ground import Attack, GotThrough, Ground, form_of, ground, some
from tests.portal.scene import STARTED

ALPHABET = string.ascii_letters + string.digits + "-_"

STILL_TAKEN = {
    "left": {Purpose.DATA, Purpose.SAFETY, Purpose.SURVEY},
    "over": {
        Purpose.DATA,
        Purpose.SAFETY,
        Purpose.CONTINUE,
        Purpose.CERTIFICATE,
        Purpose.OVERVIEW,
        Purpose.AWAY,
        Purpose.GROUP,
    },
}
"""What people may do after they left, and after the end: see what is held about them, say that they
do not feel safe, why they leave, whether they go on and whether they came to a date that is past,
and be away or leave before a follow-up. All else changes nothing."""


def tampered(rng: random.Random, times: int, links: type[Links] = Links) -> Iterator[Attack]:
    """Right links with something changed, cut off, put in or signed by somebody else."""
    with ground(links=links) as here:
        ways = _WAYS
        purposes = list(Purpose)
        for number in range(max(times, len(ways))):
            name, way = ways[number % len(ways)]
            purpose = purposes[number % len(purposes)]
            yield Attack(f"{name} ({purpose})", _Tampering(here, purpose, way, rng))


class _Tampering:
    def __init__(
        self,
        here: Ground,
        purpose: Purpose,
        way: Callable[[Ground, str, random.Random], str],
        rng: random.Random,
    ) -> None:
        self._here, self._purpose, self._way, self._rng = here, purpose, way, rng

    def __call__(self) -> None:
        right = self._here.url(self._purpose).rpartition("/")[2]
        wrong = self._way(self._here, right, self._rng)
        if wrong == right:
            return
        path = f"/{self._purpose}/{wrong}"
        with self._here.unchanged():
            self._here.refused(self._here.ask("GET", path), 404)
            answer = self._here.ask("POST", path, data=form_of(self._purpose))
            self._here.refused(answer, 404, 405)


def _flipped(here: Ground, token: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + rng.choice(ALPHABET) + token[place + 1 :]


def _spelt_otherwise(here: Ground, token: str, rng: random.Random) -> str:
    last = ALPHABET_OF_BASE64.index(token[-1])
    return token[:-1] + ALPHABET_OF_BASE64[last ^ rng.randrange(1, 4)]


ALPHABET_OF_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def _filled(here: Ground, token: str, rng: random.Random) -> str:
    place = rng.randrange(token.rindex(".") + 1, len(token) + 1)
    return (
        token[:place]
        + rng.choice(["=", "!", "%20", "%C3%BC", "%00", "%0d%0a", "~"])
        + token[place:]
    )


def _longer(here: Ground, token: str, rng: random.Random) -> str:
    return token + rng.choice([rng.choice(ALPHABET), ".", "." + token, "=="])


def _shorter(here: Ground, token: str, rng: random.Random) -> str:
    return token[: rng.randrange(1, len(token))]


def _turned(here: Ground, token: str, rng: random.Random) -> str:
    return token.swapcase()


def _grafted(here: Ground, token: str, rng: random.Random) -> str:
    other = here.url(rng.choice(list(Purpose)), person="p-theo").rpartition("/")[2]
    return other.rpartition(".")[0] + "." + token.rpartition(".")[2]


def _unsigned(here: Ground, token: str, rng: random.Random) -> str:
    payload = token.rpartition(".")[0]
    return payload + rng.choice(["", ".", ".A", "." + "A" * 43, ".none", ".0"])


def _rewritten(here: Ground, token: str, rng: random.Random) -> str:
    payload, _, signature = token.rpartition(".")
    fields = json.loads(_unpacked(payload))
    place = rng.randrange(len(fields))
    fields[place] = rng.choice(["p-theo", "coordinator", 2**40, None, {"a": 1}, "pair-2"])
    return _packed(json.dumps(fields).encode()) + "." + signature


def _by_another_key(here: Ground, token: str, rng: random.Random) -> str:
    fields = json.loads(_unpacked(token.rpartition(".")[0]))
    key = rng.choice(["k" * 31, "", "K" * 32, "portal link 1"]) or "x"
    return _signed(fields, key, "portal link 1", hashlib.sha256)


def _by_another_method(here: Ground, token: str, rng: random.Random) -> str:
    fields = json.loads(_unpacked(token.rpartition(".")[0]))
    salt, digest = rng.choice(
        [
            ("portal link 1", hashlib.sha1),
            ("portal link 1", hashlib.md5),
            ("portal link 1", hashlib.sha512),
            ("itsdangerous", hashlib.sha256),
        ]
    )
    return _signed(fields, "k" * 32, salt, digest)


def _a_web_token(here: Ground, token: str, rng: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(b'{"purpose":"data","person":"p-mia"}').rstrip(b"=").decode()
    return f"{head}.{body}."


def _a_bomb(here: Ground, token: str, rng: random.Random) -> str:
    return _packed(b"[" * 20_000_000) + ".AAAA"


_WAYS: list[tuple[str, Callable[[Ground, str, random.Random], str]]] = [
    ("one letter changed", _flipped),
    ("the last letter spelt otherwise", _spelt_otherwise),
    ("signs between", _filled),
    ("longer", _longer),
    ("shorter", _shorter),
    ("capitals for small letters", _turned),
    ("another's payload", _grafted),
    ("unsigned", _unsigned),
    ("another person written in", _rewritten),
    ("signed with another key", _by_another_key),
    ("signed by another method", _by_another_method),
    ("a token that says that it is not signed", _a_web_token),
    ("a payload that unpacks to very much", _a_bomb),
]


def _packed(payload: bytes) -> str:
    return "." + base64.urlsafe_b64encode(zlib.compress(payload)).rstrip(b"=").decode()


def _unpacked(payload: str) -> bytes:
    raw = base64.urlsafe_b64decode(payload.lstrip(".") + "===")
    return zlib.decompress(raw) if payload.startswith(".") else raw


def _signed(fields: object, key: str, salt: str, digest: object) -> str:
    signer = URLSafeSerializer(key, salt=salt, signer_kwargs={"digest_method": digest})
    return str(signer.dumps(fields))


class ReadsUnsigned(Links):
    """Broken on purpose: takes what a token says without looking who signed it."""

    def open(self, token: str, purpose: Purpose):  # type: ignore[no-untyped-def]
        """Read a token, whoever made it."""
        try:
            fields = json.loads(_unpacked(token.rpartition(".")[0]))
            return super().open(_signed(fields, "k" * 32, "portal link 1", hashlib.sha256), purpose)
        except (ValueError, TypeError, zlib.error):
            return super().open(token, purpose)


def out_of_place(rng: random.Random, times: int) -> Iterator[Attack]:
    """Links that we signed: for another page, about another's pair, too late, of who has gone."""
    with ground() as here:
        pairs = [(made, opened) for made in Purpose for opened in Purpose if made is not opened]
        for made, opened in some(rng, pairs, times):
            path = here.url(made).replace(f"/{made}/", f"/{opened}/")
            yield _nothing(here, f"{made} opens {opened}", path, form_of(opened), 404, 405)
        late = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
        for purpose in some(rng, list(Purpose), times):
            path = here.url(purpose, expires=late)
            yield _nothing(here, f"expired {purpose}", path, form_of(purpose), 410)
        others = [
            (purpose, about)
            for purpose in Purpose
            for about in ({"pair": "pair-2"}, {"person": "p-nobody"}, {"person": "coordinator"})
            if purpose not in (Purpose.TASK, Purpose.APPROVAL)
        ]
        for purpose, about in some(rng, others, times):
            path = here.url(purpose, **about)
            yield _nothing(here, f"{purpose} of {about}", path, form_of(purpose), 404)
        path = here.url(Purpose.TASK, person="p-mia")
        yield _nothing(here, "a participant as HR", path, form_of(Purpose.TASK), 404)
    with ground() as here:
        with here.scene.database.write() as session:
            session.execute(
                update(ParticipantRow)
                .where(ParticipantRow.person_id == "p-mia")
                .values(withdrew_at=STARTED)
            )
        yield from some(rng, list(_closed(here, "left")), times)
    with ground() as here:
        here.scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
        yield from some(rng, list(_closed(here, "over")), times)
    with ground() as here:
        _erase(here, "p-mia")
        for purpose in some(rng, [one for one in Purpose if one is not Purpose.TASK], times):
            path = here.url(purpose)
            yield _nothing(here, f"{purpose} of who was erased", path, form_of(purpose), 404)


def _erase(here: Ground, person: str) -> None:
    """Take somebody's rows away, as if they had never been."""
    file = here.scene.database.engine.url.database
    with sqlite3.connect(str(file)) as connection:
        connection.execute("DELETE FROM participants WHERE person_id = ?", (person,))
        connection.execute("DELETE FROM people WHERE id = ?", (person,))
    connection.close()


def _nothing(here: Ground, name: str, path: str, form: dict[str, str], *statuses: int) -> Attack:
    def attempt() -> None:
        with here.unchanged():
            here.refused(here.ask("GET", path), *statuses)
            here.refused(here.ask("POST", path, data=form), *statuses)

    return Attack(name, attempt)


def _closed(here: Ground, why: str) -> Iterator[Attack]:
    for purpose in Purpose:
        if purpose in STILL_TAKEN[why] or purpose is Purpose.TASK:
            continue
        if purpose is Purpose.APPROVAL and why == "left":
            continue  # the manager's link is not Mia's

        def attempt(purpose: Purpose = purpose) -> None:
            with here.unchanged():
                here.ask("GET", here.url(purpose))
                answer = here.ask("POST", here.url(purpose), data=form_of(purpose))
                if answer.status_code not in (303, 404, 410, 422):
                    raise GotThrough(f"answered {answer.status_code}")

        yield Attack(f"{purpose} of who is {why}", attempt)
