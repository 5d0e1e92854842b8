"""Proposals, HR's edits of them, and what matching should know of what was before."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.background import Background
from domain.edits import Edits, EditsOutcome
from domain.journal import EventKind
from domain.model import Value
from domain.pair import EndReason
from domain.people import Role
from domain.proposal import Proposal
from store.programs import Participant, participants
from store.tables import EditsRow, JournalRow, PairRow, ParticipantRow, ProgramRow, ProposalRow


class StoredProposal(Value):
    """A proposal with its id and number."""

    id: str
    number: int
    proposal: Proposal


def save_proposal(
    session: Session, program: str, proposal: Proposal, made_by: str, now: datetime
) -> StoredProposal:
    """Keep a proposal. The same content again gives the one that is there."""
    content = proposal.model_dump(mode="json")
    last = latest_proposal(session, program)
    if last is not None and last.proposal == proposal:
        return last
    number = last.number + 1 if last else 1
    proposal_id = f"{program}-{number}"
    session.add(
        ProposalRow(
            id=proposal_id,
            program_id=program,
            number=number,
            content=content,
            made_by=made_by,
            created_at=now,
        )
    )
    return StoredProposal(id=proposal_id, number=number, proposal=proposal)


def latest_proposal(session: Session, program: str) -> StoredProposal | None:
    """The newest proposal of a program."""
    row = session.scalar(
        select(ProposalRow)
        .where(ProposalRow.program_id == program)
        .order_by(ProposalRow.number.desc())
        .limit(1)
    )
    return _proposal(row) if row else None


def numbered(session: Session, program: str, number: int) -> StoredProposal | None:
    """A proposal of a program by its number."""
    row = session.scalar(
        select(ProposalRow).where(ProposalRow.program_id == program, ProposalRow.number == number)
    )
    return _proposal(row) if row else None


def proposal(session: Session, proposal_id: str) -> StoredProposal:
    """A proposal by its id. Raises `KeyError`."""
    row = session.get(ProposalRow, proposal_id)
    if row is None:
        raise KeyError(proposal_id)
    return _proposal(row)


def _proposal(row: ProposalRow) -> StoredProposal:
    return StoredProposal(
        id=row.id, number=row.number, proposal=Proposal.model_validate(row.content)
    )


def save_edits(session: Session, program: str, edits: Edits, now: datetime) -> str:
    """Keep what HR wants changed until the program's workflow carries it out. Gives its id."""
    draft = f"e-{secrets.token_hex(6)}"
    content = edits.model_dump(mode="json")
    session.add(
        EditsRow(id=draft, program_id=program, content=content, outcome=None, created_at=now)
    )
    return draft


def edits(session: Session, program: str, draft: str) -> Edits:
    """What HR wants changed. Raises `KeyError`."""
    return Edits.model_validate(_edits_row(session, program, draft).content)


def edits_outcome(session: Session, program: str, draft: str) -> EditsOutcome | None:
    """What became of HR's edits; None before they were carried out. Raises `KeyError`."""
    outcome = _edits_row(session, program, draft).outcome
    return EditsOutcome.model_validate(outcome) if outcome is not None else None


def close_edits(session: Session, program: str, draft: str, outcome: EditsOutcome) -> None:
    """Keep what became of HR's edits. Raises `KeyError`."""
    _edits_row(session, program, draft).outcome = outcome.model_dump(mode="json")


def _edits_row(session: Session, program: str, draft: str) -> EditsRow:
    row = session.get(EditsRow, draft)
    if row is None or row.program_id != program:
        raise KeyError(draft)
    return row


# --- What was before -----------------------------------------------------------------------------


