"""Requests that no page of ours makes: of scanners, of other sites, twice, odd ones."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from portal.limits import Limits
from portal.protection import LARGEST_BODY
from store.links import Purpose
from tests.attack.ground import BASE, Attack, GotThrough, Ground, form_of, ground, some

EVIL = "evil.example.net"


def scanners(rng: random.Random, times: int) -> Iterator[Attack]:
    """Who opens links without being asked: by every method but the one of a form."""
    dones = ("", "?done=1", "?done=again", "?done=sure-close", "?done=copy-1", "?done=%00&done=x")
    with ground() as here:
        every = [
            (purpose, method, done)
            for purpose in Purpose
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE")
            for done in dones
            if method in ("GET", "HEAD") or not done
        ]
        for purpose, method, done in some(rng, every, times):

            def attempt(purpose: Purpose = purpose, method: str = method, done: str = done) -> None:
                with here.unchanged():
                    answer = here.ask(method, here.url(purpose) + done)
                    wanted = (200, 404, 410) if method in ("GET", "HEAD") else (405,)
                    if answer.status_code not in wanted:
                        raise GotThrough(f"answered {answer.status_code}")

            yield Attack(f"{method} {purpose}{done}", attempt)


def double_clicks(rng: random.Random, times: int) -> Iterator[Attack]:
    """The same form again: by a second click, by the button of back, by a proxy that repeats."""
    every = [(purpose, at_once) for purpose in Purpose for at_once in (False, True)]
    for purpose, at_once in some(rng, every, times):

        def attempt(purpose: Purpose = purpose, at_once: bool = at_once) -> None:
            with ground() as once, ground() as often:
                _send(once, purpose)
                if at_once:
                    with ThreadPoolExecutor(4) as pool:
                        list(pool.map(lambda _: _send(often, purpose), range(4)))
                else:
                    for _ in range(4):
                        _send(often, purpose)
                wanted, found = (
                    {n: len(r) for n, r in g.scene.everything().items()} for g in (once, often)
                )
                if found != wanted:
                    raise GotThrough(f"{found} in place of {wanted}")

        yield Attack(f"{purpose} four times, {'at once' if at_once else 'in turn'}", attempt)


def _send(here: Ground, purpose: Purpose) -> None:
    # Without `ask`: what is logged is kept for all threads together there.
    answer = here.client.post(here.url(purpose), data=form_of(purpose))
    if answer.status_code >= 500:
        raise GotThrough(f"answered {answer.status_code}")


def other_sites(rng: random.Random, times: int) -> Iterator[Attack]:
    """A right link's form, sent by a page of somebody else in a browser that knows the link."""
    senders: list[dict[str, str]] = [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "origin": BASE},
        {"sec-fetch-site": "CROSS-SITE"},
        {"sec-fetch-site": ""},
        {"origin": f"https://{EVIL}"},
        {"origin": BASE.replace("https", "http") + ":8080"},
        {"origin": BASE + f".{EVIL}"},
        {"origin": f"https://mentoring.example.com@{EVIL}"},
        {"origin": "http://["},
        {"origin": "file://"},
        {"origin": ""},
        {"origin": f"{BASE} https://{EVIL}"},
    ]
    with ground() as here:
        every = [(purpose, sender) for purpose in Purpose for sender in senders]
        for purpose, sender in some(rng, every, times):

            def attempt(purpose: Purpose = purpose, sender: dict[str, str] = sender) -> None:
                with here.unchanged():
                    answer = here.ask(
                        "POST", here.url(purpose), data=form_of(purpose), headers=sender
                    )
                    here.refused(answer, 403)

            yield Attack(f"{purpose} from {sender}", attempt)


