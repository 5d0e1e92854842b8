"""Matching two files into a third, each step timed.

All that it needs is imported with it, before the first step begins: a step's time is what it does,
and how long Python takes to load is seen from outside. Imports neither Temporal nor a database, and
Excel's format only where a file has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from console.intake import Intake, read_intake
from console.terminal import Steps
from domain.diagnosis import diagnosis_of
from domain.ground import Ground
from domain.matching import choose, why_not_these, written_out
from domain.problems import BadInput, Problem, suggestion
from domain.proposal import Proposal
from domain.proposal_words import Section, pair_in_sections, pair_of
from runtime.settings import content_folders
from store.proposal_file import check_target, export_proposal, refuse_to_overwrite

Answer = tuple[str, Sequence[Section]]
"""Whom HR asked about, by name, and why they are a pair or none."""


class Matched(NamedTuple):
    """What came of it."""

    proposal: Proposal
    warnings: Sequence[str]
    """What `check` says of the files."""
    answers: Sequence[Answer]


def match_files(
    definition: Path,
    people: Path,
    target: Path,
    questions: Sequence[tuple[str, str]],
    steps: Steps,
    *,
    force: bool,
) -> Matched:
    """Match, write the proposal to `target`, and answer why the two of each question are no pair.

    Raises:
        BadInput: with every problem of the files, or since `target` is one of them or, without
            `force`, is there already; then nothing is written.
    """
    check_target(target)
    refuse_to_overwrite(target, (definition, people), force=force)
    steps.begin("load", "Reading the files")
    intake = read_intake(definition, people, content_folders())
    asked = [(_who(intake, people, one), _who(intake, people, other)) for one, other in questions]
    steps.begin("score", "Weighing who could be with whom")
    ground = Ground(intake.definition, intake.candidates, intake.background)
    steps.begin("solve", "Choosing the best pairs")
    chosen = choose(ground)
    steps.begin("explain", "Putting the reasons into words")
    proposal = written_out(ground, chosen)
    warnings = [*intake.remarks, *diagnosis_of(ground)]
    answers = [_answer(intake, proposal, *question) for question in asked]
    steps.begin("write", "Writing the file")
    timings = {step: round(seconds, 4) for step, seconds in steps.seconds.items()}
    export_proposal(target, proposal, intake.candidates, timings=timings)
    return Matched(proposal, warnings, answers)


def _who(intake: Intake, people: Path, written: str) -> str:
    """The reference of somebody that HR asks about. Raises `BadInput`."""
    for person in intake.people:
        if written == person.reference or written.casefold() == person.email.casefold():
            return person.reference
    near = suggestion(written, (person.reference for person in intake.people))
    raise BadInput(
        [
            Problem(
                file=str(people),
                message=f"there is nobody “{written}”.",
                hint=f"Did you mean “{near}”?" if near else None,
            )
        ]
    )


def _answer(intake: Intake, proposal: Proposal, one: str, other: str) -> Answer:
    names = {person.reference: person.name for person in intake.people}
    heading = f"{names[one]} and {names[other]}"
    if pair := pair_of(proposal, one, other):
        return heading, pair_in_sections(pair)
    words = why_not_these(
        intake.definition, intake.candidates, proposal, one, other, background=intake.background
    )
    return heading, [("", words)]
