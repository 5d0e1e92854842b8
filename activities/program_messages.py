"""What people read who are not in a pair yet, and what HR reads about the program as a whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from activities.approval_messages import TO_MANAGERS, page_to_managers
from activities.follow_ups import ABOUT_FOLLOW_UPS, page_of_follow_up
from activities.group_messages import ABOUT_GROUPS, page_of_group
from activities.letters import Draft, Letter
from activities.openings import facts_of_opened
from activities.post import Post
from activities.retention import ABOUT_RETENTION, facts_of_retention
from activities.signatures import PageSent, ProgramMoment, ProgramMomentKind, ProgramRef, Sent
from activities.standing import Standing
from activities.uninterrupted import uninterrupted
from activities.writing import Writer
from domain.matching import rule_check
from domain.messages import Recipient, message_key
from domain.protection import protection_check
from domain.written import no_address
from store import answers, approvals, privacy_words, programs, proposals, selections
from store.content import Content
from store.database import Database
from store.ledger import Entry
from store.links import Links, Purpose
from store.programs import Participant

MOST_NAMED = 20
"""Pairs or people that a mail to HR names; of more it says how many."""

PAGE = 200
"""Messages of one activity: few enough that a lost worker costs little."""

_TO_PARTICIPANTS = (
    ProgramMomentKind.INVITATION,
    ProgramMomentKind.INVITATION_REMINDER,
    ProgramMomentKind.NOT_APPROVED,
    ProgramMomentKind.NOT_SELECTED,
    ProgramMomentKind.NOT_MATCHED,
    ProgramMomentKind.PROGRAM_POSTPONED,
    ProgramMomentKind.FAREWELL_CANCELLED,
)


class ProgramMessages:
    """Sends what a moment of a program asks for."""

    def __init__(self, database: Database, content: Content, links: Links, post: Post) -> None:
        self._database = database
        self._content = content
        self._links = links
        self._post = post

    @uninterrupted
    def send_program_moment(self, moment: ProgramMoment) -> PageSent:
        """Send one page of a program's messages and write its events, once."""
        following: str | None = None
        events = list(moment.events)
        pointless: list[Entry] = []
        if moment.kind is ProgramMomentKind.NOT_APPROVED:
            self._close_approval(moment)
        with self._database.read() as session:
            program = programs.get(session, moment.program)
            writer = Writer(program, self._content, self._links, moment.now)
            if moment.kind in _TO_PARTICIPANTS:
                page = programs.page_of_participants(session, moment.program, moment.after, PAGE)
                following = page[-1].id if len(page) == PAGE else None
                chosen = _concerned(session, moment, page)
                drafts = [
                    self._to_participant(session, writer, moment, person) for person in chosen
                ]
            elif moment.kind in TO_MANAGERS:
                to_managers = page_to_managers(session, writer, moment, PAGE)
                drafts, following = to_managers.drafts, to_managers.following
                events += to_managers.events
            elif moment.kind in ABOUT_FOLLOW_UPS:
                drafts, following = page_of_follow_up(session, writer, moment, PAGE)
            elif moment.kind in ABOUT_GROUPS:
                of_group = page_of_group(session, writer, moment, self._post.domain, PAGE)
                drafts, pointless, following = of_group
            else:
                drafts = self._to_hr(session, writer, moment)
        sent = self._post.send(moment.program, drafts, events, moment.now, pointless)
        return PageSent(
            sent=sent.sent,
            refused=sent.refused,
            held=sent.held,
            next=following,
            later=sent.later,
        )

    @uninterrupted
    def send_held_of_program(self, program: ProgramRef) -> Sent:
        """Send what was held for anybody in a program and may go out now."""
        return self._post.send_held_of_program(program.program, program.now)

    def _close_approval(self, moment: ProgramMoment) -> None:
        """Note, for the people of this page, that no answer counts as no from now on."""
        with self._database.write() as session:
            page = programs.page_of_participants(session, moment.program, moment.after, PAGE)
            approvals.close(session, moment.program, [person.id for person in page])

    def _to_participant(
        self, session: Session, writer: Writer, moment: ProgramMoment, person: Participant
    ) -> Draft:
        values = writer.about(person.address, person) | {
            "links": {"join": writer.link(Purpose.JOIN, person.id)},
            "closes": writer.day(moment.until, person),
            "until": writer.day(moment.until, person),
        }
        if moment.kind is ProgramMomentKind.INVITATION:
            words = writer.content_for(person).words
            values["privacy"] = privacy_words.told(words, writer.program.definition)
        if moment.kind is ProgramMomentKind.NOT_APPROVED:
            values["reason"] = approvals.why_not(session, moment.program, person).value
        section = writer.content_for(person).section(moment.kind.value, **values)
        return Draft(
            entry=_entry(moment, Recipient.PARTICIPANT, person.id),
            letter=Letter(to=person.address, section=section, useful_until=moment.until),
        )

    def _to_hr(self, session: Session, writer: Writer, moment: ProgramMoment) -> list[Draft]:
        definition = writer.program.definition
        to = [(Recipient.COORDINATOR, definition.coordinator)]
        if moment.kind is ProgramMomentKind.REPORT_READY:
            to.append((Recipient.SPONSOR, definition.sponsor))
        content = writer.content_for(None)
        facts = _facts(session, writer, moment)
        drafts = []
        for recipient, contact in to:
            values = writer.about(contact, None) | facts
            section = content.section(moment.kind.value, **values)
            drafts.append(
                Draft(entry=_entry(moment, recipient), letter=Letter(to=contact, section=section))
            )
        return drafts


