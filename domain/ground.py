"""The ground that pairs are chosen on: who takes part, who may meet whom, what each pair is worth.

Built once and asked by everything that chooses or explains. With n mentors and m mentees it keeps
three bytes for each of the n x m pairs; what can be worked out from them again is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from domain.assignment import TOP_WORTH, Search
from domain.background import Background
from domain.criteria import HardRule, Preference
from domain.definition import Definition, Mode
from domain.eligibility import eligible_roles
from domain.matrices import Truth, Whole, blocks
from domain.organisation import Organisation, organisation_of
from domain.pairing_rules import Liking, allowed_by, liking_of
from domain.people import Person, Role

Worth = NDArray[np.uint16]

NOTHING_SAID = 0.5
"""The score of two of whom no preference says anything, of 1."""


class Ground:
    """Everybody who takes part in the order of their references, and who may meet whom.

    Mentors are the rows and mentees the columns of every matrix; who may take both roles stands
    on both sides. Building it is the scoring step of matching.

    Args:
        definition: the rules and the preferences.
        people: those who take part, by the key that the caller names them with. Which role each
            may take follows from `domain.eligibility`.
        background: the rest of the organisation, and what was before.
        apart: pairs of keys that may not be made, in either direction: two who declined, or whose
            pair ended.
    """

    def __init__(
        self,
        definition: Definition,
        people: Mapping[str, Person],
        background: Background | None = None,
        apart: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.definition = definition
        self.background = background or Background()
        ordered = sorted(people.items(), key=lambda entry: (entry[1].reference, entry[0]))
        self.keys = [key for key, _ in ordered]
        self.people = [person for _, person in ordered]
        self.position = {key: number for number, key in enumerate(self.keys)}
        self.key_of = {person.reference: key for key, person in ordered}
        known = {person.reference: person for person in self.background.everybody}
        known |= {person.reference: person for person in self.people}
        self.organisation = organisation_of(definition, known.values(), self.background)
        self.roles = [eligible_roles(definition, person) for person in self.people]
        self.mentors, self.row = self._side(Role.MENTOR)
        self.mentees, self.column = self._side(Role.MENTEE)
        self.places: Whole = np.array([person.capacity for person in self.people], dtype=np.int64)
        self.apart = frozenset(
            (self.position[a], self.position[b])
            for one, other in apart
            if one in self.position and other in self.position
            for a, b in ((one, other), (other, one))
        )
        self._rules = definition.matching.rules
        self._sole = self._broken_rules()
        self.silent, self.worth = self._worth()
        self.searches: dict[frozenset[tuple[str, str]], Search] = {}
        """What was looked for already, by the pairs that were kept."""

    def _side(self, role: Role) -> tuple[Whole, Whole]:
        """The positions of all who may take the role, and each person's line on that side."""
        found = [number for number, roles in enumerate(self.roles) if role in roles]
        line = np.full(len(self.people), -1, dtype=np.int64)
        line[found] = np.arange(len(found))
        return np.array(found, dtype=np.int64), line

    # --- Who may meet whom -----------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """How many may be a mentor, and how many a mentee."""
        return len(self.mentors), len(self.mentees)

    @cached_property
    def both_sides(self) -> bool:
        """Whether somebody may take either role."""
        return bool(np.isin(self.mentors, self.mentees).any())

    @property
    def pairs(self) -> int:
        """How many pairs could be made if there were no rules."""
        rows, columns = self.shape
        return rows * columns - int(np.isin(self.mentors, self.mentees).sum())

    def _broken_rules(self) -> NDArray[np.unsignedinteger]:
        """For each pair 0 if no rule is broken, r + 1 if rule r alone is, and else the highest.

        One small number says what would become of a pair under each rule's being left out, which
        a matrix a rule would say at ten times the memory.
        """
        kind = np.min_scalar_type(len(self._rules) + 1)
        sole = np.zeros(self.shape, dtype=kind)
        several = np.iinfo(kind).max
        for number, rule in enumerate(self._rules):
            left = self.left_by(rule)
            for block in blocks(self.shape):
                if left[block].all():
                    continue
                here = sole[block]
                broken = np.where(here == 0, kind.type(number + 1), kind.type(several))
                np.copyto(here, broken, where=~left[block])
            del left  # before the next one is made
        for mentor, mentee in (*self.apart, *((person, person) for person in self.mentors)):
            cell = self.cell(mentor, mentee)
            if cell is not None:
                sole[cell] = several
        return sole

    def left_by(
        self, rule: HardRule, rows: Whole | None = None, columns: Whole | None = None
    ) -> Truth:
        """The pairs that one rule leaves, of these lines or of all."""
        return allowed_by(rule, self.mentors_at(rows), self.mentees_at(columns), self.organisation)

    def mentors_at(self, rows: Whole | None = None) -> list[Person]:
        """The people in these rows, or in all."""
        return self._at(self.mentors if rows is None else self.mentors[rows])

    def mentees_at(self, columns: Whole | None = None) -> list[Person]:
        """The people in these columns, or in all."""
        return self._at(self.mentees if columns is None else self.mentees[columns])

    def _at(self, positions: Whole) -> list[Person]:
        return [self.people[number] for number in positions.tolist()]

    @property
    def allowed(self) -> Truth:
        """The pairs that break no hard rule."""
        allowed: Truth = self._sole == 0
        return allowed

    @property
    def permitted(self) -> Truth:
        """The pairs that break no hard rule and reach the floor."""
        return self._above_floor(self.allowed, self.floor_worth)

    @property
    def floor_worth(self) -> int:
        """What a pair must be worth."""
        floor = self.definition.matching.floor
        return 0 if floor is None else round(floor * TOP_WORTH / 100)

    def _above_floor(self, pairs: Truth, floor: int) -> Truth:
        if floor > 0:
            for block in blocks(self.shape):
                pairs[block] &= self.worth[block] >= floor
        return pairs

    def allowed_at(self, rows: Whole, columns: Whole) -> Truth:
        """Which of these pairs break no hard rule."""
        allowed: Truth = self._sole[rows, columns] == 0
        return allowed

    def may_meet(self, mentor: int, mentee: int) -> bool:
        """Whether two people break no hard rule."""
        cell = self.cell(mentor, mentee)
        return cell is not None and bool(self._sole[cell] == 0)

    def strike(self, pairs: Truth, mentors: Whole, mentees: Whole) -> None:
        """Strike out of a matrix these people with each other, in both directions."""
        for ones, others in ((mentors, mentees), (mentees, mentors)):
            rows, columns = self.row[ones], self.column[others]
            there = (rows >= 0) & (columns >= 0)
            pairs[rows[there], columns[there]] = False

    def without(self, rule: int, weaker: HardRule | None = None) -> Truth:
        """The pairs that would be permitted if this rule were left out, or a weaker one held."""
        more: Truth = self._sole == rule + 1
        if weaker is not None:
            more &= self.left_by(weaker)
        more |= self._sole == 0
        return self._above_floor(more, self.floor_worth)

    def with_floor(self, floor: int) -> Truth:
        """The pairs that would be permitted if this worth were enough."""
        return self._above_floor(self.allowed, floor)

    def only_broken(self, rule: int) -> Truth:
        """The pairs that this rule alone shuts out."""
        only: Truth = self._sole == rule + 1
        return only

    # --- What a pair is worth --------------------------------------------------------------------

    def _worth(self) -> tuple[tuple[Preference, ...], Worth]:
        mentors, mentees = self.mentors_at(), self.mentees_at()
        return _worth_of(self.definition, mentors, mentees, self.organisation)

    def cell(self, mentor: int, mentee: int) -> tuple[int, int] | None:
        """Where a pair stands in the matrices; None where one may not take the role."""
        row, column = int(self.row[mentor]), int(self.column[mentee])
        return None if row < 0 or column < 0 else (row, column)

    def worth_of_pair(self, mentor: int, mentee: int) -> int:
        """What two people are worth together, whether or not they may meet."""
        cell = self.cell(mentor, mentee)
        if cell is not None:
            return int(self.worth[cell])
        return int(
            worth_of(
                self.definition, [self.people[mentor]], [self.people[mentee]], self.organisation
            )[0, 0]
        )


