"""Every trigger of a ladder: who is told what on which day, and that a sign of life ends it.

The mentor works in London, the mentee in New York, and the program is at home in London. It is
December 2027: Christmas Day and Boxing Day are a Saturday and a Sunday, so London has its holidays
on Monday 27 and Tuesday 28, and on Monday 3 January; New York has them on Friday 24 and Friday 31.
Both can be written to at once from 13:00 to 18:00 in London. On the server's clock it is today:
what the calendars of the people show hangs on the program's calendar, as in a demonstration.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from temporalio.testing import WorkflowEnvironment

from activities.signatures import PairMoment, PairRef
from domain.calendar import ProgramCalendar
from domain.deeds import Deed, DeedKind
from domain.escalation import DEFAULT_LADDERS, Ladder, Trigger
from domain.ids import pair_workflow_id
from domain.journal import EventKind
from domain.messages import messages_of
from domain.pair import BOTH, MomentKind
from domain.people import Person, Role
from domain.plan import GENERATION, PairPlan, PlannedCheckIn
from domain.reach import PairHours
from domain.reaching import open_hours_of
from domain.sections import CheckInPoint
from tests.domain.definitions import definition_with
from tests.workflows.stage import Stage, on_stage
from tests.workflows.test_pair import PAIR, PROGRAM, Two
from workflows.messages import PairInput, PairOutcome
from workflows.pair import PairWorkflow

MONDAY = datetime(2027, 12, 6, 9, tzinfo=UTC)

DEFINITION = definition_with().model_copy(
    update={
        "calendar": definition_with().calendar.model_copy(
            update={"timezone": "Europe/London", "holidays": "GB-ENG"}
        )
    }
)


def somebody(role: Role, timezone: str, country: str) -> Person:
    return Person(
        reference=role.value,
        name=role.value,
        email=f"{role.value}@example.com",
        roles=(role,),
        timezone=timezone,
        country=country,
    )


MENTOR = somebody(Role.MENTOR, "Europe/London", "GB-ENG")
MENTEE = somebody(Role.MENTEE, "America/New_York", "US")

PLAN = PairPlan(
    day_seconds=86_400,
    introduction=7,
    preparation=14,
    meetings=70,
    evaluation=14,
    sessions=3,
    every=21,
    minutes=60,
    needed=2,
    scheduler=Role.MENTOR,
    check_ins=(
        PlannedCheckIn(survey="pair_fit", point=CheckInPoint.AFTER_SESSION, session=1),
        PlannedCheckIn(survey="final", point=CheckInPoint.EVALUATION),
    ),
    generation=GENERATION,
)

Answers = Callable[[PairMoment], list[Deed]]


def both(moment: PairMoment, kind: DeedKind, **about: Any) -> list[Deed]:
    return [one(moment, kind, role, **about) for role in BOTH]


def one(moment: PairMoment, kind: DeedKind, role: Role, **about: Any) -> Deed:
    return Deed.model_validate({"kind": kind, "role": role, "at": moment.now, **about})


def prepare(moment: PairMoment, *, signs: tuple[Role, ...] = BOTH) -> list[Deed]:
    """What two people do who are quick until they should meet."""
    kinds = kinds_of(moment)
    if MomentKind.INTRODUCTION in kinds:
        return both(moment, DeedKind.ACCEPTED)
    if MomentKind.PREPARATION in kinds:
        return [
            *both(moment, DeedKind.TRAINING_DONE),
            *(one(moment, DeedKind.AGREEMENT_SIGNED, role, terms=1) for role in signs),
            one(moment, DeedKind.GOALS_WRITTEN, Role.MENTEE),
        ]
    return []


def kinds_of(moment: PairMoment) -> list[MomentKind]:
    return [one.kind for one in (moment.moment, *moment.also)]


def never_books(moment: PairMoment) -> list[Deed]:
    return prepare(moment)


def never_signs(moment: PairMoment) -> list[Deed]:
    return prepare(moment, signs=(Role.MENTOR,))


def books_and_falls_silent(moment: PairMoment) -> list[Deed]:
    """The first session is on Friday 10 December, from 16:00 to 17:00."""
    if MomentKind.SESSION_DUE in kinds_of(moment) and moment.sessions_held == 0:
        friday = moment.now + timedelta(days=4, hours=3)
        return [one(moment, DeedKind.SESSION_BOOKED, Role.MENTOR, session=1, booked_for=friday)]
    return prepare(moment)


def meets_once(moment: PairMoment) -> list[Deed]:
    if MomentKind.SESSION_FOLLOW_UP in kinds_of(moment):
        return [one(moment, DeedKind.SESSION_HELD, Role.MENTEE, session=1)]
    return books_and_falls_silent(moment)


def meets_once_and_says_how_it_was(moment: PairMoment) -> list[Deed]:
    if MomentKind.CHECK_IN in kinds_of(moment):
        return both(moment, DeedKind.SURVEY_ANSWERED, occasion="pair_fit:session-1")
    return meets_once(moment)


def proposes_to_nobody(moment: PairMoment) -> list[Deed]:
    if MomentKind.SESSION_DUE in kinds_of(moment):
        return [one(moment, DeedKind.SESSION_PROPOSED, Role.MENTOR, session=1, proposal=1)]
    return prepare(moment)


def cancels_twice(moment: PairMoment) -> list[Deed]:
    """A date, called off at once; another one, called off at once."""
    kinds = kinds_of(moment)
    due = next((m for m in (moment.moment, *moment.also) if m.kind is MomentKind.SESSION_DUE), None)
    if due is not None and due.attempt <= 2:
        booking = 2 * (due.attempt - 1)
        soon = moment.now + timedelta(days=3)
        about = {"session": 1, "booked_for": soon, "booking": booking}
        return [one(moment, DeedKind.SESSION_BOOKED, Role.MENTOR, **about)]
    if MomentKind.SESSION_INVITATION in kinds:
        booking = 2 * moment.moment.attempt - 1
        return [one(moment, DeedKind.SESSION_CANCELLED, Role.MENTEE, session=1, booking=booking)]
    return prepare(moment)


def ladder(trigger: Trigger, *steps: tuple[str, str | list[str]], times: float = 1) -> Ladder:
    written = [{"after": after, "do": do} for after, do in steps]
    return Ladder.model_validate({"trigger": trigger, "times": times, "steps": written})


def default(trigger: Trigger) -> Ladder:
    return next(one for one in DEFAULT_LADDERS if one.trigger is trigger)


class Case(NamedTuple):
    ladder: Ladder
    people: Answers
    told: list[tuple[str, str, str]]
    """When (in London), who, what."""


CASES = {
    Trigger.SILENCE: Case(
        default(Trigger.SILENCE),
        never_books,  # asked for a date on Monday 6 December at 13:00
        [
            ("Mon 13 Dec 13:00", "mentor", "nudge_scheduler"),
            ("Mon 20 Dec 13:00", "mentor", "nudge_both"),
            ("Mon 20 Dec 13:00", "mentee", "nudge_both"),
            ("Mon 20 Dec 13:00", "coordinator", "pair_stalled"),
            ("Wed 29 Dec 08:00", "coordinator", "coordinator_task"),  # after London's holidays
            ("Wed 05 Jan 13:00", "mentor", "offer_rematch"),  # a week later, when both can be told
            ("Wed 05 Jan 13:00", "mentee", "offer_rematch"),
            ("Wed 12 Jan 13:00", "mentor", "farewell_closed"),
            ("Wed 12 Jan 13:00", "mentee", "farewell_closed"),
            ("Wed 12 Jan 13:00", "coordinator", "pair_ended"),
        ],
    ),
    Trigger.NOT_BOOKED: Case(
        ladder(
            Trigger.NOT_BOOKED,
            ("3 working days", "nudge_scheduler"),
            ("15 working days", "nudge_both"),
        ),
        never_books,
        [
            ("Thu 09 Dec 08:00", "mentor", "nudge_scheduler"),
            ("Wed 29 Dec 13:00", "mentor", "nudge_both"),  # 27 and 28 are no working days
            ("Wed 29 Dec 13:00", "mentee", "nudge_both"),
        ],
    ),
    Trigger.NOT_HELD: Case(
        ladder(Trigger.NOT_HELD, ("2 days", "nudge_both"), ("18 days", "coordinator_task")),
        books_and_falls_silent,  # over on Friday 10 December at 17:00
        [
            ("Mon 13 Dec 13:00", "mentor", "nudge_report"),  # not on Sunday
            ("Mon 13 Dec 13:00", "mentee", "nudge_report"),
            ("Wed 29 Dec 13:00", "coordinator", "coordinator_task"),
        ],
    ),
    Trigger.GAP: Case(
        default(Trigger.GAP),
        meets_once_and_says_how_it_was,  # on Friday 10 December; 31.5 days later nothing since
        [
            ("Tue 11 Jan 08:00", "coordinator", "coordinator_task"),
            ("Tue 18 Jan 08:00", "coordinator", "coordinator_task"),  # five working days
            ("Tue 01 Feb 08:00", "sponsor", "pair_stalled_sponsor"),
            ("Tue 15 Feb 13:00", "mentor", "farewell_closed"),
            ("Tue 15 Feb 13:00", "mentee", "farewell_closed"),
            ("Tue 15 Feb 13:00", "coordinator", "pair_ended"),
        ],
    ),
    Trigger.CANCELLATIONS: Case(
        default(Trigger.CANCELLATIONS),
        cancels_twice,  # on Monday 6 and on Tuesday 7 December
        [
            ("Tue 07 Dec 13:00", "coordinator", "coordinator_task"),
            ("Tue 14 Dec 08:00", "coordinator", "coordinator_task"),  # five working days
            ("Wed 29 Dec 08:00", "sponsor", "pair_stalled_sponsor"),
            ("Wed 12 Jan 13:00", "mentor", "farewell_closed"),
            ("Wed 12 Jan 13:00", "mentee", "farewell_closed"),
            ("Wed 12 Jan 13:00", "coordinator", "pair_ended"),
        ],
    ),
    Trigger.NO_ANSWER: Case(
        ladder(Trigger.NO_ANSWER, ("5 days", "nudge_scheduler"), ("18 days", "nudge_both")),
        proposes_to_nobody,  # on Monday 6 December at 13:00
        [
            ("Mon 13 Dec 13:00", "mentee", "nudge_answer"),  # the one who should answer, and no one
            ("Mon 27 Dec 13:00", "mentee", "nudge_answer"),  # New York works on that day
        ],
    ),
    Trigger.AGREEMENT_UNSIGNED: Case(
        ladder(Trigger.AGREEMENT_UNSIGNED, ("4 days", "nudge_both"), ("18 days", "nudge_both")),
        never_signs,  # the mentee; the mentor signed on Monday 6 December
        [
            ("Fri 10 Dec 13:00", "mentee", "nudge_agreement"),
            ("Mon 27 Dec 13:00", "mentee", "nudge_agreement"),  # Friday is New York's Christmas
        ],
    ),
    Trigger.SURVEY_OVERDUE: Case(
        ladder(Trigger.SURVEY_OVERDUE, ("9 days", "nudge_both"), ("16 days", "tell_coordinator")),
        meets_once,  # asked on Friday 10 December at 17:00
        [
            ("Mon 20 Dec 13:00", "mentor", "nudge_survey"),  # not on Sunday
            ("Mon 20 Dec 13:00", "mentee", "nudge_survey"),
            ("Wed 29 Dec 08:00", "coordinator", "pair_stalled"),
        ],
    ),
}


class Scene:
    """A pair's workflow on a server that skips time, with the calendars of real people."""

    def __init__(self, environment: WorkflowEnvironment, task_queue: str, now: datetime) -> None:
        self.environment = environment
        self.task_queue = task_queue
        self.stage = Stage()
        self.calendar = ProgramCalendar(epoch=now, first=MONDAY, day_seconds=86_400)
        self.stage.hours = self._hours
        self.two = Two(environment, self.stage)

    def _hours(self, pair: PairRef) -> PairHours:
        mentor, mentee, program = (
            open_hours_of(DEFINITION, self.calendar, person, None, pair.now, 200)
            for person in (MENTOR, MENTEE, None)
        )
        return PairHours(mentor=mentor, mentee=mentee, program=program)

    async def live(self, plan: PairPlan, people: Answers) -> PairOutcome:
        self.two.answers = people
        async with on_stage(self.environment.client, self.task_queue, self.stage):
            return await self.environment.client.execute_workflow(
                PairWorkflow.run,
                PairInput(program=PROGRAM, cohort=1, pair=PAIR, plan=plan),
                id=pair_workflow_id(PROGRAM, PAIR),
                task_queue=self.task_queue,
            )

    def told(self, *, by_a_ladder: bool = True) -> list[tuple[str, str, str]]:
        """When who was told what, as their calendars in London show it."""
        found = []
        for moment in self.stage.moments:
            when = f"{self.calendar.to_program(moment.now):%a %d %b %H:%M}"
            for due in (moment.moment, *moment.also):
                if by_a_ladder and due.step is None:
                    continue
                messages = messages_of(due, moment.scheduler)
                found += [(when, message.to.value, message.template) for message in messages]
        return found