def background(
    session: Session, program: str, people: Sequence[Participant] | None = None
) -> Background:
    """What matching should know of a program's people beyond those who take part.

    `people` are all of the program, where they have been read already.

    Earlier programs are those that were started before. Two who declined each other there count as
    having been a pair: they were introduced once.
    """
    everybody = participants(session, program) if people is None else people
    joined = {p.id for p in everybody if p.joined}
    references = {p.id: p.person.reference for p in everybody}
    met: set[tuple[str, str]] = set()
    matched_in: dict[str, set[str]] = {}
    began = session.get_one(ProgramRow, program).created_at
    pairs = (
        select(PairRow.program_id, PairRow.mentor_id, PairRow.mentee_id)
        .join(ProgramRow, ProgramRow.id == PairRow.program_id)
        .where(PairRow.program_id != program, ProgramRow.created_at <= began)
    )
    for other, mentor, mentee in session.execute(pairs):
        matched_in.setdefault(other, set()).update((mentor, mentee))
        if mentor in references and mentee in references:
            met.add((references[mentor], references[mentee]))
    left_over: Counter[str] = Counter()
    for other, matched in matched_in.items():
        joined_there = select(ParticipantRow.person_id).where(
            ParticipantRow.program_id == other,
            ParticipantRow.joined.is_(True),
            ParticipantRow.withdrew_at.is_(None),
        )
        left_over.update(joined & set(session.scalars(joined_there)) - matched)
    return Background(
        everybody=tuple(p.person for p in everybody),
        met=frozenset(met),
        left_over=dict(left_over),
        said_yes={p.id: p.answered_at for p in everybody if p.joined and p.answered_at},
    )


_BOTH_GO_ON = (EndReason.NO_FIT.value, EndReason.REMATCH.value, EndReason.PARTED.value)


class Paired(Value):
    """A pair as matching anew sees it."""

    pair: str
    mentor: str
    mentee: str
    is_over: bool
    """Whether it has ended."""
    has_met: bool
    """Whether the two have met, or have a date for it."""
    may_match_anew: tuple[str, ...] = ()
    """Which of the two is free for somebody else now that it has ended."""

    @property
    def two(self) -> tuple[str, str]:
        """Mentor and mentee."""
        return self.mentor, self.mentee


def newly_broken(
    session: Session, program: str, found: Mapping[str, str | None], now: datetime
) -> list[str]:
    """Which pairs HR has yet to hear of, by id: of those that break rules, and which (a digest).

    The same check once more gives the same again; another one only what has changed since.
    """
    new: list[str] = []
    rows = session.scalars(
        select(PairRow).where(PairRow.program_id == program).order_by(PairRow.id)
    )
    for row in rows:
        if row.id not in found:
            continue
        rules, told = found[row.id], row.broken or {}
        if rules is None:
            row.broken = None
        elif told.get("rules") != rules or told.get("at") == now.isoformat():
            row.broken = {"rules": rules, "at": now.isoformat()}
            new.append(row.id)
    return new


_ENDED = {
    EventKind.PAIR_COMPLETED.value,
    EventKind.PAIR_CONTINUED.value,
    EventKind.PAIR_CLOSED.value,
    EventKind.PAIR_DECLINED.value,
    EventKind.PAIR_WITHDRAWN.value,
    EventKind.PAIR_CANCELLED.value,
}
_MET = {EventKind.SESSION_BOOKED.value, EventKind.SESSION_HELD.value}


def pairs_for_matching(session: Session, program: str) -> list[Paired]:
    """Every pair of a program, by id, and who of those that ended may have another partner.

    Both after a refusal at the introduction and after HR's order to match anew; who stayed, after
    the other left. Not those whose pair fell silent or ran its course.
    """
    kinds = _ENDED | _MET
    rows = session.execute(
        select(JournalRow.pair_id, JournalRow.kind, JournalRow.data, JournalRow.role).where(
            JournalRow.program_id == program, JournalRow.kind.in_(sorted(kinds))
        )
    )
    ended: dict[str, tuple[str, str | None, str | None]] = {}
    met: set[str] = set()
    for pair, kind, data, role in rows:
        if kind in _MET:
            met.add(pair)
        else:
            ended[pair] = (kind, data.get("reason"), role)
    found = session.scalars(
        select(PairRow).where(PairRow.program_id == program).order_by(PairRow.id)
    )
    return [
        Paired(
            pair=row.id,
            mentor=row.mentor_id,
            mentee=row.mentee_id,
            is_over=row.id in ended,
            has_met=row.id in met,
            may_match_anew=_free_after(row, *ended[row.id]) if row.id in ended else (),
        )
        for row in found
    ]


def _free_after(
    row: PairRow, kind: str, reason: str | None, left_by: str | None
) -> tuple[str, ...]:
    both = (row.mentor_id, row.mentee_id)
    if kind == EventKind.PAIR_DECLINED.value or reason in _BOTH_GO_ON:
        return both
    if kind == EventKind.PAIR_WITHDRAWN.value and left_by is not None:
        return (row.mentee_id if left_by == Role.MENTOR.value else row.mentor_id,)
    return ()
