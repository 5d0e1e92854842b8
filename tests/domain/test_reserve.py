"""The reserve list: an order that HR can defend, the same whenever it is asked for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone

from domain.background import Background
from domain.definition import Definition
from domain.matching import match
from domain.people import Person, Role
from domain.reserve import lot, reserve_lists
from tests.domain.definitions import definition_with
from tests.domain.programs import EITHER, MENTEE, MENTOR, keyed, person

ONE_WAY = definition_with()
PEOPLE = [f"p{n:02}" for n in range(12)]


def order(
    background: Background | None = None,
    *,
    definition: Definition = ONE_WAY,
    keys: list[str] = PEOPLE,
) -> list[str]:
    waiting = {key: (person(key, MENTEE), Role.MENTEE) for key in keys}
    lists = reserve_lists(definition, waiting, background or Background())
    return [key for keys in lists for key in keys]


def test_who_was_left_over_most_often_comes_first() -> None:
    background = Background(
        left_over={"p03": 1, "p07": 2},
        said_yes={"p05": datetime(2027, 1, 1, tzinfo=UTC)},
    )
    assert order(background)[:3] == ["p07", "p03", "p05"]


def test_then_who_said_yes_earlier_wherever_the_clock_stood() -> None:
    noon = datetime(2027, 1, 4, 12, tzinfo=UTC)
    in_new_york = (noon - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-5)))
    background = Background(said_yes={"p01": noon, "p02": in_new_york})
    assert order(background)[:2] == ["p02", "p01"]


def test_then_a_lot_decides_which_does_not_hang_on_the_order_of_the_file() -> None:
    shuffled = PEOPLE.copy()
    random.Random(3).shuffle(shuffled)
    assert order(keys=shuffled) == order()
    assert order() != sorted(PEOPLE)


def test_the_lot_is_drawn_anew_in_another_program() -> None:
    program = ONE_WAY.program.model_copy(update={"id": "another-one"})
    assert order(definition=ONE_WAY.model_copy(update={"program": program})) != order()


def test_anybody_can_draw_the_lot_again() -> None:
    # printf example/p01 | sha256sum
    assert lot("example", "p01").hex().startswith("3d7b78a5d1fa")


def test_mentors_and_mentees_wait_apart_and_in_mutual_mode_together() -> None:
    def places(definition: Definition, people: dict[str, Person]) -> list[tuple[Role | None, int]]:
        return [(u.role, u.place or 0) for u in match(definition, people).unmatched]

    rules = {"rules": [{"rule": "different", "column": "department"}]}
    same = {"department": "IT"}
    one_way = keyed(
        *(person(f"m{n}", MENTOR, **same) for n in range(2)),
        *(person(f"s{n}", MENTEE, **same) for n in range(2)),
        person("x", ()),
    )
    assert places(definition_with(matching=rules), one_way) == [
        (Role.MENTOR, 1),
        (Role.MENTOR, 2),
        (Role.MENTEE, 1),
        (Role.MENTEE, 2),
        (None, 0),
    ]
    mutual = keyed(*(person(f"p{n}", EITHER, **same) for n in range(3)))
    assert [
        place for _, place in places(definition_with(mode="mutual", matching=rules), mutual)
    ] == [
        1,
        2,
        3,
    ]
