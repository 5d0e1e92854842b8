"""`starter.py backup`, `restore` and `catch-up`: what operators need on a bad day."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from console.stores import err, out, store, told
from console.terminal import fail, print_json
from domain.problems import BadInput, Problem
from runtime import archive
from runtime.archive import Manifest
from runtime.backup import TEMPORAL_FILE, take_backup
from runtime.restore import restore_backup
from runtime.settings import load_settings
from store.archive import StoreBusy
from store.going_back import Again, catch_up

app = typer.Typer(add_completion=False)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document and nothing else.")]

RUN = "make run"


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file, or a folder to name one in.")],
    as_json: AsJson = False,
) -> None:
    """Keep everything in one file, while it runs.

    It holds personal data and keys: only you can read it, and it is not encrypted.
    """
    with told(as_json=as_json):
        settings = load_settings()
        if file.is_dir():
            file /= f"reverse-mentoring-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.zip"
        try:
            with _progress() as progress:
                manifest = take_backup(settings, file, progress)
        except StoreBusy:
            fail("The store was written to without a pause. Nothing was kept: try again.")
        notes = _after_backup(manifest)
        if as_json:
            print_json(_facts(file, manifest) | {"notes": notes})
            return
        out.print(f"Kept in {file}: {_contents(manifest)}.", soft_wrap=True)
        for note in notes:
            out.print(note, soft_wrap=True)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What “backup” wrote.")], as_json: AsJson = False
) -> None:
    """Put a backup back.

    Into an empty folder (VAR_DIR) and an empty store.
    """
    with told(as_json=as_json):
        settings = load_settings()
        with _progress() as progress:
            manifest = restore_backup(settings, file, progress)
        notes = _after_restore(manifest, settings.link_keys != ())
        if as_json:
            print_json(_facts(file, manifest) | {"notes": notes})
            return
        out.print(f"Restored to {settings.var_dir}: {_contents(manifest)}.", soft_wrap=True)
        out.print(f"All of it is as of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.")
        for note in notes:
            out.print(note, soft_wrap=True)


@app.command("catch-up")
def catch_up_since(
    since: Annotated[
        str, typer.Option("--since", help="When Temporal's backup was taken: 2027-03-01T02:00:00Z.")
    ],
    as_json: AsJson = False,
) -> None:
    """Have done again what Temporal forgot.

    For a Temporal that came back older than the store. Stop workers and portals first.
    """
    with told(as_json=as_json):
        instant = _instant(since)
        with store(load_settings()) as database, database.write() as session:
            again = catch_up(session, instant)
        if as_json:
            print_json(again.model_dump(mode="json"))
            return
        for line in _what_comes_again(again):
            out.print(line, soft_wrap=True)


def _instant(words: str) -> datetime:
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        found = None
    message = None
    if found is None:
        message = f"“{words}” is not an instant."
    elif found.tzinfo is None:
        message = f"“{words}” has no time zone."
    elif found > datetime.now(UTC):
        message = f"“{words}” is still to come."
    if message is not None or found is None:
        hint = "Write it like 2027-03-01T02:00:00Z."
        raise BadInput([Problem(file="--since", message=str(message), hint=hint)])
    return found


def _what_comes_again(again: Again) -> Iterator[str]:
    yield f"{again.signals} deeds of people are told to their workflows again by the portal."
    yield (
        f"{again.events} events of workflows were taken out of the journal: they come again as the "
        "programs go on."
    )
    for order in again.orders:
        yield f"Was decided after that, and Temporal has forgotten it: {order}. Do it again."


@contextmanager
def _progress() -> Iterator[archive.Progress]:
    """A bar on standard error, for who looks at it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as shown:
        bar = shown.add_task("")

        def tell(what: str, done: int, total: int) -> None:
            shown.update(bar, description=what, completed=done, total=max(total, 1))

        yield tell


def _contents(manifest: Manifest) -> str:
    parts = [f"{manifest.rows()} rows of the store"]
    names = manifest.file_names()
    if TEMPORAL_FILE in names:
        parts.append("Temporal’s histories")
    parts += [name for name in names if name != TEMPORAL_FILE]
    return ", ".join(parts)


def _facts(file: Path, manifest: Manifest) -> dict[str, object]:
    return {
        "file": os.fspath(file.resolve()),
        "bytes": file.stat().st_size,
        **manifest.model_dump(mode="json"),
    }


def _has_histories(manifest: Manifest) -> bool:
    return TEMPORAL_FILE in manifest.file_names()


def _after_backup(manifest: Manifest) -> list[str]:
    notes = ["It holds personal data and is not encrypted: keep it as safe as the store."]
    if manifest.temporal is not None:
        notes.append(
            f"Temporal at {manifest.temporal} keeps the histories, and they are not in it: back "
            "them up there, before the store. See docs/backup.md."
        )
    if "link_keys" not in manifest.file_names():
        notes.append("The keys of the links are not in it: keep LINK_KEYS yourself.")
    return notes


def _after_restore(manifest: Manifest, has_keys: bool) -> list[str]:
    notes = []
    if manifest.temporal is not None:
        notes.append(
            f"The histories were kept by Temporal at {manifest.temporal}. If that comes back from "
            "an older backup: python starter.py catch-up --since INSTANT"
        )
    elif not _has_histories(manifest):
        notes.append("There were no histories in it: no program will go on by itself.")
    if "link_keys" not in manifest.file_names() and not has_keys:
        notes.append("Set LINK_KEYS to the keys of then, or links in mails don’t work any more.")
    return [*notes, f"Go on with: {RUN}" if _has_histories(manifest) else "See docs/backup.md."]
