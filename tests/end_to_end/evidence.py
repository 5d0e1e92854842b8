"""What a program left behind, gathered for the tests to look through."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from google.protobuf.json_format import MessageToDict
from sqlalchemy import select
from temporalio.client import Client

from domain.ids import program_workflow_id
from store.database import Database
from store.tables import AnswerRow, PersonRow, SessionRow


async def workflow_ids(client: Client, program: str) -> list[str]:
    """All workflows of a program."""
    query = f'MentoringProgram="{program}"'
    return [found.id async for found in client.list_workflows(query)]


async def everything_in_temporal(client: Client, program: str) -> str:
    """The whole of what Temporal holds on a program, as text, payloads opened."""
    parts: list[str] = []
    async for execution in client.list_workflows(f'MentoringProgram="{program}"'):
        parts.append(json.dumps(MessageToDict(execution.raw_info)))
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await handle.fetch_history()
        parts += _strings(json.loads(history.to_json()))
        description = await handle.describe()
        parts += _strings(MessageToDict(description.raw_description))
    assert f'"{program_workflow_id(program)}"' in "\n".join(parts)
    return "\n".join(parts)


def _strings(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key)
    elif isinstance(value, str):
        yield _opened(value) if key in ("data", "encoding") else value


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
        words |= {place for place in session.scalars(select(SessionRow.place)) if place}
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
        page = httpx.get(f"{mailbox}/api/messages", params={"after": after}).json()["messages"]
        if not page:
            return found
        found += page


def log_lines(folder: Path) -> str:
    """All that the processes wrote into their logs."""
    return "\n".join(
        file.read_text("utf-8", "replace") for file in sorted(folder.glob("logs/*.log*"))
    )
