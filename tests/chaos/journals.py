"""What a program's journal says, times and random ids aside, so that two runs can be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.journal import BY_PEOPLE, JournalEvent
from store import journal
from store.tables import MessageRow, PairRow, PersonRow

Line = tuple[str, ...]

_DIFFER = frozenset({"proposal", "until"})
"""What differs from run to run: an id that is drawn at random, and an instant."""


@dataclass(frozen=True)
class Story:
    """What the journal says of one pair, one person, or the program itself."""

    told: tuple[Line, ...]
    """What the workflow wrote, in its order."""
    done: Mapping[Line, int]
    """What people did in the portal, counted: two who are asked at once answer in any order."""


def stories(session: Session, program: str) -> dict[str, Story]:
    """A program's journal by whom it is about: `mentor-003 + mentee-017`, `mentor-003`, `-`."""
    names = {row.id: row.reference for row in session.scalars(select(PersonRow))}
    pairs = {
        row.id: f"{names[row.mentor_id]} + {names[row.mentee_id]}"
        for row in session.scalars(select(PairRow).where(PairRow.program_id == program))
    }
    by_owner: dict[str, list[JournalEvent]] = defaultdict(list)
    for _, event in journal.read(session, program):
        owner = pairs[event.pair] if event.pair else names.get(event.person or "", "-")
        by_owner[owner].append(event)
    return {owner: _story(events, names) for owner, events in by_owner.items()}


def _story(events: Sequence[JournalEvent], names: Mapping[str, str]) -> Story:
    told = sorted((e for e in events if e.kind not in BY_PEOPLE), key=_position)
    done = Counter(_line(e, names) for e in events if e.kind in BY_PEOPLE)
    return Story(tuple(_line(event, names) for event in told), done)


def _position(event: JournalEvent) -> int:
    """The place of an event among those of its workflow."""
    return int(event.id.rpartition("#")[2])


def _line(event: JournalEvent, names: Mapping[str, str]) -> Line:
    data = sorted(f"{key}={value}" for key, value in event.data.items() if key not in _DIFFER)
    return (event.kind.value, event.role or "", names.get(event.person or "", ""), *data)


def differences(disturbed: Mapping[str, Story], undisturbed: Mapping[str, Story]) -> list[str]:
    """In which ways two journals differ, in words; none if they say the same."""
    found = []
    for owner in sorted(disturbed.keys() | undisturbed.keys()):
        one, other = disturbed.get(owner), undisturbed.get(owner)
        if one is None or other is None:
            found.append(f"{owner}: only in the run {'without' if one is None else 'with'} faults")
        elif one != other:
            found += [f"{owner}: {words}" for words in _between(one, other)]
    return found


def _between(one: Story, other: Story) -> list[str]:
    here, there = Counter(one.told) + Counter(one.done), Counter(other.told) + Counter(other.done)
    found = [f"{count} × {line} with faults only" for line, count in (here - there).items()]
    found += [f"{count} × {line} without faults only" for line, count in (there - here).items()]
    return found or [f"in another order: {one.told} instead of {other.told}"]


def messages(session: Session, program: str) -> Counter[Line]:
    """The messages in a program's ledger: kind, occasion and for whom, random ids aside."""
    names = {row.id: row.reference for row in session.scalars(select(PersonRow))}
    rows = session.scalars(select(MessageRow).where(MessageRow.program_id == program))
    return Counter(
        (row.kind, row.key.split("/", 4)[3], row.recipient, names.get(row.person_id or "", ""))
        for row in rows
    )
