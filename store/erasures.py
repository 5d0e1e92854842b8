"""The proofs that people were erased. They hold counts and opaque ids, and name nobody."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.model import Value
from store.erasing import Erased
from store.scanning import Scan
from store.tables import ErasureRow


class Proof(Value):
    """What was done, and what a look at everything found afterwards."""

    id: str
    at: datetime
    erased: Erased
    mails: int
    """Taken out of the embedded mailbox."""
    compacted: bool
    """Whether the store's file was written anew, so that nothing is left in its free pages."""
    looked_for: int
    """How many names, addresses, references and texts were looked for."""
    not_looked_for: int
    """How many names were not, because somebody who stays has the same."""
    scan: Scan
    unreachable: tuple[str, ...]
    """Where something may be that can't be erased from here."""


def new_id() -> str:
    """An id for a proof."""
    return f"x-{secrets.token_hex(6)}"


def digest_of(proof: Proof) -> str:
    """SHA-256 of a proof: of its JSON with sorted keys and no spaces."""
    said = json.dumps(proof.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def save(session: Session, proof: Proof) -> str:
    """Keep a proof. Gives its digest."""
    digest = digest_of(proof)
    session.add(
        ErasureRow(
            id=proof.id,
            person_id=proof.erased.person,
            at=proof.at,
            proof=proof.model_dump(mode="json"),
            digest=digest,
        )
    )
    return digest


def of_person(session: Session, person: str) -> list[Proof]:
    """The proofs about one person, the oldest first."""
    rows = session.scalars(
        select(ErasureRow).where(ErasureRow.person_id == person).order_by(ErasureRow.at)
    )
    return [Proof.model_validate(row.proof) for row in rows]
