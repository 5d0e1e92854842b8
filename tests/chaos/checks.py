"""What must be so after a program was played with faults. Each check says what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHistory

from domain.ids import pair_workflow_id, retention_workflow_id
from domain.journal import BY_PEOPLE
from domain.lifecycle import PairState
from domain.projection import PairStatus
from store import answers
from store.content import Mail
from store.ledger import MessageState
from store.links import Link, Purpose
from store.tables import AnswerRow, JournalRow, MessageRow, OutboxRow, ParticipantRow, PersonRow
from tests.chaos.crowd import Thanks
from tests.chaos.journals import Line
from tests.chaos.post import PostRoute
from workflows.messages import PairOutcome

_OF_THE_TWO = {
    Purpose.BOOK: {"session_booked", "session_proposed"},
    Purpose.PICK: {"session_booked", "session_proposed"},
    Purpose.CANCEL: {"session_cancelled"},
    Purpose.SESSION: {"session_held"},
}
"""What the journal has once a page was answered, by either of the two."""

_OF_ONE = {
    Purpose.AWAY: {"went_away"},
    Purpose.SURVEY: {"survey_answered"},
    Purpose.INTRODUCTION: {"introduction_accepted", "introduction_declined"},
    Purpose.AGREEMENT: {"agreement_signed"},
    Purpose.GOALS: {"goals_written", "survey_answered"},
    Purpose.CONTINUE: {"wished"},
}
"""… and by the one whose page it is."""


# --- Answers -------------------------------------------------------------------------------------


def lost_answers(session: Session, links: Iterable[Link]) -> list[str]:
    """Of the pages that were answered with thanks, those of which the store does not know."""
    return [
        f"lost: {link.purpose} of {link.person}" for link in links if not _is_kept(session, link)
    ]


def _is_kept(session: Session, link: Link) -> bool:
    participant = session.get_one(ParticipantRow, (link.program, link.person))
    if link.purpose is Purpose.JOIN:
        return participant.joined is not None
    if link.purpose is Purpose.OVERVIEW:
        return participant.withdrew_at is not None
    if link.purpose is Purpose.TRAINING:
        return link.occasion in answers.modules_read(session, link.program, link.person)[0]
    return _journal_has(session, link)


def _journal_has(session: Session, link: Link) -> bool:
    kinds = _OF_THE_TWO.get(link.purpose) or _OF_ONE[link.purpose]
    found = select(JournalRow).where(JournalRow.kind.in_(kinds))
    if link.pair is not None:
        found = found.where(JournalRow.pair_id == link.pair)
    if link.purpose in _OF_ONE and link.role is not None:
        found = found.where(JournalRow.role == link.role.value)
    elif link.purpose in _OF_ONE:
        found = found.where(JournalRow.person_id == link.person)
    wanted = {"session": link.session, "occasion": link.occasion}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    return any(wanted.items() <= row.data.items() for row in session.scalars(found))


def lost_words(session: Session, thanks: Iterable[Thanks]) -> list[str]:
    """Of the surveys and goals that were answered with thanks, those whose words are not kept."""
    kept = json.dumps([row.content for row in session.scalars(select(AnswerRow))])
    asked = (one for one in thanks if one.link.purpose in (Purpose.SURVEY, Purpose.GOALS))
    return [f"lost words: {t.words}" for t in asked if t.words and f'"{t.words}"' not in kept]


def untold_deeds(session: Session, histories: Mapping[str, WorkflowHistory]) -> list[str]:
    """Answers of which no workflow's history knows, wherever they were left on the way."""
    told = {workflow: _signals(history) for workflow, history in histories.items()}
    wrong = []
    signals: Counter[str] = Counter()
    for row in session.scalars(select(OutboxRow)):
        signals[row.workflow_id] += 1
        if row.delivered_at is None:
            wrong.append(f"not delivered: {row.argument['kind']} to {row.workflow_id}")
        elif _sorted(row.argument) not in told[row.workflow_id]:
            wrong.append(f"not in history: {row.argument['kind']} to {row.workflow_id}")
    by_people = [kind.value for kind in BY_PEOPLE]
    about_pairs = select(JournalRow).where(
        JournalRow.pair_id.is_not(None), JournalRow.kind.in_(by_people)
    )
    answered = Counter(
        pair_workflow_id(row.program_id, row.pair_id or "") for row in session.scalars(about_pairs)
    )
    wrong += [
        f"{count} answers were never meant to be told to {workflow}"
        for workflow, count in (answered - signals).items()
    ]
    return wrong


def _signals(history: WorkflowHistory) -> set[str]:
    return {
        _sorted(
            {key: value for key, value in json.loads(payload.data).items() if value is not None}
        )
        for event in history.events
        for payload in event.workflow_execution_signaled_event_attributes.input.payloads
    }


_IF_NOT_SAID = {"booking": 0, "terms": 0, "proposal": 0, "look": False}


def _sorted(argument: Mapping[str, Any]) -> str:
    return json.dumps({**_IF_NOT_SAID, **argument}, sort_keys=True)


async def unlike_the_status(client: Client, program: str, pairs: Iterable[PairStatus]) -> list[str]:
    """Pairs whose workflow ended otherwise than the journal says."""
    wrong = []
    for pair in pairs:
        handle = client.get_workflow_handle(
            pair_workflow_id(program, pair.pair), result_type=PairOutcome
        )
        outcome: PairOutcome = await handle.result()
        if (outcome.state, outcome.sessions_held) != (pair.state, pair.sessions_held):
            wrong.append(f"pair {pair.pair} is {outcome.state} and {pair.state} in the journal")
    return wrong


