"""Repair: new partners for those who wait, and hardly a standing pair touched."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import blossom, bounded_repair, flow, reassignment
from domain.assignment import Choice, Pairs, best_pairs
from domain.criteria import Objective
from domain.reassignment import repaired
from tests.domain.choices import all_choices, assert_possible, choice_of, ends, used
from tests.domain.examples import examples

tries = examples(200)


@pytest.fixture(params=["as needed", "always the last step"], scope="module", autouse=True)
def steps(request: pytest.FixtureRequest) -> Iterator[None]:
    """Small cases hardly ever need the last step, so that they are also sent there on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "always the last step":
            patch.setattr(reassignment._Repair, "parted", lambda *_: 1_000_000)
            patch.setattr(bounded_repair, "EDGES_A_ROW", 1)
        yield


@dataclass(frozen=True)
class Standing:
    choice: Choice
    kept: Pairs
    changeable: list[bool]
    changes: int

    def repaired(self) -> Pairs:
        return repaired(self.choice, self.kept, self.changeable, self.changes)

    def without_kept(self) -> Choice:
        """Only new pairs are allowed."""
        together = {frozenset(ends(self.choice, pair)) for pair in self.kept}
        allowed = self.choice.allowed.copy()
        for row, column in np.ndindex(allowed.shape):
            if frozenset(ends(self.choice, (row, column))) in together:
                allowed[row, column] = False
        return replace(self.choice, allowed=allowed)

    def counted(self, pairs: Pairs) -> tuple[int, int, int]:
        """People covered, standing pairs that stay, worth of the new ones."""
        staying = set(self.kept) & set(pairs)
        return (
            sum(bool(self.choice.waiting[person]) for person in used(self.choice, pairs)),
            len(staying),
            sum(int(self.choice.worth[pair]) for pair in set(pairs) - staying),
        )

    def all_repairs(self) -> Iterator[Pairs]:
        with_partner = set(used(self.choice, self.kept))
        loose = [pair for pair, may in zip(self.kept, self.changeable, strict=True) if may]
        for count in range(min(self.changes, len(loose)) + 1):
            for parted in itertools.combinations(loose, count):
                staying = [pair for pair in self.kept if pair not in parted]
                for new in all_choices(self.without_kept(), staying):
                    if with_partner <= set(used(self.choice, [*staying, *new])):
                        yield [*staying, *new]


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Pairs made as they came, one after the other, until nobody else could be paired; some wait
    whom only a parting could cover, or several."""
    chance = draw(st.randoms(use_true_random=False))
    mutual = draw(st.booleans())
    rows = chance.randint(3, 6 if mutual else 5)
    columns = rows if mutual else chance.randint(3, 5)
    people = rows if mutual else rows + columns
    often = chance.choice([0.25, 0.4, 0.6])
    choice = choice_of(
        [[chance.random() < often for _ in range(columns)] for _ in range(rows)],
        [[chance.choice([0, 1, 2, 5000, 9999]) for _ in range(columns)] for _ in range(rows)],
        places=[chance.choice([1, 1, 1, 2]) for _ in range(people)],
        mutual=mutual,
    )
    kept: Pairs = []
    together: set[frozenset[int]] = set()
    everything = [pair for pair in np.ndindex(choice.allowed.shape) if choice.allowed[pair]]
    for row, column in chance.sample(everything, len(everything)):
        two = ends(choice, (row, column))
        counts = used(choice, kept)
        if frozenset(two) not in together and all(counts[p] < choice.places[p] for p in two):
            kept.append((row, column))
            together.add(frozenset(two))
    kept = kept[: len(kept) - chance.choice([0, 0, 1])]
    counts = used(choice, kept)
    waiting = [not counts[person] and chance.random() < 0.9 for person in range(people)]
    return Standing(
        replace(choice, waiting=np.array(waiting)),
        kept,
        [chance.random() < 0.9 for _ in kept],
        chance.choice([0, 1, 1, 1, 2]),
    )


@tries
@given(standings())
def test_no_other_repair_is_better(standing: Standing) -> None:
    best = max(standing.counted(repair) for repair in standing.all_repairs())
    assert standing.counted(standing.repaired()) == best


@tries
@given(standings())
def test_a_repair_keeps_every_promise(standing: Standing) -> None:
    pairs = standing.repaired()
    new = [pair for pair in pairs if pair not in standing.kept]
    assert_possible(standing.without_kept(), new)
    counts = used(standing.choice, pairs)
    assert all(count <= standing.choice.places[person] for person, count in counts.items())
    parted = [pair for pair in standing.kept if pair not in pairs]
    assert len(parted) <= standing.changes
    assert all(
        may for pair, may in zip(standing.kept, standing.changeable, strict=True) if pair in parted
    )
    assert set(used(standing.choice, standing.kept)) <= set(counts)


@pytest.mark.parametrize("mutual", [False, True])
def test_few_edges_lead_to_the_same_repair(
    *, mutual: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = after_leaving(24, changes=24, mutual=mutual)
    all_at_once = standing.counted(standing.repaired())
    for module, name in ((flow, "LIKELIEST"), (flow, "ADDED"), (blossom, "LIKELY")):
        monkeypatch.setattr(module, name, 1)
    monkeypatch.setattr(blossom, "FEW", 0)
    assert standing.counted(standing.repaired()) == all_at_once


def after_leaving(people: int, *, changes: int, mutual: bool = False) -> Standing:
    """A program in which three have lost their partner, and few may meet."""
    chance = np.random.default_rng(3)
    allowed = chance.random((people, people)) < (0.05 if mutual else 0.15)
    worth = chance.integers(1, 10_000, (people, people))
    choice = choice_of(allowed.tolist(), worth.tolist(), mutual=mutual)
    kept = best_pairs(replace(choice, objective=Objective.BEST_SCORE))[3:]
    waiting = np.ones(len(choice.places), dtype=bool)
    waiting[list(used(choice, kept))] = False
    return Standing(replace(choice, waiting=waiting), kept, [True] * len(kept), changes)


@pytest.mark.parametrize("mutual", [False, True])
def test_more_changes_cover_more_and_never_more_than_granted(*, mutual: bool) -> None:
    standings = [after_leaving(40, changes=changes, mutual=mutual) for changes in range(8)]
    repairs = [standing.repaired() for standing in standings]
    covered = [s.counted(pairs)[0] for s, pairs in zip(standings, repairs, strict=True)]
    assert covered == sorted(covered)
    assert covered[-1] > covered[0]
    for standing, pairs in zip(standings, repairs, strict=True):
        assert len(standing.kept) - standing.counted(pairs)[1] <= standing.changes


def test_a_pair_is_parted_only_to_cover_somebody() -> None:
    """The two could change partners for much better ones, but nobody waits."""
    choice = choice_of([[True, True], [True, True]], [[1, 9999], [9999, 1]], waiting=[False] * 4)
    assert repaired(choice, [(0, 0), (1, 1)], [True, True], 2) == [(0, 0), (1, 1)]


def test_somebody_moves_over_so_that_both_have_a_partner() -> None:
    """Mentee 1 waits and may only meet mentor 0, whose mentee may also meet mentor 1."""
    choice = choice_of(
        [[True, True], [True, False]], [[9000, 100], [50, 0]], waiting=[False, True, False, True]
    )
    assert repaired(choice, [(0, 0)], [True], 1) == [(0, 1), (1, 0)]
    assert repaired(choice, [(0, 0)], [True], 0) == [(0, 0)]
    assert repaired(choice, [(0, 0)], [False], 1) == [(0, 0)]


def test_nobody_loses_a_partner_for_somebody_else() -> None:
    """Two wait for the mentor of one: that one would be left alone."""
    choice = choice_of([[True, True]], [[1, 9999]], waiting=[False, False, True])
    assert repaired(choice, [(0, 0)], [True], 1) == [(0, 0)]


def test_beyond_its_limit_a_repair_still_stays_within_what_is_granted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_repair, "MOST_EDGES", 0)
    monkeypatch.setattr(bounded_repair, "EDGES_A_ROW", 2)
    standing = after_leaving(40, changes=2)
    pairs = standing.repaired()
    assert len(standing.kept) - standing.counted(pairs)[1] <= 2
    assert set(used(standing.choice, standing.kept)) <= set(used(standing.choice, pairs))
