"""Sending what the ledger says has not been sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

from activities.invitations import Invitation
from activities.mail import Deferred, Mailer, Refused, asked_to_wait, compose
from activities.signatures import Sent
from domain.definition import Contact
from domain.journal import JournalEvent
from domain.model import Value
from store import journal, ledger
from store.content import MailText
from store.database import Database
from store.ledger import Entry, MessageState


class Letter(Value):
    """A message written out, with whom it is for."""

    to: Contact
    text: MailText
    invitation: Invitation | None = None


class Draft(Value):
    """A message that should go out, and its place in the ledger."""

    entry: Entry
    letter: Letter


class Post:
    """Sends drafts, each at most once as far as that can be known."""

    def __init__(self, database: Database, mailer: Mailer) -> None:
        self._database = database
        self._mailer = mailer

    @property
    def domain(self) -> str:
        """The right side of our Message-IDs and calendar UIDs."""
        return self._mailer.server.domain

    def send(
        self,
        program: str,
        drafts: Sequence[Draft],
        events: Sequence[JournalEvent],
        now: datetime,
        pointless: Sequence[Entry] = (),
    ) -> Sent:
        """Write the events and the ledger in one transaction, then hand the messages over.

        What a run before this one sent is not sent again, and counts in the result. A message
        whose fate nobody knows, because a crash came between the mail server's yes and our note of
        it, goes out again with the same Message-ID. One that the server puts off keeps nobody else
        from theirs. What has become pointless since an earlier run is given up. Raises
        `ApplicationError` where something has yet to go out.
        """
        with self._database.write() as session:
            journal.append(session, program, events)
            ledger.drop(session, pointless)
            entries = [draft.entry for draft in drafts]
            waiting = {e.key for e in ledger.open_entries(session, entries, self.domain, now)}
        todo = [draft for draft in drafts if draft.entry.key in waiting]
        if todo:
            self._hand_over(todo, now)
        with self._database.read() as session:
            states = ledger.states(session, [draft.entry.key for draft in drafts])
        return Sent(sent=states[MessageState.SENT], refused=states[MessageState.REFUSED])

    def _hand_over(self, drafts: Sequence[Draft], now: datetime) -> None:
        put_off: Deferred | None = None
        with self._mailer.connect() as outgoing:
            for draft in drafts:
                key = draft.entry.key
                try:
                    outgoing.send(self._message(draft))
                except Deferred as deferral:
                    put_off = deferral
                except Refused as refusal:
                    with self._database.write() as session:
                        ledger.mark_refused(session, key, refusal.code)
                else:
                    with self._database.write() as session:
                        ledger.mark_sent(session, key, now)
        if put_off is not None:
            raise asked_to_wait(put_off.code)

    def _message(self, draft: Draft) -> EmailMessage:
        letter = draft.letter
        return compose(
            self._mailer.server,
            letter.to,
            letter.text,
            draft.entry.kind,
            ledger.message_id(draft.entry.key, self.domain),
            datetime.now(UTC),
            letter.invitation,
        )
