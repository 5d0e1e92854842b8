"""`export` and `erase`, as HR types them: without a server, and with one while a pair meets."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.mailbox import Mailbox
from store import erasing
from store.database import Database
from tests.console.typed import type_in
from tests.erasing import EMAIL, NAME, REFERENCE, SECRET, TELLING, WHO, hold_everything
from tests.portal.scene import PROGRAM, Scene, fill


@pytest.fixture
def var(here: Path) -> Path:
    """The stack's folder."""
    return here.parent / "var"


@pytest.fixture
def scene(sqlite_database: Database, var: Path) -> Iterator[Scene]:
    """A program of which every table tells of one person, and mails to her and about her."""
    var.mkdir()
    shutil.move(str(sqlite_database.engine.url.database), var / "store.db")
    database = Database(f"sqlite:///{var / 'store.db'}")
    made = fill(database)
    hold_everything(made)
    mailbox = Mailbox(var / "mailbox.db")
    for to, words in (
        (EMAIL, "Dear reader"),
        ("theo@example.com", f"Meet {NAME}"),
        ("cora@example.com", f"Somebody wrote: {SECRET}."),
        ("vera@example.com", "Nothing about her"),
    ):
        mailbox.keep(f"To: {to}\nSubject: Hello\n\n{words}\n".encode(), [to])
    mailbox.close()
    yield made
    made.database.close()


def bytes_of(var: Path) -> bytes:
    """All files of the stack, free pages too."""
    return b"".join(file.read_bytes() for file in sorted(var.rglob("*")) if file.is_file())


def test_everything_is_exported_to_a_file_of_its_own(scene: Scene, here: Path) -> None:
    done = type_in("export", EMAIL.upper(), "--out", "hers.json")
    assert (done.code, done.err) == (0, "")
    document = json.loads((here / "hers.json").read_text("utf-8"))
    assert document["person"]["name"] == NAME
    assert document["programs"][0]["program"] == PROGRAM
    assert os.stat("hers.json").st_mode & 0o077 == 0
    again = type_in("export", "E-0", "--out", "hers.json")
    assert again.code == 2
    assert "hers.json is there already" in again.err
    assert "nobody is known by “E-0”" in again.err
    assert json.loads(type_in("export", WHO).out) == document


def test_who_is_erased_is_in_no_file_any_more(scene: Scene, var: Path) -> None:
    assert all(telling.encode() in bytes_of(var) for telling in TELLING)
    done = type_in("erase", REFERENCE, "--yes", "--json")
    assert done.code == 0, done.json["scan"]["left"]
    left = bytes_of(var).lower()
    assert [telling for telling in TELLING if telling.lower().encode() in left] == []
    proof = done.json
    assert proof["erased"]["person"] == WHO
    assert proof["mails"] == 3
    assert proof["compacted"]
    assert proof["scan"]["left"] == []
    assert proof["scan"]["mails"] == 1
    assert not proof["told"], "no Temporal answers, and the signal is kept"
    assert not any(telling in done.out for telling in TELLING)
    again = type_in("erase", WHO, "--yes", "--json")
    assert (again.code, again.json["proofs"][0]["id"]) == (0, proof["id"])


def test_what_would_go_is_shown_first_and_no_changes_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scene.everything()
    monkeypatch.setattr("console.rights._problems_with_asking", lambda _yes: [])
    done = type_in("erase", EMAIL, answer="n\n")
    assert done.code == 0
    assert f"program/{PROGRAM}: participants 2, answers 5" in done.err
    assert "in the list for the next program of looking-up" in done.err
    assert "Nothing was changed." in done.err
    after = scene.everything()
    assert [row[3:6] for row in after.pop("acts")] == [("terminal", "erase", None)]
    assert after == {table: rows for table, rows in before.items() if table != "acts"}


def test_all_that_is_wrong_is_told_at_once(scene: Scene) -> None:
    done = type_in("erase", "nobody@example.com")
    assert done.code == 2
    assert "nobody is known by “nobody@example.com”" in done.err
    assert "Give --yes where there is no terminal" in done.err
    assert "2 problems. Nothing was changed." in done.err


def test_what_is_left_is_named_and_the_command_fails(
    scene: Scene, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (var / "report").mkdir()
    (var / "report" / "notes.txt").write_text(f"{NAME} was great", "utf-8")
    monkeypatch.setattr(erasing, "_signatures_of_others", lambda *_: 0)
    done = type_in("erase", WHO, "--yes")
    assert done.code == 1
    assert "• signatures.text: 1" in done.out
    assert "• report/notes.txt: 1" in done.out
    assert "something is left" in done.out


def test_after_restoring_an_older_store_the_opaque_id_is_enough(scene: Scene, var: Path) -> None:
    with scene.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{var.parent / 'older.db'}'")
    scene.database.close()
    person = type_in("erase", EMAIL, "--yes", "--json").json["erased"]["person"]
    for file in var.glob("store.db*"):
        file.unlink()
    (var.parent / "older.db").rename(var / "store.db")
    done = type_in("erase", person, "--yes", "--json")
    assert (done.code, done.json["scan"]["left"]) == (0, [])
    assert done.json["erased"]["identity"]
