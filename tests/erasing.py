"""Somebody of whom something is held wherever something can be held, to be erased by tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from domain.criteria import Objective
from domain.deeds import Wish
from domain.edits import Edit, EditKind, Edits, EditsOutcome, Refusal
from domain.journal import EventKind
from domain.people import Person, Preferences
from domain.proposal import Proposal, ProposedPair, Totals, Unmatched
from store import answers, approvals, consents, outcomes
from store.consents import ConsentKind, Read
from store.links import Link, Purpose
from store.tables import (
    AskedRow,
    EditsRow,
    InstrumentRow,
    MessageRow,
    PairRow,
    ParticipantRow,
    PersonRow,
    ProgramRow,
    ProposalRow,
    SchemePersonRow,
    SchemeRow,
    SessionRow,
)
from tests import shipped
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene

WHO = "p-mia"
"""Mentor of Theo (`p-theo`), report of Nils, and Vera's manager."""

NAME, EMAIL, REFERENCE = "Miranda O'Quill", "miranda.oquill@corp.example", "E-48213"
SECRET = "My knees hurt when I think of Tuesdays"
"""What she wrote, and nobody else."""

PLACE = "Her office behind the greenhouse"

TELLING = (NAME, "Miranda", EMAIL, REFERENCE, SECRET, PLACE)
"""What must be nowhere once she is erased."""


def link(purpose: Purpose, person: str = WHO, **about: object) -> Link:
    """A link of hers, or of somebody else."""
    fields: dict[str, object] = {"pair": "pair-1", "expires": EXPIRES, **about}
    return Link.model_validate({"purpose": purpose, "program": PROGRAM, "person": person, **fields})


def hold_everything(scene: Scene) -> None:
    """Have her named, described and quoted in every table."""
    scene.happened(EventKind.PAIR_INTRODUCED)
    _name_people(scene)
    _match(scene)
    _let_her_answer(scene)
    _let_others_mention_her(scene)
    _send(scene)
    _plan_ahead(scene)


def _name_people(scene: Scene) -> None:
    """References, names and addresses as an organisation has them."""
    with scene.database.write() as session:
        for row in session.query(ParticipantRow):
            who = session.get_one(PersonRow, row.person_id)
            is_her = row.person_id == WHO
            who.reference = REFERENCE if is_her else f"E-{row.person_id}-1"
            who.name, who.email = (NAME, EMAIL) if is_her else (who.name, who.email)
            row.profile = {
                **row.profile,
                "reference": who.reference,
                "name": who.name,
                "email": who.email,
                "skills": ["falconry"] if is_her else [],
                "manager": REFERENCE if row.person_id == "p-vera" else None,
                "extra": {"buddy": NAME} if row.person_id == "p-vera" else {},
            }
            if is_her:
                row.preferences = Preferences(calendar=False).model_dump(mode="json")
                row.away_until = STARTED + timedelta(days=40)
                row.approved, row.approved_at, row.selected = True, STARTED, True


def _match(scene: Scene) -> None:
    proposal = Proposal(
        pairs=(
            ProposedPair(
                mentor=WHO,
                mentee="p-theo",
                score=80,
                reasons=("Miranda teaches falconry.",),
                for_hr=("falconry",),
                against=("They sit on one floor: falconry.",),
                overruled=("falconry",),
                comment=f"{NAME} asked for falconry",
            ),
            ProposedPair(
                mentor="p-nils",
                mentee="p-vera",
                score=70,
                reasons=("Both like tea.",),
                comment=f"Not {NAME}, please",
            ),
        ),
        unmatched=(
            Unmatched(
                key=WHO, role=None, reasons=("falconry",), relaxations=("falconry",), place=1
            ),
            Unmatched(key="p-vera", role=None, reasons=(f"Only {NAME} was free.",), place=2),
        ),
        fixed_not_made=(f"{REFERENCE} and E-1: somebody is missing.",),
        totals=Totals(objective=Objective.MOST_PEOPLE, pairs=2, people=4, score=150, lowest=70),
    )
    edits = Edits(
        edits=(
            Edit(row=2, kind=EditKind.LOCK, before=(WHO, "p-theo"), comment="loves falconry"),
            Edit(row=3, kind=EditKind.ADD, after=(REFERENCE, "p-vera"), comment=f"or {NAME}"),
        ),
        solve=True,
        based_on=1,
    )
    refused = Refusal(row=2, who=(WHO, "p-theo"), reasons=(f"{NAME} has falconry",))
    outcome = EditsOutcome(number=1, applied=0, refused=(refused,), pairs=2, unmatched=0)
    with scene.database.write() as session:
        row = session.get_one(ProgramRow, PROGRAM)
        fixed = {**row.definition["matching"], "fixed": [[REFERENCE, "E-1"]]}
        row.definition = {**row.definition, "matching": fixed}
        session.execute(
            update(PairRow)
            .where(PairRow.id == "pair-1")
            .values(reasons=["Miranda teaches falconry."], broken={"rules": "x", "at": "y"})
        )
        session.add(
            ProposalRow(
                id="proposal-1",
                program_id=PROGRAM,
                number=1,
                content=proposal.model_dump(mode="json"),
                made_by="solver",
                created_at=STARTED,
            )
        )
        session.add(
            EditsRow(
                id="edits-1",
                program_id=PROGRAM,
                content=edits.model_dump(mode="json"),
                outcome=outcome.model_dump(mode="json"),
                created_at=STARTED,
            )
        )
        people = {
            REFERENCE: Person(reference=REFERENCE, name=NAME, email=EMAIL, roles=(), level="senior")
        }
        outcomes.save(session, PROGRAM, people)