def _bodies(rng: random.Random) -> list[tuple[str, bytes, dict[str, str]]]:
    form = {"content-type": "application/x-www-form-urlencoded"}
    good = b"goal_1=Read+a+dashboard&rating_1=2"
    parts = "multipart/form-data; boundary=x"
    part = b'--x\r\nContent-Disposition: form-data; name="goal_1"\r\n\r\n\\ud800\r\n--x--\r\n'
    large = b"goal_1=" + b"x" * LARGEST_BODY
    charsets = ("punycode", "idna", "unicode_escape", "utf-7", "utf-16", "zlib", "a\x00b")
    return [
        ("too large", large, form),
        ("too large, says it is small", large, {**form, "content-length": "10"}),
        ("too large, says so", b"goal_1=x", {**form, "content-length": str(10**12)}),
        ("a length below nothing", good, {**form, "content-length": "-1"}),
        ("a length that is no number", good, {**form, "content-length": "ten"}),
        ("a length of many digits", good, {**form, "content-length": "9" * 5000}),
        (
            "a length by two ways",
            good,
            {**form, "transfer-encoding": "chunked", "content-length": "5"},
        ),
        ("many fields", b"&".join(b"f%d=1" % n for n in range(5000)), form),
        ("many fields without names", b"&" * 60_000 + b"=" * 5000, form),
        ("packed", gzip.compress(good), {**form, "content-encoding": "gzip"}),
        (
            "packed very tightly",
            gzip.compress(b"a" * 10_000_000),
            {**form, "content-encoding": "gzip"},
        ),
        ("a method of its own", b"_method=DELETE", form),
        ("json", b'{"goal_1": "x", "rating_1": "2"}', {"content-type": "application/json"}),
        (
            "xml",
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            {"content-type": "text/xml"},
        ),
        ("plain text", good, {"content-type": "text/plain"}),
        ("no type", good, {"content-type": ""}),
        ("parts without end", part[:-6], {"content-type": parts}),
        (
            "deep parts",
            (b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n") * 1000,
            {"content-type": parts},
        ),
        *(
            (f"parts in {charset!r}", part, {"content-type": f"{parts}; charset={charset}"})
            for charset in charsets
        ),
        ("bytes that are no text", b"goal_1=%ff%fe%00&rating_1=%zz\xff\x80", form),
        ("half a character", b"goal_1=%ed%a0%80&rating_1=9", form),
        ("anything", rng.randbytes(rng.randrange(1, 5000)), form),
        ("anything in parts", rng.randbytes(2000), {"content-type": parts}),
    ]


def bodies(rng: random.Random, times: int) -> Iterator[Attack]:
    """Forms that are none."""
    with ground() as here:
        made = 0
        while made < times or made == 0:
            for name, body, headers in _bodies(rng):
                made += 1

                wanted = (413,) if name.startswith("too large") else (400, 413, 415, 422)

                def attempt(
                    body: bytes = body,
                    headers: dict[str, str] = headers,
                    wanted: tuple[int, ...] = wanted,
                ) -> None:
                    sent: dict[str, Any] = {
                        "content": body,
                        "headers": {k: v.encode() for k, v in headers.items()},
                    }
                    with here.unchanged():
                        answer = here.ask("POST", here.url(Purpose.GOALS), **sent)
                        here.refused(answer, *wanted)

                yield Attack(name, attempt)


def paths(rng: random.Random, times: int) -> Iterator[Attack]:
    """Addresses that are none, and requests that say they are for another host or method."""
    with ground() as here:
        right = here.url(Purpose.GOALS)
        token = right.rpartition("/")[2]
        odd = [
            "/static/..%2f..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static/....//app.py",
            "/static/..\\app.py",
            "/static/%00",
            "/static/portal.css%00.html",
            "/static/",
            "/static",
            "/static//etc/passwd",
            "/static/" + "a" * 5000,
            "/..%2f..%2fetc%2fpasswd",
            f"//{EVIL}/{token}",
            f"//{EVIL}/%2f..",
            f"/goals//{EVIL}",
            f"/goals/{token}/",
            f"/goals/{token}/..",
            f"/{token}/goals",
            f"/{token}",
            f"/GOALS/{token}",
            f"/goals/{token}%0d%0aSet-Cookie:%20a=b",
            f"/goals;a=b/{token}",
            "/goals/" + "a" * 30_000,
            "/%ff%fe/%ff",
            "/goals/%E2%80%AE",
            "/.git/config",
            "/.env",
            "/docs",
            "/openapi.json",
            "/redoc",
            "/metrics",
            "/admin",
            "/wp-login.php",
            "/goals/${jndi:ldap://evil}",
            "/goals/{{7*7}}",
            "/{purpose}/{token}",
            "/healthz/",
        ]
        hosts = [
            {"host": EVIL},
            {"x-forwarded-host": EVIL},
            {"x-forwarded-proto": "http"},
            {"forwarded": f"host={EVIL}"},
            {"x-original-url": "/readyz"},
            {"host": "a b"},
            {"host": f"mentoring.example.com@{EVIL}"},
            {"x-rewrite-url": "/readyz"},
        ]
        every: list[tuple[str, str, dict[str, str], tuple[int, ...]]] = [
            *((method, path, {}, (404, 405)) for path in odd for method in ("GET", "POST")),
            *(
                ("GET", path, host, (200, 404))
                for host in hosts
                for path in (right, right + "/", "/")
            ),
            *(
                ("GET", right, {name: "DELETE"}, (200,))
                for name in ("x-http-method-override", "x-http-method", "x-method-override")
            ),
        ]
        for method, path, headers, wanted in some(rng, every, times):

            def attempt(
                method: str = method,
                path: str = path,
                headers: dict[str, str] = headers,
                wanted: tuple[int, ...] = wanted,
            ) -> None:
                with here.unchanged():
                    answer = here.ask(method, path, headers=headers)
                if answer.status_code not in wanted:
                    raise GotThrough(f"answered {answer.status_code}")
                if EVIL in answer.text or "root:" in answer.text or "import " in answer.text:
                    raise GotThrough("shows what it must not")

            yield Attack(f"{method} {path[:60]} {headers}", attempt)


def guesses(rng: random.Random, times: int) -> Iterator[Attack]:
    """Trying links until one is right, and sending forms without end."""
    yield Attack("wrong links from one address", _many_wrong_links)
    yield Attack("wrong links from addresses that are made up", _made_up_addresses)
    yield Attack("one form without end", _many_forms)
    yield Attack("what is wrong with a link shows in the answer", lambda: _alike(rng))


def _many_wrong_links() -> None:
    with ground(Limits(wrong_links=20)) as here, here.unchanged():
        answers = [here.ask("GET", f"/goals/{n}") for n in range(40)]
        found = [answer.status_code for answer in answers]
        if found != [404] * 20 + [429] * 20:
            raise GotThrough(f"answered {found}")
        here.refused(answers[-1], 429)
        if not 1 <= int(answers[-1].headers["retry-after"]) <= 60:
            raise GotThrough("says nothing sensible of when to come again")
        if here.ask("GET", here.url(Purpose.GOALS)).status_code != 200:
            raise GotThrough("a colleague at the same address is locked out")


def _made_up_addresses() -> None:
    for proxies, told in (
        (0, "10.0.0.{}"),
        (1, "10.0.0.{}, 192.0.2.1"),
        (1, "10.0.0.{}, ::ffff:192.0.2.1"),
    ):
        with ground(Limits(wrong_links=20, proxies=proxies)) as here:
            asked = [
                here.ask("GET", "/goals/x", headers={"x-forwarded-for": told.format(n)})
                for n in range(30)
            ]
            if sum(answer.status_code == 429 for answer in asked) != 10:
                raise GotThrough(f"with {proxies} proxies, {told} is believed")


def _many_forms() -> None:
    with ground(Limits(sends=10)) as here:
        url, form = here.url(Purpose.AWAY), form_of(Purpose.AWAY)
        found = [here.ask("POST", url, data=form).status_code for _ in range(15)]
        if found != [303] * 10 + [429] * 5:
            raise GotThrough(f"answered {found}")
        if here.ask("POST", here.url(Purpose.GUIDE), data={"read": "yes"}).status_code == 429:
            raise GotThrough("another link is refused too")


def _alike(rng: random.Random) -> None:
    with ground() as here:
        token = here.url(Purpose.GOALS).rpartition("/")[2]
        wrong = [
            token[:-5] + "AAAAA",
            "x",
            "A" * 200,
            f"{token}A",
            token.swapcase(),
            here.url(Purpose.JOIN).rpartition("/")[2],
            here.url(Purpose.GOALS, person="p-nobody").rpartition("/")[2],
        ]
        answers = [here.ask("GET", f"/goals/{one}") for one in wrong]
        told = {(a.status_code, a.text, tuple(sorted(a.headers.items()))) for a in answers}
        if len(told) != 1:
            raise GotThrough("wrong links are told apart")
