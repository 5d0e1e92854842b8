"""Programs, their people, proposals and pairs."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.calendar import ProgramCalendar, calendar_of
from domain.definition import Contact, Definition
from domain.ids import COHORT_SIZE
from domain.journal import EventKind
from domain.model import Value
from domain.people import Person, Preferences, Role
from domain.proposal import Proposal
from store import consents, identity, journal
from store.tables import (
    JournalRow,
    PairRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
)

_AT_ONCE = 1_000
"""Values in one query: far below what SQLite and PostgreSQL take."""


class UnknownProgram(Exception):
    """There is no program of that id in the store."""


class Program(Value):
    """A program as it was started."""

    id: str
    definition: Definition
    epoch: datetime

    @property
    def calendar(self) -> ProgramCalendar:
        """The program's time."""
        return calendar_of(self.definition, self.epoch)


class Entrant(Value):
    """A person who may take part, and as what."""

    person: Person
    roles: tuple[Role, ...]


class Participant(Value):
    """Somebody in a program, as messages and pages need them."""

    id: str
    person: Person
    eligible_roles: tuple[Role, ...]
    joined: bool | None
    answered_at: datetime | None = None
    approved: bool | None = None
    """Whether the line manager agrees; False too, once enrolment is closed, without an answer."""
    selected: bool | None = None
    """Whether HR chose them to be matched; None as long as HR has not said."""
    withdrew: bool
    away_until: datetime | None = None
    """The instant until which no message should reach them."""
    preferences: Preferences = Preferences()
    erased: bool = False
    """Whether nothing is held of them any more: nobody can write to them, and nobody names them."""

    @property
    def has_joined(self) -> bool:
        """Whether the person would like to be matched: allowed to, said yes, and still here."""
        return bool(self.joined and self.eligible_roles and not self.withdrew)

    @property
    def takes_part(self) -> bool:
        """Whether the person may be matched: joined, and neither their manager nor HR said no."""
        return self.has_joined and self.approved is not False and self.selected is not False

    @property
    def address(self) -> Contact:
        """Name and mail address, as the people file was read; not checked a second time."""
        return Contact.model_construct(name=self.person.name, email=self.person.email)


class PairPeople(Value):
    """The two of a pair, and why they were matched."""

    id: str
    mentor: Participant
    mentee: Participant
    reasons: tuple[str, ...]
    sessions: int | None
    """How many are planned, where that differs from the definition."""

    def who(self, role: Role) -> Participant:
        """The one who has this role."""
        return self.mentor if role is Role.MENTOR else self.mentee

    @property
    def erased(self) -> bool:
        """Whether nothing is held of one of the two any more."""
        return self.mentor.erased or self.mentee.erased

    def calling(self, erased: str) -> PairPeople:
        """The same, where `erased` stands in place of the name of who was erased."""
        if not self.erased:
            return self

        def called(one: Participant) -> Participant:
            person = one.person.model_copy(update={"name": erased})
            return one.model_copy(update={"person": person}) if one.erased else one

        return self.model_copy(
            update={"mentor": called(self.mentor), "mentee": called(self.mentee)}
        )


def enter(
    session: Session,
    definition: Definition,
    entrants: Sequence[Entrant],
    epoch: datetime,
    now: datetime,
) -> None:
    """Put a program and its people into the store. Who is known keeps the id they have."""
    program = definition.program
    session.add(
        ProgramRow(
            id=program.id,
            title=program.title,
            definition=definition.model_dump(mode="json"),
            epoch=epoch,
            created_at=now,
        )
    )
    _add(session, definition, program.id, entrants, now)


def know(session: Session, people: Sequence[Person]) -> dict[str, str]:
    """Take down who these people are. Gives their ids, by reference; who is known keeps theirs."""
    rows = _known_people(session, [person.reference for person in people])
    for person in people:
        row = rows.get(person.reference)
        if row is None:
            row = PersonRow(id=f"p-{secrets.token_hex(6)}", reference=person.reference)
            rows[person.reference] = row
            session.add(row)
        row.name, row.email = person.name, person.email
        row.language, row.timezone = person.language, person.timezone
    session.flush()  # people before the rows that point to them
    return {reference: row.id for reference, row in rows.items()}


