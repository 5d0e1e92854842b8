"""Why two people of a program are no pair, before its pairs are made and while they run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from activities.standing import Standing
from domain.background import Background
from domain.definition import Definition
from domain.eligibility import why_not
from domain.matching import rule_check, why_not_these
from domain.people import Role
from domain.projection import project
from domain.proposal_words import Section, pair_in_sections, pair_of
from store import journal, programs, proposals
from store.programs import Participant, Program
from store.proposals import StoredProposal


def why_in_a_program(
    session: Session,
    program: Program,
    stored: StoredProposal,
    one: Participant,
    other: Participant,
) -> Sequence[Section]:
    """Before any pair is made: by the newest proposal, among all who take part."""
    if pair := pair_of(stored.proposal, one.id, other.id):
        return pair_in_sections(pair)
    everybody = programs.participants(session, program.id)
    words = why_not_these(
        program.definition,
        {p.id: p.person for p in everybody if p.takes_part},
        stored.proposal,
        one.id,
        other.id,
        background=proposals.background(session, program.id),
    )
    return [("", words)]


def why_in_a_running_program(
    session: Session,
    program: Program,
    stored: StoredProposal,
    one: Participant,
    other: Participant,
) -> Sequence[Section]:
    """While pairs run: by these, and by the newest proposal as long as it waits for approval."""
    now = Standing(session, program.id)
    both = {one.id, other.id}
    for living in now.living:
        if {living.mentor, living.mentee} == both:
            return [("", (f"they are a pair already (pair {living.pair}).",))]
    if frozenset(both) in now.never:
        return [("", ("their pair has ended and is not made a second time.",))]
    new = project(event for _, event in journal.read(session, program.id)).new_pairs
    waiting = stored.proposal if new is not None and new.waiting else None
    free = now.free(without=waiting.parted if waiting is not None else ())
    background = now.background
    if waiting is not None and both <= free.keys():
        if pair := pair_of(waiting, one.id, other.id):
            return pair_in_sections(pair)
        words = why_not_these(
            program.definition, free, waiting, one.id, other.id, background=background
        )
        return [("", words)]
    full = [_why_no_room(now, person) for person in (one, other) if person.id not in free]
    return [("", (*full, *_rules(program.definition, background, one, other)))]


def _why_no_room(now: Standing, person: Participant) -> str:
    partners = [
        now.everybody[pair.mentee if pair.mentor == person.id else pair.mentor]
        for pair in now.living
        if person.id in (pair.mentor, pair.mentee)
    ]
    if not partners:
        return f"{_called(person)} had a pair that is over, and is not given another partner."
    names = " and ".join(_called(partner) for partner in partners)
    return (
        f"{_called(person)} has {'a running pair' if len(partners) == 1 else 'running pairs'} with "
        f"{names} and no room for another."
    )


def _rules(
    definition: Definition, background: Background, one: Participant, other: Participant
) -> Sequence[str]:
    """What the hard rules say of the two, in the roles that they may take."""
    ways = ((one, other), (other, one))
    possible = [
        (mentor, mentee)
        for mentor, mentee in ways
        if not why_not(definition, mentor.person, Role.MENTOR)
        and not why_not(definition, mentee.person, Role.MENTEE)
    ]
    check = rule_check(definition, background)
    found = [(way, check(way[0].person, way[1].person)) for way in possible or ways[:1]]
    if not all(broken for _, broken in found):
        return ("the rules allow it.",)
    return [
        f"with {_called(mentor)} as mentor and {_called(mentee)} as mentee: {why}"
        for (mentor, mentee), broken in found
        for why in broken
    ]


def _called(person: Participant) -> str:
    return f"{person.person.name} ({person.person.reference})"
