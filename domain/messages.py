"""Which message goes to whom at which moment. What they say stands in `content/`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from domain.escalation import LadderAction
from domain.lifecycle import PairState
from domain.model import Value
from domain.pair import BOTH, EndReason, Moment, MomentKind
from domain.people import Role
from domain.plan import PlannedCheckIn


class Recipient(StrEnum):
    """Who a message is for."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    PARTICIPANT = "participant"
    """Somebody who is in the program but in no pair yet."""
    COORDINATOR = "coordinator"
    SPONSOR = "sponsor"


class PlannedMessage(Value):
    """A message of a moment: a mail template and who gets it."""

    template: str
    to: Recipient
    check_in: PlannedCheckIn | None = None
    """The survey that it asks for."""
    invitation: bool = False
    """Whether a calendar invitation comes with it."""

    @property
    def role(self) -> Role | None:
        """Which of the pair gets it, or None for the coordinator and the sponsor."""
        return Role(self.to.value) if self.to in (Recipient.MENTOR, Recipient.MENTEE) else None


def message_key(program: str, pair: str | None, template: str, occasion: str, to: str) -> str:
    """Names one message in the ledger: program, pair, kind, occasion, recipient."""
    return "/".join((program, pair or "-", template, occasion, to))


def occasion_of(moment: Moment, message: PlannedMessage) -> str:
    """Tells this message from the others of its kind in the same pair."""
    if message.check_in is not None:
        return message.check_in.occasion
    parts = [moment.kind.value]
    if moment.session is not None:
        parts.append(f"session-{moment.session}.{moment.attempt}")
    if moment.step is not None:
        parts.append(f"step-{moment.step}.{int(moment.at.timestamp() * 1000)}")
    elif moment.kind is MomentKind.HELP:
        parts.append(str(int(moment.at.timestamp() * 1000)))
    return ":".join(parts)


_TO_THE_PAIR = {
    MomentKind.INTRODUCTION: "introduction",
    MomentKind.PREPARATION: "preparation",
    MomentKind.PREPARATION_REMINDER: "preparation_reminder",
    MomentKind.SESSION_DUE: "session_due",
    MomentKind.SESSION_INVITATION: "session_invitation",
    MomentKind.SESSION_REMINDER: "session_reminder",
    MomentKind.SESSION_FOLLOW_UP: "session_follow_up",
}

_TO_THE_COORDINATOR = {
    MomentKind.PREPARATION_OVERDUE: "preparation_overdue",
    MomentKind.HELP: "help_asked",
}

_FAREWELLS = {
    PairState.COMPLETED: "farewell_completed",
    PairState.CLOSED: "farewell_closed",
    PairState.DECLINED: "farewell_declined",
    PairState.CANCELLED: "farewell_cancelled",
}


_FAREWELLS_FOR = {
    EndReason.REMATCH: "farewell_rematch",
    EndReason.PARTED: "farewell_parted",
}
"""Where HR ended a pair so that the two can have other partners."""


def messages_of(moment: Moment, scheduler: Role) -> tuple[PlannedMessage, ...]:
    """The messages of a moment, in the order in which they go out."""
    return tuple(_messages(moment, scheduler))


def _messages(moment: Moment, scheduler: Role) -> Iterator[PlannedMessage]:
    if template := _TO_THE_PAIR.get(moment.kind):
        invitation = moment.kind is MomentKind.SESSION_INVITATION
        for role in moment.roles:
            yield PlannedMessage(template=template, to=_to(role), invitation=invitation)
    if template := _TO_THE_COORDINATOR.get(moment.kind):
        yield PlannedMessage(template=template, to=Recipient.COORDINATOR)
    if moment.kind is MomentKind.LADDER_STEP:
        yield from _ladder_messages(moment, scheduler)
    if moment.kind is MomentKind.FAREWELL:
        yield from _farewells(moment)
    reminder = moment.kind is MomentKind.CHECK_IN_REMINDER
    for check_in in moment.check_ins:
        for role in moment.roles:
            template = "check_in_reminder" if reminder else "check_in"
            yield PlannedMessage(template=template, to=_to(role), check_in=check_in)


def _ladder_messages(moment: Moment, scheduler: Role) -> Iterator[PlannedMessage]:
    if moment.action is LadderAction.TELL_COORDINATOR:
        yield PlannedMessage(template="pair_stalled", to=Recipient.COORDINATOR)
    elif moment.action is LadderAction.TELL_SPONSOR:
        yield PlannedMessage(template="pair_stalled_sponsor", to=Recipient.SPONSOR)
    elif moment.session is None:
        for role in moment.roles:
            yield PlannedMessage(template="preparation_reminder", to=_to(role))
    elif moment.action is LadderAction.NUDGE_SCHEDULER:
        yield PlannedMessage(template="nudge_scheduler", to=_to(scheduler))
    elif moment.action is LadderAction.NUDGE_BOTH:
        for role in moment.roles:
            yield PlannedMessage(template="nudge_both", to=_to(role))


def _farewells(moment: Moment) -> Iterator[PlannedMessage]:
    ending = moment.ending
    if ending is PairState.WITHDRAWN and moment.left_by is not None:
        stays = _to(moment.left_by.other)
        yield PlannedMessage(template="farewell_withdrawn", to=_to(moment.left_by))
        yield PlannedMessage(template="farewell_partner_withdrew", to=stays)
    elif ending is not None:
        special = _FAREWELLS_FOR.get(moment.reason) if moment.reason else None
        for role in BOTH:
            yield PlannedMessage(template=special or _FAREWELLS[ending], to=_to(role))
        if special:
            return  # the coordinator did it
    if ending in (PairState.CLOSED, PairState.DECLINED, PairState.WITHDRAWN):
        yield PlannedMessage(template="pair_ended", to=Recipient.COORDINATOR)


def _to(role: Role) -> Recipient:
    return Recipient(role.value)
