"""Matching beside the peer: the same people, the same rules, whole commands in turn.

Quality is judged by `bench.yardstick`, from each side's output file. Time is told twice: that of
the steps, which each side measures itself once it is loaded (ours: load, score, solve, explain; the
peer's: reading and `process_data`), and that of the whole process from start to exit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.civil_service_sample import civil_service_sample
from bench.machine import machine
from bench.peer_environment import PYTHON as PEER_PYTHON
from bench.peer_environment import make_peer_environment, peer_versions
from bench.population import DEFINITIONS, Kind, Row, Size, population, write_people
from bench.runs import (
    OWN_PYTHON,
    PROJECT,
    Run,
    Spread,
    interleaved,
    ratio_of,
    run,
    seconds_of,
    steps_of,
)
from bench.tables import Check, Result, checks_text, table
from bench.yardstick import POINT_OF_HUNDRED, Pair, Rules, Verdict, Yardstick, most_points
from domain.background import Background
from domain.matching import proposal_of, rule_check
from domain.proposal import Chosen
from store.definition_file import load_definition
from store.people_file import load_people

OURS, PEER = "ours", "mentor-match"
TIMES_FASTER = 20
"""Than the peer."""
SIDE_OF_STEPS, SIDE_OF_WHOLE = 500, 1_000
"""From so many people a side on the claim is made of the steps, and of the whole process."""
SEED = 1
SIDE_OF_SCORE_CHECK = 60

DEFINITION = {
    Rules.BASIC: DEFINITIONS / "basic.yaml",
    Rules.PROGRAM: DEFINITIONS / "civil_service.yaml",
}
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Case:
    """People and rules to compare on."""

    title: str
    rules: Rules
    rows: Sequence[Row]
    runs: int
    side: int
    """How many on the smaller side."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What both sides made of a case."""

    case: Case
    ours: Verdict
    peer: Verdict
    best_score: Verdict
    """Ours where the best total is put first."""
    optimum: int | None
    """The most points that as many pairs as ours can be worth, by an independent solver."""
    runs: dict[str, list[Run]]

    def checks(self) -> list[Check]:
        """The claims, for this case."""
        title, ours, peer = self.case.title, self.ours, self.peer
        at_peers_number = ours if ours.pairs == peer.pairs else self.best_score
        found = [
            Check(
                f"{title}: never fewer pairs ({ours.pairs} against {peer.pairs})",
                ours.pairs >= peer.pairs,
            ),
            Check(
                f"{title}: never a lower total at the same number of pairs ("
                f"{at_peers_number.points} with {at_peers_number.pairs} against "
                f"{peer.points} with {peer.pairs})",
                at_peers_number.points >= peer.points,
            ),
            Check(
                f"{title}: no total of {ours.pairs} pairs is higher ({ours.points} of "
                f"{self.optimum})",
                ours.points == self.optimum,
            ),
            Check(
                f"{title}: no hard rule broken",
                not ours.broken and not self.best_score.broken,
            ),
        ]
        for what, ratio, least in (
            ("in the steps", self.ratio_in_steps, SIDE_OF_STEPS),
            ("as a whole process", self.ratio_as_a_whole, SIDE_OF_WHOLE),
        ):
            if self.case.side >= least:
                found.append(
                    Check(
                        f"{title}: at least {TIMES_FASTER} times faster {what} "
                        f"({ratio.median:.1f} times)",
                        ratio.median >= TIMES_FASTER,
                    )
                )
        return found

    @property
    def ratio_in_steps(self) -> Spread:
        """How many times longer the peer's steps took."""
        return ratio_of(steps_of(self.runs[PEER]), steps_of(self.runs[OURS]))

    @property
    def ratio_as_a_whole(self) -> Spread:
        """How many times longer the peer's process took."""
        return ratio_of(seconds_of(self.runs[PEER]), seconds_of(self.runs[OURS]))

    def rows(self) -> list[tuple[str, ...]]:
        """This case's lines of the table."""
        ours, peer = self.runs[OURS], self.runs[PEER]
        times = (f"{self.ratio_in_steps.median:.1f}", f"{self.ratio_as_a_whole.median:.1f}")
        lines = [
            (OURS, self.ours, str(steps_of(ours)), str(seconds_of(ours)), *times),
            (f"{OURS}, best_score", self.best_score, "", "", "", ""),
            (PEER, self.peer, str(steps_of(peer)), str(seconds_of(peer)), "", ""),
        ]
        return [
            (
                self.case.title if number == 0 else "",
                who,
                str(verdict.pairs),
                str(verdict.points),
                str(len(verdict.broken)),
                *measured,
            )
            for number, (who, verdict, *measured) in enumerate(lines)
        ]


def cases(runs: int) -> list[Case]:
    """The sample, and made-up people of two sizes."""
    sample = civil_service_sample()
    teaching = sum(row["role"] == "mentor" for row in sample)
    found = [Case("civil-service sample, basic", Rules.BASIC, sample, runs, len(sample) - teaching)]
    for side in (500, 1_000):
        rows = population(Kind.CIVIL_SERVICE, Size(side, side), SEED)
        found += [
            Case(f"{side:,} × {side:,}, {rules.value}", rules, rows, runs, side) for rules in Rules
        ]
    return found


