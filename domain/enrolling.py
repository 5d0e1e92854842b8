"""What comes between an invitation and matching: when line managers are asked, and about whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from domain.definition import Definition
from domain.model import Value
from domain.people import Person

FEWEST_PARTS, MOST_PARTS = 4, 30
"""Into how many parts an enrolment falls, between which it is looked who joined, so that their
managers are asked: one a day, where that is neither fewer nor more."""

MANAGERS_HAVE = 3
"""Program days before the closing date on which a manager is reminded, or the last quarter of a
short enrolment."""

NAMED = 10
"""So many people are named, and the others counted."""


class EnrolmentStep(StrEnum):
    """What is done while people may join."""

    REMIND_PEOPLE = "remind_people"
    """Of the invitation, who has not answered it."""
    ASK_MANAGERS = "ask_managers"
    """About those who joined since they were asked last."""
    REMIND_MANAGERS = "remind_managers"


class PlannedStep(Value):
    """A step, and when it comes."""

    after: float
    """Program days since the invitation."""
    what: EnrolmentStep
    number: int = 1
    """Which of its kind it is."""


def enrolment_steps(days: int, *, manager_approval: bool) -> tuple[PlannedStep, ...]:
    """What is done in an enrolment of so many program days, in its order."""
    steps = [PlannedStep(after=days / 2, what=EnrolmentStep.REMIND_PEOPLE)]
    if manager_approval:
        parts = min(max(days, FEWEST_PARTS), MOST_PARTS)
        steps += [
            PlannedStep(after=days * look / parts, what=EnrolmentStep.ASK_MANAGERS, number=look)
            for look in range(1, parts)
        ]
        before = min(MANAGERS_HAVE, days / 4)
        steps.append(PlannedStep(after=days - before, what=EnrolmentStep.REMIND_MANAGERS))
    return tuple(sorted(steps, key=lambda step: step.after))


class NotApproved(StrEnum):
    """Why somebody has no yes of their manager at the closing date."""

    SAID_NO = "said_no"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"
    """They joined too late for that."""


def without_a_manager_in_words(
    definition: Definition, people: Iterable[Person], invited: Collection[str]
) -> str | None:
    """What HR should know of those about whom nobody can be asked, by their references.

    `people` are everybody in the people file. None where nobody asks, or all have a manager.
    """
    everybody = list(people)
    if not definition.enrolment.manager_approval or not everybody:
        return None
    known = {person.reference for person in everybody}
    without = [
        person.reference
        for person in everybody
        if person.reference in invited
        and (person.manager not in known or person.manager == person.reference)
    ]
    if not without:
        return None
    some = ", ".join(without[:NAMED]) + (" …" if len(without) > NAMED else "")
    count = (
        "1 person who may take part has"
        if len(without) == 1
        else (f"{len(without):,} people who may take part have")
    )
    return f"{count} no manager in the people file, so that nobody is asked about them: {some}."