def _concerned(
    session: Session, moment: ProgramMoment, page: list[Participant]
) -> list[Participant]:
    if moment.kind is ProgramMomentKind.INVITATION:
        return [p for p in page if p.eligible_roles and not p.withdrew]
    if moment.kind is ProgramMomentKind.INVITATION_REMINDER:
        return [p for p in page if p.eligible_roles and p.joined is None and not p.withdrew]
    if moment.kind is ProgramMomentKind.NOT_APPROVED:
        return [p for p in page if p.has_joined and p.approved is False]
    if moment.kind is ProgramMomentKind.NOT_SELECTED:
        return [p for p in page if p.has_joined and p.approved is not False and p.selected is False]
    if moment.kind is ProgramMomentKind.PROGRAM_POSTPONED:
        return _in_it(session, moment.program, page)
    cancelled = moment.kind is ProgramMomentKind.FAREWELL_CANCELLED
    paired = programs.paired_people(session, moment.program, introduced_only=cancelled)
    know = selections.who_know_that_they_are_out(session, moment.program, page)
    waiting = [p for p in page if p.eligible_roles and not p.withdrew and p.id not in paired]
    return [
        p for p in waiting if (p.joined and p.id not in know) or (cancelled and p.joined is None)
    ]


def _in_it(session: Session, program: str, page: list[Participant]) -> list[Participant]:
    """Who of these people meets somebody, or waits for a partner or for the end of enrolment."""
    here = [person for person in page if person.eligible_roles and not person.withdrew]
    if not answers.enrolment_is_over(session, program):
        know = selections.who_know_that_they_are_out(session, program, page)
        return [person for person in here if person.joined is not False and person.id not in know]
    standing = Standing(session, program)
    return [person for person in here if person.id in standing.people]


def _facts(session: Session, writer: Writer, moment: ProgramMoment) -> dict[str, Any]:
    slug = moment.program
    if moment.kind is ProgramMomentKind.PROGRAM_OPENED:
        return facts_of_opened(session, writer)
    if moment.kind in ABOUT_RETENTION:
        return facts_of_retention(session, writer, moment)
    if moment.kind is ProgramMomentKind.REPORT_READY:
        return {"commands": [f"python starter.py report {slug} --out report"]}
    if moment.kind is ProgramMomentKind.RULES_BROKEN:
        return _broken(session, moment)
    if moment.kind is ProgramMomentKind.NOBODY_FOUND:
        return _without_a_partner(session, moment)
    if moment.kind in (ProgramMomentKind.SELECTION_READY, ProgramMomentKind.SELECTION_REMINDER):
        return {
            "count": len(selections.candidates(session, slug)),
            "commands": [
                f"python starter.py selection {slug} show",
                f"python starter.py selection {slug} export selection.xlsx",
                f"python starter.py selection {slug} import selection.xlsx",
                f"python starter.py selection {slug} confirm",
            ],
        }
    latest = proposals.latest_proposal(session, slug)
    proposal, number = (latest.proposal, latest.number) if latest else (None, 1)
    return {
        "count": len(proposal.pairs) if proposal else 0,
        "new": programs.count_pairs(session, slug) > 0,
        "parted": len(proposal.parted) if proposal else 0,
        "unmatched": len(proposal.unmatched) if proposal else 0,
        "commands": [
            f"python starter.py matches {slug} show",
            f"python starter.py matches {slug} export matches-{number}.xlsx",
            f"python starter.py matches {slug} approve",
        ],
    }


def _without_a_partner(session: Session, moment: ProgramMoment) -> dict[str, Any]:
    waiting = Standing(session, moment.program).without_a_partner()
    people = [{"name": no_address(p.name), "role": " / ".join(p.roles)} for p in waiting]
    return {"people": people[:MOST_NAMED], "count": len(people)}


def _broken(session: Session, moment: ProgramMoment) -> dict[str, Any]:
    definition = programs.get(session, moment.program).definition
    background = proposals.background(session, moment.program)
    check = rule_check(definition, background)
    depends = protection_check(definition, background)
    pairs = []
    for identity in moment.pairs[:MOST_NAMED]:
        pair = programs.pair(session, moment.program, identity)
        if pair is not None:
            mentor, mentee = pair.mentor.person, pair.mentee.person
            pairs.append(
                {
                    "id": identity,
                    "mentor": no_address(mentor.name),
                    "mentee": no_address(mentee.name),
                    "why": " ".join(check(mentor, mentee)),
                    "stopped": depends(mentor, mentee),
                }
            )
    order = f"python starter.py pair {moment.program} PAIR"
    return {
        "pairs": pairs,
        "more": len(moment.pairs) - len(pairs),
        "commands": [f"{order} {act}" for act in ("rematch", "resume", "close")],
    }


def _entry(moment: ProgramMoment, recipient: Recipient, person: str | None = None) -> Entry:
    return Entry(
        key=message_key(
            moment.program, None, moment.kind.value, moment.occasion, person or recipient.value
        ),
        program=moment.program,
        pair=None,
        person=person,
        recipient=recipient.value,
        kind=moment.kind.value,
    )
