"""Who is erased is held nowhere any more, and others keep what is theirs."""

from __future__ import annotations

import pytest

from store import erasing
from store.database import Database
from tests.erasing import TELLING, WHO, everything_in_words, hold_everything
from tests.portal.scene import Scene, fill


@pytest.fixture
def scene(database: Database) -> Scene:
    """An example program with somebody who is named everywhere, on SQLite and on PostgreSQL."""
    made = fill(database)
    hold_everything(made)
    return made


def erase(scene: Scene, person: str = WHO) -> erasing.Erased:
    with scene.database.write() as session:
        return erasing.erase(session, person)


def test_nothing_that_names_her_is_left(scene: Scene) -> None:
    before = everything_in_words(scene)
    assert all(telling in before for telling in (*TELLING, "falconry"))
    erase(scene)
    after = everything_in_words(scene)
    assert [telling for telling in (*TELLING, "falconry") if telling in after] == ["falconry"]
