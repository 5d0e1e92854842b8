"""Who took part, and who was left out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, seed
from hypothesis import strategies as st

from domain.participation import Column, Participant, Reach, reach_of
from tests.domain.attack import Attacker
from tests.domain.examples import examples


def person(
    number: int,
    department: str | None = None,
    level: str | None = None,
    *,
    eligible: bool = True,
    joined: bool = True,
) -> Participant:
    return Participant(
        person=f"p{number}",
        department=department,
        level=level,
        location=None,
        eligible=eligible,
        joined=joined,
    )


def reach(*people: Participant, threshold: int = 5) -> dict[Column, Reach]:
    matched = {"p0", "p1", "p2"}
    found = reach_of(people, matched, {"p0"}, ["low", "middle", "high"], threshold)
    return {one.column: one for one in found}


def test_each_group_is_told_how_far_its_people_came() -> None:
    people = [person(n, "A", joined=n < 4) for n in range(6)]
    people += [person(n, "B", joined=False) for n in range(6, 12)]
    one, other = reach(*people)[Column.DEPARTMENT].rows
    assert (one.groups, one.came.could, one.came.joined) == (("A",), 6, 4)
    assert (one.came.matched, one.came.completed) == (3, 1)
    assert (other.groups, other.came.joined) == (("B",), 0)


def test_who_could_not_take_part_does_not_count() -> None:
    people = [person(n, "A") for n in range(6)] + [person(n, "B") for n in range(6, 12)]
    people += [person(n, "C", eligible=False) for n in range(12, 20)]
    assert [row.groups for row in reach(*people)[Column.DEPARTMENT].rows] == [("A",), ("B",)]


def test_small_departments_are_told_of_together_and_levels_with_their_neighbours() -> None:
    people = [person(n, "A", level="low") for n in range(10)]
    people += [person(n, "B", level="middle") for n in range(10, 13)]
    people += [person(n, "C", level="high") for n in range(13, 17)]
    found = reach(*people)
    assert [row.groups for row in found[Column.DEPARTMENT].rows] == [("A",), ("C", "B")]
    assert [row.groups for row in found[Column.LEVEL].rows] == [("low",), ("middle", "high")]


def test_who_has_an_empty_cell_is_a_group_of_their_own() -> None:
    people = [person(n, "A") for n in range(6)] + [person(n) for n in range(6, 12)]
    assert [row.groups for row in reach(*people)[Column.DEPARTMENT].rows] == [("A",), (None,)]


def test_a_column_with_one_group_says_nothing() -> None:
    assert reach(*(person(n, "A") for n in range(9))) == {}


def test_a_second_column_that_would_give_away_a_few_is_not_told() -> None:
    people = [person(n, "A", level="low") for n in range(6)]
    people += [person(n, "B", level="low" if n == 6 else "high") for n in range(6, 13)]
    found = reach(*people)
    assert found[Column.DEPARTMENT].rows
    assert found[Column.LEVEL].rows == ()


def test_too_few_people_are_not_told_of_at_all() -> None:
    assert reach(*(person(n, "AB"[n % 2]) for n in range(4))) == {}


@seed(31)
@examples(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", None]), st.sampled_from(["low", "high"]), st.booleans()
        ),
        min_size=3,
        max_size=24,
    ),
    st.integers(3, 5),
    st.sets(st.integers(0, 23), min_size=1, max_size=4),
)
def test_no_solver_pins_who_of_a_few_joined(
    people: list[tuple[str | None, str, bool]], threshold: int, target: set[int]
) -> None:
    everybody = {
        f"p{n}": person(n, department, level, joined=joined)
        for n, (department, level, joined) in enumerate(people)
    }
    hidden = {f"p{n}" for n in target if n < len(people)}
    tables = reach_of(tuple(everybody.values()), (), (), ["low", "high"], threshold)
    if not hidden or len(hidden) >= threshold or not tables:
        return
    truth = {name: one.joined for name, one in everybody.items()}
    attacker = Attacker([True, False])
    attacker.learns(everybody, Counter(truth.values()))
    for table in tables:
        for row in table.rows:
            members = [
                name
                for name, one in everybody.items()
                if (one.department if table.column is Column.DEPARTMENT else one.level)
                in row.groups
            ]
            assert row.came.could == len(members)
            attacker.learns(
                members, {True: row.came.joined, False: row.came.could - row.came.joined}
            )
    assert set(attacker.pins(hidden)) <= attacker.explained(hidden, truth, threshold)