def worth_of(
    definition: Definition,
    mentors: Sequence[Person],
    mentees: Sequence[Person],
    organisation: Organisation,
) -> Worth:
    """What each pair is worth in whole numbers, from 0 to `TOP_WORTH`: its score, times 100.

    The mean, in their weights, of the preferences that say something of the two; half where none
    does; in full where the definition has no preferences. In `mutual` mode both teach, so that
    both directions count alike. Whole numbers make sums exact, so that what is best does not hang
    on the order of additions; and each hangs on its two people alone, since everything is done
    entry by entry.
    """
    return _worth_of(definition, mentors, mentees, organisation)[1]


def _worth_of(
    definition: Definition,
    mentors: Sequence[Person],
    mentees: Sequence[Person],
    organisation: Organisation,
) -> tuple[tuple[Preference, ...], Worth]:
    """Also the preferences that say nothing of anybody."""
    shape = len(mentors), len(mentees)
    preferences = definition.matching.preferences
    if not preferences:
        return (), np.full(shape, TOP_WORTH, dtype=np.uint16)
    total = np.zeros(shape, dtype=np.float32)
    everywhere = 0.0
    somewhere: NDArray[np.float32] | None = None
    silent: list[Preference] = []
    for preference in preferences:
        weight = np.float32(preference.weight)
        says_something = False
        for liking in _likings(definition, preference, mentors, mentees, organisation):
            if liking.says is None:
                everywhere += preference.weight
                says_something = True
            elif somewhere is None:
                somewhere = np.zeros(shape, dtype=np.float32)
            for block in blocks(shape):
                total[block] += liking.share[block] * weight
                if liking.says is not None and somewhere is not None:
                    counts = liking.says[block]
                    somewhere[block] += counts * weight
                    says_something = says_something or bool(counts.any())
        if not says_something:
            silent.append(preference)
    worth = np.empty(shape, dtype=np.uint16)
    for block in blocks(shape):
        weights = np.float32(everywhere) + (0 if somewhere is None else somewhere[block])
        share = np.full_like(total[block], NOTHING_SAID)
        np.divide(total[block], weights, out=share, where=weights > 0)
        share *= TOP_WORTH
        worth[block] = np.rint(share, out=share)
    return tuple(silent), worth


def _likings(
    definition: Definition,
    preference: Preference,
    mentors: Sequence[Person],
    mentees: Sequence[Person],
    organisation: Organisation,
) -> Iterator[Liking]:
    """How well a preference is met: once, or in `mutual` mode in each direction."""
    liking = liking_of(preference, mentors, mentees, organisation)
    yield liking
    if definition.program.mode is Mode.MUTUAL:
        if list(mentors) != list(mentees):
            liking = liking_of(preference, mentees, mentors, organisation)
        yield Liking(liking.share.T, None if liking.says is None else liking.says.T)
