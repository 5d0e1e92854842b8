"""An attack on everything that successive reports of one program say of answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

import pytest

from domain import change, survey_results
from domain.disclosure import Gate, Group, Unit, people_in
from domain.evaluation import Evaluation, evaluate
from domain.journal import EventKind
from domain.people import Role
from domain.projection import ProgramStatus, project
from domain.record import Record
from domain.responses import Asked, Book, Instruments, Response
from domain.surveys import AnswerValue, Item, ItemKind, Survey
from tests.domain.attack import Attacker
from tests.domain.records import (
    BEFORE,
    START,
    SURVEYS,
    Story,
    answered,
    definition,
    record_of,
)

SEED = 20261128
PROGRAMS = 6
TARGETS = 2
"""Small groups that are attacked for each question."""

FOLLOW_UP = Survey(
    id="follow_up", version=1, title="Later", intro="", minutes=1, items=BEFORE.items
)
INSTRUMENTS = Instruments({**SURVEYS, "follow_up": FOLLOW_UP})
OCCASIONS = {
    "baseline": "preparation",
    "pulse": "session-2",
    "final": "evaluation",
    "follow_up": "after-91",
}
ROLES = {None: "everyone", Role.MENTOR: "mentors", Role.MENTEE: "mentees"}


class Program(NamedTuple):
    """What people answered in each survey, in the order in which it came."""

    threshold: int
    answers: dict[str, list[Response]]

    def at(self, pulses: int, status: ProgramStatus, *surveys: str) -> Evaluation:
        """The report once so many pulses had come, and all answers to some surveys."""
        responses = self.answers["pulse"][:pulses]
        responses += [r for survey in surveys for r in self.answers[survey]]
        record: Record = record_of(
            definition(privacy={"anonymity_threshold": self.threshold}, follow_ups=[{"after": 91}]),
            status,
            *responses,
        )
        return evaluate(record, INSTRUMENTS)


def made_up(chance: random.Random) -> Program:
    """Ten to thirty people, of whom each survey is answered by most."""
    people = range(chance.randint(10, 30))
    roles = {n: chance.choice(list(Role)) for n in people}
    answers: dict[str, list[Response]] = {}
    for survey, occasion in OCCASIONS.items():
        some = [n for n in people if chance.random() < 0.85]
        order = chance.sample(some, len(some))
        answers[survey] = [
            answered(survey, occasion, n, roles[n], _answers(chance, survey)).model_copy(
                update={"answered_at": START - timedelta(minutes=100 - place)}
            )
            for place, n in enumerate(order)
        ]
    changed = chance.choice(answers["pulse"]) if answers["pulse"] else None
    answers["pulse"] = [
        r.model_copy(update={"answers": {"going_well": 1}, "first_answers": r.answers})
        if r is changed
        else r
        for r in answers["pulse"]
    ]
    return Program(chance.randint(3, 5), answers)


def _answers(chance: random.Random, survey: str) -> dict[str, int | str]:
    items = INSTRUMENTS.latest(survey).items  # type: ignore[union-attr]
    return {
        item.id: chance.choice([o.id for o in item.options])
        if item.kind is ItemKind.CHOICE
        else chance.randint(max(item.low, 1), min(item.high, 5))
        for item in items
        if item.kind is not ItemKind.TEXT
    }


def reports(program: Program) -> Iterator[tuple[int, Evaluation]]:
    """Reports drawn while pulses come in, at the end, and after the follow-up."""
    meetings = Story().at_stage("meetings")
    for pulses in range(len(program.answers["pulse"]) + 1):
        yield pulses, program.at(pulses, meetings, "baseline")
    pulses = len(program.answers["pulse"])
    story = Story().tell(EventKind.PROGRAM_COMPLETED)
    yield pulses, program.at(pulses, project(story.events), "baseline", "final")
    story.tell(EventKind.FOLLOW_UP_CLOSED, survey="follow_up", occasion="follow_up:after-91")
    yield pulses, program.at(pulses, project(story.events), *(s for s in OCCASIONS if s != "pulse"))


Question = tuple[str, str]


class _Watched:
    """Who reads along at every gate: which groups were let through for which question.

    That everything told comes from these groups is checked with it, by its counts.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._gates: dict[int, Question] = {}
        self._kept: list[Gate] = []
        self.told: dict[Question, list[Group]] = {}

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        question, admit = Book.question, Gate.admit

        def asked(book: Book, of: Asked, item: Item) -> object:
            found = question(book, of, item)
            self._gates[id(found.gate)] = (of.survey, item.id)
            self._kept.append(found.gate)  # so that no other gets its id
            return found

        def admitted(gate: Gate, group: Group) -> bool:
            if not admit(gate, group):
                return False
            if (name := self._gates.get(id(gate))) and group not in self.told.setdefault(name, []):
                self.told[name].append(group)
            return True

        patch.setattr(Book, "question", asked)
        patch.setattr(Gate, "admit", admitted)

    def check(self, report: Evaluation) -> None:
        """Whether everything in a report is of groups that were let through."""
        for survey in report.surveys:
            for item in survey.items:
                name = (survey.survey, item.item.id)
                for one in (item.everyone, *item.by_role.values()):
                    assert one is None or any(
                        Counter({a.answer: a.count for a in one.distribution if a.count})
                        == Counter(truth_of(self._program, name)[unit] for unit in group)
                        for group in self.told[name]
                    )
        for told in (one for one in report.changes if one.change is not None):
            later = "final" if told.days is None else "follow_up"
            scale = BEFORE.scale(told.scale)
            assert scale is not None
            assert told.change is not None
            for name in ((asked, item) for asked in ("baseline", later) for item in scale.items):
                assert told.change.n in map(people_in, self.told[name])


