"""What happened with one pair, in words: for mails to the coordinator, their page, and HR's desk.

The journal holds no word of anybody, and neither does what is told here, with one exception: the
words of a call for help, which were written for the coordinator to read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.check_ins import beyond
from domain.escalation import Ladder, LadderStep, Trigger
from domain.journal import EventKind
from domain.model import Value
from domain.pair_story import Attention, Line, attention_of, story_of, trigger_in
from domain.people import Role
from domain.plan import PlannedCheckIn
from domain.sections import Threshold
from store import journal
from store.answers import AnswerKind, find
from store.content import Content, Words
from store.instruments import as_answered
from store.programs import PairPeople, Program
from store.tables import AnswerRow


class Told(Value):
    """One line of a pair's story."""

    at: datetime
    day: str
    """The program's date, in words."""
    text: str
    quote: str | None = None
    """What somebody wrote who asked for help."""
    line: str
    """All of it in one line, as a mail shows it."""

    def __str__(self) -> str:
        return self.line


def story(session: Session, program: Program, pair: PairPeople, content: Content) -> list[Told]:
    """All that happened with a pair, the first thing first, in the language of `content`."""
    zone = ZoneInfo(program.definition.calendar.timezone)
    calls = _calls(session, pair.id)
    told: list[Told] = []
    for line in story_of(journal.read_pair(session, program.id, pair.id)):
        local = program.calendar.to_program(line.at).astimezone(zone)
        is_call = line.key == EventKind.HELP_ASKED.value
        day, text = content.words.day(local.date()), _in_words(line, program, pair, content)
        quote = calls.get((line.person, line.at)) if is_call else None
        key = "story.line" if quote is None else "story.line_quoted"
        in_one_line = content.words(key, day=day, text=text, quote=quote)
        told.append(Told(at=line.at, day=day, text=text, quote=quote, line=in_one_line))
    return told


def last_lines(told: Sequence[Told], most: int = 8) -> list[str]:
    """The end of a story, a line each, as a mail shows it."""
    return [str(one) for one in told[-most:]]


def attention(session: Session, program: str, pair: str) -> Attention:
    """How one pair stands with the coordinator."""
    events = journal.read_pair(session, program, pair)
    return attention_of(events).get(pair, Attention())


def trigger_in_words(words: Words, trigger: Trigger, ladders: Sequence[Ladder]) -> str:
    """What a ladder began with, as a sentence."""
    times = next((ladder.times for ladder in ladders if ladder.trigger is trigger), 1)
    return words(f"mail.triggers.{trigger}", count=int(times), times=f"{times:g}")


def next_in_words(words: Words, step: LadderStep | None, day: str | None = None) -> str:
    """What happens if nothing is done: on `day` if that is known, or after how long a wait."""
    if step is None:
        return words("mail.ladder.end")
    actions = [words(f"mail.ladder.then.{action}") for action in step.do]
    *before, last = actions
    then = words("mail.ladder.and", some=", ".join(before), last=last) if before else last
    if day is not None:
        return words("mail.ladder.on", then=then, day=day)
    unit = "working_days" if step.after.working else "days"
    return words(
        "mail.ladder.after", then=then, wait=words(f"mail.ladder.{unit}", count=step.after.days)
    )


class Flagged(Value):
    """An answer that made the coordinator look, with the question as it was asked."""

    name: str
    question: str
    answer: str


def flagged(
    session: Session,
    program: str,
    pair: PairPeople,
    role: Role,
    content: Content,
    check_in: PlannedCheckIn,
    look_if: Mapping[str, Threshold],
) -> list[Flagged]:
    """The answers of one of a pair to a check-in that are at or beyond their thresholds.

    None at all where the survey that they were given to does not show single answers to the
    coordinator.
    """
    person = pair.who(role)
    row = find(session, program, pair.id, person.id, check_in.occasion)
    if row is None or row.kind != AnswerKind.SURVEY:
        return []
    survey = as_answered(session, content, program, check_in.survey, row.version)
    if survey is None or not survey.seen_by_coordinator:
        return []
    items = {item.id: item for item in survey.items}
    return [
        Flagged(
            name=person.person.name,
            question=items[item].text_for(role),
            answer=str(row.content[item]),
        )
        for item in beyond(look_if, row.content)
        if item in items
    ]


def _calls(session: Session, pair: str) -> dict[tuple[str | None, datetime], str]:
    """The words of calls for help, by who asked and when."""
    rows = session.scalars(
        select(AnswerRow).where(AnswerRow.pair_id == pair, AnswerRow.kind == AnswerKind.HELP.value)
    )
    return {(row.person_id, row.answered_at): str(row.content["words"]) for row in rows}


def _in_words(line: Line, program: Program, pair: PairPeople, content: Content) -> str:
    words, data = content.words, line.data
    who = pair.who(line.role).person.name if line.role else ""
    if line.key == "stalled":
        return trigger_in_words(words, trigger_in(data), program.definition.ladder)
    if line.key == "closed":
        key = f"mail.reasons.{data.get('reason', 'closed')}"
        reason = words(key) if key in words.keys() else words("mail.reasons.closed")  # noqa: SIM118
        return f"{words('story.closed')} {reason}"
    survey = str(data.get("survey", "")) or str(data.get("occasion", "")).partition(":")[0]
    return words(
        f"story.{line.key}",
        who=who or words("story.one_of_the_two"),
        session=data.get("session", ""),
        survey=content.survey(survey).title if survey in content.survey_ids else survey,
        by=words(f"story.by.{data.get('by', 'coordinator')}"),
        until=_day(words, program, data.get("until")),
    )


def _day(words: Words, program: Program, instant: int | str | None) -> str:
    if not isinstance(instant, str):
        return ""
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return ""
    zone = ZoneInfo(program.definition.calendar.timezone)
    return words.day(program.calendar.to_program(at).astimezone(zone).date())