def compare_with_peer(runs: int, tell: Tell) -> Result:
    """Run the whole comparison."""
    make_peer_environment(tell)
    checks = [score_check(rules, tell) for rules in Rules]
    compared = []
    for case in cases(runs):
        tell(case.title)
        compared.append(compare(case, tell))
        checks += compared[-1].checks()
    head = (
        *("people, rules", "", "pairs", "points", "rules broken"),
        *("steps, s", "whole process, s", "times faster: steps", "whole process"),
    )
    lines = [line for one in compared for line in one.rows()]
    text = (
        f"{machine()}; peer: {peer_versions()}. `make bench-matching`, {runs} runs each in turn, "
        "medians (lowest–highest).\n\n"
        f"{table(head, lines)}\n```\n{checks_text(checks)}```\n"
    )
    return Result("matching-peer", text, tuple(checks))


def compare(case: Case, tell: Tell) -> Compared:
    """Let both sides match the same people."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        people, ours, theirs = folder / "people.csv", folder / "ours.json", folder / "theirs.json"
        best = folder / "best.json"
        write_people(people, case.rows)
        definition = DEFINITION[case.rules]
        run(match_command(definition, people, ours))  # so that no measured run has a cold disk
        found = interleaved(
            {
                OURS: match_command(definition, people, ours),
                PEER: peer_command(case.rules, people, theirs),
            },
            case.runs,
            tell,
            targets={OURS: ours, PEER: theirs},
        )
        run(match_command(_with_best_score(definition, folder), people, best))
        yardstick = Yardstick(case.rules, case.rows)
        verdict = yardstick.judge(_our_pairs(ours))
        return Compared(
            case=case,
            ours=verdict,
            peer=yardstick.judge(_pairs_of_peer(theirs)),
            best_score=yardstick.judge(_our_pairs(best)),
            optimum=most_points(yardstick.worth(), verdict.pairs),
            runs=found,
        )


def match_command(definition: Path, people: Path, target: Path) -> list[str | Path]:
    """What HR types."""
    command: list[str | Path] = [OWN_PYTHON, PROJECT / "starter.py", "match", definition, people]
    return [*command, "--out", target, "--force"]


def peer_command(rules: Rules, people: Path, target: Path | str) -> list[str | Path]:
    """The same with the peer; `target` is a file, or `--scores`."""
    return [PEER_PYTHON, PROJECT / "bench" / "peer.py", rules.value, people, target]


def _with_best_score(definition: Path, folder: Path) -> Path:
    text = definition.read_text(encoding="utf-8")
    changed = folder / "best_score.yaml"
    changed.write_text(text.replace("objective: most_people", "objective: best_score"), "utf-8")
    return changed


def _our_pairs(file: Path) -> list[Pair]:
    document = json.loads(file.read_text(encoding="utf-8"))
    return [(pair["mentor"], pair["mentee"]) for pair in document["pairs"]]


def _pairs_of_peer(file: Path) -> list[Pair]:
    document = json.loads(file.read_text(encoding="utf-8"))
    return [(mentor, mentee) for mentor, mentee in document["pairs"]]


# --- Whether all three mean the same -------------------------------------------------------------


def score_check(rules: Rules, tell: Tell) -> Check:
    """Whether we, the peer and the yardstick score and forbid alike, every pair of a sample."""
    if rules is Rules.BASIC:
        rows = civil_service_sample()
    else:
        rows = population(Kind.CIVIL_SERVICE, Size(SIDE_OF_SCORE_CHECK, SIDE_OF_SCORE_CHECK), SEED)
    yardstick = Yardstick(rules, rows)
    with TemporaryDirectory() as name:
        people = Path(name) / "people.csv"
        write_people(people, rows)
        scores = json.loads(run(peer_command(rules, people, "--scores")).output)
        theirs = {(one, other): points for one, other, points in scores}
        ours = our_scores(DEFINITION[rules], people)
    plain = {
        (one, other): None if yardstick.broken(one, other) else yardstick.points(one, other)
        for one in yardstick.mentors
        for other in yardstick.mentees
    }
    scaled = {
        pair: None if score is None else score / POINT_OF_HUNDRED[rules]
        for pair, score in ours.items()
    }
    differing = sum(not scaled[pair] == theirs[pair] == plain[pair] for pair in plain)
    alike = scaled.keys() == theirs.keys() == plain.keys() and not differing
    tell(f"scores of {len(plain):,} pairs by the {rules.value} rules: {differing} differ")
    return Check(
        f"{rules.value} rules: all {len(plain):,} pairs of a sample score alike, and the same "
        f"{sum(points is None for points in plain.values()):,} are forbidden, by us, the peer and "
        "the yardstick",
        alike,
    )


def our_scores(definition: Path, people: Path) -> dict[Pair, float | None]:
    """What the project gives every pair, of 100; None where it forbids it."""
    plan = load_definition(definition)
    everybody = load_people(people, plan).people
    background = Background(everybody=everybody)
    broken = rule_check(plan, background)
    by_key = {person.reference: person for person in everybody}
    pairs = [
        (one.reference, other.reference)
        for one in everybody
        for other in everybody
        if one.roles == ("mentor",) and other.roles == ("mentee",)
    ]
    proposal = proposal_of(plan, by_key, [Chosen(*pair) for pair in pairs], background=background)
    scores: dict[Pair, float | None] = {
        (pair.mentor, pair.mentee): pair.score for pair in proposal.pairs
    }
    for one, other in pairs:
        if broken(by_key[one], by_key[other]):
            scores[one, other] = None
    return scores
