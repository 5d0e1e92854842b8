"""An example program with two pairs, at the point in its life that a test needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from sqlalchemy import select

from domain.calendar import epoch_for
from domain.definition import Definition
from domain.journal import EventKind, JournalEvent
from domain.people import Person, Role
from portal.app import create_app
from portal.relay import Relay
from store import journal
from store.content import Content
from store.database import Database
from store.links import Link, Links, Purpose
from store.tables import Base, PairRow, ParticipantRow, PersonRow, ProgramRow
from tests import shipped

CONTENT = Path(__file__).parents[2] / "content"
PROGRAM = "example-2026"
STARTED = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
EXPIRES = datetime.now(UTC).replace(microsecond=0) + timedelta(days=90)

TODAY = date.today()  # noqa: DTZ011 - any date will do

DEFINITION = Definition.model_validate(
    {
        "program": {
            "id": PROGRAM,
            "title": "Looking Up 2026",
            "organisation": "Example Ltd",
            "starts": TODAY - timedelta(days=30),
            "goals": [{"goal": "Leaders who use what juniors know", "priority": "Digital"}],
        },
        "coordinator": {"name": "Cora Example", "email": "cora@example.com"},
        "sponsor": {"name": "Sam Example", "email": "sam@example.com"},
        "calendar": {"timezone": "Europe/London"},
        "people": {
            "columns": {
                "id": "ID",
                "name": "Name",
                "email": "Mail",
                "level": "Level",
                "manager": "Manager",
                "skills": "Skills",
                "goals": "Goals",
            },
            "levels": ["junior", "senior", "director"],
        },
        "group_sessions": [
            {
                "id": "supervision",
                "title": "Mentor supervision",
                "whom": "mentor",
                "dates": [
                    f"{TODAY - timedelta(days=30)} 12:00",
                    f"{TODAY + timedelta(days=14)} 12:00",
                ],
                "place": "Room 3",
            }
        ],
        "success": [{"metric": "sessions_held", "target": ">= 80%"}],
    }
)

PEOPLE = {
    "p-mia": ("Mia Example", "Europe/London", Role.MENTOR),
    "p-theo": ("Theo Example", "Europe/Prague", Role.MENTEE),
    "p-nils": ("Nils Example", None, Role.MENTOR),
    "p-vera": ("Vera Example", None, Role.MENTEE),
}

MANAGERS = {"p-mia": "p-nils"}
"""Line managers, where somebody has one in the people file."""


@dataclass
class Scene:
    """The store, the links and the pages of one example program."""

    database: Database
    links: Links
    content: Content

    def url(self, purpose: Purpose, person: str = "p-mia", **about: object) -> str:
        """A link's path, for the pair of Mia (mentor) and Theo (mentee) unless told otherwise."""
        fields: dict[str, object] = {"pair": "pair-1", "expires": EXPIRES, **about}
        link = Link.model_validate(
            {"purpose": purpose, "program": PROGRAM, "person": person, **fields}
        )
        return self.links.url(link).removeprefix(self.links.base_url)

    def pair(self, pair: str, mentor: str, mentee: str) -> None:
        """Make one pair more, of people that the program has."""
        row = PairRow(
            id=pair,
            program_id=PROGRAM,
            cohort=0,
            mentor_id=mentor,
            mentee_id=mentee,
            score=1.0,
            reasons=[],
        )
        with self.database.write() as session:
            session.add(row)

    def happened(self, *kinds: EventKind, pair: str | None = "pair-1", **data: int | str) -> None:
        """Put events of a workflow into the journal."""
        with self.database.write() as session:
            for kind in kinds:
                event = JournalEvent(
                    id=f"{pair}/{kind.value}/{sorted(data.items())}",
                    kind=kind,
                    at=STARTED + timedelta(days=1),
                    pair=pair,
                    data=data,
                )
                journal.append(session, PROGRAM, [event])

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables."""
        with self.database.read() as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=str)
                for table in Base.metadata.sorted_tables
            }

    def rows(self, table: type[Base]) -> list[object]:
        """The rows of one table, loaded."""
        with self.database.read() as session:
            found = list(session.scalars(select(table)))
            session.expunge_all()
            return list(found)

    def events(self, *, after: int = 0) -> list[str]:
        """The kinds of the journal's events, in order."""
        with self.database.read() as session:
            return [event.kind.value for _, event in journal.read(session, PROGRAM, after)]

    def app(self, relay: Relay | None = None) -> FastAPI:
        """The portal."""
        return create_app(self.database, self.links, self.content, relay)


def make_scene(folder: Path, base_url: str = "http://testserver") -> Scene:
    """An example program in a SQLite file of its own."""
    file = folder / "store.db"
    file.write_bytes(_filled())
    return _scene(Database(f"sqlite:///{file}"), base_url)


@cache
def _filled() -> bytes:
    """A SQLite file with the example program, made once: that takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        database = Database(f"sqlite:///{file}")
        Base.metadata.create_all(database.engine)
        fill(database)
        database.close()
        return file.read_bytes()


def _scene(database: Database, base_url: str = "http://testserver") -> Scene:
    return Scene(database, Links(base_url, ["k" * 32]), shipped.CONTENT)


def fill(database: Database) -> Scene:
    """An example program whose people have joined and whose pairs were approved."""
    with database.write() as session:
        session.add(
            ProgramRow(
                id=PROGRAM,
                title=DEFINITION.program.title,
                definition=DEFINITION.model_dump(mode="json"),
                epoch=epoch_for(DEFINITION, STARTED),
                created_at=STARTED,
            )
        )
        for person, (name, zone, role) in PEOPLE.items():
            email = f"{person.removeprefix('p-')}@example.com"
            profile = Person(
                reference=person,
                name=name,
                email=email,
                roles=(role,),
                department="Example Dept",
                manager=MANAGERS.get(person),
            )
            session.add(
                PersonRow(
                    id=person,
                    reference=person,
                    name=name,
                    email=email,
                    language="en",
                    timezone=zone,
                )
            )
            session.flush()
            session.add(
                ParticipantRow(
                    program_id=PROGRAM,
                    person_id=person,
                    profile=profile.model_dump(mode="json"),
                    eligible_roles=[role.value],
                    joined=True,
                    answered_at=STARTED,
                    withdrew_at=None,
                )
            )
        session.flush()
        for pair, mentor, mentee in (
            ("pair-1", "p-mia", "p-theo"),
            ("pair-2", "p-nils", "p-vera"),
        ):
            session.add(
                PairRow(
                    id=pair,
                    program_id=PROGRAM,
                    cohort=0,
                    mentor_id=mentor,
                    mentee_id=mentee,
                    score=4.2,
                    reasons=["Mia can teach data literacy, the first of Theo’s goals."],
                )
            )
    scene = _scene(database)
    scene.happened(EventKind.PROGRAM_STARTED, pair=None)
    return scene