def _add(
    session: Session,
    definition: Definition,
    program: str,
    entrants: Sequence[Entrant],
    now: datetime,
) -> None:
    ids = know(session, [entrant.person for entrant in entrants])
    session.add_all(
        ParticipantRow(
            program_id=program,
            person_id=ids[entrant.person.reference],
            profile=entrant.person.model_dump(mode="json"),
            eligible_roles=[role.value for role in entrant.roles],
            joined=None,
            answered_at=None,
            withdrew_at=None,
        )
        for entrant in entrants
    )
    session.flush()
    people = [(ids[entrant.person.reference], entrant.person) for entrant in entrants]
    consents.take_down(session, program, definition, people, now)


def _known_people(session: Session, references: Sequence[str]) -> dict[str, PersonRow]:
    found: dict[str, PersonRow] = {}
    for first in range(0, len(references), _AT_ONCE):
        some = references[first : first + _AT_ONCE]
        rows = session.scalars(select(PersonRow).where(PersonRow.reference.in_(some)))
        found.update((row.reference, row) for row in rows)
    return found


class PeopleUpdate(Value):
    """What a newer people file changed in a program that runs."""

    changed: int
    """People of the program of whom something else is known now."""
    missing: tuple[str, ...]
    """References of people of the program who are not in the file any more."""
    strangers: int
    """People of the file who were not in the program: they take no part, but count as managers."""


def update_people(session: Session, program: str, people: Sequence[Person]) -> PeopleUpdate:
    """Take over what a newer people file says of a program's people.

    Who is in the program keeps the roles they were given, and nobody is taken out. Who is new
    takes no part in it; lines of managers may run through them. What people say they are is not
    taken in any more once it was deleted.
    """
    definition, now = get(session, program).definition, journal.now_of(session, program)
    if identity.is_forgotten(session, program):
        people = identity.without_all(people, identity.columns_to_forget(definition))
    given = {person.reference: person for person in people}
    query = (
        select(ParticipantRow, PersonRow)
        .join(PersonRow, PersonRow.id == ParticipantRow.person_id)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)
    )
    changed = 0
    missing: list[str] = []
    known: set[str] = set()
    agreed: list[tuple[str, Person]] = []
    for row, person_row in session.execute(query):
        known.add(person_row.reference)
        if row.erased_at is not None:
            continue
        person = given.get(person_row.reference)
        if person is None:
            missing.append(person_row.reference)
            continue
        changed += person != Person.model_validate(row.profile)
        row.profile = person.model_dump(mode="json")
        agreed.append((row.person_id, person))
        person_row.name, person_row.email = person.name, person.email
        person_row.language, person_row.timezone = person.language, person.timezone
    consents.take_down(session, program, definition, agreed, now)
    strangers = [person for person in people if person.reference not in known]
    entrants = [Entrant(person=person, roles=()) for person in strangers]
    _add(session, definition, program, entrants, now)
    return PeopleUpdate(changed=changed, missing=tuple(sorted(missing)), strangers=len(strangers))


def exchange_people(session: Session, program: str, entrants: Sequence[Entrant]) -> None:
    """Have a program that has not begun take in these people, and nobody else.

    Who was taken out of it stays out.
    """
    definition, now = get(session, program).definition, journal.now_of(session, program)
    ids = know(session, [entrant.person for entrant in entrants])
    rows = {
        row.person_id: row
        for row in session.scalars(
            select(ParticipantRow).where(ParticipantRow.program_id == program)
        )
    }
    added = []
    agreed: list[tuple[str, Person]] = []
    for entrant in entrants:
        row = rows.pop(ids[entrant.person.reference], None)
        if row is None:
            added.append(entrant)
            continue
        row.profile = entrant.person.model_dump(mode="json")
        row.eligible_roles = [role.value for role in entrant.roles]
        agreed.append((row.person_id, entrant.person))
    for row in rows.values():
        session.delete(row)
    consents.drop(session, program, rows)
    consents.take_down(session, program, definition, agreed, now)
    _add(session, definition, program, added, now)


def waiting_of(session: Session, scheme: str, now: datetime) -> list[str]:
    """The ids of a scheme's programs whose start date is still to come."""
    rows = session.scalars(select(ProgramRow).where(ProgramRow.epoch > now).order_by(ProgramRow.id))
    return [row.id for row in rows if row.definition["program"].get("scheme") == scheme]


def take_back(session: Session, program: str) -> None:
    """Take a program out that never began. The people stay known, with the ids they have."""
    consents.drop(session, program)
    session.execute(delete(ParticipantRow).where(ParticipantRow.program_id == program))
    session.execute(delete(ProgramRow).where(ProgramRow.id == program))


