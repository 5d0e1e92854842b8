"""The tables. A change here needs a migration (`make migration NAME=…`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is put on again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    """Every constraint has a name, so that a migration can change it, on SQLite too."""
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        str: Text(),
    }


def table_of(rows: type[Base]) -> Table:
    """The table itself: statements of it make no objects, and take a third of the time."""
    table = rows.__table__
    assert isinstance(table, Table)  # noqa: S101 - each of ours has one, none is made of a query
    return table


class ProgramRow(Base):
    """One run of a scheme. Where it stands is read from the journal, not from here."""

    __tablename__ = "programs"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The definition's `program.id`."""
    title: Mapped[str]
    definition: Mapped[dict[str, Any]]
    epoch: Mapped[datetime]
    """When program day 0 began; see `domain.calendar.ProgramCalendar`."""
    created_at: Mapped[datetime]


class PersonRow(Base):
    """Somebody, over all programs. `id` is random and the only thing that Temporal knows."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    timezone: Mapped[str | None]
    erased_at: Mapped[datetime | None]
    """Since when nothing is held of them; see `store.erasing`."""


class ParticipantRow(Base):
    """A person in a program, as the people file described them."""

    __tablename__ = "participants"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    profile: Mapped[dict[str, Any]]
    """`domain.people.Person`, as JSON."""
    eligible_roles: Mapped[list[Any]]
    """The roles that eligibility leaves, out of those the people file gives."""
    joined: Mapped[bool | None]
    """None until the person answers the invitation."""
    answered_at: Mapped[datetime | None]
    withdrew_at: Mapped[datetime | None]
    approved: Mapped[bool | None]
    """Whether the line manager agrees in principle; None until they answer, and False from the
    closing date on where they have not."""
    approved_at: Mapped[datetime | None]
    """When they answered."""
    selected: Mapped[bool | None]
    """Whether HR chose them to be matched; None until HR chooses, or where nobody asks."""
    away_until: Mapped[datetime | None]
    """The instant until which no message should reach them."""
    preferences: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """`domain.people.Preferences`, as JSON."""
    erased_at: Mapped[datetime | None]
    """Since when the program holds nothing of them."""


class SchemeRow(Base):
    """What the programs of a scheme are made of that a schedule opens."""

    __tablename__ = "schemes"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The definition's `program.scheme`."""
    definition: Mapped[dict[str, Any]]
    rhythm: Mapped[dict[str, Any]]
    """`domain.recurrence.Rhythm`, as JSON."""
    people_from: Mapped[datetime]
    """When the people were last taken over."""


