"""The definition file of a program's next run, with what the report suggests beside settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from domain.as_written import Path as Setting
from domain.definition import Definition
from domain.group_sessions import Move
from domain.next_run import next_run
from domain.proposal_words import counted
from domain.suggestions import Suggestion
from store.content import Words
from store.definition_file import new_definition, program_id_of
from store.definition_writing import write_definition
from store.suggestion_words import suggestion_in_words

_HEAD = """

The definition of the next run of the program “{earlier}”.
All is as that one had it in the end, but for the id and the dates.

How to use this file
  1. Look at the start date, and at what else should change this time.
  2. Ask for a check as often as you like; it starts nothing and sends nothing:
         python starter.py check THIS-FILE PEOPLE-FILE
  3. Start:
         python starter.py start THIS-FILE PEOPLE-FILE

What else a definition can say stands in the one that “starter.py new NAME” writes."""

_SUGGESTED = """

Below some settings stands a suggestion, with what was seen in the last run. They are made by
fixed rules, and none claims that a change would help: what went together need not have come from
one another. Nothing was changed for them; it is yours to weigh."""


def next_definition(
    name: str,
    earlier: Definition,
    suggestions: Sequence[Suggestion],
    words: Words,
    folder: Path,
    today: date,
    moves: Sequence[Move] = (),
) -> str:
    """A commented definition for the next run of a program.

    Args:
        name: the title of the next run, or its id; with an id alone it keeps its title.
        earlier: the definition of the run that was.
        suggestions: what the report on it suggests.
        words: those of the report.
        folder: where the file will stand.
        today: on which it is written.
        moves: the postponements of the earlier run.

    Raises:
        ValueError: nothing of the name can serve as an id.
    """
    identity = program_id_of(name)
    title = None if name.strip() == identity else name.strip()
    definition = next_run(earlier, identity, today, title, moves)
    template = new_definition(name, folder, today)
    schema = template.partition("\n")[0].removeprefix("# ")
    head = schema + _HEAD.format(earlier=earlier.program.id) + (_SUGGESTED if suggestions else "")
    return write_definition(definition, head, template, _notes(earlier, suggestions, words))


def _notes(
    earlier: Definition, suggestions: Sequence[Suggestion], words: Words
) -> Mapping[Setting, Sequence[str]]:
    """What is said of settings, beside what a template explains."""
    notes: dict[Setting, list[str]] = {
        ("program", "starts"): [
            "The same day of the week as last time: set the one that you want."
        ],
        ("program", "scheme"): ["What the runs have in common: the report compares them by it."],
    }
    if earlier.group_sessions:
        notes["group_sessions",] = [
            "Their dates have moved with the start date: set those you want."
        ]
    if earlier.matching.fixed:
        pairs = counted(len(earlier.matching.fixed), "pair")
        notes["matching",] = [f"Left out: {pairs} under “fixed”, of people of the last run."]
    for one in suggestions:
        words_for_it = f"Suggestion: {one.proposed}. {suggestion_in_words(one, words)}"
        notes.setdefault(one.path, []).append(words_for_it)
    return notes