def exists(session: Session, program: str) -> bool:
    """Whether the store has a program of this id."""
    return session.get(ProgramRow, program) is not None


def get(session: Session, program: str) -> Program:
    """A program. Raises `UnknownProgram`."""
    row = session.get(ProgramRow, program)
    if row is None:
        raise UnknownProgram(program)
    return Program(id=row.id, definition=Definition.stored(row.definition), epoch=row.epoch)


def start_on(session: Session, program: str, epoch: datetime) -> None:
    """Have a program that has not begun begin at another instant, on the date that this is."""
    row = session.get_one(ProgramRow, program)
    calendar = calendar_of(Definition.stored(row.definition), row.epoch)
    zone = ZoneInfo(row.definition["calendar"]["timezone"])
    starts = calendar.to_program(epoch).astimezone(zone).date()
    described = {**row.definition["program"], "starts": starts.isoformat()}
    row.definition = {**row.definition, "program": described}
    row.epoch = epoch


def meet_for(session: Session, program: str, days: int) -> None:
    """Let a program have so many program days for its meetings."""
    row = session.get_one(ProgramRow, program)
    row.definition = {
        **row.definition,
        "stages": {**row.definition["stages"], "meetings": days},
    }


def all_ids(session: Session) -> list[str]:
    """The ids of all programs, the newest first."""
    return list(session.scalars(select(ProgramRow.id).order_by(ProgramRow.created_at.desc())))


# --- People --------------------------------------------------------------------------------------


def participants(session: Session, program: str) -> list[Participant]:
    """Everybody in a program, by id."""
    rows = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)
    )
    return [_participant(row) for row in rows]


def page_of_participants(
    session: Session, program: str, after: str, limit: int
) -> list[Participant]:
    """The next people of a program, by id, after the given one."""
    rows = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program, ParticipantRow.person_id > after)
        .order_by(ParticipantRow.person_id)
        .limit(limit)
    )
    return [_participant(row) for row in rows]


def participant(session: Session, program: str, person: str) -> Participant | None:
    """One person of a program, by our id."""
    row = session.get(ParticipantRow, (program, person))
    return _participant(row) if row else None


def some_participants(
    session: Session, program: str, people: Sequence[str]
) -> dict[str, Participant]:
    """These people of a program, by id."""
    rows = session.scalars(
        select(ParticipantRow).where(
            ParticipantRow.program_id == program, ParticipantRow.person_id.in_(people)
        )
    )
    return {row.person_id: _participant(row) for row in rows}


def lock_participants(session: Session, program: str, people: Sequence[str]) -> None:
    """Have nobody else decide on these people's mails before this transaction ends."""
    session.execute(
        select(ParticipantRow.person_id)
        .where(ParticipantRow.program_id == program, ParticipantRow.person_id.in_(people))
        .order_by(ParticipantRow.person_id)
        .with_for_update()
    )


def people_called(session: Session, given: str) -> list[str]:
    """The ids of who is meant: by the organisation's id or ours, or else by the mail address, which
    several may share."""
    exact = select(PersonRow.id).where((PersonRow.reference == given) | (PersonRow.id == given))
    by_address = (
        select(PersonRow.id)
        .where(func.lower(PersonRow.email) == given.lower(), PersonRow.email != "")
        .order_by(PersonRow.id)
    )
    return list(session.scalars(exact)) or list(session.scalars(by_address))


def participant_by_reference(session: Session, program: str, reference: str) -> Participant | None:
    """One person of a program, by the organisation's id, ours, or the mail address."""
    row = session.scalar(
        select(ParticipantRow).where(
            ParticipantRow.program_id == program,
            ParticipantRow.person_id.in_(people_called(session, reference)),
        )
    )
    return _participant(row) if row else None


def _participant(row: ParticipantRow) -> Participant:
    return Participant(
        id=row.person_id,
        person=Person.model_validate(row.profile),
        eligible_roles=tuple(Role(role) for role in row.eligible_roles),
        joined=row.joined,
        answered_at=row.answered_at,
        approved=row.approved,
        selected=row.selected,
        withdrew=row.withdrew_at is not None,
        away_until=row.away_until,
        preferences=Preferences.model_validate(row.preferences or {}),
        erased=row.erased_at is not None,
    )


# --- Pairs ---------------------------------------------------------------------------------------


