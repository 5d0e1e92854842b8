"""Looks at a program that was played with faults, beside one without, and says what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from store.tables import MessageRow
from tests.chaos import checks
from tests.chaos.faults import Fault
from tests.chaos.journals import Line, Story, differences, messages, stories
from tests.chaos.play import Scene
from tests.end_to_end import evidence


@dataclass(frozen=True)
class Memory:
    """What is kept of a run, to compare another with."""

    stories: Mapping[str, Story]
    messages: Counter[Line]


@dataclass
class Verdict:
    """What came of a run."""

    faults: Counter[Fault]
    answers: int
    """Forms that were thanked for."""
    mails: int
    """Mails that the server accepted, each once."""
    doubled: Counter[str]
    """Mails that it accepted once more, by the reason."""
    refused: int
    """Mails that it refused for good."""
    wrong: list[str] = field(default_factory=list)
    """What should not be so. Nothing, if all is well."""


def remember(scene: Scene) -> Memory:
    """Keep what another run is compared with."""
    with scene.database.read() as session:
        return Memory(stories(session, scene.program), messages(session, scene.program))


async def judge(scene: Scene, undisturbed: Memory) -> Verdict:
    """Carry out all checks."""
    assert scene.standing is not None
    pairs = scene.standing.pairs.statuses
    wrong = await checks.stuck_workflows(scene.client, scene.program)
    histories = await checks.histories_of(scene.client, scene.program)
    wrong += checks.failed_tasks(histories)
    wrong += await checks.unlike_the_status(scene.client, scene.program, pairs)
    wrong += checks.unfinished(pairs)
    deliveries = await asyncio.to_thread(
        evidence.deliveries, scene.stack.settings().mailbox_url or ""
    )
    with scene.database.read() as session:
        wrong += checks.lost_answers(session, (one.link for one in scene.crowd.thanks))
        wrong += checks.lost_words(session, scene.crowd.thanks)
        wrong += checks.untold_deeds(session, histories)
        wrong += checks.wrong_mails(session, scene.route, deliveries)
        wrong += checks.untold_refusals(session)
        wrong += checks.other_messages(messages(session, scene.program), undisturbed.messages)
        wrong += differences(stories(session, scene.program), undisturbed.stories)
        refused = session.query(MessageRow).filter_by(state="refused").count()
    doubled = Counter(one.reason or "no reason" for one in checks.doubled_mails(scene.route))
    return Verdict(
        faults=scene.tally.done,
        answers=len(scene.crowd.thanks),
        mails=len(scene.route.by_message),
        doubled=doubled,
        refused=refused,
        wrong=wrong,
    )
