"""The engine's benchmarks: what is the least, how a run becomes a script, what got worse."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import recorded
from bench.engine.bare import Script
from bench.engine.floor import ladder_floor, prompt_floor
from bench.engine.lab import DEFINITIONS, REFERENCE, Kind
from bench.engine.office import line_of
from bench.engine.people import Asked, prompt, read_moments, silent
from bench.tables import Ratio
from domain.deeds import DeedKind
from domain.pair import Moment, MomentKind
from domain.plan import PairPlan, PlannedCheckIn, plan_of
from domain.sections import CheckInPoint
from store.definition_file import load_definition

NOW = datetime(2030, 1, 7, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> PairPlan:
    return plan_of(Kind(REFERENCE, 1.0, ()).definition(), NOW).pair


def kinds(script: str) -> Counter[str]:
    return Counter(word[0] for word in script.split())


def signals(script: str) -> int:
    return sum(len(word[1:].split(",")) for word in script.split() if word[0] == "a" and word[1:])


@pytest.mark.parametrize("file", sorted(DEFINITIONS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_definition_of_the_benchmarks_is_a_right_one(file: Path) -> None:
    assert load_definition(file).program.id.startswith("bench-")


def test_the_reference_program_is_the_one_whose_floor_is_written_down(plan: PairPlan) -> None:
    assert plan.introduction + plan.preparation + plan.meetings + plan.evaluation == 26 * 7
    assert plan.sessions == 6
    assert len(plan.check_ins) == 3
    assert plan.ladders[0].steps[-1].after.days == 42


def test_the_floor_of_a_prompt_pair_is_its_messages_waits_and_deeds(plan: PairPlan) -> None:
    floor = prompt_floor(plan)
    begins, session, check_ins, ends = 2, 5, 2, 2
    """A session: asked for, proposed, invited, reminded of and asked after."""
    moments = begins + 6 * session + check_ins + ends
    deeds = (2 + 5) + 6 * 3 + 2 * 2 + 4
    assert kinds(floor)["a"] == moments
    assert signals(floor) == deeds
    assert kinds(floor)["t"] == kinds(floor)["f"] + kinds(floor)["c"]


def test_the_floor_on_the_ladder_is_its_five_steps_after_the_preparation(plan: PairPlan) -> None:
    floor = ladder_floor(plan)
    assert kinds(floor)["a"] == 3 + 5
    assert kinds(floor)["t"] == 2 + 5
    assert signals(floor) == 2 + 5


def test_a_script_waits_for_signals_before_what_came_after_them() -> None:
    script = Script()
    script.signal(0.1)  # before the first activity nobody could send it
    script.activity()
    script.start_timer(9)
    script.signal(0.25)
    script.cancel_timer()
    script.activity()
    script.start_timer(1)
    script.timer_fires()
    assert str(script) == "a0.250 t9.000 s1 c a t1.000 f"


def test_moments_can_be_read_from_the_office_s_line() -> None:
    check_in = PlannedCheckIn(survey="pulse", point=CheckInPoint.AFTER_SESSION, session=2)
    moments = (
        Moment(kind=MomentKind.CHECK_IN, at=NOW, check_ins=(check_in,)),
        Moment(kind=MomentKind.SESSION_DUE, at=NOW, session=3),
    )
    *_, words = line_of("program", "pair-1", moments).split(maxsplit=3)
    assert read_moments(words) == (
        Asked(kind=MomentKind.CHECK_IN, session=0, occasions=("pulse:session-2",)),
        Asked(kind=MomentKind.SESSION_DUE, session=3, occasions=()),
    )


def test_the_silent_are_not_heard_of_once_they_should_meet() -> None:
    def deeds(habit: object, kind: MomentKind) -> list[DeedKind]:
        assert callable(habit)
        return [act.kind for act in habit(Asked(kind=kind, session=1, occasions=()))]

    before = MomentKind.PREPARATION
    assert deeds(silent, before) == deeds(prompt, before) != []
    assert deeds(prompt, MomentKind.SESSION_DUE) == [DeedKind.SESSION_PROPOSED]
    assert deeds(silent, MomentKind.SESSION_DUE) == []


@pytest.mark.parametrize(
    ("value", "rises", "is_worse"),
    [
        (1.14, False, False),
        (1.16, False, True),
        (0.5, False, False),
        (0.86, True, False),
        (0.84, True, True),
        (2.0, True, False),
    ],
)
def test_a_ratio_is_worse_from_fifteen_percent_on(
    value: float, rises: bool, is_worse: bool
) -> None:
    worse = recorded.regressions([Ratio("pace", value, rises=rises)], {"pace": 1.0})
    assert bool(worse) is is_worse
    assert all("pace" in line and "1.000" in line for line in worse)


def test_recording_keeps_what_was_not_measured(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    recorded.write([Ratio("one", 1.0), Ratio("two", 2.0)], file)
    recorded.write([Ratio("two", 2.5)], file)
    assert recorded.read(file) == {"one": 1.0, "two": 2.5}


def test_a_ratio_that_was_never_recorded_is_not_worse() -> None:
    assert recorded.regressions([Ratio("new", 9.0)], recorded.read(Path("nowhere.json"))) == []
