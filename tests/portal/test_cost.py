"""What an answer costs the store, so that nobody makes it dear without noticing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from starlette.testclient import TestClient

from domain.journal import EventKind
from store.database import Database
from store.links import Purpose
from tests.portal.scene import Scene

MOST_STATEMENTS = 8
"""To begin; who it is, what they were asked, whether it is too late; answer, event and signal; and
one to spare. Where the pair stands is kept by the relay, for many answers at once."""

ABOUT = {"survey": "pulse", "occasion": "pulse:1"}


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is asked of the store for the length of the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine, "before_cursor_execute", note)


def test_an_answer_takes_few_statements(scene: Scene, browser: TestClient) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    url = scene.url(Purpose.SURVEY, **ABOUT)
    form = {"going_well": "4", "useful": "5", "note": ""}
    assert browser.post(url, data=form, follow_redirects=False).status_code == 303
    scene.database.puts_off = True  # as the portal's does
    with statements(scene.database) as found:
        form["useful"] = "3"
        other = scene.url(Purpose.SURVEY, "p-theo", **ABOUT)
        assert browser.post(other, data=form, follow_redirects=False).status_code == 303
        first = len(found)
        assert browser.post(other, data=form, follow_redirects=False).status_code == 303
    again = len(found) - first
    assert first <= MOST_STATEMENTS + 2, found  # nobody had asked them: that is noted too
    assert again <= MOST_STATEMENTS, found[first:]
