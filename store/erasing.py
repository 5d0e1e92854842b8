"""Erasing people: all that a program holds on them, and who they are.

What is left names nobody: an opaque id in the journal, in pairs and in the ledger, without which
the counts of a program would no longer add up, and a row among the people for it to point to. What
others wrote stays theirs, without the name of who was erased.

Every function takes the open transaction of `Database.write`. Whoever runs after it commits has
nothing to read any more; `store/scanning.py` looks whether that is so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.model import Value
from domain.people import Person, Role
from domain.traces import Named, Traces, stands_for, texts_in
from store import answers, approvals, holds, journal, ledger
from store.answers import AnswerKind
from store.ledger import MessageState
from store.tables import (
    AnswerRow,
    AskedRow,
    Base,
    ConsentRow,
    EditsRow,
    MessageRow,
    OutcomeRow,
    PairRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    ProposalRow,
    SchemePersonRow,
    SchemeRow,
    SessionRow,
    SignatureRow,
)

ERASED_NAME = "(erased)"
"""What HR reads where a name stood. Pages and mails to others say “your partner” instead."""


class Erased(Value):
    """What was taken out, and of where."""

    person: str
    """The opaque id."""
    programs: dict[str, dict[str, int]] = Field(default_factory=dict)
    """By program, how many rows of each table were deleted, or changed where they stay."""
    schemes: tuple[str, ...] = ()
    """Whose next programs would have taken the person in."""
    identity: bool = False
    """Whether name, address and reference are gone as well."""

    @property
    def is_anything(self) -> bool:
        """Whether there was something to take out."""
        return bool(self.identity or self.schemes or any(map(any, self.programs.values())))


# --- Who it is about -----------------------------------------------------------------------------


def named(session: Session, people: Collection[str]) -> list[Named]:
    """What names these people, also by what a program's people file called them."""
    found = {
        Named(row.id, row.reference, row.name, row.email)
        for row in session.scalars(
            select(PersonRow).where(PersonRow.id.in_(people), PersonRow.erased_at.is_(None))
        )
    }
    for table in (ParticipantRow, SchemePersonRow):
        rows = session.execute(
            select(table.person_id, table.profile).where(table.person_id.in_(people))
        )
        found |= {
            Named(person, profile["reference"], profile["name"], profile["email"])
            for person, profile in rows
            if profile["email"]
        }
    return sorted(found)


def words_of(session: Session, people: Collection[str]) -> set[str]:
    """What these people wrote, so far as it is nobody else's as well."""
    theirs, others = set[str](), set[str]()
    for person, kind, content, first in session.execute(
        select(AnswerRow.person_id, AnswerRow.kind, AnswerRow.content, AnswerRow.first_content)
    ):
        said = {"words": content["words"]} if kind == AnswerKind.CANCEL else [content, first]
        (theirs if person in people else others).update(texts_in(said))
    places = session.execute(
        select(SessionRow.place, SessionRow.proposed_place, PairRow.mentor_id, PairRow.mentee_id)
        .join(PairRow, PairRow.id == SessionRow.pair_id)
        .where(SessionRow.place.is_not(None) | SessionRow.proposed_place.is_not(None))
    )
    for place, proposed, *two in places:
        (others if set(two).isdisjoint(people) else theirs).update(filter(None, (place, proposed)))
    everything_else = "\0".join(others)
    return {text for text in theirs if text not in everything_else}


def traces_of(session: Session, people: Collection[str], *, words: bool = False) -> Traces:
    """What names these people, and, if asked for, what they wrote. Read before it is erased."""
    others = session.scalars(
        select(PersonRow.name).where(PersonRow.id.not_in(people), PersonRow.erased_at.is_(None))
    )
    return Traces(
        named(session, people),
        frozenset(others),
        words_of(session, people) if words else (),
    )


# --- Erasing -------------------------------------------------------------------------------------


def erase(session: Session, person: str) -> Erased:
    """Take out all that is held on a person: in every program, every scheme, and who they are.

    Raises NoResultFound for who is not known, and `store.holds.OnHold` where a program of theirs is
    on legal hold; nothing is erased then.
    """
    session.get_one(PersonRow, person, with_for_update=True)
    programs = session.scalars(
        select(ParticipantRow.program_id)
        .where(ParticipantRow.person_id == person)
        .order_by(ParticipantRow.program_id)
    ).all()
    holds.must_be_free(session, *programs)
    traces = traces_of(session, [person])
    erased = Erased(person=person)
    for program in programs:
        counts = _erase_in_program(session, program, {person}, traces)
        erased = erased.model_copy(update={"programs": erased.programs | {program: counts}})
    schemes = _leave_schemes(session, person, traces)
    return erased.model_copy(
        update={"schemes": schemes, "identity": erase_if_alone(session, person)}
    )


