"""Sending what the ledger says has not been sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage

from sqlalchemy.orm import Session
from temporalio import activity

from activities.channels import Channels
from activities.failures import erased_meanwhile
from activities.letters import MANAGER, Draft, Letter, keep, waits_for_its_pair
from activities.mail import Deferred, Mailer, Refused, compose
from activities.reach import reach_of
from activities.signatures import Sent
from activities.sorting import Hours, Mailing, Sorting
from activities.writing import Writer
from domain.journal import JournalEvent
from domain.messages import Recipient, message_key
from domain.posting import is_given_up, try_again_after
from store import instruments, journal, ledger, programs
from store.content import Content, Mail
from store.database import Database
from store.ledger import Entry, Held, MessageState, Standing
from store.links import Links
from store.programs import PairPeople, Participant

PAGE = 200
"""Messages that one activity takes out of what is held for a program."""

Find = Callable[[Session], list[Standing]]


class Post:
    """Sends drafts, each at most once as far as that can be known.

    What is for one person at one time goes in one mail; what may not go now is held. The rules are
    in `domain/posting.py`.
    """

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        content: Content,
        links: Links,
        hours: Hours = reach_of,
        channels: Channels | None = None,
    ) -> None:
        self._database = database
        self._mailer = mailer
        self._content = content
        self._links = links
        self._hours = hours
        self._channels = channels

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
        pair: PairPeople | None = None,
    ) -> Sent:
        """Write the events, the ledger and who is asked what in one transaction, then hand over.

        Several drafts to one person go in one mail, and with them what was held for that person
        and may go out now, whatever pair it is about. What may not go out now is held; `later`
        says when the first of what is held for the two of `pair`, or about no pair where none is
        given, can go.

        What a run before this one sent is not sent again, and counts in the result. A mail whose
        fate nobody knows, because a crash came between the mail server's yes and our note of it,
        goes out again with the same Message-ID. One that the server puts off is held for a while
        and keeps nobody else from theirs. What has become pointless since an earlier run is given
        up. Raises `ApplicationError` where the mail server takes nothing now.
        """
        people = {draft.entry.person for draft in drafts if draft.entry.person}
        if pair is not None:
            people |= {pair.mentor.id, pair.mentee.id}

        def waiting(session: Session) -> list[Standing]:
            return ledger.due(session, program, now, sorted(people), pair.id if pair else None)

        self._carry_out(program, now, waiting, drafts, events, pointless, pair)
        keys = [draft.entry.key for draft in drafts]
        with self._database.read() as session:
            states = ledger.states(session, keys)
            if pair is not None:
                held = ledger.held(session, program, sorted(people), pair.id)
            else:
                held = ledger.held_of_program(session, program)
            return Sent(
                sent=states[MessageState.SENT],
                refused=states[MessageState.REFUSED],
                held=states[MessageState.HELD],
                later=_first(session, held),
            )

    def send_held(self, program: str, pair: PairPeople, now: datetime) -> Sent:
        """Send what was held for the two of a pair, whatever pair it is about, and may go now.

        And what was held for those who run the program about this pair.
        """
        people = sorted({pair.mentor.id, pair.mentee.id})
        keys = self._carry_out(
            program, now, lambda session: ledger.due(session, program, now, people, pair.id)
        )
        with self._database.read() as session:
            return _outcome(session, keys, ledger.held(session, program, people, pair.id))

    def send_held_of_program(self, program: str, now: datetime) -> Sent:
        """Send what was held about no pair and may go now, with what else waits for its readers.

        At most `PAGE` messages of it: `later` is in the past while there are more.
        """

        def waiting(session: Session) -> list[Standing]:
            some = ledger.due_of_program(session, program, now, PAGE)
            people = {standing.entry.person for standing in some if standing.entry.person}
            others = ledger.due(session, program, now, sorted(people))
            return list({s.entry.key: s for s in (*some, *others)}.values())

        keys = self._carry_out(program, now, waiting)
        with self._database.read() as session:
            return _outcome(session, keys, ledger.held_of_program(session, program))

    def _carry_out(
        self,
        program: str,
        now: datetime,
        find: Find,
        drafts: Sequence[Draft] = (),
        events: Sequence[JournalEvent] = (),
        pointless: Sequence[Entry] = (),
        pair: PairPeople | None = None,
    ) -> list[str]:
        """Sort and hand over. Gives the messages that were in the mails.

        `pair` is whom the drafts are about, as they were written. Raises `ApplicationError` where
        one of the two was erased since: what names them is not sent, and is written anew.
        """
        with self._database.read() as session:
            found = programs.get(session, program)
            waiting = find(session)
            entries = [draft.entry for draft in drafts] + [held.entry for held in waiting]
            ids = sorted({entry.person for entry in entries if entry.person})
        about = [pair.mentor.id, pair.mentee.id] if pair is not None and drafts else []
        with self._database.write() as session:
            programs.lock_participants(session, program, sorted({*ids, *about}))
            people = programs.some_participants(session, program, ids)
            letters = [_as_wished(draft, people) for draft in drafts]
            if pair is not None and about and programs.erased_since(session, program, pair):
                raise erased_meanwhile()
            journal.append(session, program, events)
            ledger.drop(session, [entry.key for entry in pointless])
            for draft in drafts:
                entry = draft.entry
                person = people.get(entry.person or "")
                if draft.asks is not None and person is not None and not person.erased:
                    instruments.ask(session, program, entry.pair, person.id, draft.asks, now)
            sorting = Sorting(session, found, people, self._hours, now, self.domain, _run())
            mailings = sorting.sort(letters, waiting)
        if mailings:
            writer = Writer(found, self._content, self._links, now)
            self._hand_over(mailings, writer, people, now)
        return [key for mailing in mailings for key in mailing.keys]

    def _hand_over(
        self,
        mailings: Sequence[Mailing],
        writer: Writer,
        people: dict[str, Participant],
        now: datetime,
    ) -> None:
        with self._mailer.connect() as outgoing:
            for mailing in mailings:
                try:
                    outgoing.send(self._message(mailing, writer, people))
                except Deferred as deferral:
                    with self._database.write() as session:
                        self._put_off(session, mailing, writer, deferral.code, now)
                except Refused as refusal:
                    with self._database.write() as session:
                        ledger.mark_refused(session, mailing.keys, refusal.code)
                        self._tell_hr(session, mailing.parcels[0].draft, writer, refusal.code, now)
                else:
                    with self._database.write() as session:
                        ledger.mark_sent(session, mailing.keys, now)
                    if self._channels is not None:
                        entries = [parcel.draft.entry for parcel in mailing.parcels]
                        self._channels.tell(entries, now)

    def _put_off(
        self, session: Session, mailing: Mailing, writer: Writer, code: int, now: datetime
    ) -> None:
        """The mail server wants to be asked again: hold the messages for a while, but not for ever.

        They are sorted anew then, and may go in another mail; not so what may have gone in this one
        at an earlier try.
        """
        day = writer.program.definition.calendar.day
        for parcel in mailing.parcels:
            key = parcel.draft.entry.key
            if not ledger.is_on_its_way(session, key):
                continue  # given up meanwhile: whom it names was erased
            kept = parcel.kept or keep(session, parcel.draft)
            since = kept.put_off_since or now
            if is_given_up(since, now, day):
                ledger.mark_refused(session, [key], code)
                self._tell_hr(session, parcel.draft, writer, code, now)
                continue
            times = kept.put_off + 1
            mail = mailing.message_id if mailing.again else None
            later = kept.model_copy(
                update={"put_off": times, "put_off_since": since, "taken_by": None, "mail": mail}
            )
            until = now + try_again_after(times, day)
            ledger.hold(session, key, until, later.model_dump(mode="json"), code)

    def _tell_hr(
        self, session: Session, refused: Draft, writer: Writer, code: int, now: datetime
    ) -> None:
        """Have the coordinator told, once for each person and pair, that mail is refused.

        The message waits in the ledger, due at once: the workflow learns that it does, and has it
        sent. That nothing reaches the coordinator, nobody can be told by mail.
        """
        entry, to = refused.entry, refused.letter.to
        if entry.person is None:
            return
        program, hr = writer.program, writer.program.definition.coordinator
        occasion = f"{entry.person}:{MANAGER}" if entry.recipient == MANAGER else entry.person
        kind, recipient = Mail.ADDRESS_REFUSED.value, Recipient.COORDINATOR.value
        told = Entry(
            key=message_key(program.id, entry.pair, kind, occasion, recipient),
            program=program.id,
            pair=entry.pair,
            person=None,
            recipient=recipient,
            kind=kind,
        )
        if ledger.known(session, [told.key]):
            return
        acts = ("people {} people.csv", "status {}")
        section = writer.content_for(None).section(
            kind,
            **writer.about(hr, None),
            who={"name": to.name, "email": to.email},
            code=code,
            commands=[f"python starter.py {act.format(program.id)}" for act in acts],
        )
        letter = keep(session, Draft(entry=told, letter=Letter(to=hr, section=section)))
        ledger.write_down(session, [told], self.domain, now)
        ledger.hold(session, told.key, now, letter.model_dump(mode="json"))

    def _message(
        self, mailing: Mailing, writer: Writer, people: dict[str, Participant]
    ) -> EmailMessage:
        drafts = [parcel.draft for parcel in mailing.parcels]
        person = people.get(mailing.person or "")
        to = drafts[0].letter.to
        content = writer.content_for(person)
        if all(draft.entry.recipient == MANAGER for draft in drafts):
            ends = writer.about(to, None) | {"to_manager": True}
        else:
            ends = writer.about(to, person)
        return compose(
            self._mailer.server,
            to,
            content.letter([d.letter.section for d in drafts], **ends),
            ", ".join(dict.fromkeys(draft.entry.kind for draft in drafts)),
            mailing.message_id,
            datetime.now(UTC),
            drafts[0].letter.invitation if len(drafts) == 1 else None,
        )


def _run() -> str:
    """Names the activity that runs: the same when it is tried again, and no other."""
    if not activity.in_activity():
        return ""
    info = activity.info()
    return f"{info.workflow_id}/{info.activity_id}"


def _as_wished(draft: Draft, people: dict[str, Participant]) -> Draft:
    """The draft without a calendar invitation, where the person wants none."""
    person = people.get(draft.entry.person or "")
    if draft.letter.invitation is None or person is None or person.preferences.calendar:
        return draft
    letter = draft.letter.model_copy(update={"invitation": None})
    return draft.model_copy(update={"letter": letter})


def _outcome(session: Session, keys: Sequence[str], held: Iterable[Held]) -> Sent:
    states = ledger.states(session, keys)
    return Sent(
        sent=states[MessageState.SENT],
        refused=states[MessageState.REFUSED],
        held=states[MessageState.HELD],
        later=_first(session, held),
    )


def _first(session: Session, held: Iterable[Held]) -> datetime | None:
    """When the first of what is held can go; what waits for its paused pair does not count."""
    for one in held:
        if not waits_for_its_pair(session, one.pair, one.person, one.kind):
            return one.send_after
    return None
