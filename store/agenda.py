"""The agenda of a session in words, for pages, mails and calendars alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from domain.agenda import Agenda, Part, PartKind, agenda_of
from domain.definition import Definition
from domain.people import Role
from store.content import Content, Words
from store.goals import looks_at_goals
from store.tables import PairRow

Goals = Mapping[Role, Sequence[str]]
"""What each of a pair would like to learn, in their own words. Never for a calendar, which others
may see, and never for Temporal."""

NO_GOALS: Goals = {}


def agenda_lines(
    content: Content,
    definition: Definition,
    session: int,
    count: int,
    role: Role,
    goals: Goals = NO_GOALS,
) -> list[str]:
    """The parts of a session, each in a line, as the one in this role reads them.

    Without `goals` it says the same without anybody's words.
    """
    agenda = agenda_of(definition, session, count)
    titles = {module.id: module.title for module in content.training_of(definition, role)}
    return [
        content.agenda(
            "line",
            minutes=part.minutes,
            text=_with_training(
                content.agenda, part, role, titles, _text(content.agenda, agenda, part, role, goals)
            ),
        )
        for part in agenda.parts
    ]


def lead_of(definition: Definition, session: int, role: Role) -> str:
    """Who leads a session, as the one in this role sees it: `me`, `partner` or `both`."""
    lead = agenda_of(definition, session, session).lead
    if lead is None:
        return "both"
    return "me" if lead is role else "partner"


def goals_of(session: Session, pair: PairRow) -> Goals:
    """The goals that the two of a pair have written down."""
    found: dict[Role, Sequence[str]] = {}
    for role, person in ((Role.MENTOR, pair.mentor_id), (Role.MENTEE, pair.mentee_id)):
        if looks := looks_at_goals(session, pair.id, person):
            found[role] = [goal.text for goal in looks[0].goals]
    return found


def _text(words: Words, agenda: Agenda, part: Part, role: Role, goals: Goals) -> str:
    if part.teacher is not None:
        side = "teach" if part.teacher is role else "learn"
        theirs = goals.get(part.teacher.other, ())
        if theirs and part.kind in (PartKind.TOPIC, PartKind.HALF):
            goal = theirs[agenda.topic % len(theirs)]
            return words(f"parts.{part.kind}.{side}_goal", goal=" ".join(goal.split()))
        return words(f"parts.{part.kind}.{side}")
    if part.kind in _FOR_BOTH or agenda.lead is None:
        return words(f"parts.{part.kind}.both")
    return words(f"parts.{part.kind}.{'teach' if role is Role.MENTOR else 'learn'}")


def _with_training(
    texts: Words, part: Part, role: Role, titles: Mapping[str, str], text: str
) -> str:
    """The text of a part, with the module of the reader's training that goes with it."""
    side = "teach" if (part.teacher or Role.MENTOR) is role else "learn"
    key = f"modules.{part.kind}.{side}"
    title = titles.get(texts(key)) if key in texts else None
    return text if title is None else texts("see", text=text, title=title)


_FOR_BOTH = (PartKind.WELCOME, PartKind.GO_ON)
"""Parts that say the same to both."""
