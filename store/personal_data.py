"""All that the store holds about one person, for that person.

What others wrote is not in it, a partner's answers least of all. Neither are HR's working notes on
matching, which are as much about other people.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.model import Value
from domain.people import Role
from domain.proposal import Proposal
from store import answers, consents
from store.tables import (
    AnswerRow,
    AskedRow,
    JournalRow,
    MessageRow,
    OutcomeRow,
    PairRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    ProposalRow,
    SchemePersonRow,
    SessionRow,
    SignatureRow,
)


class Identity(Value):
    """Who the person is to us."""

    id: str
    """Random; the only name that the person has in the records of the workflow engine."""
    reference: str
    """The organisation's own id."""
    name: str
    email: str
    language: str
    timezone: str | None


class HeldSession(Value):
    """A session of a pair."""

    number: int
    booked_for: datetime | None
    """In program time."""
    place: str | None
    held_at: datetime | None
    proposed_times: tuple[str, ...] = ()
    """The times that the person proposed and the partner has not answered, in program time."""
    proposed_place: str | None = None
    """The place that they proposed with them."""


class HeldPair(Value):
    """A pair that the person is or was in."""

    id: str
    role: Role
    partner: str
    """The partner's name; empty for who was erased."""
    reasons: tuple[str, ...]
    """Why the two were matched, as both were told."""
    sessions: tuple[HeldSession, ...]


class HeldAnswer(Value):
    """Something that the person answered, chose or wrote."""

    kind: str
    occasion: str
    """Which one: of a survey, of a session."""
    pair: str | None
    role: str | None
    version: int
    """Of the survey or text that was answered."""
    content: dict[str, Any]
    at: datetime
    first_content: dict[str, Any] | None = None
    """What they first sent, where they changed it since."""
    first_at: datetime | None = None


class HeldAsked(Value):
    """A survey that the person was asked."""

    survey: str
    version: int
    at: datetime


class HeldSignature(Value):
    """Something that the person signed, word for word."""

    pair: str
    role: str
    terms: int
    version: int
    language: str
    choices: dict[str, Any]
    text: str
    at: datetime


class HeldConsent(Value):
    """A consent that the person gave, or took back."""

    kind: str
    given: bool
    at: datetime
    source: str
    """`person`, or `people_file` where HR has it on record."""
    version: str | None
    language: str | None
    text: str | None
    """What they agreed to, as they read it."""


class HeldProposal(Value):
    """What a proposal of matches said of the person."""

    number: int
    made_by: str
    at: datetime
    pairs: tuple[dict[str, Any], ...]
    """Role and score of each pair that it put them in."""
    reserve_place: int | None
    """Their place on the reserve list."""


class HeldMessage(Value):
    """A message to the person. What it said is not kept once it was handed over."""

    kind: str
    pair: str | None
    state: str
    queued_at: datetime
    sent_at: datetime | None


class HeldEvent(Value):
    """Something that the journal says of the person, or of one of their pairs."""

    kind: str
    at: datetime
    pair: str | None
    data: dict[str, Any]


class HeldOutcome(Value):
    """What a people file that HR imported once the program was under way says."""

    present: bool
    """Whether it has the person."""
    level: str | None


class InProgram(Value):
    """What is held about the person in one program."""

    program: str
    title: str
    profile: dict[str, Any]
    """What HR's people file says of them."""
    eligible_roles: tuple[str, ...]
    joined: bool | None
    answered_at: datetime | None
    approved: bool | None
    approved_at: datetime | None
    selected: bool | None
    withdrew_at: datetime | None
    away_until: datetime | None
    preferences: dict[str, Any]
    pairs: tuple[HeldPair, ...]
    answers: tuple[HeldAnswer, ...]
    asked: tuple[HeldAsked, ...]
    signatures: tuple[HeldSignature, ...]
    consents: tuple[HeldConsent, ...]
    proposals: tuple[HeldProposal, ...]
    messages: tuple[HeldMessage, ...]
    events: tuple[HeldEvent, ...]
    later: HeldOutcome | None