@pytest.fixture
async def scene(time_skipping: WorkflowEnvironment, task_queue: str) -> Scene:
    return Scene(time_skipping, task_queue, await time_skipping.get_current_time())


def test_every_trigger_is_tried_here() -> None:
    assert CASES.keys() == set(Trigger)


@pytest.mark.parametrize("trigger", CASES)
async def test_who_is_told_what_on_which_day(scene: Scene, trigger: Trigger) -> None:
    case = CASES[trigger]
    await scene.live(PLAN.model_copy(update={"ladders": (case.ladder,)}), case.people)
    assert scene.told() == case.told


def _stops(people: Answers, sign: Callable[[PairMoment], Deed]) -> Answers:
    """The same people, who give a sign of life when the ladder's first step comes."""
    given: list[PairMoment] = []

    def answers(moment: PairMoment) -> list[Deed]:
        climbs = moment.moment.step is not None or any(m.step is not None for m in moment.also)
        if climbs and not given:
            given.append(moment)
            return [sign(moment)]
        return people(moment)

    return answers


SIGNS: dict[Trigger, Callable[[PairMoment], Deed]] = {
    Trigger.SILENCE: lambda m: one(m, DeedKind.TRAINING_READ, Role.MENTEE),
    Trigger.NOT_BOOKED: lambda m: one(m, DeedKind.HELP_ASKED, Role.MENTOR),
    Trigger.NOT_HELD: lambda m: one(m, DeedKind.SESSION_HELD, Role.MENTOR, session=1),
    Trigger.GAP: lambda m: one(m, DeedKind.SESSION_PROPOSED, Role.MENTEE, session=2, proposal=1),
    Trigger.CANCELLATIONS: lambda m: one(
        m, DeedKind.SESSION_PROPOSED, Role.MENTEE, session=1, proposal=1
    ),
    Trigger.NO_ANSWER: lambda m: one(
        m, DeedKind.SESSION_PROPOSED, Role.MENTEE, session=1, proposal=2
    ),
    Trigger.AGREEMENT_UNSIGNED: lambda m: one(m, DeedKind.AGREEMENT_SIGNED, Role.MENTEE, terms=1),
    Trigger.SURVEY_OVERDUE: lambda m: one(
        m, DeedKind.SURVEY_ANSWERED, Role.MENTOR, occasion="pair_fit:session-1"
    ),
}


