"""What every command needs of the store, and errors said so that HR understands. Light to import:
what talks to Temporal stands in `console.session`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from console import terminal
from console.terminal import BAD_INPUT, console, fail
from domain.problems import BadInput
from runtime.settings import Settings, load_settings
from store import programs, retention
from store.database import Database
from store.holds import OnHold
from store.migrate import migrate
from store.programs import Program, UnknownProgram

out = console()
err = console(stderr=True)


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Turn the errors that a person can do something about into words and an exit code.

    With `as_json`, as `console.terminal.told` has it.
    """
    with terminal.told(as_json=as_json), unlogged():
        try:
            yield
        except UnknownProgram as unknown:
            known = _known_programs()
            fail(f"There is no program “{unknown}” in the store. {known}".strip(), BAD_INPUT)
        except OnHold as held:
            fail(_on_hold(held))
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
            fail(f"The store can’t be used: {reason.strip()}. See DATABASE_URL and VAR_DIR.")
        except Exception as error:
            if not was_refused(error):
                raise
            from temporalio.exceptions import ApplicationError  # noqa: PLC0415 - it is loaded

            cause = error.__cause__
            fail(cause.message if isinstance(cause, ApplicationError) else str(cause))


def was_refused(error: BaseException | None) -> bool:
    """Whether a workflow refused an order. Where Temporal's client is not loaded, none did."""
    client = sys.modules.get("temporalio.client")
    return client is not None and isinstance(error, client.WorkflowUpdateFailedError)


def _on_hold(held: OnHold) -> str:
    """What keeps data from being deleted, and what to do."""
    said = [
        f"“{hold.program}” is on legal hold since {hold.set_at:%Y-%m-%d}, by {hold.set_by}"
        f"{f', for {hold.reference}' if hold.reference else ''}: "
        f"python starter.py hold {hold.program} --lift"
        for hold in held.holds
    ]
    return "\n".join(("Nothing was deleted, because it has to be kept.", *said))


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep the log quiet meanwhile: what HR should know, commands say themselves."""
    structlog = sys.modules.get("structlog")
    if structlog is None:  # nobody is loaded who would log
        yield
        return
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def _known_programs() -> str:
    try:
        with store(load_settings()) as database, database.read() as session:
            known = programs.all_ids(session)
    except BadInput:
        return ""
    return f"There are: {', '.join(known)}." if known else "None was started yet."


@contextmanager
def store(settings: Settings) -> Iterator[Database]:
    """The store, its tables up to date."""
    database = Database(settings.database)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def the_program(database: Database, program: str) -> Program:
    """A program of the store. Raises `UnknownProgram`."""
    with database.read() as session:
        return programs.get(session, program)


def with_its_people(database: Database, program: str) -> Program:
    """The same, of which people are known still. Ends the command where they were deleted."""
    found = the_program(database, program)
    with database.read() as session:
        gone = retention.deletion_of(session, program)
    if gone is not None:
        day = (gone.finished_at or gone.begun_at).date()
        fail(
            f"Nothing is left of the people of “{program}”: personal data was deleted on {day}, "
            f"{found.definition.privacy.keep_days} days after the end."
        )
    return found
