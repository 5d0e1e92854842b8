"""The record of who did what: appended, finished once, kept for three years, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from domain.acts import KEPT, HrAct, Outcome, Through
from store import acts
from store.database import Database
from store.tables import ActRow

NOW = datetime.now(UTC)


def act(words: str = "pause", at: datetime = NOW, **about: str) -> HrAct:
    return HrAct(at=at, who="a.k", through=Through.TERMINAL, act=words, **about)


def add(database: Database, one: HrAct) -> int:
    with database.write() as session:
        return acts.add(session, one)


def test_an_act_is_finished_once(database: Database) -> None:
    position = add(database, act(program="leaders"))
    with database.write() as session:
        acts.say_more(session, position, None, {"days": 3})
        acts.finish(session, position, Outcome.DONE)
    with database.write() as session:
        acts.say_more(session, position, "other", {"days": 4})
        acts.finish(session, position, Outcome.FAILED)
    with database.read() as session:
        (found,) = acts.read(session)
    assert (found.program, found.data, found.outcome) == ("leaders", {"days": 3}, Outcome.DONE)


@pytest.mark.parametrize(
    "statement",
    [update(ActRow).values(who="somebody.else"), update(ActRow).values(outcome="refused")],
)
def test_the_database_itself_changes_no_finished_act(database: Database, statement: object) -> None:
    position = add(database, act())
    with database.write() as session:
        acts.finish(session, position, Outcome.DONE)
    with pytest.raises(DBAPIError, match="is not changed any more"), database.write() as session:
        session.execute(statement)  # type: ignore[call-overload]


def test_the_database_itself_deletes_no_young_act(database: Database) -> None:
    add(database, act(at=NOW - KEPT + timedelta(days=1)))
    with pytest.raises(DBAPIError, match="1095 days"), database.write() as session:
        session.execute(delete(ActRow))


def test_an_act_goes_after_three_years_with_the_next_one(database: Database) -> None:
    add(database, act("start", NOW - KEPT - timedelta(days=1)))
    add(database, act("pause", NOW - KEPT + timedelta(days=1)))
    add(database, act("resume"))
    with database.read() as session:
        assert [one.act for one in acts.read(session)] == ["pause", "resume"]


def test_acts_are_read_by_program_pair_day_and_place(database: Database) -> None:
    add(database, act("start", NOW - timedelta(days=9), program="leaders"))
    add(database, act("pair close", program="leaders", pair="m-1"))
    last = add(database, act("acts"))
    with database.read() as session:

        def words(**by: object) -> list[str]:
            return [one.act for one in acts.read(session, **by)]  # type: ignore[arg-type]

        assert words(program="leaders") == ["start", "pair close"]
        assert words(program="leaders", pair="m-1") == ["pair close"]
        assert words(since=NOW) == ["pair close", "acts"]
        assert words(before=last) == ["start", "pair close"]