def _let_her_answer(scene: Scene) -> None:
    with scene.database.write() as session:
        answers.ask_help(session, link(Purpose.HELP), SECRET, 1)
        answers.raise_safety(session, link(Purpose.SAFETY), SECRET, 1)
        answers.wish(session, link(Purpose.CONTINUE), Wish.GO_ON)
        pulse = link(Purpose.SURVEY, survey="pulse", occasion="pulse:2")
        answers.answer_survey(session, pulse, 1, {"note": f"{SECRET}!", "useful": 5})
        answers.answer_survey(session, pulse, 1, {"note": SECRET, "useful": 4})
        terms = {"off_limits": "falconry"}
        text = f"{NAME} and Theo agree: no falconry with Miranda."
        answers.sign_agreement(session, link(Purpose.AGREEMENT), 2, "en", text, terms)
        theirs = link(Purpose.AGREEMENT, "p-theo")
        answers.sign_agreement(session, theirs, 2, "en", text, terms)
        answers.propose_times(
            session, link(Purpose.BOOK, session=1), [STARTED + timedelta(days=60)], PLACE
        )
        answers.book_session(
            session, link(Purpose.BOOK, session=2), STARTED + timedelta(days=61), PLACE
        )
        session.get_one(SessionRow, ("pair-1", 2)).held_at = STARTED + timedelta(days=2)
        session.add(
            AskedRow(
                id=f"{PROGRAM}/pair-1/{WHO}/pulse:2",
                program_id=PROGRAM,
                person_id=WHO,
                survey="pulse",
                version=1,
                asked_at=STARTED,
            )
        )
        read = Read(text=f"I, {NAME}, agree", language="en")
        consents.give(session, PROGRAM, WHO, ConsentKind.PROCESSING, read)
        session.add(
            InstrumentRow(
                program_id=PROGRAM,
                survey="pulse",
                version=1,
                language="en",
                content=shipped.CONTENT.survey("pulse").model_dump(mode="json"),
            )
        )


def _let_others_mention_her(scene: Scene) -> None:
    with scene.database.write() as session:
        theo = link(Purpose.SURVEY, "p-theo", survey="pulse", occasion="pulse:2")
        answers.answer_survey(session, theo, 1, {"note": "Miranda was late", "useful": 2})
        answers.answer_survey(session, theo, 1, {"note": f"Glad of {NAME}", "useful": 3})
        vera = link(Purpose.HELP, "p-vera", pair="pair-2")
        answers.ask_help(session, vera, f"Please ask {NAME} ({EMAIL.upper()})", 1)
        booking = link(Purpose.BOOK, "p-theo", session=3)
        answers.book_session(session, booking, STARTED + timedelta(days=70), PLACE)
        row = session.get_one(SessionRow, ("pair-1", 3))
        off = link(Purpose.CANCEL, "p-theo", session=3)
        answers.cancel_session(session, off, row.sequence, "Sorry, Miranda, I am ill")
        boss = session.get_one(PersonRow, "p-nils")
        her = session.get_one(ParticipantRow, (PROGRAM, WHO))
        her.profile = {**her.profile, "manager": boss.reference}
        session.flush()
        her.approved = None
        about = link(Purpose.APPROVAL, "p-nils", pair=None, occasion=WHO)
        approvals.answer(session, about, True, "She has earned it with falconry")


def _send(scene: Scene) -> None:
    def message(key: str, **values: Any) -> MessageRow:
        return MessageRow(
            **{
                "key": f"{PROGRAM}/{key}",
                "program_id": PROGRAM,
                "pair_id": None,
                "person_id": None,
                "recipient": "participant",
                "kind": "session_due",
                "state": "held",
                "message_id": f"<{key}@example.com>",
                "queued_at": STARTED,
                "send_after": EXPIRES,
                "letter": {"letter": {"section": f"Dear reader, {NAME} …"}},
                **values,
            }
        )

    with scene.database.write() as session:
        session.add(message("hers", person_id=WHO, pair_id="pair-1"))
        session.add(message("theirs", person_id="p-theo", pair_id="pair-1"))
        session.add(message("anothers", person_id="p-vera", pair_id="pair-2"))
        session.add(message("hrs", recipient="coordinator"))
        session.add(message("sent", person_id=WHO, state="sent", letter=None, send_after=None))


def _plan_ahead(scene: Scene) -> None:
    with scene.database.write() as session:
        definition = session.get_one(ProgramRow, PROGRAM).definition
        session.add(
            SchemeRow(
                id="looking-up",
                definition=definition,
                rhythm={"every": "January"},
                people_from=STARTED,
            )
        )
        session.flush()
        for person in (WHO, "p-vera"):
            profile = session.get_one(ParticipantRow, (PROGRAM, person)).profile
            session.add(
                SchemePersonRow(
                    scheme_id="looking-up",
                    person_id=person,
                    profile=profile,
                    eligible_roles=["mentor"],
                )
            )


def everything_in_words(scene: Scene) -> str:
    """All rows of all tables, as text."""
    return "\n".join(
        f"{table}: {row}" for table, rows in scene.everything().items() for row in rows
    )