def erase_in_program(session: Session, program: str, *people: str) -> Erased:
    """Take out all that one program holds on a person, or on several at once.

    Whoever has not left yet leaves, so that the pairs' workflows are told by the outbox and end
    kindly for the partners. Once more changes nothing. Raises `store.holds.OnHold`.
    """
    holds.must_be_free(session, program)
    traces = traces_of(session, people)
    counts = _erase_in_program(session, program, set(people), traces)
    return Erased(person=people[0] if len(people) == 1 else "", programs={program: counts})


def erase_if_alone(session: Session, person: str) -> bool:
    """Take out who a person is, if no program and no scheme has them any more.

    Gives whether that was done: not where it was done before.
    """
    row = session.get_one(PersonRow, person)
    in_a_program = session.scalar(
        select(ParticipantRow.program_id)
        .where(ParticipantRow.person_id == person, ParticipantRow.erased_at.is_(None))
        .limit(1)
    )
    in_a_scheme = session.scalar(
        select(SchemePersonRow.scheme_id).where(SchemePersonRow.person_id == person).limit(1)
    )
    if row.erased_at is not None or in_a_program is not None or in_a_scheme is not None:
        return False
    row.reference = stands_for(person)
    row.name, row.email, row.language, row.timezone = ERASED_NAME, "", "en", None
    row.erased_at = datetime.now(UTC)
    session.flush()
    return True


def _erase_in_program(
    session: Session, program: str, people: Collection[str], traces: Traces
) -> dict[str, int]:
    everybody = session.scalars(
        select(ParticipantRow)
        .where(ParticipantRow.program_id == program)
        .order_by(ParticipantRow.person_id)  # as everybody locks them
        .with_for_update()
    ).all()
    pairs = session.scalars(
        select(PairRow).where(
            PairRow.program_id == program,
            PairRow.mentor_id.in_(people) | PairRow.mentee_id.in_(people),
        )
    ).all()
    ids = [pair.id for pair in pairs]
    closely = _closely(session, people)
    counts = Counter[str]()
    _leave(session, program, people)
    counts["participants"] = _empty_participants(session, everybody, people, traces)
    counts["answers"] = _answers(session, program, people)
    counts["answers of others"] = _answers_of_others(session, program, ids, traces, closely)
    counts["signatures"] = _rows(session, SignatureRow, SignatureRow.pair_id.in_(ids), people)
    counts["signatures of others"] = _signatures_of_others(session, ids, closely)
    counts["asked"] = _rows(session, AskedRow, AskedRow.program_id == program, people)
    counts["consents"] = _rows(session, ConsentRow, ConsentRow.program_id == program, people)
    counts["outcomes"] = _rows(session, OutcomeRow, OutcomeRow.program_id == program, people)
    counts["pairs"] = _forget_why(pairs)
    counts["sessions"] = _sessions(session, pairs, people)
    counts["proposals"] = _proposals(session, program, people, traces)
    counts["edits"] = _edits(session, program, people, traces)
    counts["messages"] = _letters(session, program, people, ids, traces)
    counts["programs"] = _definition(session.get_one(ProgramRow, program), traces)
    session.flush()
    return {table: count for table, count in counts.items() if count}


def _leave(session: Session, program: str, people: Collection[str]) -> None:
    """Have everybody leave who has not. A program that is over is told nothing: it ended as it
    did."""
    if answers.program_is_over(session, program):
        return
    for person in sorted(people):
        row = session.get(ParticipantRow, (program, person))
        if row is not None and row.withdrew_at is None:
            answers.withdraw(session, program, person)


def _empty_participants(
    session: Session,
    everybody: Iterable[ParticipantRow],
    people: Collection[str],
    traces: Traces,
) -> int:
    """Leave of a participant that there was one; others no longer have them as their manager."""
    count = 0
    for row in everybody:
        if row.person_id not in people:
            count += _replace(row, "profile", _without(row.profile, traces))
        elif row.erased_at is None:
            count += 1
            row.profile = _shell(row.person_id)
            row.eligible_roles = []
            row.joined = row.approved = row.selected = None
            row.answered_at = row.approved_at = row.away_until = None
            row.preferences = None
            row.withdrew_at = row.withdrew_at or journal.now_of(session, row.program_id)
            row.erased_at = datetime.now(UTC)
    return count


