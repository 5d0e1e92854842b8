"""What a backup holds, what it is as of, and where it can be put back and where not."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from domain.deeds import Deed, DeedKind
from domain.ids import pair_workflow_id, program_workflow_id
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.problems import BadInput
from runtime.archive import MANIFEST, Manifest
from runtime.backup import take_backup
from runtime.ports import Ports
from runtime.restore import restore_backup
from runtime.running import Process, RunningStack, read_note, write_note
from runtime.settings import Settings, load_settings
from runtime.version import VERSION
from store import archive, journal, outbox
from store.database import Database
from store.going_back import catch_up
from store.migrate import latest_revision, migrate, revision_of
from store.outbox import Outcome
from store.tables import JournalRow, OutboxRow, PersonRow
from tests.console.typed import Typed, type_in
from tests.store import side_by_side

KEY = "k" * 43


def quiet(_what: str, _done: int, _total: int) -> None:
    """Show no progress."""


def settings_at(folder: Path, url: str | None = None) -> Settings:
    return load_settings({"VAR_DIR": str(folder)} | ({"DATABASE_URL": url} if url else {}))


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def fill(database: Database) -> None:
    with database.engine.begin() as connection:
        side_by_side.write(connection, archive.tables(connection), range(3))


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in archive.tables(connection)
        }


def sqlite_file(file: Path) -> sqlite3.Connection:
    """A file such as the embedded server and the mailbox keep, open and written to."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE said (words TEXT)")
    connection.execute("INSERT INTO said VALUES ('before')")
    return connection


