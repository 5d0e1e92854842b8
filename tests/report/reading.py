"""How tests read a report."""

from __future__ import annotations

import csv
import io
from collections import Counter
from html.parser import HTMLParser

from activities.report import REPORT_HTML, ReportFiles


class Reader(HTMLParser):
    """What a page says, and what it names."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self._style = tag == "style"
        for key, value in attrs:
            if key == "id":
                self.ids.append(value or "")
            if key in ("src", "href", "xlink:href", "action", "data", "srcset"):
                self.addresses.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)


def rows(files: ReportFiles, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(files[name].decode("utf-8-sig"))))


def html(files: ReportFiles) -> str:
    """The page."""
    return files[REPORT_HTML].decode()


def read(files: ReportFiles) -> Reader:
    """The page, read through."""
    reader = Reader()
    reader.feed(html(files))
    return reader


def words(files: ReportFiles) -> str:
    """What the page says, with single spaces."""
    return " ".join(" ".join(read(files).words).split())