def _shell(person: str) -> dict[str, Any]:
    """What the people file said, when it says nothing any more."""
    return Person(
        reference=stands_for(person), name=ERASED_NAME, email="", roles=(), consent=False
    ).model_dump(mode="json")


_OWN = ("reference", "name", "email")
"""Fields of a profile that are about the person themselves: a namesake keeps theirs."""


def _without(profile: Mapping[str, Any], traces: Traces) -> dict[str, Any]:
    """Somebody else's profile without these people."""
    return {**traces.out_of(profile), **{field: profile[field] for field in _OWN}}


def _answers(session: Session, program: str, people: Collection[str]) -> int:
    """What they answered, and what their managers said of them."""
    about = [approvals.occasion_of(person) for person in people]
    gone = session.execute(
        delete(AnswerRow).where(
            AnswerRow.program_id == program,
            AnswerRow.person_id.in_(people)
            | ((AnswerRow.kind == AnswerKind.APPROVAL.value) & AnswerRow.occasion.in_(about)),
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]  # SQLAlchemy types it on CursorResult


def _answers_of_others(
    session: Session, program: str, pairs: Sequence[str], traces: Traces, closely: Traces
) -> int:
    """Their words stay, without the names; and without the place that the two had agreed on."""
    count = 0
    for row in session.scalars(select(AnswerRow).where(AnswerRow.program_id == program)):
        here = closely if row.pair_id in pairs else traces
        content = here.out_of(row.content)
        if row.kind == AnswerKind.CANCEL and row.pair_id in pairs:
            content["place"] = None
        changed = _replace(row, "content", content)
        if row.first_content is not None:
            changed |= _replace(row, "first_content", here.out_of(row.first_content))
        count += changed
    return count


def _closely(session: Session, people: Collection[str]) -> Traces:
    """What names these people between the two of a pair: the first name does."""
    partners = session.scalars(
        select(PersonRow.name)
        .join(PairRow, (PairRow.mentor_id == PersonRow.id) | (PairRow.mentee_id == PersonRow.id))
        .where(
            PairRow.mentor_id.in_(people) | PairRow.mentee_id.in_(people),
            PersonRow.id.not_in(people),
        )
    )
    return Traces(named(session, people), frozenset(partners), first_names=True)


def _rows(
    session: Session,
    table: type[SignatureRow | AskedRow | ConsentRow | OutcomeRow],
    where: Any,
    people: Collection[str],
) -> int:
    gone = session.execute(delete(table).where(where, table.person_id.in_(people)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _forget_why(pairs: Iterable[PairRow]) -> int:
    """That two were a pair stays, and the score; why they were, and a rule that they broke, go."""
    count = 0
    for pair in pairs:
        count += bool(pair.reasons or pair.broken)
        pair.reasons, pair.broken = [], None
    return count


def _signatures_of_others(session: Session, pairs: Sequence[str], closely: Traces) -> int:
    """What a partner signed stays, without the name."""
    count = 0
    for row in session.scalars(select(SignatureRow).where(SignatureRow.pair_id.in_(pairs))):
        changed = _replace(row, "text", closely.out_of(row.text))
        count += changed | _replace(row, "choices", closely.out_of(row.choices))
    return count


def _sessions(session: Session, pairs: Sequence[PairRow], people: Collection[str]) -> int:
    """When the two met stays, being the partner's as well; where goes, and what was proposed."""
    mentors = {pair.id: pair.mentor_id for pair in pairs}
    count = 0
    for row in session.scalars(select(SessionRow).where(SessionRow.pair_id.in_(mentors))):
        proposer_is_mentor = row.proposed_by == Role.MENTOR.value
        is_theirs = row.proposed_by is not None and (
            (mentors[row.pair_id] in people) is proposer_is_mentor
        )
        changed = _replace(row, "place", None) | _replace(row, "proposed_place", None)
        if is_theirs:
            changed |= _replace(row, "proposed_times", None) | _replace(row, "proposed_by", None)
        count += changed
    return count


def _proposals(session: Session, program: str, people: Collection[str], traces: Traces) -> int:
    """Who was proposed for whom stays, by opaque ids; why goes, which tells what somebody can."""
    rows = session.scalars(select(ProposalRow).where(ProposalRow.program_id == program))
    return sum(_replace(row, "content", _unexplained(row.content, people, traces)) for row in rows)


_OF_A_PAIR: dict[str, Any] = {
    "reasons": [],
    "for_hr": [],
    "against": [],
    "overruled": [],
    "comment": "",
}
_OF_WHO_WAITS: dict[str, Any] = {"reasons": [], "relaxations": []}


def _unexplained(
    content: Mapping[str, Any], people: Collection[str], traces: Traces
) -> dict[str, Any]:
    """A proposal without what its words say of these people."""
    rest: dict[str, Any] = traces.out_of(content)
    return rest | {
        "pairs": [
            one | _known(one, _OF_A_PAIR) if {one["mentor"], one["mentee"]} & set(people) else one
            for one in rest["pairs"]
        ],
        "unmatched": [
            one | _known(one, _OF_WHO_WAITS) if one["key"] in people else one
            for one in rest["unmatched"]
        ],
        "fixed_not_made": [
            line for line in content.get("fixed_not_made", []) if not traces.refer_in(line)
        ],
    }


def _known(one: Mapping[str, Any], empty: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to be emptied that are there: an older release may not have had them all."""
    return {field: value for field, value in empty.items() if field in one}


def _edits(session: Session, program: str, people: Collection[str], traces: Traces) -> int:
    """What HR wanted changed stays, by opaque ids; their notes on these people go."""
    count = 0
    for row in session.scalars(select(EditsRow).where(EditsRow.program_id == program)):
        content = traces.out_of(row.content)
        for edit in content["edits"]:
            if _is_about(people, edit.get("before"), edit.get("after")) and edit.get("comment"):
                edit["comment"] = ""
        changed = _replace(row, "content", content)
        if row.outcome is not None:
            outcome = traces.out_of(row.outcome)
            for refusal in outcome["refused"]:
                if _is_about(people, refusal["who"]):
                    refusal["reasons"] = []
            changed |= _replace(row, "outcome", outcome)
        count += changed
    return count


def _is_about(people: Collection[str], *pairs: Sequence[str] | None) -> bool:
    return any(key in people for pair in pairs if pair for key in pair)


def _letters(
    session: Session, program: str, people: Collection[str], pairs: Sequence[str], traces: Traces
) -> int:
    """What waits for these people, and about their pairs, is dropped; the rest names them no more.

    A row of the ledger itself holds ids, a kind and times.
    """
    rows = session.scalars(
        select(MessageRow).where(
            MessageRow.program_id == program,
            MessageRow.letter.is_not(None)
            | (MessageRow.person_id.in_(people) & MessageRow.state.in_(_ON_THEIR_WAY)),
        )
    ).all()
    dropped = [row.key for row in rows if row.person_id in people or row.pair_id in pairs]
    ledger.drop(session, dropped)
    others = [row for row in rows if row.key not in dropped]
    return len(dropped) + sum(_replace(row, "letter", traces.out_of(row.letter)) for row in others)


_ON_THEIR_WAY = (MessageState.HELD.value, MessageState.SENDING.value)


def _definition(row: ProgramRow | SchemeRow, traces: Traces) -> int:
    """Pairs that HR fixed name people by reference."""
    matching = row.definition.get("matching")
    if matching is None:
        return 0
    definition = {**row.definition, "matching": traces.out_of(matching)}
    return int(_replace(row, "definition", definition))


def _leave_schemes(session: Session, person: str, traces: Traces) -> tuple[str, ...]:
    """Be in no list for a next program. Who stays in one no longer has them as their manager."""
    left = session.scalars(
        select(SchemePersonRow.scheme_id)
        .where(SchemePersonRow.person_id == person)
        .order_by(SchemePersonRow.scheme_id)
    ).all()
    session.execute(delete(SchemePersonRow).where(SchemePersonRow.person_id == person))
    for row in session.scalars(select(SchemePersonRow)):
        _replace(row, "profile", _without(row.profile, traces))
    for scheme in session.scalars(select(SchemeRow)):
        _definition(scheme, traces)
    session.flush()
    return tuple(left)


def _replace(row: Base, column: str, value: Any) -> bool:
    """Write a value where another one stands. Gives whether it was another one."""
    if getattr(row, column) == value:
        return False
    setattr(row, column, value)
    return True