def unfinished(pairs: Iterable[PairStatus]) -> list[str]:
    """Pairs that did not come to a good end, though nobody wanted them to."""
    good = (PairState.COMPLETED, PairState.CONTINUED)
    return [f"pair {pair.pair} is {pair.state}" for pair in pairs if pair.state not in good]


# --- Mail ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Doubled:
    """A mail that the server accepted once more than it should have."""

    message_id: str
    reason: str | None
    """Why that could not be helped; None where nothing explains it."""


def doubled_mails(route: PostRoute) -> list[Doubled]:
    """Every acceptance of a mail that another one followed, with the reason."""
    return [
        Doubled(message_id, accepted.lost or accepted.unsure)
        for message_id, all_of_it in route.by_message.items()
        for accepted in all_of_it[:-1]
    ]


def wrong_mails(
    session: Session, route: PostRoute, deliveries: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What the ledger, the way to the mail server and the mailbox do not agree on."""
    rows = list(session.scalars(select(MessageRow)))
    accepted = route.by_message
    wrong = _not_gone(session, rows, route)
    wrong += [
        f"doubled without a reason: {one.message_id}"
        for one in doubled_mails(route)
        if one.reason is None
    ]
    dropped = Counter(r.message_id for r in rows if r.state == MessageState.DROPPED.value)
    for message_id, all_of_it in accepted.items():
        settled = dropped[message_id] or message_id in route.refused_in_the_end
        if all_of_it[-1].lost is not None and not settled:
            wrong.append(f"not sent again, though nobody knew of it: {message_id}")
    arrived = Counter(str(mail["message_id"]) for mail in deliveries)
    known = Counter(one.message_id for one in route.accepted)
    surplus = arrived - known - Counter(route.unheard)
    wrong += [f"in the mailbox, but never accepted: {message_id}" for message_id in surplus]
    wrong += [f"accepted, but not in the mailbox: {message_id}" for message_id in known - arrived]
    return wrong


def _not_gone(session: Session, rows: Iterable[MessageRow], route: PostRoute) -> list[str]:
    refused = route.refused_in_the_end
    addresses = {row.id: row.email for row in session.scalars(select(PersonRow))}
    wrong = []
    for row in rows:
        state = MessageState(row.state)
        turned_away = addresses.get(row.person_id or "") in route.turned_away
        was_refused = turned_away or row.message_id in refused
        if state in (MessageState.HELD, MessageState.SENDING):
            wrong.append(f"stuck: {row.key} is {state}")
        elif state is MessageState.SENT and row.message_id not in route.by_message:
            wrong.append(f"never handed over: {row.key}")
        elif (state is MessageState.REFUSED) is not was_refused:
            wrong.append(f"was {'' if was_refused else 'not '}refused, and is {state}: {row.key}")
    return wrong


def untold_refusals(session: Session) -> list[str]:
    """Of whom mail did not reach, those whom the coordinator did not hear of."""
    rows = list(session.scalars(select(MessageRow)))
    told = {
        (row.pair_id, row.key.split("/", 4)[3])
        for row in rows
        if (row.kind, row.state) == (Mail.ADDRESS_REFUSED, MessageState.SENT)
    }
    return [
        f"the coordinator was not told: {row.key}"
        for row in rows
        if row.state == MessageState.REFUSED
        and row.person_id is not None
        and (row.pair_id, row.person_id) not in told
    ]


HANG_ON_TIME = frozenset(
    {
        *("session_reminder", "check_in_reminder", "session_proposed", "session_follow_up"),
        Mail.ADDRESS_REFUSED.value,
    }
)
"""Messages of which there may be more or fewer, when an answer comes earlier or later, or a mail is
refused."""


def other_messages(disturbed: Counter[Line], undisturbed: Counter[Line]) -> list[str]:
    """Messages that one of two runs has in its ledger and the other has not."""
    one, other = (_lasting(counts) for counts in (disturbed, undisturbed))
    return [f"message with faults only: {line}" for line in (one - other)] + [
        f"message without faults only: {line}" for line in (other - one)
    ]


def _lasting(counts: Counter[Line]) -> Counter[Line]:
    return Counter({line: n for line, n in counts.items() if line[0] not in HANG_ON_TIME})


# --- Nothing is stuck ----------------------------------------------------------------------------


async def histories_of(client: Client, program: str) -> dict[str, WorkflowHistory]:
    """The histories of all workflows of a program, by workflow."""
    return {
        one.id: await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
        async for one in client.list_workflows(f'MentoringProgram = "{program}"')
    }


async def stuck_workflows(client: Client, program: str) -> list[str]:
    """Workflows of a program that are not completed, but for the one that waits to delete data."""
    waits = (retention_workflow_id(program), WorkflowExecutionStatus.RUNNING)
    return [
        f"{one.id} is {one.status.name if one.status else 'unknown'}"
        async for one in client.list_workflows(f'MentoringProgram = "{program}"')
        if one.status is not WorkflowExecutionStatus.COMPLETED and (one.id, one.status) != waits
    ]


def failed_tasks(histories: Mapping[str, WorkflowHistory]) -> list[str]:
    """Workflow tasks that failed by the code's fault, not because a worker was killed."""
    return [
        f"{workflow}: {event.workflow_task_failed_event_attributes.failure.message}"
        for workflow, history in histories.items()
        for event in history.events
        if event.HasField("workflow_task_failed_event_attributes")
    ]
