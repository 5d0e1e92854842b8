"""The reserve list: in which order those wait who are in no pair.

Three rules, each only where the ones before leave two people equal:

1. Who was left over in more earlier programs comes first: nobody is passed over for ever.
2. Then who said earlier that they take part. Who never had to say so comes after those who did.
3. Then a lot, drawn from the program's id and the person's reference: the same whenever it is
   drawn, without regard to the name, the level or the order of the people file, and another one in
   the next program. Anybody can draw it again: it is the SHA-256 of `program/reference`.

Mentors and mentees wait in separate lists, since one can't take the other's place; in `mutual` mode
all wait in one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from domain.background import Background
from domain.definition import Definition, Mode
from domain.people import Person, Role


def reserve_lists(
    definition: Definition,
    waiting: Mapping[str, tuple[Person, Role]],
    background: Background,
) -> tuple[tuple[str, ...], ...]:
    """The keys of those who wait, first come first: a list a role, or one for all.

    Args:
        definition: the program.
        waiting: each person who waits, by the caller's key, with the role they would take.
        background: what happened before, by the same keys.
    """

    def rank(key: str) -> tuple[int, bool, float, bytes, str]:
        said = background.said_yes.get(key)
        reference = waiting[key][0].reference
        return (
            -background.left_over.get(key, 0),
            said is None,
            0.0 if said is None else said.timestamp(),
            lot(definition.program.id, reference),
            reference,
        )

    if definition.program.mode is Mode.MUTUAL:
        return (tuple(sorted(waiting, key=rank)),)
    return tuple(
        tuple(sorted((key for key, (_, takes) in waiting.items() if takes is role), key=rank))
        for role in Role
    )


def lot(program: str, reference: str) -> bytes:
    """What a person draws in a program; the lowest comes first."""
    return hashlib.sha256(f"{program}/{reference}".encode()).digest()