class HeldForLater(Value):
    """What is kept of the person for the next programs of a scheme."""

    scheme: str
    profile: dict[str, Any]
    """What HR's people file says of them."""
    eligible_roles: tuple[str, ...]


class PersonalData(Value):
    """Everything, over all programs."""

    person: Identity
    programs: tuple[InProgram, ...]
    for_later: tuple[HeldForLater, ...] = ()

    def as_json(self) -> str:
        """One document that people and machines can read."""
        return self.model_dump_json(indent=2)


def personal_data(session: Session, person: str) -> PersonalData:
    """All that is held about a person. Raises NoResultFound for who is not known."""
    row = session.get_one(PersonRow, person)
    parts = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.person_id == person)
        .order_by(ParticipantRow.program_id)
    )
    return PersonalData(
        person=Identity(
            id=row.id,
            reference=row.reference,
            name=row.name,
            email=row.email,
            language=row.language,
            timezone=row.timezone,
        ),
        programs=tuple(_in_program(session, part) for part in parts),
        for_later=_for_later(session, person),
    )


def _for_later(session: Session, person: str) -> tuple[HeldForLater, ...]:
    rows = session.scalars(
        select(SchemePersonRow)
        .where(SchemePersonRow.person_id == person)
        .order_by(SchemePersonRow.scheme_id)
    )
    return tuple(
        HeldForLater(
            scheme=row.scheme_id,
            profile=row.profile,
            eligible_roles=tuple(row.eligible_roles),
        )
        for row in rows
    )


def _in_program(session: Session, part: ParticipantRow) -> InProgram:
    program, person = part.program_id, part.person_id
    # A pair that has not been introduced is HR's plan still, and nothing that the two know of.
    pairs = [
        pair
        for pair in answers.pairs_of(session, program, person)
        if answers.pair_is_introduced(session, pair.id)
    ]
    later = session.get(OutcomeRow, (program, person))
    return InProgram(
        program=program,
        title=session.get_one(ProgramRow, program).title,
        profile=part.profile,
        eligible_roles=tuple(part.eligible_roles),
        joined=part.joined,
        answered_at=part.answered_at,
        approved=part.approved,
        approved_at=part.approved_at,
        selected=part.selected,
        withdrew_at=part.withdrew_at,
        away_until=part.away_until,
        preferences=answers.preferences_of(part).model_dump(mode="json"),
        pairs=tuple(_pair(session, pair, person) for pair in pairs),
        answers=_answers(session, program, person),
        asked=_asked(session, program, person),
        signatures=_signatures(session, program, person),
        consents=tuple(
            HeldConsent(**one.model_dump(mode="python"))
            for one in consents.history(session, program, person)
        ),
        proposals=_proposals(session, program, person),
        messages=_messages(session, program, person),
        events=_events(session, program, person, pairs),
        later=HeldOutcome(present=later.present, level=later.level) if later else None,
    )


def _pair(session: Session, pair: PairRow, person: str) -> HeldPair:
    partner = pair.mentee_id if pair.mentor_id == person else pair.mentor_id
    other = session.get_one(PersonRow, partner)
    rows = session.scalars(
        select(SessionRow).where(SessionRow.pair_id == pair.id).order_by(SessionRow.number)
    )
    return HeldPair(
        id=pair.id,
        role=_role_in(pair, person),
        partner="" if other.erased_at is not None else other.name,
        reasons=tuple(pair.reasons),
        sessions=tuple(_session(row, _role_in(pair, person)) for row in rows),
    )


def _session(row: SessionRow, role: Role) -> HeldSession:
    proposed = row.proposed_by == role.value
    return HeldSession(
        number=row.number,
        booked_for=row.booked_for,
        place=row.place,
        held_at=row.held_at,
        proposed_times=tuple(row.proposed_times or ()) if proposed else (),
        proposed_place=row.proposed_place if proposed else None,
    )


def _role_in(pair: PairRow, person: str) -> Role:
    return Role.MENTOR if pair.mentor_id == person else Role.MENTEE