def said_in(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [words for (words,) in connection.execute("SELECT words FROM said")]


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """The folder of a stack that has been there, its server's and its mailbox's files in use."""
    folder = tmp_path / "var"
    folder.mkdir()
    with closing(Database(f"sqlite:///{folder / 'store.db'}")) as database:
        migrate(database)
        fill(database)
    (folder / "link_keys").write_text(f"{KEY}\n")
    write_note(
        folder, RunningStack(supervisor=None, parts={}, ports=Ports(portal=18_080), settings={})
    )
    with (
        closing(sqlite_file(folder / "temporal.db")),
        closing(sqlite_file(folder / "mailbox.db")),
    ):
        yield folder


@pytest.fixture
def kept(var: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    file = tmp_path / "kept.zip"
    take_backup(settings_at(var), file, quiet, {})
    return file


def rows_of(var: Path) -> int:
    """How many rows the store in a folder has."""
    with closing(Database(settings_at(var).database)) as store:
        return sum(map(len, contents(store).values()))


# --- There and back ------------------------------------------------------------------------------


def test_all_of_it_comes_back(var: Path, kept: Path, tmp_path: Path) -> None:
    target = settings_at(tmp_path / "new")
    manifest = restore_backup(target, kept, quiet, {})
    new = target.var_dir
    with (
        closing(Database(settings_at(var).database)) as old,
        closing(Database(target.database)) as d,
    ):
        assert contents(d) == contents(old)
        assert sum(map(len, contents(d).values())) == manifest.rows() > 0
    assert said_in(new / "temporal.db") == said_in(new / "mailbox.db") == ["before"]
    assert (new / "link_keys").read_text().strip() == KEY
    note = read_note(new)
    assert note is not None
    assert note.ports.portal == 18_080
    assert not note.supervisor
    for name in ("temporal.db", "mailbox.db", "link_keys"):
        assert stat.S_IMODE((new / name).stat().st_mode) == 0o600
    assert sorted(file.name for file in new.iterdir()) == sorted(
        ["temporal.db", "mailbox.db", "link_keys", "stack.json", "stack.lock", "store.db"]
    )


def test_only_its_owner_can_read_it_and_it_replaces_nothing(
    var: Path, kept: Path, tmp_path: Path
) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    before = kept.read_bytes()
    with pytest.raises(BadInput, match="1 problem"):
        take_backup(settings_at(var), kept, quiet, {})
    assert kept.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["kept.zip", "var"]


@pytest.mark.parametrize("source", ["sqlite", "postgres"])
@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_a_store_goes_from_either_kind_of_database_into_either(
    source: str, target: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = request.getfixturevalue(f"{source}_database")
    fill(old)
    before, file = contents(old), tmp_path / "kept.zip"
    take_backup(settings_at(tmp_path / "var", url_of(old)), file, quiet, {})
    if target == "sqlite":
        new = Database(f"sqlite:///{tmp_path / 'new.db'}")
    else:
        new = Database(request.getfixturevalue("postgres_url"))
    restore_backup(settings_at(tmp_path / "new", url_of(new)), file, quiet, {})
    assert contents(new) == before
    assert revision_of(new) == latest_revision()
    with new.write() as session:  # numbers go on after those that were there
        happened = JournalEvent(id="later", kind=EventKind.JOINED, at=datetime.now(UTC))
        journal.append(session, "programs 0", [happened])
        row = session.scalars(select(JournalRow).where(JournalRow.id == "later")).one()
        assert row.position == 3
    new.close()


def test_tables_of_an_older_version_are_brought_up_to_date(tmp_path: Path) -> None:
    old = settings_at(tmp_path / "old")
    with closing(Database(old.database)) as database:
        migrate(database, "0002_edits")
        fill(database)
        before = contents(database)
    take_backup(old, tmp_path / "kept.zip", quiet, {})
    new = settings_at(tmp_path / "new")
    restore_backup(new, tmp_path / "kept.zip", quiet, {})
    with closing(Database(new.database)) as database:
        assert revision_of(database) == latest_revision()
        now = contents(database)
    columns = len(before["people"][0])
    assert [row[:columns] for row in now["people"]] == before["people"]
    assert {name: len(now[name]) for name in before} == {n: len(r) for n, r in before.items()}


# --- As of one instant ---------------------------------------------------------------------------


def a_person(number: int) -> dict[str, object]:
    return {
        "id": f"p-{number}",
        "reference": str(number),
        "name": "Max",
        "email": "max@example.com",
        "language": "en",
    }


def test_nobody_can_write_at_the_instant_and_everybody_can_after_it(
    database: Database, tmp_path: Path
) -> None:
    """What Temporal or the mailbox knows of can't be missing in the store."""
    written = threading.Event()

    def write() -> None:
        with database.write() as session:
            session.execute(insert(PersonRow), [a_person(1)])
        written.set()

    def at_the_instant() -> None:
        writer.start()
        assert not written.wait(0.2)

    writer = threading.Thread(target=write)
    with archive.still(database, at_the_instant) as view:
        assert written.wait(20), "a writer waits for all that is read"
        migrate(database)  # as each command does; there is nothing to do, and nothing to wait for
        assert view.scalar(text("SELECT count(*) FROM people")) == 0
    writer.join()


def test_a_transaction_that_was_begun_is_waited_for_and_not_broken_off(
    postgres_database: Database,
) -> None:
    """It takes its tables in another order than we do, which must not end as a deadlock."""
    with postgres_database.engine.connect() as other:
        other.execute(insert(PersonRow).values(a_person(1)))
        seen: list[int] = []

        def look() -> None:
            with archive.still(postgres_database, lambda: None) as view:
                seen.append(int(view.scalar(text("SELECT count(*) FROM people")) or 0))

        backup = threading.Thread(target=look)
        backup.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'")
        with postgres_database.engine.connect() as watcher:
            while not watcher.scalar(waiting):
                watcher.rollback()
        for table in ("answers", "messages", "sessions", "programs"):
            other.execute(text(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))
        other.commit()
        backup.join()
    assert seen == [1]


def test_what_is_written_to_other_files_after_the_instant_is_not_in_them(
    var: Path, tmp_path: Path
) -> None:
    def write(what: str, _done: int, _total: int) -> None:
        if what == "Reading the store":
            with closing(sqlite3.connect(var / "temporal.db", isolation_level=None)) as server:
                server.execute("INSERT INTO said VALUES ('after')")

    take_backup(settings_at(var), tmp_path / "kept.zip", write, {})
    new = settings_at(tmp_path / "new")
    restore_backup(new, tmp_path / "kept.zip", quiet, {})
    assert said_in(var / "temporal.db")[:2] == ["before", "after"]
    assert said_in(new.var_dir / "temporal.db") == ["before"]


# --- What can't be put back, and where -----------------------------------------------------------


def refusal(settings: Settings, file: Path, **environment: str) -> list[str]:
    with pytest.raises(BadInput) as refused:
        restore_backup(settings, file, quiet, environment)
    return [str(problem) for problem in refused.value.problems]


def rewrite(file: Path, name: str, content: bytes) -> None:
    """Put something else into an archive in place of one of its parts."""
    with ZipFile(file) as archive_file:
        parts = {one: archive_file.read(one) for one in archive_file.namelist()}
    with ZipFile(file, "w") as archive_file:
        for one, held in (parts | {name: content}).items():
            archive_file.writestr(one, held)


def test_every_part_that_is_damaged_is_named_and_nothing_is_written(
    kept: Path, tmp_path: Path
) -> None:
    rewrite(kept, "store/people.jsonl", b"{}\n")
    rewrite(kept, "files/temporal.db", b"no database")
    said = refusal(settings_at(tmp_path / "new"), kept)
    assert [line.partition(": ")[2] for line in said] == [
        "store/people.jsonl is damaged. Take another one.",
        "files/temporal.db is damaged. Take another one.",
    ]
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("bytes_left", [0, 100, -20])
def test_half_an_archive_is_none(kept: Path, tmp_path: Path, bytes_left: int) -> None:
    kept.write_bytes(kept.read_bytes()[:bytes_left])
    (said,) = refusal(settings_at(tmp_path / "new"), kept)
    assert "not one of our backups, or it is damaged" in said


def test_an_archive_can_write_nowhere_else(kept: Path, tmp_path: Path) -> None:
    with ZipFile(kept) as archive_file:
        manifest = archive_file.read(MANIFEST)
    rewrite(kept, MANIFEST, manifest.replace(b"files/link_keys", b"files/../../etc_keys"))
    (said,) = refusal(settings_at(tmp_path / "new"), kept)
    assert "not one of our backups" in said


@pytest.mark.parametrize(
    "newer", [{"format": 2, "odd": True}, {"revision": "9999_later"}], ids=["format", "tables"]
)
def test_a_newer_version_s_backup_says_so(
    kept: Path, tmp_path: Path, newer: dict[str, object]
) -> None:
    with ZipFile(kept) as archive_file:
        manifest = json.loads(archive_file.read(MANIFEST))
    rewrite(kept, MANIFEST, json.dumps(manifest | {"version": "7.0.0"} | newer).encode())
    (said,) = refusal(settings_at(tmp_path / "new"), kept)
    assert "taken by version 7.0.0, which is newer than this one" in said


def test_a_folder_with_something_in_it_is_refused_with_all_that_is_in_the_way(
    var: Path, kept: Path
) -> None:
    said = refusal(settings_at(var), kept)
    in_the_way = {Path(line.partition(": ")[0]).name for line in said}
    assert in_the_way >= {"temporal.db", "mailbox.db", "link_keys", "the store"}
    assert said_in(var / "temporal.db") == ["before"]


def test_a_store_with_rows_in_it_is_refused(database: Database, kept: Path, tmp_path: Path) -> None:
    with database.write() as session:
        session.execute(insert(PersonRow), [a_person(1)])
    (said,) = refusal(settings_at(tmp_path / "new", url_of(database)), kept)
    assert said.startswith("the store: there are rows in people already.")
    assert not (tmp_path / "new" / "temporal.db").exists()


def test_a_folder_on_which_a_stack_runs_is_refused(kept: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    me = Process.of(os.getpid())
    write_note(new, RunningStack(supervisor=me, parts={}, ports=Ports(), settings={}))
    (said,) = refusal(settings_at(new), kept)
    assert f"a stack runs on this folder, process {me.pid}. Stop it first." in said


def test_a_restore_that_broke_off_can_be_done_again(var: Path, kept: Path, tmp_path: Path) -> None:
    new = settings_at(tmp_path / "new")

    def full(what: str, _done: int, _total: int) -> None:
        if what == "Filling the store":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        restore_backup(new, kept, full, {})
    assert not list(new.var_dir.glob("temporal.db*"))
    assert restore_backup(new, kept, quiet, {}).rows() == rows_of(var)


def test_with_temporal_elsewhere_its_histories_are_neither_taken_nor_put_back(
    var: Path, kept: Path, tmp_path: Path
) -> None:
    elsewhere = {"TEMPORAL_ADDRESS": "temporal.example.com:7233"}
    manifest = take_backup(settings_at(var), tmp_path / "store.zip", quiet, elsewhere)
    assert manifest.temporal == "temporal.example.com:7233"
    assert "temporal.db" not in manifest.file_names()
    (said,) = refusal(settings_at(tmp_path / "new"), kept, **elsewhere)
    assert "TEMPORAL_ADDRESS is temporal.example.com:7233" in said


# --- As it is typed ------------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "DATABASE_URL", "LINK_KEYS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("at")
def test_one_command_each(var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, new = tmp_path / "backups", tmp_path / "new"
    folder.mkdir()
    monkeypatch.setenv("VAR_DIR", str(var))
    done = type_in("backup", folder, "--json")
    assert done.code == 0
    file = Path(done.json["file"])
    assert file.parent == folder
    assert done.json["version"] == VERSION
    assert {"store/people.jsonl", "files/link_keys"} <= {m["name"] for m in done.json["members"]}
    assert "not encrypted" in " ".join(done.json["notes"])
    monkeypatch.setenv("VAR_DIR", str(new))
    restored = type_in("restore", file)
    assert (restored.code, restored.err) == (0, "")
    all_of_it = f"{rows_of(var)} rows of the store, Temporal’s histories, mailbox.db, link_keys"
    assert all_of_it in restored.out
    assert "Go on with: make run" in restored.out
    with closing(sqlite3.connect(new / "store.db")) as store:
        query = "SELECT act, outcome FROM acts WHERE act IN ('backup', 'restore') ORDER BY position"
        acts = store.execute(query).fetchall()
    assert acts == [("backup", "began"), ("restore", "done")]  # it was under way when it was kept
    again = type_in("restore", file, "--json")
    assert again.code == 2
    assert len(again.json["problems"]) >= 4


@pytest.mark.usefixtures("at")
def test_where_there_is_nothing_it_says_so_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "nothing"))
    done = type_in("backup", tmp_path / "no" / "file.zip")
    assert done.code == 2
    assert "there is no such folder" in done.err
    assert "store.db" in done.err
    assert list(tmp_path.iterdir()) == []
    gone = type_in("restore", tmp_path / "gone.zip")
    assert gone.code == 2
    assert "there is no such file" in gone.err


# --- Temporal older than the store ---------------------------------------------------------------

THEN = datetime(2026, 3, 1, 2, tzinfo=UTC)


def told(session: Session, delivered: datetime | None) -> None:
    outbox.add(session, "leaders", "m-1", Deed(kind=DeedKind.ACCEPTED, role=Role.MENTOR, at=THEN))
    session.flush()
    row = session.scalars(select(OutboxRow).order_by(OutboxRow.position.desc())).first()
    if row is not None and delivered is not None:
        row.delivered_at, row.outcome = delivered, Outcome.DELIVERED.value


def event(identity: str, kind: EventKind, minutes: int) -> JournalEvent:
    return JournalEvent(id=identity, kind=kind, at=THEN + timedelta(minutes=minutes))


@pytest.mark.usefixtures("at")
def test_what_temporal_forgot_is_done_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, pair = program_workflow_id("leaders"), pair_workflow_id("leaders", "m-1")
    with database.write() as session:
        for minutes in (-5, 0, 5):
            told(session, THEN + timedelta(minutes=minutes))
        told(session, None)
        journal.append(
            session,
            "leaders",
            [
                event(f"{program}#1", EventKind.PROGRAM_STARTED, -5),
                event(f"{program}#2", EventKind.MATCHES_APPROVED, 1),
                event(f"{pair}#7", EventKind.SESSION_DUE, 2),
                event("leaders/m-1/p-1/introduction#12", EventKind.INTRODUCTION_ACCEPTED, 3),
            ],
        )
    monkeypatch.setenv("DATABASE_URL", url_of(database))
    done = type_in("catch-up", "--since", "2026-03-01T02:00:00Z", "--json")
    assert (done.code, done.json["signals"], done.json["events"]) == (0, 2, 2)
    assert done.json["orders"] == ["leaders: matches_approved at 2026-03-01 02:01:00 UTC"]
    with database.write() as session:
        waiting = outbox.pending(session, 10)
        assert [row.position for row in waiting] == [2, 3, 4]
        assert {row.outcome for row in waiting} == {None}
        left = [found.id for _, found in journal.read(session, "leaders")]
        assert left == [f"{program}#1", "leaders/m-1/p-1/introduction#12"]
        assert catch_up(session, THEN).events == 0


@pytest.mark.parametrize("since", ["soon", "2026-03-01T02:00:00", "2999-01-01T00:00:00Z"])
def test_an_instant_that_is_none_is_told(since: str) -> None:
    done: Typed = type_in("catch-up", "--since", since)
    assert done.code == 2
    assert "2027-03-01T02:00:00Z" in done.err


def test_a_manifest_reads_as_it_was_written(kept: Path) -> None:
    with ZipFile(kept) as archive_file:
        manifest = Manifest.model_validate_json(archive_file.read(MANIFEST))
    assert manifest.revision == latest_revision()
    assert {m.rows for m in manifest.members if m.name == "store/people.jsonl"} == {3}
