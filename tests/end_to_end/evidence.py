"""What a program left behind, gathered for the tests to look through."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from google.protobuf.json_format import MessageToDict
from sqlalchemy import select
from temporalio.client import Client

from domain.ids import program_workflow_id
from store.database import Database
from store.tables import AnswerRow, PersonRow, SessionRow, SignatureRow


@dataclass(frozen=True)
class Held:
    """What Temporal holds on a program, as text."""

    payloads: str
    """Inputs, results, signals, updates, failures, memos, summaries and search attributes."""
    all: str
    """Those, and everything that the server itself wrote around them."""

    def mentions(self, word: str) -> bool:
        """Whether a word stands in it. A mere number counts in payloads alone, on its own: the
        server's own counters hit every number sooner or later."""
        if word.isdigit():
            return re.search(rf"(?<![\d.:]){word}(?!\d)", self.payloads) is not None
        return word in self.all


async def everything_in_temporal(client: Client, program: str) -> Held:
    """The whole of what Temporal holds on a program, payloads opened."""
    found: list[tuple[bool, str]] = []
    async for execution in client.list_workflows(f'MentoringProgram="{program}"'):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await handle.fetch_history()
        found += strings(json.loads(history.to_json()))
        found += strings(MessageToDict(execution.raw_info))
        found += strings(MessageToDict((await handle.describe()).raw_description))
    held = Held(
        payloads="\n".join(text for is_payload, text in found if is_payload),
        all="\n".join(text for _, text in found),
    )
    assert program in held.payloads
    assert program_workflow_id(program) in held.all
    return held


def strings(value: Any, key: str = "") -> Iterator[tuple[bool, str]]:
    """Every string in it, and whether it was a payload."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, key)
    elif isinstance(value, str):
        is_payload = key == "data"
        yield is_payload, _opened(value) if is_payload else value


def _opened(data: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return data


def personal_words(database: Database) -> set[str]:
    """Every name, address and id of a person, and every word that somebody wrote."""
    words: set[str] = set()
    with database.read() as session:
        for person in session.scalars(select(PersonRow)):
            words |= {person.name, person.email, person.reference, *person.name.split()}
        for answer in session.scalars(select(AnswerRow)):
            words |= set(_free_text(answer.content))
        for signature in session.scalars(select(SignatureRow)):
            words |= set(_free_text(signature.choices))
        for place in (SessionRow.place, SessionRow.proposed_place):
            words |= {text for text in session.scalars(select(place)) if text}
    return {word for word in words if len(word) > 2}


def _free_text(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _free_text(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _free_text(inner)
    elif isinstance(value, str) and " " in value:
        yield value


def deliveries(mailbox: str) -> list[dict[str, Any]]:
    """Every mail that the mail server took, repeated ones too."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        answer = httpx.get(f"{mailbox}/api/messages", params={"after": after}, timeout=60)
        page = answer.json()["messages"]
        if not page:
            return found
        found += page


def log_lines(folder: Path) -> str:
    """All that the processes wrote into their logs."""
    return "\n".join(
        file.read_text("utf-8", "replace") for file in sorted(folder.glob("logs/*.log*"))
    )


async def personal_words_held(
    client: Client, database: Database, folder: Path, program: str
) -> list[str]:
    """Of all personal words of a program, those that Temporal or a log holds."""
    words = personal_words(database)
    assert len(words) > 100
    held = await everything_in_temporal(client, program)
    logs = log_lines(folder)
    assert len(logs) > 1_000
    in_logs = {word for word in words if not word.isdigit() and word in logs}
    return sorted(in_logs | {word for word in words if held.mentions(word)})
