"""Where attacks are made: a portal with people in it, and what holds for each of its answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bs4 import BeautifulSoup
from httpx2 import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from portal.app import create_app
from portal.limits import Limits
from store.links import Links, Purpose
from tests.portal.scene import Scene, make_scene
from tests.portal.test_pages import SENDS, address, prepare

BASE = "https://mentoring.example.com"
UNLIMITED = Limits(wrong_links=10**9, sends=10**9)

HEADERS = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
"""What every answer of a portal behind TLS says, whatever it answers."""


class GotThrough(Exception):
    """An attack did what it must not do. The text says what."""


@dataclass(frozen=True)
class Attack:
    """One thing that somebody tries."""

    name: str
    attempt: Callable[[], None]
    """Raises GotThrough."""


Kind = Callable[[random.Random, int], Iterator[Attack]]
"""Makes attacks of one kind: about as many as it is told, and never fewer than it knows."""


@dataclass
class Tally:
    """How many attacks of each kind were made, and what got through."""

    made: Counter[str] = field(default_factory=Counter)
    through: list[str] = field(default_factory=list)

    def run(self, kind: str, attacks: Iterator[Attack]) -> None:
        """Make them all."""
        for attack in attacks:
            self.made[kind] += 1
            try:
                attack.attempt()
            except GotThrough as error:
                self.through.append(f"{kind}: {attack.name}: {error}")


class Ground:
    """The portal of an example program, as somebody reaches it who means no good."""

    def __init__(
        self,
        folder: Path,
        limits: Limits = UNLIMITED,
        links: type[Links] = Links,
    ) -> None:
        self.scene: Scene = make_scene(folder, BASE)
        self.scene.links = links(BASE, ["k" * 32])
        for purpose in (Purpose.PICK, Purpose.CANCEL):
            prepare(self.scene, purpose)
        scene = self.scene
        app = create_app(scene.database, scene.links, scene.content, limits=limits)
        self.client = TestClient(
            app, base_url=BASE, raise_server_exceptions=False, follow_redirects=False
        )

    def url(self, purpose: Purpose, **about: object) -> str:
        """A right link's path."""
        return address(self.scene, purpose, **about)

    def ask(self, method: str, path: str, **sent: Any) -> Response:
        """Ask, and see that the answer keeps what every answer has to."""
        with capture_logs() as logs:
            answer: Response = self.client.request(method, path, **sent)
        check_answer(answer)
        written = repr(logs)
        for part in path.partition("?")[0].split("/"):
            if len(part) > 40 and part in written:
                raise GotThrough("a token is in the log")
        return answer

    def refused(self, answer: Response, *statuses: int) -> None:
        """See that it was refused, with a page."""
        if answer.status_code not in statuses:
            raise GotThrough(f"answered {answer.status_code}, not {statuses}")
        if answer.request.method != "HEAD" and "<h1>" not in answer.text:
            raise GotThrough(f"{answer.status_code} without a page")

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """See that no row of any table is another one afterwards."""
        before = self.scene.everything()
        yield
        after = self.scene.everything()
        if after != before:
            other = [name for name, rows in after.items() if rows != before[name]]
            raise GotThrough(f"changed {', '.join(other)}")

    def close(self) -> None:
        """Let go of the store."""
        self.scene.database.close()


@contextmanager
def ground(limits: Limits = UNLIMITED, links: type[Links] = Links) -> Iterator[Ground]:
    """A ground of one's own."""
    with TemporaryDirectory() as folder:
        made = Ground(Path(folder), limits, links)
        try:
            yield made
        finally:
            made.close()


def form_of(purpose: Purpose) -> dict[str, str]:
    """What is sent on a page, so that it would be taken."""
    return SENDS.get(purpose, {"read": "yes"})


def check_answer(answer: Response) -> None:
    """What every answer keeps to, whoever asked for whatever. Raises GotThrough."""
    if answer.status_code >= 500:
        raise GotThrough(f"answered {answer.status_code}")
    for name, value in HEADERS.items():
        if answer.headers.get(name) != value:
            raise GotThrough(f"{answer.status_code} with {name}: {answer.headers.get(name)}")
    policy = answer.headers.get("content-security-policy", "")
    if "default-src 'none'" not in policy or "unsafe" in policy:
        raise GotThrough(f"policy {policy}")
    for needed in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        if needed not in policy:
            raise GotThrough(f"policy without {needed}")
    for never in ("set-cookie", "server", "x-powered-by", "access-control-allow-origin"):
        if never in answer.headers:
            raise GotThrough(f"header {never}")
    may_keep = answer.status_code == 200 and answer.request.url.path.startswith("/static/")
    if not may_keep and answer.headers.get("cache-control") != "no-store":
        raise GotThrough("may be kept by who passes it on")
    leads = answer.headers.get("location")
    if leads is not None and not leads.startswith("?done="):
        raise GotThrough(f"leads to {leads}")
    if answer.headers.get("content-type", "").startswith("text/html"):
        check_page(answer.text)


def check_page(html: str, base: str = BASE) -> None:
    """That a page holds nothing that runs, and leads nowhere but to pages of ours."""
    page = BeautifulSoup(html, "html.parser")
    if html and (page.html is None or not page.html.get("lang")):
        raise GotThrough("a page that names no language")
    for tag in page.find_all(True):
        if tag.name in ("script", "iframe", "object", "embed", "base", "style", "svg", "img"):
            raise GotThrough(f"a page with <{tag.name}>")
        for name, value in tag.attrs.items():
            _check_attribute(tag.name, name.lower(), str(value), base)


def _check_attribute(tag: str, name: str, value: str, base: str) -> None:
    if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
        raise GotThrough(f"<{tag} {name}>")
    if name == "action" and value != "?":
        raise GotThrough(f"a form that is sent to {value}")
    if name in ("href", "src") and not value.startswith(
        (f"{base}/", "#", "?", "/static/", "mailto:", "data:,")
    ):
        raise GotThrough(f"<{tag} {name}> leads to {value}")


def some(rng: random.Random, values: Sequence[Any], times: int) -> list[Any]:
    """All of them, or so many at random."""
    return list(values) if times >= len(values) else rng.sample(list(values), times)