def _answers(session: Session, program: str, person: str) -> tuple[HeldAnswer, ...]:
    rows = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.program_id == program, AnswerRow.person_id == person)
        .order_by(AnswerRow.answered_at, AnswerRow.id)
    )
    return tuple(
        HeldAnswer(
            kind=row.kind,
            occasion=row.occasion,
            pair=row.pair_id,
            role=row.role,
            version=row.version,
            content=row.content,
            at=row.answered_at,
            first_content=row.first_content,
            first_at=row.first_answered_at,
        )
        for row in rows
    )


def _asked(session: Session, program: str, person: str) -> tuple[HeldAsked, ...]:
    rows = session.scalars(
        select(AskedRow)
        .where(AskedRow.program_id == program, AskedRow.person_id == person)
        .order_by(AskedRow.asked_at, AskedRow.id)
    )
    return tuple(HeldAsked(survey=row.survey, version=row.version, at=row.asked_at) for row in rows)


def _signatures(session: Session, program: str, person: str) -> tuple[HeldSignature, ...]:
    rows = session.scalars(
        select(SignatureRow)
        .join(PairRow, PairRow.id == SignatureRow.pair_id)
        .where(PairRow.program_id == program, SignatureRow.person_id == person)
        .order_by(SignatureRow.signed_at, SignatureRow.id)
    )
    return tuple(
        HeldSignature(
            pair=row.pair_id,
            role=row.role,
            terms=row.terms,
            version=row.version,
            language=row.language,
            choices=row.choices,
            text=row.text,
            at=row.signed_at,
        )
        for row in rows
    )


def _proposals(session: Session, program: str, person: str) -> tuple[HeldProposal, ...]:
    rows = session.scalars(
        select(ProposalRow).where(ProposalRow.program_id == program).order_by(ProposalRow.number)
    )
    found = []
    for row in rows:
        proposal = Proposal.model_validate(row.content)
        pairs = tuple(
            {
                "role": (Role.MENTOR if pair.mentor == person else Role.MENTEE).value,
                "score": pair.score,
            }
            for pair in proposal.pairs
            if person in pair.two
        )
        places = [one.place for one in proposal.unmatched if one.key == person]
        if pairs or places:
            found.append(
                HeldProposal(
                    number=row.number,
                    made_by=row.made_by,
                    at=row.created_at,
                    pairs=pairs,
                    reserve_place=places[0] if places else None,
                )
            )
    return tuple(found)


def _messages(session: Session, program: str, person: str) -> tuple[HeldMessage, ...]:
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.program_id == program, MessageRow.person_id == person)
        .order_by(MessageRow.queued_at, MessageRow.key)
    )
    return tuple(
        HeldMessage(
            kind=row.kind,
            pair=row.pair_id,
            state=row.state,
            queued_at=row.queued_at,
            sent_at=row.sent_at,
        )
        for row in rows
    )


_OF_A_PAIR = frozenset({"session", "survey", "occasion"})
"""What events of a pair tell either of the two; the rest may say something of the other."""


def _events(
    session: Session, program: str, person: str, pairs: list[PairRow]
) -> tuple[HeldEvent, ...]:
    """What the person did, and what happened to their pairs; not what a partner did."""
    roles = {pair.id: _role_in(pair, person).value for pair in pairs}
    rows = session.scalars(
        select(JournalRow)
        .where(
            JournalRow.program_id == program,
            or_(
                JournalRow.person_id == person,
                JournalRow.person_id.is_(None) & JournalRow.pair_id.in_(sorted(roles)),
            ),
        )
        .order_by(JournalRow.position)
    )
    return tuple(
        HeldEvent(
            kind=row.kind,
            at=row.at,
            pair=row.pair_id,
            data={
                key: value
                for key, value in row.data.items()
                if row.person_id == person or key in _OF_A_PAIR
            },
        )
        for row in rows
        if row.person_id == person or row.role in (None, roles[row.pair_id or ""])
    )
