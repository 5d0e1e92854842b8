"""Files that are too large to be kept, or unpack to too much: made here, and read within bounds."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from store.survey_file import read_survey
from store.table_file import read_table
from tests.fuzz.runner import Report
from tests.fuzz.tables import sheet, text, workbook, zipped
from tests.fuzz.watch import Case, Ended, Failure, Read, attempt

MEGABYTES = 600
"""What a process may hold at most while it reads them, one after the other."""
SECONDS = 60.0
"""Of the processor, that each may take: a small file may be one that unpacks to 200 MB."""


def _table(path: Path) -> None:
    read_table(path, ["Name", "Mail"])


def _row(number: int) -> str:
    return f'<row r="{number}"><c><v>{number}</v></c><c t="s"><v>0</v></c></row>'


def _workbook_of(xml: str, **parts: str) -> bytes:
    made = workbook({"People": sheet([[text("Name"), text("Mail")]])})
    made["xl/worksheets/sheet1.xml"] = made["xl/worksheets/sheet1.xml"].replace(
        "</sheetData>", f"{xml}</sheetData>"
    )
    for name, more in parts.items():
        part = f"xl/{name}.xml"
        closing = made[part].rindex("</")
        made[part] = made[part][:closing] + more + made[part][closing:]
    return zipped({name: part.encode() for name, part in made.items()})


def _unpacking_to(megabytes: int) -> bytes:
    """A workbook with a part of so many spaces."""
    out = io.BytesIO(_workbook_of(""))
    with (
        zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/more.xml", "w") as part,
    ):
        for _ in range(megabytes):
            part.write(b" " * 1_000_000)
    return out.getvalue()


def _laughs() -> bytes:
    names = "abcdefghij"
    lines = ['<!ENTITY a "ha">']
    lines += [f'<!ENTITY {n} "{f"&{before};" * 10}">' for before, n in pairwise(names)]
    parts = workbook({"People": sheet([['<c t="inlineStr"><is><t>&j;</t></is></c>']])})
    found = {name: part.encode() for name, part in parts.items()}
    part = "xl/worksheets/sheet1.xml"
    found[part] = f"<!DOCTYPE x [{''.join(lines)}]>".encode() + found[part]
    return zipped(found)


LARGE: dict[str, tuple[str, Read, Callable[[], bytes], Ended]] = {
    "a million rows of CSV": (
        "given.csv",
        _table,
        lambda: b"Name,Mail\n" + b"".join(b"p%d,p%d@x.io\n" % (n, n) for n in range(1_000_000)),
        Ended.REFUSED,
    ),
    "a million rows of CSV with little in them": (
        "given.csv",
        _table,
        lambda: b"Name,Mail\n" + b"x,y\n" * 1_000_000,
        Ended.REFUSED,
    ),
    "a million empty rows of CSV": (
        "given.csv",
        _table,
        lambda: b"a,b\n" + b",\n" * 1_000_000,
        Ended.TAKEN,
    ),
    "CSV of one line": ("given.csv", _table, lambda: b"x" * 15_000_000, Ended.REFUSED),
    "CSV of commas": ("given.csv", _table, lambda: b"," * 15_000_000 + b"x", Ended.REFUSED),
    "CSV with a quotation mark that never closes": (
        "given.csv",
        _table,
        lambda: b'Name,Mail\n"' + b"x,y\n" * 3_000_000,
        Ended.REFUSED,
    ),
    "CSV of quotation marks": ("given.csv", _table, lambda: b'"' * 15_000_000, Ended.REFUSED),
    "a long line without an accent before one with": (
        "given.csv",
        _table,
        lambda: b"Name,Mail\n" + b"x" * 8_000_000 + b"\nM\xfcller,x\n",
        Ended.REFUSED,
    ),
    "a million rows of a sheet": (
        "given.xlsx",
        _table,
        lambda: _workbook_of("".join(map(_row, range(2, 1_000_002)))),
        Ended.REFUSED,
    ),
    "a million empty rows of a sheet": (
        "given.xlsx",
        _table,
        lambda: _workbook_of("".join(f'<row r="{n}"/>' for n in range(2, 1_000_002))),
        Ended.TAKEN,
    ),
    "a row far below": (
        "given.xlsx",
        _table,
        lambda: _workbook_of(_row(2) + _row(10**15)),
        Ended.TAKEN,
    ),
    "rows with an empty cell far to the right": (
        "given.xlsx",
        _table,
        lambda: _workbook_of(
            "".join(
                f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="XFD{n}"/></row>'
                for n in range(2, 90_000)
            )
        ),
        Ended.TAKEN,
    ),
    "a sheet that unpacks to a thousand times its size": (
        "given.xlsx",
        _table,
        lambda: _unpacking_to(150),
        Ended.REFUSED,
    ),
    "more unpacked than is read": (
        "given.xlsx",
        _table,
        lambda: _unpacking_to(201),
        Ended.REFUSED,
    ),
    "half a million styles": (
        "given.xlsx",
        _table,
        lambda: _workbook_of("", styles="<x/>" * 500_000),
        Ended.REFUSED,
    ),
    "three million shared texts": (
        "given.xlsx",
        _table,
        lambda: _workbook_of("", sharedStrings="<si/>" * 3_000_000),
        Ended.REFUSED,
    ),
    "ten thousand sheets that are one": (
        "given.xlsx",
        _table,
        lambda: zipped(
            {
                name: part.replace(
                    "</sheets>", '<sheet name="x" sheetId="9" r:id="rId1"/>' * 10_000 + "</sheets>"
                ).encode()
                for name, part in workbook({"People": sheet([[text("Name")]])}).items()
            }
        ),
        Ended.REFUSED,
    ),
    "entities that name one another": ("given.xlsx", _table, _laughs, Ended.REFUSED),
    "YAML of brackets": ("given.yaml", read_survey, lambda: b"[" * 900_000, Ended.REFUSED),
    "YAML of dashes": ("given.yaml", read_survey, lambda: b"- " * 400_000, Ended.REFUSED),
    "YAML of a long list": (
        "given.yaml",
        read_survey,
        lambda: b"a: [" + b"1," * 400_000 + b"]",
        Ended.REFUSED,
    ),
    "YAML of many keys": (
        "given.yaml",
        read_survey,
        lambda: b"".join(b"k%d: v\n" % n for n in range(70_000)),
        Ended.REFUSED,
    ),
    "YAML of one long word": (
        "given.yaml",
        read_survey,
        lambda: b"title: " + b"x " * 450_000,
        Ended.REFUSED,
    ),
}
"""Each with its name, what reads it, what it holds, and whether it is to be taken."""


def read_large(folder: Path) -> Report:
    """Read them all."""
    began = time.process_time()
    ended: list[Ended] = []
    failure = ""
    try:
        ended.extend(read_one(what, folder) for what in LARGE)
    except Failure as error:
        failure = str(error)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if held > MEGABYTES:
        failure = f"{failure} {held} MB were held, of at most {MEGABYTES}."
    return Report(
        target="large",
        taken=ended.count(Ended.TAKEN),
        refused=ended.count(Ended.REFUSED),
        seconds=round(time.process_time() - began, 1),
        megabytes=held,
        failure=failure,
    )


def read_one(what: str, folder: Path) -> Ended:
    """Read one of them. Raises `Failure` if it is not taken or refused as it should be."""
    name, read, made, expected = LARGE[what]
    try:
        ended = attempt(read, Case(name, made()), folder, seconds=SECONDS)
    except Failure as error:
        raise Failure(f"{what}: {error}") from error
    if ended is not expected:
        raise Failure(f"{what}: it was {ended}")
    return ended


def small_ones() -> Iterator[str]:
    """Those that take little time to make and to read."""
    return (what for what in LARGE if what in _SMALL)


_SMALL = frozenset(
    {
        "CSV of one line",
        "a row far below",
        "half a million styles",
        "ten thousand sheets that are one",
        "entities that name one another",
        "YAML of brackets",
        "YAML of dashes",
    }
)
