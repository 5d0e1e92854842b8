"""Telling the coordinator in a chat room as well, once the mail that says it has gone out.

A room has many readers, so nothing there opens a page or says what somebody wrote: it says which
pair, what is asked, and where to look. By default it names ids and no people.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog

from domain.ids import pair_workflow_id
from domain.pair_story import pair_commands
from store import ledger, programs
from store.content import Content
from store.database import Database
from store.ledger import CHANNEL, Entry

if TYPE_CHECKING:
    from apprise import Apprise

_log = structlog.get_logger("channels")

TELLS = frozenset({"coordinator_task", "help_asked", "check_in_flagged", "pair_stalled"})
"""The mails to the coordinator that ask for something, about one pair."""

_TO = "coordinator"


class Channels:
    """The rooms that an operator named.

    `workflows` is the address under which the Temporal UI shows a workflow by its id. What a room
    does not take is noted and given up: the mail has gone out, and nothing waits for a room.
    """

    def __init__(
        self,
        database: Database,
        content: Content,
        urls: Sequence[str],
        workflows: str,
        *,
        names: bool = False,
    ) -> None:
        self._database = database
        self._content = content
        self._urls = tuple(urls)
        self._workflows = workflows.rstrip("/")
        self._names = names

    def tell(self, entries: Sequence[Entry], now: datetime) -> None:
        """Tell the rooms what was just sent to the coordinator, each message once.

        Once means at most once: a run that dies in between is not made up for.
        """
        for entry in entries:
            if self._urls and entry.recipient == _TO and entry.kind in TELLS and entry.pair:
                self._tell(entry, entry.pair, now)

    def _tell(self, entry: Entry, pair: str, now: datetime) -> None:
        notice = entry.model_copy(
            update={"key": f"{entry.key.rpartition('/')[0]}/{CHANNEL}", "recipient": CHANNEL}
        )
        with self._database.write() as session:
            if not ledger.claim(session, notice, now):
                return
        with self._database.read() as session:
            program = programs.get(session, entry.program)
            people = programs.pair(session, entry.program, pair)
        words = self._content.in_language(program.definition.program.language).words
        who = words("channel.pair", pair=pair)
        if self._names and people is not None:
            people = people.calling(words("erased.person"))
            who = words(
                "channel.names",
                mentor=people.mentor.person.name,
                mentee=people.mentee.person.name,
                pair=pair,
            )
        show, *_ = pair_commands(entry.program, pair)
        workflow = quote(pair_workflow_id(entry.program, pair), safe="")
        text = "\n".join(
            (
                words(f"channel.{entry.kind}", who=who),
                words("channel.mail"),
                words("channel.look", command=show),
                f"{self._workflows}/{workflow}",
            )
        )
        title = words("channel.title", program=entry.program)
        failed = [room for room in self._rooms if not _say(room, title, text)]
        with self._database.write() as session:
            if failed:
                ledger.mark_unheard(session, notice.key, f"{len(failed)} of {len(self._rooms)}")
            else:
                ledger.mark_sent(session, [notice.key], now)

    @cached_property
    def _rooms(self) -> tuple[Apprise, ...]:
        """One sender a room, so that one which fails keeps no other from being told."""
        # Loading all that apprise can speak to takes a second, and few programs use it.
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415

        logging.getLogger("apprise").disabled = True  # it would log addresses, and they are secret
        asset = AppriseAsset(app_id="Reverse mentoring", app_desc="", app_url="", async_mode=False)
        rooms = []
        for url in self._urls:
            room = Apprise(asset=asset)
            room.add(url)
            rooms.append(room)
        return tuple(rooms)


def _say(room: Apprise, title: str, text: str) -> bool:
    """Hand a text to one room. Gives whether it took it."""
    from apprise import NotifyFormat  # noqa: PLC0415 - see Channels._rooms

    taken = bool(room.notify(body=text, title=title, body_format=NotifyFormat.TEXT))
    if not taken:
        kinds = [type(service).__name__.removeprefix("Notify") for service in room]
        _log.warning("a room was not told; the mail went out", kind=", ".join(kinds))
    return taken
