"""The signatures under a pair's agreement, read from the store.

They are written by `store.answers.sign_agreement`. 0.2.0 and before kept a signature as an answer,
and took it that both had signed however their choices differed: so it still counts, as terms 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.agreement import PairAgreement, Signature
from domain.people import Role
from store.tables import AnswerRow, SignatureRow

_AS_ANSWER = "agreement"
"""`AnswerRow.kind` of a signature of 0.2.0 and before."""


def agreement_of(session: Session, pair: str) -> PairAgreement:
    """What the two of a pair have signed."""
    return PairAgreement(
        signatures=tuple(
            sorted(
                [*_as_answers(session, pair), *_signatures(session, pair)],
                key=lambda signature: (signature.terms, signature.at, signature.role),
            )
        )
    )


def agreement_in_force(session: Session, pair: str) -> bool:
    """Whether both of a pair have signed the latest terms of their agreement."""
    return agreement_of(session, pair).in_force


def signed_by(session: Session, pair: str, person: str) -> Sequence[SignatureRow]:
    """The signatures of one of the two, the earliest first, each with what was read and signed."""
    query = select(SignatureRow).where(
        SignatureRow.pair_id == pair, SignatureRow.person_id == person
    )
    return session.scalars(query.order_by(SignatureRow.terms)).all()


def _signatures(session: Session, pair: str) -> list[Signature]:
    rows = session.scalars(select(SignatureRow).where(SignatureRow.pair_id == pair))
    return [
        Signature(
            role=Role(row.role),
            terms=row.terms,
            version=row.version,
            choices=row.choices,
            at=row.signed_at,
        )
        for row in rows
    ]


def _as_answers(session: Session, pair: str) -> list[Signature]:
    rows = session.scalars(
        select(AnswerRow).where(AnswerRow.pair_id == pair, AnswerRow.kind == _AS_ANSWER)
    )
    return [
        Signature(
            role=Role(row.role),
            terms=1,
            version=row.version,
            choices=row.content["choices"],
            at=row.answered_at,
        )
        for row in rows
        if row.role
    ]
