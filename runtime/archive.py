"""The file that a backup is: a ZIP file with a manifest, rows of the store, and whole files."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from domain.model import Value
from domain.problems import BadInput, Problem
from store.migrate import is_known

FORMAT = 1
"""Rises when an older version could not read what a newer one writes."""

MANIFEST = "manifest.json"
STORE, FILES = "store/", "files/"
ROWS = ".jsonl"

CHUNK = 1024 * 1024

FILE_NAMES = re.compile(r"temporal\.db|mailbox\.db|[a-z]+_keys")
"""Files that a backup may hold."""

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


class Member(Value):
    """One part of the archive."""

    name: str
    sha256: str
    bytes: int
    rows: int | None = None
    """Of a table of the store."""


class Manifest(Value):
    """What an archive holds, and what it was taken of."""

    format: int
    version: str
    """Of the project."""
    revision: str
    """Of the store's tables."""
    taken_at: datetime
    """The instant as of which everything is."""
    temporal: str | None = None
    """Where Temporal was, if it was no embedded one: then its histories are not in here."""
    portal_port: int | None = None
    """Links in mails that have gone out lead there."""
    members: tuple[Member, ...]

    def table_names(self) -> Sequence[str]:
        """The tables of which it has rows."""
        names = [one.name for one in self.members if one.rows is not None]
        return [name.removeprefix(STORE).removesuffix(ROWS) for name in names]

    def file_names(self) -> Sequence[str]:
        """The whole files in it."""
        return [one.name.removeprefix(FILES) for one in self.members if one.rows is None]

    def rows(self) -> int:
        """All rows of the store."""
        return sum(one.rows or 0 for one in self.members)


# --- Writing -------------------------------------------------------------------------------------


class Packing:
    """An archive on its way."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.members: list[Member] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a part; rows are counted by their lines."""
        digest, size, lines = hashlib.sha256(), 0, 0
        with self._archive.open(name, "w", force_zip64=True) as part:
            for chunk in chunks:
                part.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
        rows = lines if name.endswith(ROWS) else None
        self.members.append(Member(name=name, sha256=digest.hexdigest(), bytes=size, rows=rows))

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, which makes the archive whole."""
        self._archive.writestr(MANIFEST, manifest.model_dump_json(indent=2))


@contextmanager
def packing(file: Path) -> Iterator[Packing]:
    """Write a new archive."""
    with ZipFile(file, "x", ZIP_DEFLATED) as archive:
        yield Packing(archive)


def chunks_of(file: Path) -> Iterator[bytes]:
    """A file, some at a time."""
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


# --- Reading -------------------------------------------------------------------------------------


class Archive:
    """An archive that is there, found to be whole."""

    def __init__(self, file: Path, archive: ZipFile, manifest: Manifest) -> None:
        self._file = file
        self._archive = archive
        self.manifest = manifest

    def rows(self, table: str) -> Iterator[bytes]:
        """The rows of a table, as they were packed."""
        with self._archive.open(f"{STORE}{table}{ROWS}") as part:
            yield from part

    def file(self, name: str) -> Iterator[bytes]:
        """A whole file, some at a time."""
        return self._chunks(FILES + name)

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._archive.open(name) as part:
            while chunk := part.read(CHUNK):
                yield chunk

    def check(self, progress: Progress) -> None:
        """Read all of it once. Raises BadInput with every part that is damaged."""
        done, total = 0, sum(member.bytes for member in self.manifest.members)
        problems = []
        for member in self.manifest.members:
            digest = hashlib.sha256()
            try:
                for chunk in self._chunks(member.name):
                    digest.update(chunk)
                    done += len(chunk)
                    progress("Checking the archive", done, total)
            except (KeyError, BadZipFile, EOFError, zlib.error):
                digest = hashlib.sha256(b"damaged")
            if digest.hexdigest() != member.sha256:
                problems.append(_problem(self._file, f"{member.name} is damaged.", _OTHER))
        if problems:
            raise BadInput(problems)


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open an archive. Raises BadInput where it is none, or one that this version can't read."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(ZipFile(file))
            document = json.loads(archive.read(MANIFEST))
            _refuse_newer(file, document)
            manifest = _whole(Manifest.model_validate(document))
        except FileNotFoundError as error:
            raise BadInput([_problem(file, "there is no such file.", _OTHER)]) from error
        except (BadZipFile, KeyError, EOFError, zlib.error, ValueError) as error:
            what = "this is not one of our backups, or it is damaged."
            raise BadInput([_problem(file, what, _OTHER)]) from error
        yield Archive(file, archive, manifest)


_OTHER = "Take another one."


def _refuse_newer(file: Path, document: object) -> None:
    if not isinstance(document, dict):
        raise ValueError
    version = document.get("version")
    newer = isinstance(document.get("format"), int) and document["format"] > FORMAT
    revision = document.get("revision")
    if newer or (isinstance(revision, str) and not is_known(revision)):
        message = f"it was taken by version {version}, which is newer than this one."
        raise BadInput([_problem(file, message, "Restore it with that version, or a later one.")])


def _whole(manifest: Manifest) -> Manifest:
    """The manifest, if it names nothing that could land outside of where it belongs."""
    for name in manifest.file_names():
        if not FILE_NAMES.fullmatch(name):
            raise ValueError(name)
    return manifest


def _problem(file: Path, message: str, hint: str) -> Problem:
    return Problem(file=str(file), message=message, hint=hint)
