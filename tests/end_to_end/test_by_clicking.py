"""Two people in real browsers: from invitation to certificate, by what the mails contain.

Each has a phone without scripts. They wait for mail, open the links of it in the order in which
they stand, and do on each page what a person would do there. Nobody tells them an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from icalendar import Calendar
from playwright.async_api import Browser, Page, async_playwright

from console.app import start_program
from console.matches import approve_matches
from domain.calendar import ProgramCalendar
from domain.definition import Definition
from domain.journal import EventKind
from domain.lifecycle import PairState, Stage
from domain.people import Person, Role
from domain.projection import ProgramStatus, project
from runtime.ports import ANY_PORTS
from runtime.settings import Settings
from runtime.stack import Stack
from store import journal, programs, proposals
from store.database import Database
from store.programs import Entrant
from tests.chromium import ARGUMENTS, chromium_path
from tests.domain.definitions import definition_with
from tests.shipped import CONTENT

PHONE = {"width": 390, "height": 844}
DAY = 1.6
"""Seconds. A person reads, fills in and clicks through a page in about a third of one."""

WORDS = CONTENT.words


def short_program() -> Definition:
    """A program that asks for all that there is to click, with two sessions."""
    base = definition_with(goals="Goals", skills="Skills").model_dump(mode="json")
    return Definition.model_validate(
        {
            **base,
            "program": {**base["program"], "id": "by-clicking", "title": "By clicking"},
            "calendar": {
                "day": DAY,
                "timezone": "Europe/London",
                "working_days": "Mon-Sun",  # mail may go out at any hour: people click at once
                "mail_hours": "00:00-24:00",
            },
            "stages": {
                "enrolment": 12,
                "approval": 7,
                "introduction": 10,
                "preparation": 20,
                "meetings": 60,
                "evaluation": 20,
            },
            "sessions": {"count": 2, "every": 12, "minimum": 2, "minutes": 60},
            "check_ins": [
                {"survey": "baseline", "when": "preparation"},
                {"survey": "pair_fit", "when": "after session 1"},
                {"survey": "final", "when": "evaluation"},
            ],
            "goals": {"review": ["evaluation"]},
        }
    )


def somebody(role: Role, name: str, timezone: str) -> Person:
    return Person(
        reference=role.value,
        name=name,
        email=f"{role.value}@example.com",
        roles=(role,),
        timezone=timezone,
        goals=("Use an AI assistant",) if role is Role.MENTEE else (),
        skills=("Use an AI assistant",) if role is Role.MENTOR else (),
    )


PEOPLE = (
    somebody(Role.MENTOR, "Mia Example", "Europe/London"),
    somebody(Role.MENTEE, "Max Example", "America/New_York"),
)


@dataclass
class Clicker:
    """Somebody with a phone, who does what their mail asks for."""

    role: Role
    page: Page
    mailbox: str
    calendar: ProgramCalendar
    last: int = 0
    seen: list[str] = field(default_factory=list)
    """The pages that were opened, by the first part of their path."""
    done: set[str] = field(default_factory=set)
    events: list[tuple[str, str, int]] = field(default_factory=list)
    """What came for the calendar: method, uid, sequence."""
    certificate: str = ""

    async def live(self) -> None:
        """Read mail and do what it asks for, until the certificate was opened."""
        async with httpx.AsyncClient(base_url=self.mailbox, timeout=20) as web:
            while not self.certificate:
                answer = await web.get("/api/messages", params={"after": self.last})
                for mail in answer.json()["messages"]:
                    self.last = max(self.last, mail["id"])
                    if mail["to"] == [f"{self.role.value}@example.com"]:
                        await self._read(web, mail)
                await asyncio.sleep(0.1)

    async def _read(self, web: httpx.AsyncClient, mail: dict[str, Any]) -> None:
        attached = await web.get(f"/message/{mail['id']}/attachment/1")
        if attached.is_success and attached.content.startswith(b"BEGIN:VCALENDAR"):
            self._note_event(attached.content)
        for link in mail["links"]:
            purpose = link.split("/")[3] if link.count("/") > 3 else ""
            act, asks = ACTS.get(purpose), ASKED_BY.get(purpose, "")
            if act is not None and asks in mail["kind"]:
                await self.page.goto(link)
                self.seen.append(purpose)
                await act(self)

    def _note_event(self, ics: bytes) -> None:
        found = Calendar.from_ical(ics)
        (event,) = found.walk("VEVENT")
        sequence = int(str(event["SEQUENCE"]))
        self.events.append((str(found["METHOD"]), str(event["UID"]), sequence))

    async def has(self, words: str) -> bool:
        """Whether there is a button with these words."""
        return await self.page.get_by_role("button", name=words, exact=True).count() > 0

    async def click(self, words: str) -> None:
        await self.page.get_by_role("button", name=words, exact=True).first.click()
        self.done.add(words)

    async def pick_in_every_group(self) -> None:
        """Choose the last answer of each question: on a scale that is the best."""
        for group in await self.page.locator("form fieldset:has(input[type=radio])").all():
            await group.locator("input[type=radio]").last.check()


async def join(who: Clicker) -> None:
    if await who.has(WORDS("join.button_yes")):
        await who.click(WORDS("join.button_yes"))


async def meet(who: Clicker) -> None:
    partner = "Max" if who.role is Role.MENTOR else "Mia"
    yes = WORDS("introduction.button_yes", partner=partner)
    if await who.has(yes):
        await who.click(yes)


async def train(who: Clicker) -> None:
    for _ in range(20):
        following = who.page.locator("main a.button")
        if not await following.count():
            return
        await following.first.click()
        await who.click(WORDS("module.button"))


async def agree(who: Clicker) -> None:
    if await who.has(WORDS("agreement.button_as_it_is")):
        await who.click(WORDS("agreement.button_as_it_is"))
    elif await who.has(WORDS("agreement.button")):
        for group in await who.page.locator("form fieldset:has(input[type=radio])").all():
            await group.locator("input[type=radio]").first.check()
        await who.page.locator("input[name=signs]").check()
        await who.click(WORDS("agreement.button"))


async def set_goals(who: Clicker) -> None:
    first = who.page.locator("textarea").first
    if await who.has(WORDS("goals.button")):
        await first.fill("Judge for myself when an AI assistant helps.")
        await (
            who.page.locator("fieldset:has(input[type=radio])")
            .first.locator("input[type=radio]")
            .nth(1)
            .check()
        )
        await who.click(WORDS("goals.button"))
    elif await who.page.locator("fieldset:has(input[type=radio])").count():
        await who.pick_in_every_group()
        await who.page.locator("main form button").first.click()
        who.done.add("goals reviewed")


async def propose(who: Clicker) -> None:
    button = WORDS("propose.button", partner="Max" if who.role is Role.MENTOR else "Mia")
    if not await who.has(button):
        return
    today = who.calendar.to_program(datetime.now(UTC)).date()
    for number in (1, 2):
        await who.page.locator(f"input[name=date_{number}]").fill(
            (today + timedelta(days=3 + number)).isoformat()
        )
        await who.page.locator(f"input[name=time_{number}]").fill("15:00")
    await who.page.locator("input[name=proposed_place]").fill("Video call")
    await who.click(button)


async def pick(who: Clicker) -> None:
    times = who.page.locator("button[name=pick]")
    if await times.count():
        await times.first.click()
        who.done.add("picked")


async def tell(who: Clicker) -> None:
    if await who.has(WORDS("session.button_yes")):
        await who.click(WORDS("session.button_yes"))


async def answer(who: Clicker) -> None:
    if not await who.has(WORDS("survey.button")):
        return
    for group in await who.page.locator("form fieldset:has(input[type=radio])").all():
        option = group.locator("input[value=good]")
        chosen = option if await option.count() else group.locator("input[type=radio]").last
        await chosen.first.check()
    await who.click(WORDS("survey.button"))


async def go_on(who: Clicker) -> None:
    if await who.has(WORDS("continue.button")):
        await who.page.locator("input[name=wish][value=go_on]").check()
        await who.click(WORDS("continue.button"))


async def keep(who: Clicker) -> None:
    who.certificate = await who.page.locator("main").inner_text()


ACTS: dict[str, Callable[[Clicker], Any]] = {
    "join": join,
    "introduction": meet,
    "guide": train,
    "agreement": agree,
    "goals": set_goals,
    "book": propose,
    "pick": pick,
    "session": tell,
    "survey": answer,
    "continue": go_on,
    "certificate": keep,
}
"""What a person does on each page."""

ASKED_BY = {"book": "session_due", "session": "session_follow_up"}
"""The mails that ask for a page which others name as well, for later or for who needs it."""


class Program:
    """A program on a stack of its own, and HR, who approves its matches."""

    def __init__(self, settings: Settings, definition: Definition) -> None:
        self.settings = settings
        self.database = Database(settings.database)
        self.definition = definition
        self.id = definition.program.id

    async def start(self) -> ProgramCalendar:
        entrants = [Entrant(person=person, roles=person.roles) for person in PEOPLE]
        await start_program(self.settings, self.definition, entrants)
        with self.database.read() as session:
            return programs.get(session, self.id).calendar

    def status(self) -> ProgramStatus:
        with self.database.read() as session:
            return project(event for _, event in journal.read(session, self.id))

    async def approve(self) -> None:
        while True:
            with self.database.read() as session:
                proposal = proposals.latest_proposal(session, self.id)
            if proposal is not None:
                await asyncio.sleep(0.2)
                await approve_matches(self.settings, self.id, proposal.number)
                return
            await asyncio.sleep(0.2)

    async def until_completed(self) -> ProgramStatus:
        while (status := self.status()).stage is not Stage.COMPLETED:
            await asyncio.sleep(0.2)
        return status


async def _phone(browser: Browser) -> Page:
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    return await context.new_page()


async def test_two_people_click_their_way_from_invitation_to_certificate(tmp_path: Path) -> None:
    executable = chromium_path()
    async with (
        Stack(tmp_path, ports=ANY_PORTS) as stack,
        async_playwright() as playwright,
        asyncio.timeout(300),
    ):
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        program = Program(stack.settings(), short_program())
        calendar = await program.start()
        mailbox = stack.settings().mailbox_url or ""
        two = [Clicker(role, await _phone(browser), mailbox, calendar) for role in Role]
        await asyncio.gather(program.approve(), *(who.live() for who in two))
        status = await program.until_completed()
        await browser.close()

    mentor, mentee = two
    (pair,) = status.pairs
    assert pair.state is PairState.CONTINUED
    assert pair.sessions_held == 2
    assert set(ACTS) - {"pick", "goals"} <= set(mentor.seen)
    assert set(ACTS) - {"book"} <= set(mentee.seen)
    for who, name in ((mentor, "Mia Example"), (mentee, "Max Example")):
        assert name in who.certificate
        assert "By clicking" in who.certificate
        requests = {uid: sequence for method, uid, sequence in who.events if method == "REQUEST"}
        assert len(requests) == 2, "one event for each session"
    with program.database.read() as session:
        kinds = {event.kind for _, event in journal.read(session, program.id)}
    assert {EventKind.AGREEMENT_SIGNED, EventKind.TRAINING_DONE, EventKind.WISHED} <= kinds
    program.database.close()