def truth_of(program: Program, name: Question) -> dict[Unit, AnswerValue]:
    survey, item = name
    return {r.unit: r.first[item] for r in program.answers[survey]}


def published(program: Program) -> dict[Question, list[Group]]:
    """Of which groups the answers to each question were told, in one report or another."""
    watched = _Watched(program)
    with pytest.MonkeyPatch.context() as patch:
        watched.watch(patch)
        for _, report in reports(program):
            watched.check(report)
    return watched.told


def pinned(program: Program, chance: random.Random) -> int:
    """How many counts of small groups a solver finds that large cells don't give away."""
    found = 0
    for name, groups in published(program).items():
        truth = truth_of(program, name)
        attacker = Attacker(sorted(set(truth.values()), key=str))
        for group in groups:
            attacker.learns(group, Counter(truth[unit] for unit in group))
        known = sorted(frozenset().union(*groups))
        cells = sorted(attacker.cells, key=len)
        targets = [cells[0]] if people_in(cells[0]) < program.threshold else []  # type: ignore[arg-type]
        targets += [
            frozenset(chance.sample(known, chance.randint(1, program.threshold - 1)))
            for _ in range(TARGETS)
        ]
        for target in targets:
            explained = attacker.explained(target, truth, program.threshold)
            found += len(set(attacker.pins(target)) - explained)
    return found


def test_no_solver_pins_a_few_answers_from_all_reports_of_a_program() -> None:
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    told = 0
    for _ in range(PROGRAMS):
        program = made_up(chance)
        assert pinned(program, chance) == 0
        told += sum(map(len, published(program).values()))
    assert told > 10 * PROGRAMS  # there was something to attack


def test_the_attack_finds_what_a_careless_gate_lets_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With small groups hidden and nothing else, as most reports do it."""

    def allows(gate: Gate, group: Group) -> bool:
        return people_in(group) >= gate.threshold

    def everybody(wanted: Sequence[tuple[Gate, Mapping[str, Group]]]) -> frozenset[str]:
        return frozenset(person for _, answers in wanted for person in answers)

    monkeypatch.setattr(Gate, "allows", allows)
    monkeypatch.setattr(change, "told_together", everybody)
    monkeypatch.setattr(survey_results, "told_together", everybody)
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    assert sum(pinned(made_up(chance), chance) for _ in range(3)) > 0


def test_a_report_is_the_same_whoever_asks_and_whenever() -> None:
    program = made_up(random.Random(SEED))
    (*_, (_, one)), (*_, (_, other)) = reports(program), reports(program)
    assert one == other
