"""`starter.py new --from`: the definition of a program's next run, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from console.stores import store, the_program, told
from console.terminal import BAD_INPUT, fail
from domain.evaluation import evaluate
from domain.proposal_words import counted
from domain.record import Record
from domain.responses import Instruments
from domain.suggestions import Suggestion
from runtime.settings import load_settings
from store import programs
from store.content import Content
from store.definition_file import program_id_of
from store.group_sessions import moves
from store.next_definition import next_definition
from store.report_data import load_record


def follow(name: str, earlier: str) -> tuple[str, list[str]]:
    """The definition file of the run that follows a program, and what HR should hear about it."""
    identity = program_id_of(name)
    with told():
        settings = load_settings()
        with store(settings) as database:
            program = the_program(database, earlier)
            with database.read() as session:
                if programs.exists(session, identity):
                    fail(f"There is a program “{identity}” already. Take another name.", BAD_INPUT)
                postponed = moves(session, earlier, program.calendar)
                record = load_record(session, earlier, with_earlier=False)
            content = Content(settings.content)
    suggestions = evaluate(record, Instruments(content.surveys)).suggestions
    text = next_definition(
        name,
        program.definition,
        suggestions,
        content.report,
        Path(),
        datetime.now(UTC).date(),
        postponed,
    )
    return text, list(_said(record, suggestions))


def _said(record: Record, suggestions: Sequence[Suggestion]) -> Iterator[str]:
    program = record.program
    yield "The start date is a proposal: set the one you want."
    if fixed := record.definition.matching.fixed:
        yield (
            f"{counted(len(fixed), 'pair')} under matching.fixed {_was(len(fixed))} left out: they "
            "name people of the last run."
        )
    if suggestions:
        stand = "suggestion stands" if len(suggestions) == 1 else "suggestions stand"
        yield (
            f"{len(suggestions)} {stand} in it as comments, with what was seen in “{program}”. "
            "Nothing was changed for them."
        )
    elif record.status.ended_at is None:
        yield f"The report on “{program}” is not final yet, so there are no suggestions."
    else:
        yield f"The report on “{program}” suggests nothing."


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
