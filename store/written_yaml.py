"""Reading a YAML file that a person wrote, with the line of each key and value."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from domain.problems import Problem
from store.input_file import refuse

MAX_NODES = 100_000
"""Values in a file, those that aliases repeat counted each time."""
MAX_DEPTH = 50
MAX_STEPS = 200_000
"""Words and signs of a file. The longest vocabulary that may be has some 110,000; so many take
about five seconds to read."""
MAX_DIGITS = 300
"""Longer numbers are text: no setting is one."""

PathInFile = tuple[str | int, ...]
"""Keys and positions from the top of the file to a value."""


def _decode(path: Path, data: bytes) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise refuse(
            path,
            "this line is not in UTF-8, so it can't be read.",
            "Save the file with the encoding UTF-8.",
            line=data.count(b"\n", 0, error.start) + 1,
        ) from error


class _TooMuchError(Exception):
    """The file asks for more than any that is read here needs."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _BoundedScanner(Scanner):
    """Gives up on a file before it takes too long.

    The time that a bracket takes grows with the number of those that are open.
    """

    _steps = 0

    def fetch_more_tokens(self) -> Any:
        """Take in the next sign or word."""
        self._steps += 1
        if self._steps > MAX_STEPS or max(self.flow_level, len(self.indents)) > MAX_DEPTH:
            raise _TooMuchError(self.reader.line + 1)
        return super().fetch_more_tokens()


_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
"""Characters that steer a terminal or turn all text round, or are none: a quoted text may ask for
them by their codes."""


class WrittenYaml:
    """What a YAML file says, with the line of each key and value.

    The file is read as nodes and turned into plain data here, so that a date which does not exist
    is a problem with a line like any other, a key written twice is seen, and aliases that repeat
    one another can't grow without end.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        """Read a file's bytes.

        Raises:
            BadInput: they are not in UTF-8.
        """
        text = _decode(path, data)
        self.path = path
        self.problems: list[Problem] = []
        self.data: Any = None
        self._lines: dict[PathInFile, int] = {}
        self._nodes = 0
        yaml = YAML(typ="safe", pure=True)
        yaml.Scanner = _BoundedScanner
        self._constructor = yaml.constructor
        try:
            root = yaml.compose(text)
            if root is not None:
                self.data = self._read(root, (), ())
        except MarkedYAMLError as error:
            self._tell_syntax(error)
        except ReaderError as error:
            self.problems.append(
                Problem(
                    file=str(path),
                    line=text.count("\n", 0, error.position) + 1,
                    message="a character stands here that can't be seen and has no place in a "
                    "text file.",
                    hint="Delete it.",
                )
            )
        except _TooMuchError as error:
            self.problems.append(
                Problem(
                    file=str(path),
                    line=error.line,
                    message=f"this holds more than {MAX_NODES:,} values or is nested more than "
                    f"{MAX_DEPTH} deep, which nothing that is read here needs.",
                )
            )
        except YAMLError:
            self.problems.append(Problem(file=str(path), message="this is not YAML."))

    def problem(self, where: PathInFile, message: str, hint: str | None = None) -> Problem:
        """A problem with the value at `where`, or the nearest one around it that is there."""
        known = where
        while known and known not in self._lines:
            known = known[:-1]
        return Problem(
            file=str(self.path),
            line=self._lines.get(known, 1),
            field=_dotted(where),
            message=message,
            hint=hint,
        )

    def _read(self, node: Node, where: PathInFile, above: tuple[int, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(above) > MAX_DEPTH:
            raise _TooMuchError(node.start_mark.line + 1)
        self._lines.setdefault(where, node.start_mark.line + 1)
        if id(node) in above:
            self.problems.append(self.problem(where, "this contains itself."))
            return None
        inside = (*above, id(node))
        if isinstance(node, MappingNode):
            return self._read_mapping(node, where, inside)
        if isinstance(node, SequenceNode):
            return [
                self._read(item, (*where, number), inside) for number, item in enumerate(node.value)
            ]
        return self._read_scalar(node, where)

    def _read_mapping(
        self, node: MappingNode, where: PathInFile, inside: tuple[int, ...]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self.problems.append(self.problem(where, "a key must be a word."))
                continue
            line = key_node.start_mark.line + 1
            key = self._visible(str(key_node.value), where, line)
            place = (*where, key)
            if key in found:
                self.problems.append(
                    Problem(
                        file=str(self.path),
                        line=line,
                        field=_dotted(place),
                        message=f"“{key}” is written twice here, first on line "
                        f"{self._lines[place]}.",
                        hint="Keep one of them.",
                    )
                )
                continue
            self._lines[place] = line
            found[key] = self._read(value_node, place, inside)
        return found

    def _read_scalar(self, node: Node, where: PathInFile) -> Any:
        kind = str(node.tag).rsplit(":", 1)[-1]
        written = str(node.value)
        if kind in ("null", "bool", "int", "float"):
            return self._plain(node, written)
        if kind not in ("str", "timestamp"):
            self.problems.append(self.problem(where, f"“{node.tag}” is not allowed here."))
        return self._visible(written, where, node.start_mark.line + 1)

    def _plain(self, node: Node, written: str) -> Any:
        """A number, true, false or nothing; what is none after all is text."""
        if len(written) > MAX_DIGITS:
            return written
        try:
            value = self._constructor.construct_object(node)
        except (ConstructorError, ValueError, KeyError, IndexError, OverflowError):
            return written
        is_endless = isinstance(value, float) and not math.isfinite(value)
        return written if is_endless else value

    def _visible(self, text: str, where: PathInFile, line: int) -> str:
        """A text, after a complaint of what can't be seen in it."""
        found = _INVISIBLE.search(text)
        if found is not None:
            self.problems.append(
                Problem(
                    file=str(self.path),
                    line=line,
                    field=_dotted(where),
                    message=f"a character stands here that can't be seen (U+{ord(found[0]):04X}).",
                    hint="Take it out.",
                )
            )
        return text

    def _tell_syntax(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        complaint = str(error.problem or error.context or "")
        message, hint = next(words for needle, *words in _SYNTAX if needle in complaint)
        self.problems.append(
            Problem(
                file=str(self.path),
                line=mark.line + 1 if mark else None,
                message=message,
                hint=hint,
            )
        )


_SYNTAX = (
    ("'\\t'", "a tab stands here.", "Indent with spaces."),
    (
        "undefined alias",
        "“*name” refers to nothing.",
        "Put text that begins with * in quotes.",
    ),
    (
        "but found another document",
        "a second document begins here (“---”).",
        "A file holds one definition.",
    ),
    (
        "cannot start any token",
        "text can't begin with this character.",
        "Put the text in quotes.",
    ),
    ("unexpected end of stream", "a quotation mark is opened and not closed.", "Close it."),
    (
        "mapping values are not allowed",
        "a second colon stands on this line, or it is indented too far.",
        "Put text that contains “: ” in quotes, and align the line with its neighbours.",
    ),
    (
        "",
        "the text does not fit together here, or just above.",
        "Check that neighbouring lines are indented alike, that each key is followed by a colon "
        "and a space, and that brackets and quotation marks are closed.",
    ),
)
"""What the YAML parser's complaints contain, and what they mean to somebody who does not know
YAML's grammar. The first that fits is told."""


def _dotted(where: PathInFile) -> str | None:
    text = ""
    for part in where:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or None
