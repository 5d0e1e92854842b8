"""`starter.py outcomes`: what became of a program's people, by a people file of a later day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from console.people import known_people
from console.recording import noted
from console.stores import out, store, told, with_its_people
from console.terminal import fail, print_json
from domain.definition import Definition, MetricName
from domain.evaluation import evaluate
from domain.lifecycle import Stage
from domain.outcomes import Outcome, Outcomes
from domain.projection import project
from domain.proposal_words import counted
from domain.responses import Instruments
from runtime.settings import load_settings
from store import journal
from store import outcomes as stored
from store.database import Database
from store.outcomes import read_later_people
from store.report_data import load_record

app = typer.Typer(add_completion=False)


@app.command()
def outcomes(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="The program's id.")],
    people: Annotated[Path, typer.Argument(help="The people as they are now (CSV or XLSX).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document and nothing else.")
    ] = False,
) -> None:
    """Who is still there and who rose, by a later people file.

    It is read as the definition says, and counts in place of one before.
    """
    with told(as_json=as_json):
        settings = load_settings()
        with store(settings) as database:
            definition = with_its_people(database, program).definition
            _must_have_begun(database, program)
            file = read_later_people(people, definition)
            known = known_people(database, program, people, file.people)
            found = {person.reference: person for person in file.people}
            noted(people=len(found.keys() & known))
            with database.write() as session:
                stored.save(session, program, found)
            now = _outcomes(database, program)
        ignored = len(found.keys() - known)
        if as_json:
            print_json(_facts(definition, now, people=len(known), ignored=ignored))
            return
        for line in _words(definition, now, people=len(known), ignored=ignored):
            out.print(line, soft_wrap=True)
        for note in file.notes:
            out.print(f"• {note}", soft_wrap=True)


def _must_have_begun(database: Database, program: str) -> None:
    with database.read() as session:
        stage = project(event for _, event in journal.read(session, program)).stage
    if stage is Stage.DEFINITION:
        fail(
            f"“{program}” has not begun, so nothing has come of it yet. To take over a newer "
            f"people file: python starter.py people {program} PEOPLE"
        )


def _outcomes(database: Database, program: str) -> Outcomes:
    """What the report says of them. No survey has a part in it."""
    with database.read() as session:
        record = load_record(session, program, with_earlier=False)
    return evaluate(record, Instruments({})).outcomes


def _fed(definition: Definition) -> tuple[MetricName, ...]:
    """The metrics that a later people file gives something for."""
    levels = definition.people.columns.level is not None
    return (MetricName.STAYED, MetricName.PROMOTED) if levels else (MetricName.STAYED,)


def _words(definition: Definition, now: Outcomes, *, people: int, ignored: int) -> Iterator[str]:
    program = definition.program.id
    yield f"Taken over: what the file says of {_people(people)} of “{program}”."
    if ignored:
        rows = counted(ignored, "row is", "rows are")
        yield f"{rows} about people who were not in it, and ignored."
    for who, outcome in (
        ("were in a pair that started", now.took_part),
        ("could have been in a pair and were not", now.did_not),
    ):
        if outcome is None:
            yield f"• There are too few who {who} to tell of them."
        else:
            yield f"• {_people(outcome.people)} who {who}: {_of(definition, outcome)}."
    metrics = " and ".join(f"“{metric}”" for metric in _fed(definition))
    yield (
        f"The success metrics {metrics} are made of it. “report” shows them now: "
        f"python starter.py report {program} --out DIR"
    )


def _of(definition: Definition, outcome: Outcome) -> str:
    """How many are there and gone, and how many rose where that can be told."""
    gone = outcome.people - outcome.stayed
    said = f"{outcome.stayed:,} found, {gone:,} gone"
    if definition.people.columns.level is None:
        return f"{said}; the definition names no column for their level"
    if not outcome.with_level:
        return f"{said}; too few have a level in both files to tell how many rose"
    both = f"of the {outcome.with_level:,} whose level both files have"
    return f"{said}; {outcome.promoted:,} {both} on a higher one"


def _people(count: int) -> str:
    return counted(count, "person", "people")


def _facts(definition: Definition, now: Outcomes, *, people: int, ignored: int) -> dict[str, Any]:
    return {
        "program": definition.program.id,
        "people": people,
        "ignored": ignored,
        "took_part": _group(now.took_part),
        "did_not_take_part": _group(now.did_not),
        "metrics": [metric.value for metric in _fed(definition)],
    }


def _group(outcome: Outcome | None) -> dict[str, int | None] | None:
    """A group's counts; None for what there are too few people to tell of."""
    if outcome is None:
        return None
    return {
        "people": outcome.people,
        "found": outcome.stayed,
        "gone": outcome.people - outcome.stayed,
        "with_level": outcome.with_level or None,
        "promoted": outcome.promoted if outcome.with_level else None,
    }
