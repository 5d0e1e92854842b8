"""What an activity has begun it finishes, whatever becomes of its workflow."""

from __future__ import annotations

from temporalio import activity

from activities.mail import Mailer, MailServer
from store.database import Database
from store.links import Links
from tests.shipped import CONTENT
from worker import activities_of, activity_objects


def test_no_activity_is_broken_off_in_the_middle(sqlite_database: Database) -> None:
    objects = activity_objects(
        sqlite_database,
        CONTENT,
        Links("http://testserver", ["k" * 32]),
        Mailer(MailServer(host="127.0.0.1", port=9, timeout=1)),
    )
    found = [
        activity._Definition.must_from_callable(a) for one in objects for a in activities_of(one)
    ]
    assert len(found) > 15
    assert [a.name for a in found if not a.no_thread_cancel_exception] == []