class SchemePersonRow(Base):
    """A person whom the next program of a scheme takes in, as the people file described them."""

    __tablename__ = "scheme_people"

    scheme_id: Mapped[str] = mapped_column(ForeignKey("schemes.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    profile: Mapped[dict[str, Any]]
    """`domain.people.Person`, as JSON."""
    eligible_roles: Mapped[list[Any]]
    """The roles that eligibility leaves, out of those the people file gives."""


class ProposalRow(Base):
    """A set of matches, as the solver or HR proposed it. Never changed: an edit makes a new one."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    """`domain.matching.Proposal`, as JSON; people by person id."""
    made_by: Mapped[str]
    """`solver` or `coordinator`."""
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("program_id", "number"),)


class EditsRow(Base):
    """What HR wants changed in a proposal, as read from their sheet, and what became of it."""

    __tablename__ = "edits"

    id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    content: Mapped[dict[str, Any]]
    """`domain.edits.Edits`, as JSON; people by person id."""
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """`domain.edits.EditsOutcome`, once they were carried out."""
    created_at: Mapped[datetime]


class PairRow(Base):
    """One mentor and one mentee who were approved to meet."""

    __tablename__ = "pairs"

    id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))
    cohort: Mapped[int]
    mentor_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    mentee_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    score: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[Any]]
    """Why these two, in words, for HR and for them."""
    sessions: Mapped[int | None]
    """How many are planned, where that differs from the definition: a pair that began late."""
    broken: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The hard rules that HR was told it breaks (`rules`, a digest), and by which check (`at`)."""
    __table_args__ = (Index("ix_pairs_cohort", "program_id", "cohort"),)


class SessionRow(Base):
    """A session of a pair, from its booking on."""

    __tablename__ = "sessions"

    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    booked_for: Mapped[datetime | None]
    """In program time: what the two read in their calendars."""
    place: Mapped[str | None]
    """Room or meeting link, in the words of who booked."""
    sequence: Mapped[int] = mapped_column(default=0)
    """iCalendar SEQUENCE: rises with each change; -1 before the session has its first date."""
    held_at: Mapped[datetime | None]
    proposal: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rises with each proposal of times; 0 before the first."""
    proposed_by: Mapped[str | None]
    """`mentor` or `mentee`; None while no proposal waits for an answer."""
    proposed_times: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """In program time, as ISO texts."""
    proposed_place: Mapped[str | None]
    cancelled: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was called off."""


class AnswerRow(Base):
    """What a person answered, wrote or signed on one page. One a purpose: a new one replaces it."""

    __tablename__ = "answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Derives from program, pair, person and occasion."""
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    pair_id: Mapped[str | None] = mapped_column(ForeignKey("pairs.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str | None]
    kind: Mapped[str]
    """`survey`, `agreement`, `goals`, `training`, `introduction`, `help`, …: see `AnswerKind`."""
    occasion: Mapped[str]
    """Which one: a survey's occasion (`pulse:2`), or the kind again."""
    version: Mapped[int]
    """Of the survey or text that was answered."""
    content: Mapped[dict[str, Any]]
    answered_at: Mapped[datetime]
    first_content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was first sent in a survey, where somebody changed it since. Written once."""
    first_answered_at: Mapped[datetime | None]
    """When that was."""


class OutcomeRow(Base):
    """What a people file that was imported after a program says of somebody who was in it."""

    __tablename__ = "outcomes"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    present: Mapped[bool]
    """Whether the file has them."""
    level: Mapped[str | None]
    """One of the definition's `people.levels`."""


class InstrumentRow(Base):
    """A survey in one version and language, as people of a program were asked it. Never changed."""

    __tablename__ = "instruments"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    survey: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    """`domain.surveys.Survey`, as JSON."""


class AskedRow(Base):
    """Which version of a survey somebody was asked on an occasion. Appended, never changed."""

    __tablename__ = "asked"

    id: Mapped[str] = mapped_column(primary_key=True)
    """That of their answer, whether or not there is one yet."""
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    survey: Mapped[str]
    version: Mapped[int]
    asked_at: Mapped[datetime]


class SignatureRow(Base):
    """One signature under a pair's agreement. Appended, never changed."""

    __tablename__ = "signatures"

    id: Mapped[str] = mapped_column(primary_key=True)
    """`<pair>/<role>/<terms>`."""
    pair_id: Mapped[str] = mapped_column(ForeignKey("pairs.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[str]
    terms: Mapped[int]
    """Which agreement of the pair: rises whenever one of the two changes what it says."""
    version: Mapped[int]
    """Of the text."""
    language: Mapped[str]
    choices: Mapped[dict[str, Any]]
    text: Mapped[str]
    """What they signed, as they read it (Markdown)."""
    signed_at: Mapped[datetime]


class ConsentRow(Base):
    """Somebody gave a consent, or took it back. Appended, never changed."""

    __tablename__ = "consents"

    id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[str]
    """To what: see `store.consents.ConsentKind`."""
    given: Mapped[bool]
    """False where it was taken back."""
    at: Mapped[datetime]
    source: Mapped[str]
    """`person`, or `people_file` where HR has it on record."""
    version: Mapped[str | None]
    """Of the text: a digest of it."""
    language: Mapped[str | None]
    text: Mapped[str | None]
    """What they agreed to, as they read it; None where a people file says so."""


class HoldRow(Base):
    """A legal hold on a program: as long as it is on, nothing of the program is deleted."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(primary_key=True)
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), index=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str]
    """Who of HR."""
    reference: Mapped[str | None]
    """What it is for, in HR's words: the number of a case."""
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]


class DeletionRow(Base):
    """How far the deletion of a program's personal data has come."""

    __tablename__ = "deletions"

    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"), primary_key=True)
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
    """How many rows of each table are gone."""


class MessageRow(Base):
    """The ledger: each message that should go to somebody, and how far it got."""

    __tablename__ = "messages"

    __table_args__ = (
        Index("ix_messages_program_state", "program_id", "state", "recipient"),
        Index("ix_messages_program_person", "program_id", "person_id"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    """`program/pair/kind/occasion/recipient`."""
    program_id: Mapped[str] = mapped_column(ForeignKey("programs.id"))
    pair_id: Mapped[str | None]
    person_id: Mapped[str | None]
    """None for the coordinator and the sponsor."""
    recipient: Mapped[str]
    """`mentor`, `mentee`, `participant`, `manager`, `coordinator` or `sponsor`."""
    kind: Mapped[str]
    state: Mapped[str]
    """`held` while it waits for a time at which it may go out, `sending` from before the mail
    server is asked, `sent` once it took the message, `refused` when it never will, `dropped` when
    it lost its point before that was known."""
    message_id: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    """The mail server's status code; never its words."""
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    send_after: Mapped[datetime | None]
    """When a held message may go out."""
    letter: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What a held message says; gone once it was handed over."""


class JournalRow(Base):
    """One domain event. Appended, never changed."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_program_at", "program_id", "at"),
        Index("ix_journal_program_kind", "program_id", "kind"),
        Index("ix_journal_program_pair", "program_id", "pair_id"),
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    program_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    pair_id: Mapped[str | None] = mapped_column(index=True)
    person_id: Mapped[str | None]
    role: Mapped[str | None]
    data: Mapped[dict[str, Any]]


class PairStandingRow(Base):
    """Where a pair stands by the journal, folded so that nobody has to read all of it again.

    Made of the journal and nothing else: it may be thrown away. See `store.standings`.
    """

    __tablename__ = "pair_standings"
    __table_args__ = (Index("ix_pair_standings_rank", "program_id", "rank", "pair_id", "state"),)

    program_id: Mapped[str] = mapped_column(primary_key=True)
    pair_id: Mapped[str] = mapped_column(primary_key=True)
    events: Mapped[int]
    """How many of the pair's events are in it. It is right when the journal has as many."""
    position: Mapped[int]
    """Of the one that was written last."""
    at: Mapped[datetime | None]
    """When the latest of them happened; None while there is none."""
    fold: Mapped[int]
    """By which version of the fold it was made."""
    state: Mapped[str]
    rank: Mapped[int]
    """How soon HR should look at it; see `domain.standing.rank_of`."""
    kept: Mapped[dict[str, Any]]
    """What the fold goes on from. Ids, numbers, instants and enums."""


class ActRow(Base):
    """One act of who runs programs. Appended; finished once; triggers keep it so."""

    __tablename__ = "acts"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    """The real instant at which it began."""
    who: Mapped[str]
    through: Mapped[str]
    """`terminal`, `page` or `schedule`."""
    act: Mapped[str]
    """The words of the command."""
    program_id: Mapped[str | None] = mapped_column(index=True)
    """Without a foreign key: an act outlives what it was about."""
    pair_id: Mapped[str | None]
    person_id: Mapped[str | None]
    """A participant, by their random id."""
    data: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    """`began` until it is known."""
    ended_at: Mapped[datetime | None]


class OutboxRow(Base):
    """A signal that a workflow has yet to be told. Written with the answer that causes it."""

    __tablename__ = "outbox"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    workflow_id: Mapped[str]
    signal: Mapped[str]
    argument: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)
    outcome: Mapped[str | None]
    """`delivered`, or `ended` when the workflow was over."""


class ErasureRow(Base):
    """The proof that somebody was erased. Names nobody."""

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(index=True)
    """Opaque. Not a foreign key: a proof outlives the row that is left of a person."""
    at: Mapped[datetime]
    proof: Mapped[dict[str, Any]]
    """`store.erasures.Proof`, as JSON."""
    digest: Mapped[str]
    """SHA-256 of that, as `store.erasures.digest_of` computes it."""