@pytest.mark.parametrize("trigger", SIGNS)
async def test_a_sign_of_life_stops_it_and_the_time_begins_anew(
    scene: Scene, trigger: Trigger
) -> None:
    case = CASES[trigger]
    people = _stops(case.people, SIGNS[trigger])
    await scene.live(PLAN.model_copy(update={"ladders": (case.ladder,)}), people)
    first, *later = [m for m in scene.stage.moments if any(x.step for x in (m.moment, *m.also))]
    recovered = next(e for e in scene.stage.events if e.kind is EventKind.PAIR_RECOVERED)
    assert recovered.data == {"step": 1}
    steps = [due.step for m in later for due in (m.moment, *m.also) if due.step is not None]
    assert steps[:1] in ([], [1]), "the next step is the first again"
    if later:
        wait = timedelta(days=case.ladder.steps[0].after.days)
        assert later[0].now - first.now >= wait


@pytest.mark.parametrize("trigger", [Trigger.GAP, Trigger.CANCELLATIONS])
async def test_who_was_told_hears_that_the_pair_is_back(scene: Scene, trigger: Trigger) -> None:
    case = CASES[trigger]
    people = _stops(case.people, SIGNS[trigger])
    await scene.live(PLAN.model_copy(update={"ladders": (case.ladder,)}), people)
    told = [(who, what) for _, who, what in scene.told(by_a_ladder=False)]
    assert ("coordinator", "pair_recovered") in told


async def test_a_nudge_alone_tells_nobody_that_the_pair_is_back(scene: Scene) -> None:
    case = CASES[Trigger.SILENCE]
    people = _stops(case.people, SIGNS[Trigger.SILENCE])
    steps = case.ladder.steps[:1]
    only = case.ladder.model_copy(update={"steps": steps})
    await scene.live(PLAN.model_copy(update={"ladders": (only,)}), people)
    assert "pair_recovered" not in [what for _, _, what in scene.told(by_a_ladder=False)]
