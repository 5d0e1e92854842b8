"""HR's edits on a proposal: each checked, refused with its reasons or applied, never in silence.

An edit is about one row of HR's file: a pair that stays, is kept, dropped or gets somebody else,
or a pair that is new. An edit that can't stand leaves its pair as it was, and all others apply.
A swap stands or falls as a whole, and so do rows that exchange people with each other by hand.

Places are checked over the whole of it: while somebody would be in more pairs than they have room
for, the last edit of the file that adds to it is refused. With every edit refused the proposal is
as it was, so this ends. What HR decides may go against a wish of the definition (its floor, the
better score of before); that is written down with the pair. Hard rules hold for HR too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rustworkx import PyDiGraph, strongly_connected_components

from domain.background import Background
from domain.definition import Definition
from domain.edits import NEW_PAIR, Edit, EditKind, Refusal, Two
from domain.matching import match, proposal_of, rule_check
from domain.model import Value
from domain.people import Person
from domain.problems import NearWords
from domain.proposal import Chosen, Proposal, ProposedPair

FAR_BELOW = 20.0
"""Points of 100 that a pair of HR's may score below the one it replaces before that is noted."""


class Edited(Value):
    """A proposal after HR's edits."""

    proposal: Proposal
    applied: int
    """How many edits changed something."""
    refused: tuple[Refusal, ...]


def edited(
    definition: Definition,
    people: Mapping[str, Person],
    proposal: Proposal,
    edits: Sequence[Edit],
    *,
    background: Background | None = None,
    never: Mapping[frozenset[str], str] | None = None,
    without_room: Mapping[str, Person] | None = None,
    solve: bool = False,
) -> Edited:
    """The proposal with every edit that can stand, and why the others can't.

    A pair of the proposal that can't be made any more, since somebody left or the people file
    changed, is left out and told with the refused edits, unless HR mended or dropped it.

    Args:
        definition: the rules and wishes.
        people: those who can be paired now, by the proposal's keys.
        proposal: what HR edited.
        edits: HR's decisions in the order of the file; a pair without one stays as it is.
        background: the rest of the organisation, and what was before.
        never: two who can't become a pair, and why: they are one, or their pair has ended.
        without_room: others who take part and are in as many running pairs as they can be. Who is
            in `people`, too, counts as having room.
        solve: match everything anew that HR did not set, around what HR set, with the pairs that
            HR took apart kept apart.
    """
    desk = _Desk(
        definition, people, proposal, background or Background(), never or {}, without_room or {}
    )
    moves = desk.understood(edits)
    desk.refuse_each(moves)
    desk.refuse_until_it_fits(moves)
    standing = [move for move in moves if move.why is None]
    table = desk.table(standing)
    desk.tell_of_lost_pairs(table, standing)
    if solve:
        after = desk.solved(table)
    else:
        after = proposal if desk.is_as_it_was(table) else desk.written_out(table)
    return Edited(
        proposal=after,
        applied=sum(desk.changes(edit) for move in standing for edit in move.edits),
        refused=tuple(sorted(desk.refused, key=lambda no: (no.row is None, no.row or 0))),
    )


# --- How it is done ------------------------------------------------------------------------------


class _Place(NamedTuple):
    """A pair on the table."""

    two: Two
    fixed: bool
    comment: str


_Table = dict[int, _Place]
"""Pairs by their place: that of the proposal's pair, from 0, and after them the new ones."""


@dataclass(eq=False)
class _Move:
    """Edits that stand or fall together, and what they put into which place (None: nothing)."""

    edits: tuple[Edit, ...]
    puts: dict[int, _Place | None]
    why: tuple[str, ...] | None = None
    """Why it is refused."""

    @property
    def last_row(self) -> float:
        """Its place in the file. Rows taken out count as its end."""
        return max(float("inf") if edit.row is None else edit.row for edit in self.edits)


