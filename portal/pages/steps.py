"""What is open for a person in one of their pairs, in the order in which it is best done.

Each function looks at a pair and yields steps; `STEPS` says which come first. To offer something
more on the overview, write a function and put it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from domain.deeds import Wish
from domain.journal import EventKind
from domain.plan import GOALS
from portal.pages.standing import Stand, Standing, Step
from portal.pages.training import progress_of
from store.agreements import agreement_of
from store.answers import AnswerKind, survey_is_closed
from store.instruments import to_ask
from store.links import Purpose
from store.tables import SessionRow


def surveys(standing: Standing) -> Iterator[Step]:
    """The surveys that were sent to the pair and are not answered yet, also once it has ended."""
    visit, pair = standing.visit, standing.pair.id
    for event in standing.happened:
        if event.kind != EventKind.CHECK_IN_SENT:
            continue
        survey = str(event.data.get("survey", ""))
        occasion = str(event.data.get("occasion", survey))
        if survey_is_closed(visit.session, visit.program.id, standing.pair.id, occasion):
            continue
        if survey == GOALS and _has_goals(standing):
            if not standing.has_answered(AnswerKind.GOALS_REVIEW, occasion):
                yield standing.step("goals_review", Purpose.GOALS, occasion=occasion)
            continue
        if standing.has_answered(AnswerKind.SURVEY, occasion):
            continue
        asked = to_ask(
            visit.session, visit.content, visit.program.id, pair, visit.person.id, occasion, survey
        )
        if asked is not None:
            url = standing.url(Purpose.SURVEY, survey=survey, occasion=occasion)
            yield Step(asked.instrument.survey.title, url)


def introduction(standing: Standing) -> Iterator[Step]:
    """Saying whether one is happy to meet."""
    if standing.stand is Stand.INTRODUCED and not standing.has_answered(AnswerKind.INTRODUCTION):
        yield standing.step("introduction", Purpose.INTRODUCTION)


def training(standing: Standing) -> Iterator[Step]:
    """What is to be read in one's role, and how much of it was."""
    if standing.stand not in (Stand.PREPARING, Stand.MEETING):
        return
    progress = progress_of(standing.visit, standing.role)
    if progress.next is not None:
        counts = {"read": progress.read, "count": len(progress.modules)}
        yield Step(standing.visit.words("steps.guide", **counts), standing.url(Purpose.GUIDE))
    elif progress.modules:
        yield standing.step("guide_again", Purpose.GUIDE, again=True)


def agreement(standing: Standing) -> Iterator[Step]:
    """The agreement, to sign and to look up."""
    if standing.stand in (Stand.PREPARING, Stand.MEETING):
        signed = agreement_of(standing.visit.session, standing.pair.id).has_signed(standing.role)
        yield standing.step("agreement", Purpose.AGREEMENT, again=signed)


def goals(standing: Standing) -> Iterator[Step]:
    """The goals of who learns."""
    if standing.stand in (Stand.PREPARING, Stand.MEETING) and _has_goals(standing):
        written = standing.has_answered(AnswerKind.GOALS)
        yield standing.step("goals", Purpose.GOALS, again=written)


def next_session(standing: Standing) -> Iterator[Step]:
    """Times for the next session, its date, and whether it took place."""
    if standing.stand is not Stand.MEETING or standing.held >= standing.count:
        return
    rows = standing.sessions
    following = next(
        (row for row in rows if row.held_at is None),
        SessionRow(number=len(rows) + 1, booked_for=None),
    )
    number, booked = following.number, following.booked_for is not None
    if following.proposed_by == standing.role.other.value:
        yield standing.step("pick", Purpose.PICK, session=number)
    elif following.proposed_by is not None and not booked:
        yield standing.step("proposed", Purpose.BOOK, again=True, session=number)
    elif not booked:
        yield standing.step("book", Purpose.BOOK, session=number)
    if booked:
        yield standing.step("session", Purpose.SESSION, session=number)
        yield standing.step("rebook", Purpose.BOOK, again=True, session=number)
        yield standing.step("cancel", Purpose.CANCEL, again=True, session=number)


def going_on(standing: Standing) -> Iterator[Step]:
    """Whether to go on meeting; once the pair has ended, a way to stop the reminders."""
    if standing.stand is Stand.EVALUATING:
        answered = standing.has_answered(AnswerKind.WISH)
        yield standing.step("continue", Purpose.CONTINUE, again=answered)
    elif standing.is_over and standing.wish is Wish.GO_ON_WITH_MAILS:
        yield standing.step("reminders", Purpose.CONTINUE, again=True)


def _has_goals(standing: Standing) -> bool:
    return standing.role in standing.visit.definition.learners


STEPS: tuple[Callable[[Standing], Iterator[Step]], ...] = (
    surveys,
    introduction,
    training,
    agreement,
    goals,
    next_session,
    going_on,
)
"""What may be open, the most urgent first."""


def steps_of(standing: Standing) -> tuple[Step, ...]:
    """All that is open, or worth another look, for the person in this pair."""
    return tuple(step for find in STEPS for step in find(standing))
