"""The simulated people: they read their mail and answer in the portal, as people do.

Each has habits: how long an answer takes, and whether one is given at all. What they answer is
drawn from a seed, so that a demonstration with the same seed is answered in the same way.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx

from demo.pages import Choose, Page, purpose_of
from domain.calendar import ProgramCalendar

_ASK_WHETHER_THEY_MET = ("session_follow_up", "nudge_report")
"""The mails that ask whether two have met. Others name the page too, for later."""

INVITATION = "session_invitation"
"""The mail that says that a session has a date."""

_ASK_FOR_A_DATE = ("session_due", "nudge_scheduler", "nudge_both")
"""The mails that ask for a date. Others name the page too, for who needs another."""

_ANSWERED = frozenset(
    (
        "join", "approval", "introduction", "guide", "agreement", "goals", "book", "pick",
        "session", "survey", "continue", "group",
    )
)  # fmt: skip
"""The pages on which there is something to do."""

LEAVE_DAYS = 14
"""How long somebody is away who goes away."""

MOST_MODULES = 50
"""How many texts of a training somebody reads in a row at most."""

_FIELD_OF = {"session": "held", "continue": "wish"}
"""A field of the form that is meant, on pages with several, or with another later."""

APPROVAL = "approval"
"""The page on which a manager answers about one of their people; a mail may have several."""

MANAGERS_WHO_SAY_NO = 0.08
"""As a share."""

WHO_MISS_A_GROUP_SESSION = 0.2
"""As a share."""

POLL_SECONDS = 0.1
RETRY_SECONDS = 0.5
"""How long somebody waits who finds the portal away, before they load the page again."""


class Habit(StrEnum):
    """How somebody deals with their mail."""

    PROMPT = "prompt"
    """Answers within a day or two."""
    SLOW = "slow"
    """Answers after some days."""
    STAYS_OUT = "stays_out"
    """Answers the invitation with a friendly no."""
    NEVER_ANSWERS = "never_answers"
    """Does not answer the invitation at all."""
    DRIFTS = "drifts"
    """Lets sessions slide after the first one until reminded twice, then picks up again."""
    VANISHES = "vanishes"
    """Answers nothing any more after the first session."""
    WITHDRAWS = "withdraws"
    """Leaves the program after the second session."""
    GOES_AWAY = "goes_away"
    """Is away for two weeks after the first session."""
    DECLINES = "declines"
    """Says no to the first partner, and yes to the next."""


DELAY_DAYS: Mapping[Habit, tuple[float, float]] = {
    Habit.SLOW: (1.5, 3.0),
}
USUAL_DELAY_DAYS = (0.15, 0.9)

SUGGESTS = 0.1
"""How likely somebody suggests other choices for the agreement than their partner."""

AGREED_ALREADY = 0.2
"""How likely two have agreed on a time before the one who is asked proposes some."""

NONE_SUITS = 0.1
"""How likely none of the first times suits that somebody may pick from."""

MOVES, CALLS_OFF = 0.06, 0.04
"""How likely something comes up when a session has a date: once for each person."""

REMINDERS_NEEDED = 3
"""Messages about the same session that somebody who drifts needs."""

PLACES = ("Café on the ground floor", "Video call", "Room 2.14")

WORDS = {
    "goals": (
        "Post about our work in a way that younger colleagues would read.",
        "Use an AI assistant to prepare meetings, and know when not to.",
        "Understand what new joiners expect of us in their first month.",
    ),
    "text": (
        "Good to have somebody who shows me things without making me feel slow.",
        "We should have met earlier in the day.",
        "Short sessions with one topic worked best for us.",
        "I learned as much as I taught.",
    ),
    "topics_in": ("AI in our daily work", "How the young ones see us", "Writing for everybody"),
    "topics_out": ("Salaries", "People we both know", "Nothing in particular"),
    "more": ("Coffee first.", "We end five minutes early."),
    "place": PLACES,
    "proposed_place": PLACES,
    "words": ("Something urgent has come up, sorry!", "I am not well today. Next week?"),
}


@dataclass(frozen=True)
class Delivery:
    """A mail, as the mailbox gives it."""

    to: tuple[str, ...]
    kind: str
    subject: str
    links: tuple[str, ...]

    def only_names(self, purpose: str) -> bool:
        """Whether it names a page for later or for who needs it, and does not ask to go there."""
        if purpose == "session":
            return not any(kind in self.kind for kind in _ASK_WHETHER_THEY_MET)
        return purpose == "book" and not any(kind in self.kind for kind in _ASK_FOR_A_DATE)


@dataclass
class Player:
    """One simulated person."""

    email: str
    habit: Habit = Habit.PROMPT
    sessions_held: int = 0
    asked: int = 0
    """How often somebody who drifts was asked for a date."""
    declined: bool = False
    """Whether somebody who declines their first partner has done so."""
    changed_a_date: bool = False

    def delay_days(self, dice: random.Random) -> float:
        """How long until this person turns to a mail, in program days."""
        return dice.uniform(*DELAY_DAYS.get(self.habit, USUAL_DELAY_DAYS))

    def ignores(self, purpose: str) -> bool:
        """Whether this person leaves a link alone."""
        if self.habit is Habit.NEVER_ANSWERS:
            return True
        if self.habit is Habit.VANISHES:
            return self.sessions_held > 0
        if self.habit is Habit.DRIFTS and self.sessions_held == 1 and purpose == "book":
            self.asked += 1
            return self.asked < REMINDERS_NEEDED
        return False

    def declines(self) -> bool:
        """Whether this person says no to the partner they are introduced to."""
        says_no = self.habit is Habit.DECLINES and not self.declined
        self.declined = self.declined or says_no
        return says_no


class Crowd:
    """All the simulated people, at their mailboxes."""

    def __init__(
        self,
        emails: Iterable[str],
        mailbox_url: str,
        calendar: ProgramCalendar,
        seed: int = 7,
    ) -> None:
        self.players = {email.lower(): Player(email.lower()) for email in emails}
        self.thanked: list[str] = []
        """Links whose answer the portal took with a page of thanks, in that order."""
        self.read = 0
        """Mails that the mailbox gave."""
        self._mailbox = mailbox_url
        self._calendar = calendar
        self._seed = seed
        self._tasks: set[asyncio.Task[None]] = set()

    def cast(self, email: str, habit: Habit) -> None:
        """Give somebody a habit."""
        self.players[email.lower()].habit = habit

    async def live(self) -> None:
        """Read mail and answer it, until cancelled."""
        async with httpx.AsyncClient(timeout=10, follow_redirects=True) as web:
            try:
                await self._read_mail(web)
            finally:
                for task in self._tasks:
                    task.cancel()

    async def _read_mail(self, web: httpx.AsyncClient) -> None:
        last = 0
        while True:
            for mail in await self._new_mail(web, last):
                last = max(last, mail["id"])
                self.read += 1
                delivery = Delivery(
                    tuple(mail["to"]), mail["kind"], mail["subject"], tuple(mail["links"])
                )
                for address in delivery.to:
                    player = self.players.get(address.lower())
                    if player is not None:
                        task = asyncio.create_task(self._turn_to(web, player, delivery))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(POLL_SECONDS)

    async def _new_mail(self, web: httpx.AsyncClient, last: int) -> list[dict[str, Any]]:
        try:
            answer = await web.get(f"{self._mailbox}/api/messages", params={"after": last})
            answer.raise_for_status()
        except httpx.HTTPError:
            return []  # away for a moment; the mail will still be there
        return list(answer.json()["messages"])

    async def _turn_to(self, web: httpx.AsyncClient, player: Player, mail: Delivery) -> None:
        dice = random.Random(f"{self._seed}/{player.email}/{mail.subject}")  # noqa: S311 - a play
        await self._sleep_days(player.delay_days(dice))
        by_purpose = {purpose_of(link): link for link in mail.links}
        for link in mail.links:  # of one kind there may be several: about several pairs or people
            purpose = purpose_of(link)
            if purpose not in _ANSWERED or mail.only_names(purpose) or player.ignores(purpose):
                continue
            if purpose in ("book", "pick"):
                await self._find_a_date(web, player, purpose, link, dice)
                continue
            if purpose == "agreement":
                await self._sign(web, player, link, dice)
                continue
            page = await self._open(web, link)
            if purpose == "guide":
                await self._read_training(web, page)
                continue
            form = page.fill(self._chooser(player, purpose, dice), having=_FIELD_OF.get(purpose))
            if form:
                await self._send(web, link, form)
            if purpose == "session":  # told by this one now, or by the other one before
                await self._after_session(web, player, by_purpose.get("overview"))

        if INVITATION in mail.kind and not player.changed_a_date:
            await self._change_a_date(web, player, by_purpose, dice)

    async def _find_a_date(
        self, web: httpx.AsyncClient, player: Player, purpose: str, link: str, dice: random.Random
    ) -> None:
        """Pick one of the partner's times, propose some, or enter what was agreed."""
        page = await self._open(web, link)
        if purpose == "book" and (waiting := page.way_to("pick")) is not None:
            purpose, link = "pick", waiting
            page = await self._open(web, link)
        choose = self._chooser(player, purpose, dice)
        if purpose == "pick":
            form = page.fill(choose, "pick")
            if form.get("proposal") == "1" and dice.random() < NONE_SUITS:
                form = {}  # once: whoever hears of other times finds one among them
        else:
            form = page.fill(choose, "place") if dice.random() < AGREED_ALREADY else {}
        form = form or page.fill(choose, "date_1")
        if form:
            await self._send(web, link, form)

    async def _change_a_date(
        self, web: httpx.AsyncClient, player: Player, links: Mapping[str, str], dice: random.Random
    ) -> None:
        """Propose other times, or call the session off, if something comes up."""
        chance = dice.random()
        if chance >= MOVES + CALLS_OFF or player.habit not in (Habit.PROMPT, Habit.SLOW):
            return
        player.changed_a_date = True
        purpose, having = ("book", "date_1") if chance < MOVES else ("cancel", "booking")
        if (link := links.get(purpose)) is not None:
            page = await self._open(web, link)
            if form := page.fill(self._chooser(player, purpose, dice), having):
                await self._send(web, link, form)

    async def _read_training(self, web: httpx.AsyncClient, page: Page) -> None:
        """Read one text after the other, as each page leads on to the next."""
        for _ in range(MOST_MODULES):
            module = page.leads_to("training")
            if module is None:
                return
            form = (await self._open(web, module)).fill(lambda _name, _kind, options: options[0])
            thanks = await self._send(web, module, form)
            if thanks is None:
                return
            page = Page.read(thanks)

    async def _sign(
        self, web: httpx.AsyncClient, player: Player, link: str, dice: random.Random
    ) -> None:
        """Sign what stands, or suggest something; again where the partner was just quicker."""
        for suggests in (dice.random() < SUGGESTS, False):
            page = await self._open(web, link)
            having = page.to_sign(suggests=suggests)
            if having is None:
                return  # signed already, or nothing to be signed any more
            form = page.fill(self._chooser(player, "agreement", dice), having)
            if await self._send(web, link, form) is not None:
                return

    async def _after_session(
        self, web: httpx.AsyncClient, player: Player, overview: str | None
    ) -> None:
        player.sessions_held += 1
        if player.habit is Habit.WITHDRAWS and player.sessions_held == 2 and overview:
            page = await self._open(web, overview)
            await self._send(web, overview, page.fill(lambda *_: "", having="sure"))
        if player.habit is Habit.GOES_AWAY and player.sessions_held == 1 and overview:
            await self._go_away(web, await self._open(web, overview))

    async def _go_away(self, web: httpx.AsyncClient, overview: Page) -> None:
        """Say on one's own page that one is away for a while."""
        link = overview.way_to("away")
        if link is None:
            return
        until = (self._today() + timedelta(days=LEAVE_DAYS)).date().isoformat()
        page = await self._open(web, link)
        await self._send(web, link, page.fill(lambda *_: until, having="until"))

    def _chooser(self, player: Player, purpose: str, dice: random.Random) -> Choose:
        goals = dice.sample(WORDS["goals"], len(WORDS["goals"]))
        begins: set[str] = set()
        """The goals that are written down now: where they stand is low as yet."""

        def choose(name: str, kind: str, options: list[str]) -> str:
            if name == "agrees":
                return "no" if dice.random() < MANAGERS_WHO_SAY_NO else "yes"
            if name == "came":
                return "no" if dice.random() < WHO_MISS_A_GROUP_SESSION else "yes"
            if name == "joins":
                return "no" if player.habit is Habit.STAYS_OUT else "yes"
            if name == "accepts":
                return "no" if player.declines() else "yes"
            if kind in ("text", "textarea") and name in WORDS:
                return dice.choice(WORDS[name])
            if name.startswith("goal_"):
                begins.add(name.removeprefix("goal_"))
                return goals.pop() if goals else ""
            if name.removeprefix("rating_") in begins:
                return dice.choice(options[: len(options) // 2 + 1])
            if kind == "date":
                soon = 2 if name == "date" else 4  # whoever picks a time needs some, too
                return _working_day(self._today() + timedelta(days=dice.randint(soon, soon + 3)))
            if kind == "time":
                return f"{dice.randint(9, 16):02}:{dice.choice(('00', '30'))}"
            if name == "wish":
                return dice.choice(options)
            if kind == "choice":
                return _one_of(options, dice)
            return dice.choice(WORDS["text"])

        return choose

    async def _open(self, web: httpx.AsyncClient, link: str) -> Page:
        while True:
            try:
                answer = await web.get(link)
            except httpx.HTTPError:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return Page.read(answer.text)

    async def _send(self, web: httpx.AsyncClient, link: str, form: dict[str, str]) -> str | None:
        """Send a form, again if the portal was away: nobody knows then whether it arrived.

        Gives the page of thanks as HTML; None if there was none.
        """
        while True:
            try:
                answer = await web.post(link, data=form)
            except httpx.HTTPError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not (answer.is_success and "done=" in str(answer.url)):
                return None
            self.thanked.append(link)
            return answer.text

    async def _sleep_days(self, days: float) -> None:
        await asyncio.sleep(days * self._calendar.day_seconds)

    def _today(self) -> datetime:
        return self._calendar.to_program(datetime.now(UTC))


def _one_of(options: list[str], dice: random.Random) -> str:
    """A button's first value; on a scale rather a high number."""
    if len(options) > 2 and all(option.lstrip("-").isdigit() for option in options):
        upper = options[len(options) // 2 :]
        return dice.choice(upper)
    return options[0]


def _working_day(day: datetime) -> str:
    """That day, or the Monday after a weekend."""
    monday = 7 - day.weekday()
    return (day + timedelta(days=monday if monday < 3 else 0)).date().isoformat()
