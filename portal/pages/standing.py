"""Where each pair of a person stands, as the journal, the answers and the sessions tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from sqlalchemy import select

from domain.deeds import Wish
from domain.journal import EventKind
from domain.people import Role
from portal.visits import Visit, first_name
from store import answers
from store.answers import AnswerKind
from store.goals import Look, looks_at_goals
from store.lateness import PAIR_ENDINGS
from store.links import Purpose
from store.tables import AnswerRow, JournalRow, PairRow, PersonRow, SessionRow


class Stand(StrEnum):
    """How far a pair has come, as the two see it."""

    INTRODUCED = "introduced"
    PREPARING = "preparing"
    MEETING = "meeting"
    EVALUATING = "evaluating"
    OVER = "over"


_REACHED = {
    EventKind.PAIR_INTRODUCED: Stand.INTRODUCED,
    EventKind.PAIR_PREPARING: Stand.PREPARING,
    EventKind.PAIR_MEETING: Stand.MEETING,
    EventKind.PAIR_EVALUATING: Stand.EVALUATING,
}
"""The events that carry a pair forward, in the order in which they come."""


@dataclass(frozen=True)
class Step:
    """Something that is open for this person, or worth another look, and where to do it."""

    text: str
    url: str
    again: bool = False
    """Whether it is done already: it is then offered in a smaller way."""


@dataclass(frozen=True)
class Standing:
    """One pair of the person who is here."""

    visit: Visit
    pair: PairRow
    happened: tuple[JournalRow, ...]
    """All that the journal says of the pair, in order."""
    stand: Stand

    @property
    def role(self) -> Role:
        """Which half of the pair this person is."""
        return Role.MENTOR if self.pair.mentor_id == self.visit.person.id else Role.MENTEE

    @cached_property
    def partner(self) -> PersonRow:
        """The other one."""
        other = self.pair.mentee_id if self.role is Role.MENTOR else self.pair.mentor_id
        return self.visit.named(self.visit.session.get_one(PersonRow, other))

    @property
    def partner_first(self) -> str:
        """What to call the other one."""
        return first_name(self.partner)

    @property
    def is_over(self) -> bool:
        """Whether the pair has ended."""
        return self.stand is Stand.OVER

    @property
    def count(self) -> int:
        """How many sessions are planned."""
        return self.pair.sessions or self.visit.definition.sessions.count

    @cached_property
    def sessions(self) -> tuple[SessionRow, ...]:
        """The sessions that something is known of, in order."""
        query = select(SessionRow).where(SessionRow.pair_id == self.pair.id)
        return tuple(self.visit.session.scalars(query.order_by(SessionRow.number)))

    @property
    def held(self) -> int:
        """How many sessions took place."""
        return sum(row.held_at is not None for row in self.sessions)

    @cached_property
    def mine(self) -> tuple[AnswerRow, ...]:
        """What this person answered in this pair."""
        query = select(AnswerRow).where(
            AnswerRow.pair_id == self.pair.id, AnswerRow.person_id == self.visit.person.id
        )
        return tuple(self.visit.session.scalars(query.order_by(AnswerRow.answered_at)))

    def has_answered(self, kind: AnswerKind, occasion: str | None = None) -> bool:
        """Whether this person gave an answer of a kind, on one occasion if that is named."""
        return any(
            answer.kind == kind and (occasion is None or answer.occasion == occasion)
            for answer in self.mine
        )

    def looks_at_goals(self, role: Role) -> tuple[Look, ...]:
        """What one of the two would like to learn, and each time they looked at it again."""
        person = self.pair.mentor_id if role is Role.MENTOR else self.pair.mentee_id
        return looks_at_goals(self.visit.session, self.pair.id, person)

    @property
    def wish(self) -> Wish | None:
        """Whether this person would like to go on meeting, as far as they said so."""
        visit = self.visit
        return answers.wished(visit.session, visit.program.id, self.pair.id, visit.person.id)

    def url(self, purpose: Purpose, **about: object) -> str:
        """A page of this person about this pair."""
        return self.visit.url(purpose, pair=self.pair.id, role=self.role, **about)

    def step(self, key: str, purpose: Purpose, *, again: bool = False, **about: object) -> Step:
        """A step whose words stand under `steps.<key>`; they may name `partner` and `number`."""
        text = self.visit.words(
            f"steps.{key}", partner=self.partner_first, number=about.get("session", "")
        )
        return Step(text, self.url(purpose, **about), again)


def standings(visit: Visit) -> list[Standing]:
    """The pairs that the person knows of: those that go on before those that have ended."""
    found = []
    no_more = answers.program_is_over(visit.session, visit.program.id)
    for pair in answers.pairs_of(visit.session, visit.program.id, visit.person.id):
        query = select(JournalRow).where(JournalRow.pair_id == pair.id)
        happened = tuple(visit.session.scalars(query.order_by(JournalRow.position)))
        stand = _stand({EventKind(row.kind) for row in happened})
        if stand is not None:
            found.append(Standing(visit, pair, happened, Stand.OVER if no_more else stand))
    return sorted(found, key=lambda standing: standing.is_over)


def _stand(kinds: set[EventKind]) -> Stand | None:
    """How far a pair has come; None while the two don't know of each other yet."""
    if EventKind.PAIR_INTRODUCED not in kinds:
        return None
    if kinds.intersection(PAIR_ENDINGS):
        return Stand.OVER
    return [stand for kind, stand in _REACHED.items() if kind in kinds][-1]