class _Desk:
    def __init__(
        self,
        definition: Definition,
        people: Mapping[str, Person],
        proposal: Proposal,
        background: Background,
        never: Mapping[frozenset[str], str],
        without_room: Mapping[str, Person],
    ) -> None:
        self._definition = definition
        self._never = never
        self._near = NearWords()
        self._without_room = without_room
        self._people = people
        self._background = background
        known = (*background.everybody, *people.values())
        self._broken = rule_check(definition, replace(background, everybody=known))
        self._pairs: Sequence[ProposedPair] = proposal.pairs
        self._parted = proposal.parted
        self._apart = proposal.apart
        self._place = {pair.two: i for i, pair in enumerate(self._pairs)}
        self._had_part = {key for two in self._place for key in two}
        self._had_part |= {left.key for left in proposal.unmatched}
        self._edit_at: dict[int, Edit] = {}
        self.refused: list[Refusal] = []
        self._refused_edits: list[Edit] = []
        self._lost = self._pairs_that_cannot_stay()

    def _pairs_that_cannot_stay(self) -> dict[int, tuple[str, ...]]:
        lost: dict[int, tuple[str, ...]] = {}
        room = Counter({key: person.capacity for key, person in self._people.items()})
        for i, pair in enumerate(self._pairs):
            two = pair.two
            why = self._why_not(two)
            why = why or [f"{self._named(key)} has no more room." for key in two if room[key] < 1]
            if why:
                lost[i] = tuple(why)
            else:
                room.subtract(two)
        return lost

    # --- Reading the edits

    def understood(self, edits: Sequence[Edit]) -> list[_Move]:
        """What the edits would do. Those that make no sense by themselves are refused here."""
        added: list[Edit] = []
        for edit in edits:
            why = self._why_no_edit(edit)
            if why:
                self._refuse(edit, (why,))
            elif edit.before is None:
                added.append(edit)
            else:
                self._edit_at[self._place[edit.before]] = edit
        swaps = self._swaps()
        taken = {place for move in swaps for place in move.puts}
        rest = {place: edit for place, edit in self._edit_at.items() if place not in taken}
        rest |= dict(enumerate(added, start=len(self._pairs)))
        self._edit_at |= rest
        moves = swaps + self._together(
            [_Move((edit,), {place: self._put(edit)}) for place, edit in rest.items()]
        )
        return sorted(moves, key=lambda move: move.last_row)

    def _why_no_edit(self, edit: Edit) -> str | None:
        if (edit.before is None) != (edit.kind in NEW_PAIR):
            return "a new pair needs the decision “add”, and only a new one has it."
        if (edit.after is None) != (edit.kind is EditKind.DROP):
            return "it does not say who should be the pair."
        if edit.before is None:
            return None
        place = self._place.get(edit.before)
        if place is None:
            return "this pair is not in the proposal."
        if place in self._edit_at:
            return f"{_row(self._edit_at[place])} is about the same pair already."
        if edit.kind is EditKind.SWAP and len(_new_in(edit)) != 1:
            return (
                "to swap, write the id of one person of another pair in the place of the one who "
                "should go there."
            )
        return None

    def _put(self, edit: Edit) -> _Place | None:
        if edit.after is None:
            return None
        if edit.kind is EditKind.RESTORE:
            return _Place(edit.after, fixed=False, comment=edit.comment)
        fixed = edit.kind is not EditKind.APPROVE or edit.after != edit.before
        return _Place(edit.after, fixed, edit.comment)

    def _swaps(self) -> list[_Move]:
        moves: list[_Move] = []
        taken: dict[int, Edit] = {}
        for place, edit in sorted(self._edit_at.items(), key=lambda entry: entry[1].row or 0):
            if edit.kind is not EditKind.SWAP or place in taken:
                continue
            other, why = self._other_place(place, edit)
            if other is None and not why:  # from the reserve list: who was here has no pair to go
                continue
            partner = self._edit_at.get(other) if other is not None else None
            if other in taken:
                why = f"{_row(taken[other])} swaps {self._named(_new_in(edit)[0])} already."
            elif other is not None:
                puts = self._exchanged(place, edit, other, partner)
                why = self._why_partner_cannot(edit, partner, puts[other].two)
                if why is None:
                    both = (edit,) if partner is None else (edit, partner)
                    moves.append(_Move(both, dict(puts)))
                    taken |= {place: edit, other: edit}
            if why:
                self._refuse(edit, (why,))
                del self._edit_at[place]
        return moves

    def _other_place(self, place: int, edit: Edit) -> tuple[int | None, str | None]:
        """The pair that the newcomer comes from, or why that can't be told."""
        (newcomer,) = _new_in(edit)
        found = [i for two, i in self._place.items() if newcomer in two and i != place]
        if any(set(self._two_at(i)) == set(edit.after or ()) for i in found):
            return None, "these two are a pair already."
        if len(found) > 1:
            return None, (
                f"{self._named(newcomer)} is in {len(found)} pairs, so it can't be told which one "
                "to swap with. Write the exchange into both rows instead, with “approve”."
            )
        return (found[0] if found else None), None

    def _why_partner_cannot(self, edit: Edit, partner: Edit | None, then: Two) -> str | None:
        """Why the pair that the newcomer comes from can't take part in a swap."""
        if partner is None or partner.after == then:
            return None
        (newcomer,) = _new_in(edit)
        if partner.after != partner.before:
            return (
                f"{_row(partner)} changes the pair that {self._named(newcomer)} comes from in "
                "another way."
            )
        if partner.kind is EditKind.LOCK:
            return (
                f"{_row(partner)} locks the pair that {self._named(newcomer)} comes from. Write "
                "“approve” there to let it change."
            )
        return None

    def _exchanged(
        self, place: int, edit: Edit, other: int, partner: Edit | None
    ) -> dict[int, _Place]:
        assert edit.before is not None  # noqa: S101 - a swap has both, which was checked
        assert edit.after is not None  # noqa: S101
        (newcomer,) = _new_in(edit)
        (leaver,) = (key for key in edit.before if key not in edit.after)
        pair = self._pairs[other]
        mentor, mentee = (leaver if k == newcomer else k for k in pair.two)
        comment = pair.comment if partner is None else partner.comment
        return {
            place: _Place(edit.after, fixed=True, comment=edit.comment),
            other: _Place((mentor, mentee), fixed=True, comment=comment),
        }

    def _together(self, moves: list[_Move]) -> list[_Move]:
        """Join moves that take people from each other, round in a ring."""
        gives: dict[str, list[int]] = {}
        for number, move in enumerate(moves):
            for key in self._lets_go(move):
                gives.setdefault(key, []).append(number)
        graph: PyDiGraph[int, None] = PyDiGraph()
        graph.add_nodes_from(range(len(moves)))
        graph.add_edges_from_no_data(
            [
                (number, giver)
                for number, move in enumerate(moves)
                for key in _new_in(move.edits[0])
                for giver in gives.get(key, ())
            ]
        )
        joined: list[_Move] = []
        for ring in strongly_connected_components(graph):
            members = [moves[number] for number in sorted(ring)]
            joined.append(
                _Move(
                    edits=tuple(edit for move in members for edit in move.edits),
                    puts={place: put for move in members for place, put in move.puts.items()},
                )
            )
        return joined

    def _lets_go(self, move: _Move) -> Iterator[str]:
        for edit in move.edits:
            if edit.before and edit.after:
                yield from (key for key in edit.before if key not in edit.after)

    # --- Each by itself

    def refuse_each(self, moves: Iterable[_Move]) -> None:
        """Refuse what a hard rule forbids, and what asks for people who are not there."""
        for move in moves:
            wanted = [put.two for put in move.puts.values() if put is not None]
            why: list[str] = []
            for two in wanted:
                which = f"{self._named(two[0])} and {self._named(two[1])}: "
                why += [(which if len(wanted) > 1 else "") + w for w in self._why_not(two)]
            if why:
                self._give_up(move, why)

    def _why_not(self, two: Two) -> list[str]:
        absent = [
            why
            for key, role in zip(two, ("mentor", "mentee"), strict=True)
            if (why := self._why_absent(key, role))
        ]
        if absent:
            return absent
        if why := self._never.get(frozenset(two)):
            return [why]
        return list(self._broken(self._people[two[0]], self._people[two[1]]))

    def _why_absent(self, key: str, role: str) -> str | None:
        if key in self._people:
            return None
        if key in self._without_room:
            return (
                f"{self._named(key)} has no room for another pair: their running pairs take all "
                "their places."
            )
        if key in self._had_part:
            return f"the {role} does not take part any more."
        if any(person.reference == key for person in self._background.everybody):
            return f"“{key}” does not take part in this program."
        near = self._near.suggestion(key, [p.reference for p in self._people.values()])
        hint = f" Did you mean “{near}”?" if near else ""
        return f"there is nobody with the id “{key}”.{hint}"

    # --- All of them together

    def table(self, moves: Iterable[_Move]) -> _Table:
        """The pairs as they are once these moves are made."""
        table = {
            i: _Place(pair.two, pair.fixed, pair.comment)
            for i, pair in enumerate(self._pairs)
            if i not in self._lost
        }
        for move in moves:
            for place, put in move.puts.items():
                if put is None:
                    table.pop(place, None)
                else:
                    table[place] = put
        return table

    def refuse_until_it_fits(self, moves: Sequence[_Move]) -> None:
        """Refuse the last edits of those that exceed somebody's room or say a pair twice."""
        standing = [move for move in moves if move.why is None]
        while found := self._what_exceeds(standing):
            move, why = found
            self._give_up(move, why)
            standing.remove(move)

    def _what_exceeds(self, standing: Sequence[_Move]) -> tuple[_Move, list[str]] | None:
        table = self.table(standing)
        at: dict[frozenset[str], list[int]] = {}
        pairs_of: dict[str, list[int]] = {}
        for place, put in table.items():
            at.setdefault(frozenset(put.two), []).append(place)
            for key in put.two:
                pairs_of.setdefault(key, []).append(place)
        twice = {place: places for places in at.values() if len(places) > 1 for place in places}
        over = {
            key: places
            for key, places in pairs_of.items()
            if len(places) > self._people[key].capacity
        }
        for move in reversed(standing):
            why = [
                f"{self._named(two[0])} and {self._named(two[1])} are a pair in "
                f"{self._rows(p for p in twice[place] if p != place)} already."
                for place in move.puts
                if place in twice and (two := table[place].two) != self._two_at(place)
            ]
            gained = self._gained(move)
            why += [self._too_many(key, places) for key, places in over.items() if gained[key] > 0]
            if why:
                return move, why
        assert not twice  # noqa: S101 - without edits the proposal fits
        assert not over  # noqa: S101
        return None

    def _gained(self, move: _Move) -> Counter[str]:
        """In how many more pairs a move puts people."""
        gained: Counter[str] = Counter()
        for place, put in move.puts.items():
            if put is not None:
                gained.update(put.two)
            gained.subtract(self._two_at(place))
        return gained

    def _two_at(self, place: int) -> tuple[str, ...]:
        """Who stands at a place without any edits."""
        if place >= len(self._pairs) or place in self._lost:
            return ()
        return self._pairs[place].mentor, self._pairs[place].mentee

    def _too_many(self, key: str, places: Sequence[int]) -> str:
        room = self._people[key].capacity
        return (
            f"{self._named(key)} would be in {len(places)} pairs ({self._rows(places)}), but has "
            f"room for {room}. Drop one of them, or write “swap” to exchange partners."
        )

    def _rows(self, places: Iterable[int]) -> str:
        rows = [
            edit.row if (edit := self._edit_at.get(place)) is not None else None for place in places
        ]
        known = sorted(row for row in rows if row is not None)
        if not known:
            return "the proposal"
        return f"row{'s' if len(known) > 1 else ''} {', '.join(map(str, known))}"

    # --- Saying so

    def _give_up(self, move: _Move, why: Sequence[str]) -> None:
        move.why = tuple(dict.fromkeys(why))
        for number, edit in enumerate(move.edits):
            if number == 0 or self.changes(edit):
                self._refuse(edit, move.why)

    def _refuse(self, edit: Edit, why: Sequence[str]) -> None:
        who = edit.after or edit.before or ("", "")
        self._refused_edits.append(edit)
        self.refused.append(Refusal(row=edit.row, who=who, reasons=tuple(why)))

    def tell_of_lost_pairs(self, table: _Table, standing: Sequence[_Move]) -> None:
        """Tell of each pair that could not stay and that no edit has mended."""
        mended = {place for move in standing for place in move.puts}
        for place, why in self._lost.items():
            pair, edit = self._pairs[place], self._edit_at.get(place)
            by_itself = edit is not None and edit.after == edit.before
            told = by_itself and any(edit is refused for refused in self._refused_edits)
            if place not in mended and not told:
                reasons = tuple(f"the pair as it was can't stay: {words}" for words in why)
                row = edit.row if edit is not None else None
                self.refused.append(Refusal(row=row, who=pair.two, reasons=reasons))

    def changes(self, edit: Edit) -> bool:
        """Whether an edit asks for anything but what is there."""
        if edit.before is None or edit.before not in self._place or edit.after != edit.before:
            return True
        pair = self._pairs[self._place[edit.before]]
        put = self._put(edit)
        return put is not None and (put.fixed, put.comment) != (pair.fixed, pair.comment)

    def _named(self, key: str) -> str:
        """By the organisation's id; somebody unknown as HR wrote them."""
        found = self._people.get(key) or self._without_room.get(key)
        return found.reference if found is not None else f"“{key}”"

    # --- The proposal as it then is

    def is_as_it_was(self, table: _Table) -> bool:
        """Whether these are the pairs of the proposal, with their locks and notes."""
        was = [_Place(pair.two, pair.fixed, pair.comment) for pair in self._pairs]
        return table == dict(enumerate(was))

    def written_out(self, table: _Table) -> Proposal:
        """The proposal of these pairs and no others."""
        chosen = [Chosen(*put.two, fixed=put.fixed, comment=put.comment) for put in table.values()]
        proposal = proposal_of(
            self._definition,
            self._people,
            chosen,
            background=self._background,
            apart=self._kept_apart(table),
        )
        return self._noted(proposal, table)

    def solved(self, table: _Table) -> Proposal:
        """The best proposal that has HR's pairs, and none that HR took apart."""
        kept = sorted(put.two for put in table.values() if put.fixed)
        matching = self._definition.matching.model_copy(update={"fixed": ()})
        proposal = match(
            self._definition.model_copy(update={"matching": matching}),
            self._people,
            background=self._background,
            fixed=kept,
            apart=self._kept_apart(table),
        )
        return self._noted(proposal, table)

    def _kept_apart(self, table: _Table) -> list[Two]:
        """Who is not put together when the rest is matched anew, nor told of as a better choice."""
        one_pair = sorted(tuple(sorted(two)) for two in self._never)
        return [*self._taken_apart(table), *((one, other) for one, other in one_pair)]

    def _taken_apart(self, table: _Table) -> tuple[Two, ...]:
        now = {frozenset(put.two) for put in table.values()}
        proposed = (two for two, place in self._place.items() if place not in self._lost)
        both = dict.fromkeys((*self._apart, *proposed))
        return tuple(two for two in both if frozenset(two) not in now)

    def _noted(self, proposal: Proposal, table: _Table) -> Proposal:
        """With HR's notes, and the wishes that HR's pairs go against."""
        place_of = {put.two: place for place, put in table.items()}

        def noted(pair: ProposedPair) -> ProposedPair:
            place = place_of.get(pair.two)
            if place is None:
                return pair
            was = self._pairs[place] if place < len(self._pairs) else None
            overruled = self._overruled(pair, was) if pair.fixed else ()
            return pair.model_copy(
                update={"comment": table[place].comment, "overruled": tuple(overruled)}
            )

        return proposal.model_copy(
            update={
                "pairs": tuple(map(noted, proposal.pairs)),
                "parted": self._parted,
                "apart": self._taken_apart(table),
            }
        )

    def _overruled(self, pair: ProposedPair, was: ProposedPair | None) -> Iterable[str]:
        words = list(pair.overruled)
        if was is not None and (was.mentor, was.mentee) == pair.two:
            words += was.overruled
        if was is not None and pair.score <= was.score - FAR_BELOW:
            words.append(f"a better score: {was.score:.0f} as proposed, {pair.score:.0f} now")
        return dict.fromkeys(words)


def edits_back_to(earlier: Proposal, now: Proposal) -> tuple[Edit, ...]:
    """The edits that make the pairs of an earlier proposal those of this one again."""
    back = {pair.two: pair for pair in earlier.pairs}
    here = {pair.two for pair in now.pairs}
    gone = sorted(here - back.keys())
    edits = [Edit(row=None, kind=EditKind.DROP, before=two) for two in gone]
    for two, pair in back.items():
        if two in here:
            kind = EditKind.LOCK if pair.fixed else EditKind.APPROVE
            edits.append(Edit(row=None, kind=kind, before=two, after=two, comment=pair.comment))
        else:
            kind = EditKind.ADD if pair.fixed else EditKind.RESTORE
            edits.append(Edit(row=None, kind=kind, after=two, comment=pair.comment))
    return tuple(edits)


def _new_in(edit: Edit) -> tuple[str, ...]:
    """Who comes into the pair."""
    return tuple(key for key in edit.after or () if key not in (edit.before or ()))


def _row(edit: Edit) -> str:
    """Where an edit stands, in words."""
    return "the removal of a row" if edit.row is None else f"row {edit.row}"
