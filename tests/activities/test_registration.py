"""What a worker offers: each activity that workflows call, once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from temporalio import activity

from activities.mail import Mailer, MailServer
from activities.signatures import PairActivities, ProgramActivities
from store.database import Database
from store.links import Links
from tests.shipped import CONTENT
from worker import activities_of, activity_objects


def names_in(signatures: type) -> set[str]:
    return {name for name, is_one in vars(signatures).items() if activity_name(is_one)}


def activity_name(of: object) -> str | None:
    definition = activity._Definition.from_callable(of) if callable(of) else None
    return definition.name if definition else None


def test_each_activity_that_workflows_call_is_offered_once(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    objects = activity_objects(
        database,
        CONTENT,
        Links("http://testserver", ["k" * 32]),
        Mailer(MailServer(host="127.0.0.1", port=25)),
    )
    offered = Counter(activity_name(one) for of in objects for one in activities_of(of))
    assert set(offered.values()) == {1}
    assert set(offered) == names_in(PairActivities) | names_in(ProgramActivities)
    database.close()
