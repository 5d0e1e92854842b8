"""A pair's mentoring agreement: what each of the two signed, and whether both signed the same.

The first to sign proposes the choices. The other signs them as they are, or changes them, which
makes new terms that the first has to sign as well. `terms` counts these: it rises whenever the
choices change, or the text of which they are a part.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.definition import Definition, Mode
from domain.model import Value
from domain.people import Role
from domain.surveys import AnswerValue


class Particulars(Value):
    """What the text says that is the program's to decide, or the definition's."""

    program: str
    organisation: str
    coordinator: str
    safety: str
    """Name of who hears when somebody does not feel safe."""
    sessions: int
    minutes: int
    delivery: str
    """Where sessions happen: `in_person`, `remote` or `hybrid`."""
    leader: str
    """Who leads a session: `mentor`, `mentee`, `alternating`, or `both`, each a half of it."""
    reply_within: int | None
    """Hours within which the two promise to answer each other, where the program sets them."""


def particulars_of(definition: Definition, sessions: int | None = None) -> Particulars:
    """What a definition puts into the text, for a pair that may have sessions of its own number."""
    mutual = definition.program.mode is Mode.MUTUAL
    return Particulars(
        program=definition.program.title,
        organisation=definition.program.organisation,
        coordinator=definition.coordinator.name,
        safety=definition.safety_contact.name,
        sessions=sessions or definition.sessions.count,
        minutes=definition.sessions.minutes,
        delivery=definition.program.delivery.value,
        leader="both" if mutual else definition.sessions.led_by.value,
        reply_within=definition.agreement.reply_within,
    )


class Signature(Value):
    """One signature of one of the two."""

    role: Role
    terms: int
    version: int
    """Of the text."""
    choices: dict[str, AnswerValue]
    at: datetime


class Change(Value):
    """What the two answered to one question of the agreement, earlier and now."""

    item: str
    before: AnswerValue | None
    now: AnswerValue | None


class PairAgreement(Value):
    """All signatures of a pair, the earliest first."""

    signatures: tuple[Signature, ...] = ()

    @property
    def terms(self) -> int:
        """The number of what stands to be signed, or is signed; 0 before anybody signed."""
        return max((signature.terms for signature in self.signatures), default=0)

    @property
    def latest(self) -> Signature | None:
        """Who proposed these terms, and what they are."""
        return next((s for s in self.signatures if s.terms == self.terms), None)

    def of(self, role: Role) -> Signature | None:
        """The latest signature of one of the two."""
        mine = [signature for signature in self.signatures if signature.role is role]
        return max(mine, key=lambda signature: signature.terms, default=None)

    def has_signed(self, role: Role) -> bool:
        """Whether one of the two has signed what stands now."""
        mine = self.of(role)
        return mine is not None and mine.terms == self.terms

    @property
    def in_force(self) -> bool:
        """Whether both have signed the same, and nobody has changed it since."""
        return all(self.has_signed(role) for role in Role)

    def terms_for(self, version: int, choices: Mapping[str, AnswerValue]) -> int:
        """The number under which this would be signed: that of the same, or the next."""
        latest = self.latest
        is_same = latest is not None and (latest.version, latest.choices) == (version, choices)
        return self.terms if is_same else self.terms + 1

    def changes_for(self, role: Role) -> tuple[Change, ...]:
        """What is different now from what one of the two signed; nothing if they never did."""
        mine, latest = self.of(role), self.latest
        if mine is None or latest is None:
            return ()
        asked = [*latest.choices, *(item for item in mine.choices if item not in latest.choices)]
        return tuple(
            Change(item=item, before=mine.choices.get(item), now=latest.choices.get(item))
            for item in asked
            if mine.choices.get(item) != latest.choices.get(item)
        )