def pair_id(program: str, mentor: str, mentee: str) -> str:
    """The id of a pair: the same for the same two, so that forming pairs twice forms them once."""
    digest = hashlib.sha256(f"{program}/{mentor}/{mentee}".encode()).hexdigest()
    return f"m-{digest[:12]}"


def form_pairs(
    session: Session,
    program: str,
    chosen: Proposal,
    first_cohort: int = 1,
    sessions: int | None = None,
) -> int:
    """Make the pairs of a proposal that are not there yet. Gives the number of their cohorts.

    Somebody may have left the program since it was proposed: their pair is not made. Who leaves
    from here on finds the pair, so that its workflow is told. `sessions` are planned for each where
    that differs from the definition.
    """
    known = set(session.scalars(select(PairRow.id).where(PairRow.program_id == program)))
    here = set(
        session.scalars(
            select(ParticipantRow.person_id)
            .where(ParticipantRow.program_id == program, ParticipantRow.withdrew_at.is_(None))
            .order_by(ParticipantRow.person_id)
            .with_for_update(key_share=True)
        )
    )
    for number, match in enumerate(chosen.pairs):
        identity = pair_id(program, match.mentor, match.mentee)
        if identity in known or not here.issuperset((match.mentor, match.mentee)):
            continue
        session.add(
            PairRow(
                id=identity,
                program_id=program,
                cohort=first_cohort + number // COHORT_SIZE,
                mentor_id=match.mentor,
                mentee_id=match.mentee,
                score=match.score,
                reasons=list(match.reasons),
                sessions=sessions,
            )
        )
    return -(-len(chosen.pairs) // COHORT_SIZE)


def count_pairs(session: Session, program: str) -> int:
    """How many pairs a program has."""
    return session.scalar(select(func.count()).where(PairRow.program_id == program)) or 0


def pairs_of_cohort(session: Session, program: str, cohort: int) -> list[str]:
    """The ids of a cohort's pairs."""
    return list(
        session.scalars(
            select(PairRow.id)
            .where(PairRow.program_id == program, PairRow.cohort == cohort)
            .order_by(PairRow.id)
        )
    )


def pair(session: Session, program: str, identity: str) -> PairPeople | None:
    """A pair with its people."""
    row = session.get(PairRow, identity)
    if row is None or row.program_id != program:
        return None
    mentor = participant(session, program, row.mentor_id)
    mentee = participant(session, program, row.mentee_id)
    if mentor is None or mentee is None:
        return None
    return PairPeople(
        id=row.id,
        mentor=mentor,
        mentee=mentee,
        reasons=tuple(row.reasons),
        sessions=row.sessions,
    )


def erased_since(session: Session, program: str, known: PairPeople) -> bool:
    """Whether one of a pair was erased since it was read."""
    now = pair(session, program, known.id)
    return now is not None and any(now.who(role).erased != known.who(role).erased for role in Role)


def pair_names(
    session: Session, program: str, pairs: Collection[str] | None = None
) -> Mapping[str, tuple[str, str]]:
    """The names of mentor and mentee by pair id, for what HR reads: of all pairs, or of these."""
    two = select(PairRow.id, PairRow.mentor_id, PairRow.mentee_id)
    two = two.where(PairRow.program_id == program)
    profiles = select(ParticipantRow.person_id, ParticipantRow.profile)
    profiles = profiles.where(ParticipantRow.program_id == program)
    if pairs is not None:
        two = two.where(PairRow.id.in_(pairs))
    rows = session.execute(two).all()
    if pairs is not None:
        people = {person for _, *both in rows for person in both}
        profiles = profiles.where(ParticipantRow.person_id.in_(people))
    names = {person: str(profile["name"]) for person, profile in session.execute(profiles)}
    return {pair: (names[mentor], names[mentee]) for pair, mentor, mentee in rows}


def paired_people(session: Session, program: str, *, introduced_only: bool = False) -> set[str]:
    """Who is in a pair; or, of those, who has been told of it."""
    query = select(PairRow.mentor_id, PairRow.mentee_id).where(PairRow.program_id == program)
    if introduced_only:
        introduced = select(JournalRow.pair_id).where(
            JournalRow.program_id == program,
            JournalRow.kind == EventKind.PAIR_INTRODUCED.value,
        )
        query = query.where(PairRow.id.in_(introduced))
    rows = session.execute(query)
    return {person for row in rows for person in row}
