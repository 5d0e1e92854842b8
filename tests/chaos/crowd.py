"""The simulated people of a run with faults.

What somebody answers hangs on the seed, on who they are and on what they are asked, and never on
when: so a run with faults is answered as one without.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import httpx

from demo.pages import Page, purpose_of
from domain.calendar import ProgramCalendar
from domain.people import Role
from store.links import Link, Links, Purpose
from tests.chaos.population import Population, Simulated
from tests.chaos.web import Browser

POLL_SECONDS = 0.25

WITHIN_SECONDS = 60.0
"""In which a partner picks one of the times that were proposed, outages and all."""

_ASK_FOR_A_DATE = "session_due"
_ASK_WHETHER_THEY_MET = "session_follow_up"

_HAVING = {
    Purpose.SESSION: "held",
    Purpose.CONTINUE: "wish",
    Purpose.PICK: "pick",
}
"""A field of the form that is meant, on pages with several."""

_ALWAYS = frozenset(
    {
        *(Purpose.JOIN, Purpose.INTRODUCTION, Purpose.GUIDE, Purpose.AGREEMENT, Purpose.GOALS),
        *(Purpose.SURVEY, Purpose.CONTINUE, Purpose.PICK),
    }
)
"""Pages that a mail never names in passing."""


@dataclass(frozen=True)
class Thanks:
    """A form that got a page of thanks."""

    link: Link
    words: str | None
    """Words in it that nobody else wrote."""


class Crowd:
    """All the simulated people, at their mailboxes."""

    def __init__(
        self,
        population: Population,
        browser: Browser,
        links: Links,
        calendar: ProgramCalendar,
        mailbox: str,
    ) -> None:
        self.thanks: list[Thanks] = []
        self._seed = population.seed
        self._all_agree = population.brief
        self._people = {person.email: person for person in population.people}
        self._browser = browser
        self._links = links
        self._calendar = calendar
        self._mailbox = mailbox
        self._done: set[tuple[object, ...]] = set()
        self._busy: dict[tuple[object, ...], asyncio.Lock] = {}

    async def live(self) -> None:
        """Read mail and answer it, until cancelled."""
        async with (
            httpx.AsyncClient(timeout=10, trust_env=False) as web,
            asyncio.TaskGroup() as lives,
        ):
            last = 0
            while True:
                for mail in await self._new_mail(web, last):
                    last = max(last, mail["id"])
                    for address in mail["to"]:
                        person = self._people.get(address)
                        if person is not None and person.reads:
                            lives.create_task(self._turn_to(person, mail))
                await asyncio.sleep(POLL_SECONDS)

    async def _new_mail(self, web: httpx.AsyncClient, last: int) -> list[dict[str, Any]]:
        try:
            answer = await web.get(f"{self._mailbox}/api/messages", params={"after": last})
            answer.raise_for_status()
        except httpx.HTTPError:
            return []  # killed; the mail will still be there
        return list(answer.json()["messages"])

    async def _turn_to(self, person: Simulated, mail: dict[str, Any]) -> None:
        for url in mail["links"]:
            link = self._opened(url)
            if link is None or not self._is_asked(person, link, mail["kind"]):
                continue
            asked = (person.email, link.purpose, link.pair, link.session, link.occasion)
            async with self._busy.setdefault(asked, asyncio.Lock()):
                if asked not in self._done:
                    await self._answer(person, link, url)
                    self._done.add(asked)

    def _opened(self, url: str) -> Link | None:
        purpose = purpose_of(url)
        if purpose not in set(Purpose):
            return None
        return self._links.open(url.rsplit("/", 1)[1], Purpose(purpose))

    def _is_asked(self, person: Simulated, link: Link, kinds: str) -> bool:
        if link.purpose is Purpose.BOOK:
            return _ASK_FOR_A_DATE in kinds and person.role is Role.MENTOR
        if link.purpose is Purpose.SESSION:  # one of the two tells, another each time
            teller = Role.MENTOR if (link.session or 0) % 2 else Role.MENTEE
            return _ASK_WHETHER_THEY_MET in kinds and person.role is teller
        return link.purpose in _ALWAYS

    async def _answer(self, person: Simulated, link: Link, url: str) -> None:
        """Do what is asked, as often as it takes."""
        if link.purpose is Purpose.GUIDE:
            await self._read_training(person, url)
            return
        while True:
            page = Page.read(await self._browser.open(url))
            having = _HAVING.get(link.purpose)
            if link.purpose is Purpose.BOOK:
                if page.way_to(Purpose.CANCEL) is not None:
                    return  # it has a date: the form arrived, though nobody heard so
                having = "place" if self._is_agreed(person, link) else "date_1"
            if link.purpose is Purpose.AGREEMENT:
                having = page.to_sign(suggests=False)
                if having is None:
                    return
            words = f"{person.reference} has words for {link.purpose} {link.session or ''}".strip()
            choose = self._chooser(person, link, words)
            form = page.fill(choose, having)
            if not form and link.purpose is Purpose.PICK:  # none of the times is still to come
                form = page.fill(choose, "date_1")
            if not form:
                return  # done already, or nothing to be done any more
            if await self._browser.send(url, form) is not None:
                self.thanks.append(Thanks(link, words if words in form.values() else None))
                return

    async def _read_training(self, person: Simulated, guide: str) -> None:
        page = Page.read(await self._browser.open(guide))
        while (module := page.leads_to("training")) is not None:
            link = self._opened(module)
            assert link is not None
            text = Page.read(await self._browser.open(module))
            form = text.fill(lambda _name, _kind, options: options[0])
            thanks = await self._browser.send(module, form)
            if thanks is not None:
                self.thanks.append(Thanks(link, None))
            page = Page.read(await self._browser.open(guide))

    def _chooser(
        self, person: Simulated, link: Link, words: str
    ) -> Callable[[str, str, list[str]], str]:
        who = link.pair if link.purpose is Purpose.AGREEMENT else person.reference
        about = f"{link.purpose}/{link.session}/{link.occasion}"
        wait = 0 if self._is_agreed(person, link) else WITHIN_SECONDS
        soonest = ceil(wait / self._calendar.day_seconds)

        def choose(name: str, kind: str, options: list[str]) -> str:
            if name == "joins":
                return "yes" if person.joins else "no"
            if name in ("accepts", "held"):
                return "yes" if "yes" in options else options[0]
            if kind == "date":
                return self._a_date(soonest + (int(name[-1]) if name[-1].isdigit() else 1))
            if kind == "time":
                return "12:00"
            if link.purpose is Purpose.AGREEMENT:
                return options[0] if options else ""
            if name == "pick":
                return options[-1]
            if kind == "choice":
                return random.Random(f"{self._seed}/{who}/{about}/{name}").choice(options)
            return words

        return choose

    def _is_agreed(self, person: Simulated, link: Link) -> bool:
        """Whether two agree on a date by themselves, which the mentor then enters.

        On the first session's they do in every other pair (in a brief program in all), on
        later ones' in all.
        """
        agreed = (
            self._all_agree
            or random.Random(f"{self._seed}/{person.reference}/agreed").random() < 0.5
        )
        return link.purpose is Purpose.BOOK and (agreed or (link.session or 0) > 1)

    def _a_date(self, days: int) -> str:
        today = self._calendar.to_program(datetime.now(UTC))
        return (today + timedelta(days=days)).date().isoformat()
