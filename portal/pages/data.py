"""Everything that is held about a person: to read, and to keep as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.people import Role
from domain.surveys import ItemKind, Survey
from portal.pages import consents as own_consents
from portal.pages.base import Accepted, Download, Form, Rejected, View, thanks
from portal.visits import Visit
from store import privacy_words
from store.answers import AnswerKind
from store.consents import ConsentKind
from store.instruments import as_answered
from store.links import Purpose
from store.personal_data import HeldAnswer, HeldPair, InProgram, PersonalData, personal_data

FILE = "my-data.json"

_SAID_ABOVE = ("reference", "name", "email", "language", "timezone")
"""What a people file says of somebody and is told once already."""

_COUNTERS = ("booking",)
"""Numbers in an answer that say something to our software only; the file has them."""


@dataclass(frozen=True)
class Fact:
    """One thing that is held: what it is called, and what stands there."""

    label: str
    value: str


@dataclass(frozen=True)
class Written:
    """An answer with all that stands in it."""

    title: str
    when: str
    facts: tuple[Fact, ...]


class DataPage:
    """What is held, in groups and plain words; a button gives all of it as one file."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        """All of it. Also for who has left."""
        data = personal_data(visit.session, visit.person.id)
        reader = _Reader(visit)
        return View(
            "data.html",
            visit.words("data.title"),
            {
                "identity": reader.identity(data),
                "parts": [reader.part(part) for part in data.programs],
                "for_later": [one.scheme for one in data.for_later],
                "overview_url": visit.url(Purpose.OVERVIEW, pair=None, role=None),
                "id": data.person.id,
                "privacy": privacy_words.told(visit.words, visit.definition),
                "consents": own_consents.shown(visit),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """What follows from a consent that was taken back. A file has no page of thanks."""
        kind = what.removeprefix("took-back-")
        if kind not in list(ConsentKind):
            return None
        if not own_consents.is_taken_back(visit, ConsentKind(kind)):
            return None
        coordinator = visit.definition.coordinator.name
        return thanks(visit, f"data.consents.{kind}", coordinator=coordinator)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected | Download:
        """Give the file, or take a consent back.

        Only a button does: mail scanners open links, but send no forms.
        """
        if "withdraws" in form:
            return own_consents.take_back(visit, form)
        data = personal_data(visit.session, visit.person.id)
        return Download(FILE, data.as_json().encode(), "application/json")


class _Reader:
    """Puts what is held into words."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._known = visit.words.keys()

    def identity(self, data: PersonalData) -> list[Fact]:
        """Who the person is to us."""
        held = data.person.model_dump(exclude={"id"})
        return [self._fact("fields", key, value) for key, value in held.items() if value]

    def part(self, part: InProgram) -> dict[str, Any]:
        """One program: what the page shows of it, by group."""
        return {
            "title": part.title,
            "profile": self._profile(part),
            "standing": self._standing(part),
            "pairs": [self._pair(pair) for pair in part.pairs],
            "answers": [one for answer in part.answers for one in self._answer(part, answer)],
            "asked": [(one.survey, one.version, self._moment(one.at)) for one in part.asked],
            "signatures": [
                (
                    self._words("data.signed", when=self._moment(signed.at)),
                    signed.text,
                )
                for signed in part.signatures
            ],
            "proposals": [
                self._words(
                    "data.proposal",
                    number=proposal.number,
                    when=self._moment(proposal.at),
                    count=len(proposal.pairs),
                )
                for proposal in part.proposals
            ],
            "messages": [
                (message.kind, self._moment(message.sent_at or message.queued_at), message.state)
                for message in part.messages
            ],
            "consents": [
                self._words(
                    f"data.consents.{'gave' if one.given else 'took_back'}",
                    what=self._words(f"data.consents.{one.kind}.title"),
                    when=self._moment(one.at),
                )
                for one in part.consents
            ],
            "events": [(event.kind, self._moment(event.at)) for event in part.events],
        }

    def _profile(self, part: InProgram) -> list[Fact]:
        profile = {key: one for key, one in part.profile.items() if key not in _SAID_ABOVE}
        extra = profile.pop("extra", None) or {}
        hours = profile.pop("working_hours", None)
        days = profile.pop("working_days", None)
        if hours:
            profile["working_hours"] = "–".join(f"{m // 60:02}:{m % 60:02}" for m in hours)
        if days:
            profile["working_days"] = [self._words.weekday(day) for day in days]
        profile["roles"] = [self._words(f"data.roles.{role}") for role in profile["roles"]]
        facts = [
            self._fact("fields", key, value)
            for key, value in profile.items()
            if value not in (None, "", [], {}, ())
        ]
        return facts + [Fact(key, self._text(value)) for key, value in extra.items() if value]

    def _standing(self, part: InProgram) -> list[Fact]:
        held = part.model_dump(
            include={
                "eligible_roles", "joined", "answered_at", "approved", "approved_at", "selected",
                "withdrew_at", "away_until",
            }
        )  # fmt: skip
        held["eligible_roles"] = [self._words(f"data.roles.{r}") for r in part.eligible_roles]
        held["calendar"] = part.preferences.get("calendar")
        return [
            self._fact("fields", key, value) for key, value in held.items() if value is not None
        ]

    def _pair(self, pair: HeldPair) -> tuple[str, list[str]]:
        words = self._words
        sessions = [
            words(
                "data.session_held" if session.held_at else "data.session",
                number=session.number,
                when=words.moment(self._visit.local(session.booked_for))
                if session.booked_for
                else words("data.no_date"),
            )
            for session in pair.sessions
        ]
        title = words(
            f"data.pair_{pair.role.value}", partner=pair.partner or words("erased.partner")
        )
        return title, [*pair.reasons, *sessions]

    def _answer(self, part: InProgram, answer: HeldAnswer) -> Iterator[Written]:
        """An answer, and before it what was first sent, if that was another."""
        if answer.first_content is not None and answer.first_at is not None:
            yield self._written(part, answer, "first", answer.first_content, answer.first_at)
        yield self._written(part, answer, answer.kind, answer.content, answer.at)

    def _written(
        self,
        part: InProgram,
        answer: HeldAnswer,
        kind: str,
        content: Mapping[str, Any],
        at: datetime,
    ) -> Written:
        survey = self._survey(part, answer)
        title = self._name("kinds", kind)
        if survey is not None and answer.kind != AnswerKind.AGREEMENT:
            title = f"{title}: {survey.title}"
        role = Role(answer.role) if answer.role else Role.MENTEE
        facts = tuple(self._content(content, survey, role))
        return Written(title=title, when=self._moment(at), facts=facts)

    def _survey(self, part: InProgram, answer: HeldAnswer) -> Survey | None:
        """The questions that an answer was given to, where they are known still."""
        visit = self._visit
        if answer.kind == AnswerKind.AGREEMENT:
            return visit.content.agreement().choices
        if answer.kind not in (AnswerKind.SURVEY, AnswerKind.DRAFT):
            return None
        name = answer.occasion.partition(":")[0]
        return as_answered(visit.session, visit.content, part.program, name, answer.version)

    def _content(
        self, content: Mapping[str, Any], survey: Survey | None, role: Role
    ) -> Iterator[Fact]:
        items = {item.id: item for item in survey.items} if survey is not None else {}
        for key, value in content.items():
            if isinstance(value, Mapping):
                yield from self._content(value, survey, role)
            elif key in items:
                item = items[key]
                texts = {option.id: option.text for option in item.options}
                chosen = texts.get(str(value)) if item.kind is ItemKind.CHOICE else None
                yield Fact(item.text_for(role), chosen or self._text(value))
            elif value not in (None, "", []) and key not in _COUNTERS:
                yield self._fact("contents", key, value)

    def _fact(self, group: str, key: str, value: Any) -> Fact:
        return Fact(self._name(group, key), self._text(value))

    def _name(self, group: str, key: str) -> str:
        """Our word for something, or its own name where we have none."""
        known = f"data.{group}.{key}" in self._known
        return self._words(f"data.{group}.{key}") if known else key.replace("_", " ")

    def _text(self, value: Any) -> str:
        if isinstance(value, bool):
            return self._words("data.yes" if value else "data.no")
        if isinstance(value, datetime):
            return self._moment(value)
        if isinstance(value, Mapping):
            return ", ".join(f"{key}: {self._text(one)}" for key, one in value.items())
        if isinstance(value, list | tuple):
            return ", ".join(self._text(one) for one in value)
        return str(value)

    def _moment(self, instant: datetime) -> str:
        return self._words.moment(self._visit.local_of(instant))
