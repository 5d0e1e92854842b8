"""Which message goes to whom at which moment. What they say stands in `content/`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from domain.escalation import LadderAction, Trigger
from domain.lifecycle import PairState
from domain.model import Value
from domain.pair import BOTH, EndReason, Moment, MomentKind
from domain.people import Role
from domain.plan import GOALS, PlannedCheckIn


class Recipient(StrEnum):
    """Who a message is for."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    PARTICIPANT = "participant"
    """Somebody who is in the program but in no pair yet."""
    COORDINATOR = "coordinator"
    SPONSOR = "sponsor"
    SAFETY_CONTACT = "safety_contact"


class Calendar(StrEnum):
    """What a message does to the reader's calendar."""

    INVITATION = "invitation"
    """Puts the session in, or moves it."""
    CANCELLATION = "cancellation"
    """Takes it out, if it is there."""


class PlannedMessage(Value):
    """A message of a moment: a mail template and who gets it."""

    template: str
    to: Recipient
    check_in: PlannedCheckIn | None = None
    """The survey that it asks for."""
    calendar: Calendar | None = None
    """What comes with it for the reader's calendar."""

    @property
    def role(self) -> Role | None:
        """Which of the pair gets it, or None for the coordinator and the sponsor."""
        return Role(self.to.value) if self.to in (Recipient.MENTOR, Recipient.MENTEE) else None


def message_key(program: str, pair: str | None, template: str, occasion: str, to: str) -> str:
    """Names one message in the ledger: program, pair, kind, occasion, recipient."""
    return "/".join((program, pair or "-", template, occasion, to))


def occasion_of(moment: Moment, message: PlannedMessage) -> str:
    """Tells this message from the others of its kind in the same pair."""
    if message.check_in is not None and moment.kind is not MomentKind.LADDER_STEP:
        return message.check_in.occasion
    parts = [moment.kind.value]
    if moment.kind is MomentKind.CONTINUED_REMINDER:
        parts.append(str(moment.attempt))
    if moment.session is not None:
        parts.append(f"session-{moment.session}.{moment.attempt}")
    if moment.proposal is not None:
        parts.append(f"proposal-{moment.proposal}")
    if moment.step is not None:
        parts.append(f"step-{moment.step}.{_milliseconds(moment.at)}")
    elif moment.kind in _OFTEN:
        parts.append(_milliseconds(moment.at))
    return ":".join(parts)


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


_OFTEN = frozenset(
    {
        MomentKind.AGREEMENT_CHANGED,
        MomentKind.RECOVERED,
        MomentKind.FLAGGED,
        MomentKind.HELP,
        MomentKind.SAFETY,
        MomentKind.AWAY,
        MomentKind.RETURN,
        MomentKind.EXTENDED,
    }
)
"""Moments of which a pair may see several, with nothing but the time to tell them apart."""


_TO_THE_PAIR = {
    MomentKind.INTRODUCTION: "introduction",
    MomentKind.PREPARATION: "preparation",
    MomentKind.PREPARATION_REMINDER: "preparation_reminder",
    MomentKind.AGREEMENT_CHANGED: "agreement_changed",
    MomentKind.SESSION_DUE: "session_due",
    MomentKind.SESSION_PROPOSED: "session_proposed",
    MomentKind.ANSWER_REMINDER: "nudge_answer",
    MomentKind.SESSION_INVITATION: "session_invitation",
    MomentKind.SESSION_CANCELLED: "session_cancelled",
    MomentKind.SESSION_REMINDER: "session_reminder",
    MomentKind.SESSION_FOLLOW_UP: "session_follow_up",
    MomentKind.AWAY: "partner_away",
    MomentKind.RETURN: "welcome_back",
    MomentKind.EXTENDED: "program_extended",
    MomentKind.CONTINUED_REMINDER: "continued_reminder",
}

_TO_HR = {
    MomentKind.PREPARATION_OVERDUE: ("preparation_overdue", Recipient.COORDINATOR),
    MomentKind.HELP: ("help_asked", Recipient.COORDINATOR),
    MomentKind.FLAGGED: ("check_in_flagged", Recipient.COORDINATOR),
    MomentKind.RECOVERED: ("pair_recovered", Recipient.COORDINATOR),
    MomentKind.SAFETY: ("safety_raised", Recipient.SAFETY_CONTACT),
}

_CALENDARS = {
    MomentKind.SESSION_INVITATION: Calendar.INVITATION,
    MomentKind.SESSION_CANCELLED: Calendar.CANCELLATION,
}

_FAREWELLS = {
    PairState.COMPLETED: "farewell_completed",
    PairState.CONTINUED: "farewell_continued",
    PairState.CLOSED: "farewell_closed",
    PairState.DECLINED: "farewell_declined",
    PairState.CANCELLED: "farewell_cancelled",
}


