"""A newer people file for a program that runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from console.intake import read_people
from console.recording import noted
from console.session import run, send_order, temporal
from console.stores import out, store, with_its_people
from domain.ids import program_workflow_id
from domain.people import Person
from domain.problems import BadInput, Problem
from domain.proposal_words import counted
from runtime.settings import Settings
from store import programs
from store.database import Database
from store.programs import PeopleUpdate
from workflows.messages import PairsChecked


def update_people(settings: Settings, program: str, file: Path) -> None:
    """Take over what a newer people file says, and check the hard rules on all pairs.

    Raises:
        BadInput: with every problem of the file; nothing was changed then.
    """
    with store(settings) as database:
        definition = with_its_people(database, program).definition
        people = read_people(file, definition, file.parent, settings.content).people
        known_people(database, program, file, people)
        with database.read() as session:
            has_pairs = programs.count_pairs(session, program) > 0
        if has_pairs:
            run(temporal(settings))  # before anything is changed: somebody must check the pairs
        noted(people=len(people))
        with database.write() as session:
            update = programs.update_people(session, program, people)
    _tell(program, update)
    if has_pairs:
        workflow = program_workflow_id(program)
        checked = send_order(settings, workflow, "check_pairs", answer=PairsChecked)
        _tell_checked(program, run(checked))


def known_people(
    database: Database, program: str, file: Path, people: Sequence[Person]
) -> frozenset[str]:
    """The references of everybody in a program.

    Raises:
        BadInput: a file of theirs has none of them, so that it can't be the right one.
    """
    with database.read() as session:
        known = frozenset(p.person.reference for p in programs.participants(session, program))
    if known and not known & {person.reference for person in people}:
        said = "nobody of this program is in this file. Is it the right one?"
        raise BadInput([Problem(file=str(file), message=said)])
    return known


def _tell(program: str, update: PeopleUpdate) -> None:
    if update.changed:
        people = counted(update.changed, "person", "people")
        out.print(f"What is known of {people} has changed.")
    else:
        out.print("Nothing that is known of people has changed.")
    if update.missing:
        count = len(update.missing)
        some = ", ".join(update.missing[:20]) + (" …" if count > 20 else "")
        out.print(
            f"{count} {'person is' if count == 1 else 'people are'} not in the file any more: "
            f"{some}. They stay in the program until you say: "
            f"python starter.py withdraw {program} PERSON",
            soft_wrap=True,
        )
    if update.strangers:
        count = update.strangers
        out.print(
            f"{count} {'person' if count == 1 else 'people'} in the file "
            f"{'is' if count == 1 else 'are'} not in this program; they can join the next one.",
            soft_wrap=True,
        )


def _tell_checked(program: str, checked: PairsChecked) -> None:
    if not checked.paused and not checked.told:
        out.print("No pair breaks a hard rule.")
        return
    total = checked.paused + checked.told
    out.print(
        f"{total} {'pair breaks' if total == 1 else 'pairs break'} a hard rule now; "
        f"{checked.paused} of them {'is' if checked.paused == 1 else 'are'} paused until you have "
        "looked at them. The coordinator has mail about them. "
        f"Decide with: python starter.py pair {program} PAIR rematch|resume|close",
        soft_wrap=True,
    )
