"""Every command is an act in the record of who did what, unless it is named here as none.

`console.commands` puts this around each command. What is about to be done is written down before it
is, and what became of it after: a command that is cut off leaves an act that “began”.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import typer
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console.stores import told, was_refused
from console.terminal import BAD_INPUT
from domain.acts import HrAct, Outcome, Through
from runtime.settings import Settings, load_settings
from store import acts, programs
from store.database import Database, sqlite_file
from store.migrate import migrate

NO_ACTS_OF = {"schedule": ("list", "show")}
"""What tells nothing about anybody: when the next programs start."""

RESTORE = "restore"
"""Wants an empty store, so that it is written down when it is done."""

_AS_IT_IS = frozenset({"backup", RESTORE})
"""Commands about the whole store as it is: its tables are not changed for the record."""

_HOW = frozenset({"as_json", "yes", "watch", "everything"})
"""Options that change how a command looks and not what it does."""


@dataclass
class Recording:
    """The act of the command that runs."""

    settings: Settings
    act: HrAct
    position: int | None = None
    """None while it is not in the store."""
    outcome: Outcome | None = None
    """What the command itself says became of it."""


_NOW: ContextVar[Recording | None] = ContextVar("recording", default=None)


def recording() -> Recording | None:
    """The act under way, or None."""
    return _NOW.get()


def noted(*, program: str | None = None, **data: int | str) -> None:
    """Say what the act under way is about, where the command's words do not, before it is done.

    `data` holds numbers, ids and states, never a name or a word that somebody wrote.
    """
    now = _NOW.get()
    if now is None:  # called by a demonstration or a test
        return
    more = {"program": program or now.act.program, "data": now.act.data | data}
    now.act = now.act.model_copy(update=more)
    if now.position is None:
        _begin(now)
    else:
        with _database(now.settings) as database, database.write() as session:
            acts.say_more(session, now.position, program, data)


def came_to(outcome: Outcome) -> None:
    """Say what became of the act under way, where the exit code says less."""
    now = _NOW.get()
    if now is not None:
        now.outcome = outcome


def recorded(command: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    """A command that writes down what it does."""

    @wraps(callback)
    def with_record(**given: Any) -> Any:
        words = words_of(command, given)
        if words is None:
            return callback(**given)
        with told(as_json=bool(given.get("as_json"))):
            now = _record(words, given)
        if now is None:
            return callback(**given)
        before = _NOW.set(now)
        try:
            with _outcome(now):
                return callback(**given)
        finally:
            _NOW.reset(before)

    with_record.records = command  # type: ignore[attr-defined]
    return with_record


def words_of(command: str, given: Mapping[str, Any]) -> str | None:
    """The act that a command is, in its own words; None where it is none."""
    action = given.get("action")
    if command == "schedule":
        action = _action_of_schedule(str(given.get("what")), given.get("words") or ())
    if action in NO_ACTS_OF.get(command, ()):
        return None
    return f"{command} {action}" if action else command


def _action_of_schedule(what: str, words: Any) -> str:
    actions = ("show", "pause", "resume", "remove", "people")
    if words and words[0] in actions:
        return str(words[0])
    return "list" if what == "list" else "set"


def who_is_here(settings: Settings) -> str:
    """Who of HR is at this terminal: `HR_USER`, else the account of the operating system."""
    return settings.hr_user or account()


def account() -> str:
    """The account of the operating system that runs this."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container it may have no name
        return f"uid-{os.getuid()}"


# --- Before --------------------------------------------------------------------------------------


def _record(words: str, given: Mapping[str, Any]) -> Recording | None:
    """Write the act down. None where it can't be one, since there is no such program."""
    settings = load_settings()
    data = {name: 1 for name, value in given.items() if value is True and name not in _HOW}
    act = HrAct(
        at=datetime.now(UTC),
        who=who_is_here(settings),
        through=Through.TERMINAL,
        act=words,
        data=data,
    )
    now = Recording(settings, act)
    if _may_begin(now):
        with _database(settings) as database:
            _have_tables(database, now)
            about = _about(database, given)
            if about is None:
                return None
            now.act = act.model_copy(update=about)
            _write(database, now)
    elif given.get("program") is not None:
        return None
    return now


def _may_begin(now: Recording) -> bool:
    """Whether there is a store to write to before the command has done anything."""
    if now.act.act == RESTORE:
        return False
    file = sqlite_file(now.settings.database)
    return file is None or file.exists()


def _have_tables(database: Database, now: Recording) -> None:
    if now.act.act in _AS_IT_IS:
        return
    try:
        with database.read() as session:
            acts.read(session, since=now.act.at)
    except DBAPIError:
        migrate(database)


def _about(database: Database, given: Mapping[str, Any]) -> dict[str, str | None] | None:
    """What the command's words name, by ids that are in the store: they are typed, and may be
    anything. None where there is no such program."""
    program, pair, person = (given.get(name) for name in ("program", "pair", "person"))
    about: dict[str, str | None] = {}
    with database.read() as session:
        if program is not None:
            if not programs.exists(session, program):
                return None
            about["program"] = program
            if pair is not None and programs.pair(session, program, pair) is not None:
                about["pair"] = pair
        if person is not None:
            found = programs.people_called(session, person)
            about["person"] = found[0] if found else None
    return about


def _begin(now: Recording) -> None:
    with _database(now.settings) as database:
        _have_tables(database, now)
        _write(database, now)


def _write(database: Database, now: Recording) -> None:
    try:
        with database.write() as session:
            now.position = acts.add(session, now.act)
    except DBAPIError:
        if now.act.act not in _AS_IT_IS:
            raise


# --- After ---------------------------------------------------------------------------------------


@contextmanager
def _outcome(now: Recording) -> Iterator[None]:
    """Say what became of it, however the command ends."""
    outcome = Outcome.FAILED
    try:
        yield
        outcome = now.outcome or Outcome.DONE
    except typer.Exit as ended:
        outcome = now.outcome or _by_code(ended)
        raise
    except typer.Abort:
        outcome = Outcome.UNCHANGED
        raise
    except BrokenPipeError:  # who read it has seen enough
        outcome = now.outcome or Outcome.DONE
        raise
    finally:
        _finish(now, outcome)


def _by_code(ended: typer.Exit) -> Outcome:
    if ended.exit_code == 0:
        return Outcome.UNCHANGED  # HR was asked, and said no
    refused = ended.exit_code == BAD_INPUT or was_refused(ended.__context__)
    return Outcome.REFUSED if refused else Outcome.FAILED


def _finish(now: Recording, outcome: Outcome) -> None:
    """Write it down. What can't be written stays as it began: the act itself was done."""
    try:
        if now.position is not None:
            with _database(now.settings) as database, database.write() as session:
                acts.finish(session, now.position, outcome)
        elif outcome is Outcome.DONE and now.act.act == RESTORE:
            ended = {"outcome": outcome, "ended_at": datetime.now(UTC)}
            now.act = now.act.model_copy(update=ended)
            _begin(now)
    except SQLAlchemyError:
        return


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    with closing(Database(settings.database)) as database:
        yield database
