"""The sorting office: which messages go in one mail, which go alone, and which wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from activities.letters import (
    Draft,
    KeptLetter,
    Letter,
    has_lost_its_point,
    keep,
    waits_for_its_pair,
)
from activities.writing import zone_of
from domain.model import Value
from domain.posting import (
    AT_ONCE,
    MOST_A_DAY,
    Day,
    goes_at_once,
    goes_out_at,
    urgent_goes_out_at,
)
from domain.reach import OpenHours
from store import ledger, programs
from store.ledger import MessageState, Standing
from store.programs import Participant, Program

Hours = Callable[[Program, Participant | None, datetime], OpenHours]
"""When messages may reach a person, or those who run the program; from an instant on."""


class Parcel(Value):
    """One message on its way into a mail."""

    draft: Draft
    kept: KeptLetter | None = None
    """As it waited, if it did."""


class Mailing(Value):
    """One mail: a message to somebody, or several."""

    message_id: str
    person: str | None
    parcels: tuple[Parcel, ...]
    again: bool = False
    """Whether it may have gone before, and nobody knows."""

    @property
    def keys(self) -> list[str]:
        """The messages in it."""
        return [parcel.draft.entry.key for parcel in self.parcels]


class Sorting:
    """Sorts what should go out now, in one transaction of the store."""

    def __init__(
        self,
        session: Session,
        program: Program,
        people: Mapping[str, Participant],
        hours: Hours,
        now: datetime,
        domain: str,
        run: str,
    ) -> None:
        self._session = session
        self._program = program
        self._people = people
        self._hours = lru_cache(maxsize=None)(
            lambda person: hours(program, people.get(person), now)
        )
        self._now = now
        self._domain = domain
        self._run = run

    def sort(self, drafts: Sequence[Draft], waiting: Sequence[Standing]) -> list[Mailing]:
        """The mails that go out now. What can't go now is held, and what has no point dropped.

        A mail that may have gone already, because this activity broke off after it was begun, comes
        out as it was, under the same Message-ID.
        """
        programs.lock_participants(self._session, self._program.id, sorted(self._people))
        parcels, broken = self._new(drafts)
        keys = {draft.entry.key for draft in drafts}
        for standing in ledger.lock(self._session, [w.entry.key for w in waiting]):
            if standing.entry.key in keys or standing.letter is None:
                continue
            parcel = self._take(standing)
            if parcel is None:
                continue
            mail = parcel.kept.mail if parcel.kept is not None else None
            if standing.state is MessageState.SENDING:
                broken.setdefault(standing.message_id, []).append(parcel)
            elif mail is not None:
                broken.setdefault(mail, []).append(parcel)
            else:
                parcels.append(parcel)
        again = [self._begin(parcels, message_id) for message_id, parcels in broken.items()]
        return again + list(self._mailings(parcels))

    def _new(self, drafts: Sequence[Draft]) -> tuple[list[Parcel], dict[str, list[Parcel]]]:
        """Drafts that were never tried, and by mail those whose fate nobody knows."""
        standings = ledger.write_down(
            self._session, [draft.entry for draft in drafts], self._domain, self._now
        )
        new: list[Parcel] = []
        broken: dict[str, list[Parcel]] = {}
        for draft in drafts:
            standing = standings[draft.entry.key]
            if standing.state is not MessageState.SENDING:
                continue
            if self._is_for_nobody(draft.entry.person):
                ledger.drop(self._session, [draft.entry.key])
                continue
            kept = KeptLetter.model_validate(standing.letter) if standing.letter else None
            if kept is not None and kept.taken_by != self._run:
                continue  # it waited, and another activity is about to hand it over
            if standing.attempts == 0:
                new.append(Parcel(draft=draft))
            else:
                broken.setdefault(standing.message_id, []).append(Parcel(draft=draft, kept=kept))
        return new, broken

    def _take(self, standing: Standing) -> Parcel | None:
        """A message that waits, to go out now; None if it is not for us, or not any more."""
        kept = KeptLetter.model_validate(standing.letter)
        entry = standing.entry
        if standing.state is MessageState.SENDING:
            if kept.taken_by != self._run:
                return None
        elif standing.state is not MessageState.HELD or not standing.is_due(self._now):
            return None
        draft = Draft(entry=entry, letter=self._addressed(entry.person, kept.letter))
        if self._is_for_nobody(entry.person) or has_lost_its_point(
            self._session, draft, kept, self._now
        ):
            ledger.drop(self._session, [entry.key])
            return None
        if waits_for_its_pair(self._session, entry.pair, entry.person, entry.kind):
            return None
        return Parcel(draft=draft, kept=kept)

    def _is_for_nobody(self, person: str | None) -> bool:
        """Whether a message is for somebody who was erased: there is no address to send it to."""
        found = self._people.get(person or "")
        return found is not None and found.erased

    def _addressed(self, person: str | None, letter: Letter) -> Letter:
        """The letter, to the address that the person has now."""
        found = self._people.get(person) if person else None
        return letter.model_copy(update={"to": found.address}) if found else letter

    def _mailings(self, parcels: Sequence[Parcel]) -> Iterator[Mailing]:
        ordinary: dict[str, list[Parcel]] = {}
        for parcel in parcels:
            if goes_at_once(parcel.draft.entry.kind):
                yield from self._urgent(parcel)
            else:
                ordinary.setdefault(_mailbox(parcel.draft), []).append(parcel)
        days = self._days([p.draft.entry.person for some in ordinary.values() for p in some])
        for some in ordinary.values():
            yield from self._ordinary(some, days)

    def _urgent(self, parcel: Parcel) -> Iterator[Mailing]:
        entry, letter = parcel.draft.entry, parcel.draft.letter
        person = self._people.get(entry.person or "")
        at = urgent_goes_out_at(
            self._now,
            self._hours(entry.person),
            person.away_until if person else None,
            letter.useful_until,
        )
        if at > self._now:
            self._hold(parcel, at)
        else:
            yield self._begin([parcel])

    def _ordinary(self, parcels: list[Parcel], days: dict[str, Day]) -> Iterator[Mailing]:
        """What goes to one mailbox: the messages that can in one mail, the others by themselves."""
        person = parcels[0].draft.entry.person
        together = [p for p in parcels if p.draft.letter.invitation is None]
        alone = [[p] for p in parcels if p.draft.letter.invitation is not None]
        for some in [together, *alone] if together else alone:
            day = days.get(person or "", _no_limit(self._now))
            going: list[Parcel] = []
            for parcel in some:
                until = parcel.draft.letter.useful_until
                at = goes_out_at(self._now, self._hours(person), day, until)
                if at > self._now:
                    self._hold(parcel, at)
                else:
                    going.append(parcel)
            if going:
                days[person or ""] = day.model_copy(update={"mails": day.mails + 1})
                yield self._begin(going)

    def _begin(self, parcels: Sequence[Parcel], message_id: str | None = None) -> Mailing:
        entries = [parcel.draft.entry for parcel in parcels]
        name = message_id or ledger.message_id(entries[0].key, self._domain)
        ledger.begin(self._session, [entry.key for entry in entries], name, self._now)
        for parcel in parcels:
            if parcel.kept is not None:
                taken = parcel.kept.model_copy(update={"taken_by": self._run})
                ledger.keep(self._session, parcel.draft.entry.key, taken.model_dump(mode="json"))
        return Mailing(
            message_id=name,
            person=entries[0].person,
            parcels=tuple(parcels),
            again=message_id is not None,
        )

    def _hold(self, parcel: Parcel, until: datetime) -> None:
        kept = parcel.kept or keep(self._session, parcel.draft)
        letter = kept.model_dump(mode="json")
        ledger.hold(self._session, parcel.draft.entry.key, until, letter)

    def _days(self, people: Sequence[str | None]) -> dict[str, Day]:
        """How the present program day of each of these participants stands."""
        by_day: dict[tuple[datetime, datetime], list[str]] = {}
        for person in sorted({p for p in people if p is not None and p in self._people}):
            by_day.setdefault(self._day_of(self._people[person]), []).append(person)
        days: dict[str, Day] = {}
        for (begins, ends), some in by_day.items():
            counts = ledger.mails_since(self._session, self._program.id, some, begins, AT_ONCE)
            days.update({p: Day(ends=ends, mails=counts[p], most=MOST_A_DAY) for p in some})
        return days

    def _day_of(self, person: Participant) -> tuple[datetime, datetime]:
        """When the person's present program day began and ends, by their own clock."""
        calendar = self._program.calendar
        local = calendar.to_program(self._now).astimezone(zone_of(self._program, person))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return calendar.to_instant(midnight), calendar.to_instant(midnight + timedelta(days=1))


def _mailbox(draft: Draft) -> str:
    return draft.entry.person or f"{draft.entry.recipient} {draft.letter.to.email}"


def _no_limit(now: datetime) -> Day:
    return Day(ends=now, mails=0, most=None)