_FAREWELLS_FOR = {
    EndReason.NO_FIT: "farewell_no_fit",
    EndReason.REMATCH: "farewell_rematch",
    EndReason.PARTED: "farewell_parted",
}
"""Where HR ended a pair so that the two can have other partners."""


def messages_of(moment: Moment, scheduler: Role) -> tuple[PlannedMessage, ...]:
    """The messages of a moment, in the order in which they go out."""
    return tuple(_messages(moment, scheduler))


def _messages(moment: Moment, scheduler: Role) -> Iterator[PlannedMessage]:
    if template := _TO_THE_PAIR.get(moment.kind):
        for role in moment.roles:
            calendar = _CALENDARS.get(moment.kind)
            yield PlannedMessage(template=template, to=_to(role), calendar=calendar)
    if to_hr := _TO_HR.get(moment.kind):
        template, recipient = to_hr
        yield PlannedMessage(template=template, to=recipient)
    if moment.kind is MomentKind.LADDER_STEP:
        for action in moment.actions:
            yield from _ladder_messages(moment, action, scheduler)
    if moment.kind is MomentKind.FAREWELL:
        yield from _farewells(moment)
    if moment.kind in _ASKING:
        yield from _check_ins(moment)


_ASKING = frozenset(
    {
        MomentKind.PREPARATION,
        MomentKind.CHECK_IN,
        MomentKind.CHECK_IN_REMINDER,
        MomentKind.EVALUATION,
    }
)
"""Moments that ask, or ask again, for the answers of a check-in."""


def _check_ins(moment: Moment) -> Iterator[PlannedMessage]:
    reminder = moment.kind is MomentKind.CHECK_IN_REMINDER
    for check_in in moment.check_ins:
        for role in moment.roles:
            if role not in check_in.roles:
                continue
            template = "check_in_reminder" if reminder else "check_in"
            if check_in.survey == GOALS and not reminder:
                template = "goals_review"
            yield PlannedMessage(template=template, to=_to(role), check_in=check_in)


_NUDGES = {
    Trigger.NOT_HELD: "nudge_report",
    Trigger.NO_ANSWER: "nudge_answer",
    Trigger.AGREEMENT_UNSIGNED: "nudge_agreement",
    Trigger.SURVEY_OVERDUE: "nudge_survey",
}
"""What a nudge says, where the trigger tells what is missing; it goes to who is waited for."""

_LADDER_TO_HR = {
    LadderAction.TELL_COORDINATOR: ("pair_stalled", Recipient.COORDINATOR),
    LadderAction.COORDINATOR_TASK: ("coordinator_task", Recipient.COORDINATOR),
    LadderAction.TELL_SPONSOR: ("pair_stalled_sponsor", Recipient.SPONSOR),
}


def _ladder_messages(
    moment: Moment, action: LadderAction, scheduler: Role
) -> Iterator[PlannedMessage]:
    if to_hr := _LADDER_TO_HR.get(action):
        template, recipient = to_hr
        yield PlannedMessage(template=template, to=recipient)
    elif action is LadderAction.OFFER_REMATCH:
        for role in BOTH:
            fits = moment.check_ins[-1] if moment.check_ins else None
            yield PlannedMessage(template="offer_rematch", to=_to(role), check_in=fits)
    elif nudge := _NUDGES.get(moment.trigger or Trigger.SILENCE):
        asked = moment.check_ins[0] if moment.check_ins else None
        for role in moment.roles:
            yield PlannedMessage(template=nudge, to=_to(role), check_in=asked)
    elif moment.session is None:
        for role in moment.roles:
            yield PlannedMessage(template="preparation_reminder", to=_to(role))
    elif action is LadderAction.NUDGE_SCHEDULER:
        template = "nudge_report" if moment.has_a_date else "nudge_scheduler"
        yield PlannedMessage(template=template, to=_to(scheduler))
    elif action is LadderAction.NUDGE_BOTH:
        for role in moment.roles:
            template = "nudge_report" if moment.has_a_date else "nudge_both"
            yield PlannedMessage(template=template, to=_to(role))


def _farewells(moment: Moment) -> Iterator[PlannedMessage]:
    ending = moment.ending
    if ending is PairState.WITHDRAWN and moment.left_by is not None:
        yield _farewell("farewell_withdrawn", moment.left_by)
        yield _farewell("farewell_partner_withdrew", moment.left_by.other)
    elif ending is not None:
        special = _FAREWELLS_FOR.get(moment.reason) if moment.reason else None
        for role in BOTH:
            yield _farewell(special or _FAREWELLS[ending], role)
    if moment.reason in _DONE_BY_HR:
        return
    if ending in (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN):
        yield PlannedMessage(template="pair_ended", to=Recipient.COORDINATOR)


_DONE_BY_HR = (EndReason.REMATCH, EndReason.PARTED)


def _farewell(template: str, role: Role) -> PlannedMessage:
    return PlannedMessage(template=template, to=_to(role), calendar=Calendar.CANCELLATION)


def _to(role: Role) -> Recipient:
    return Recipient(role.value)
