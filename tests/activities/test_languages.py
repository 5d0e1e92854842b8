"""Each of a pair gets mail in their own language, dates included; HR in the program's."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.pair import MomentKind
from domain.people import Role
from store import answers
from store.links import Purpose
from store.tables import ProgramRow
from tests.activities.conftest import Works
from tests.activities.test_moments import link_for
from tests.portal.scene import PROGRAM


def test_each_of_a_pair_gets_their_own_language_dates_and_invitation_included(
    on_sqlite: Works,
) -> None:
    works = on_sqlite
    works.change_profile("mia", language="de-CH", timezone="Europe/Zurich")
    with works.scene.database.write() as session:
        booked = datetime(2030, 3, 4, 13, 30, tzinfo=UTC)
        answers.book_session(session, link_for(Purpose.BOOK, session=1), booked, "Raum 5")
    works.of_pair(MomentKind.SESSION_INVITATION, session=1)
    (hers,) = works.post.mails("mia@example.com")
    (his,) = works.post.mails("theo@example.com")
    assert hers.text.splitlines()[0] == "Guten Tag Mia Example,"
    assert "Ihr Treffen 1 von 6 mit Theo Example hat einen Termin:" in hers.text
    assert "Montag, 4. März 2030, 14:30 Uhr (Europe/Zurich)" in hers.text
    assert "Montag, 4. März 2030" in hers.subject
    assert "Fragen? Cora Example hilft Ihnen gern" in hers.text
    assert his.text.splitlines()[0] == "Hello Theo,"
    assert "Monday 4 March 2030, " in his.text


def test_hr_reads_the_programs_language(on_sqlite: Works) -> None:
    works = on_sqlite
    with works.scene.database.write() as session:
        program = session.get_one(ProgramRow, PROGRAM)
        described = program.definition["program"]
        program.definition = {**program.definition, "program": {**described, "language": "de"}}
        answers.ask_help(session, link_for(Purpose.OVERVIEW), "We never find a date.", 1)
    works.of_pair(MomentKind.HELP, roles=(Role.MENTOR,))
    (mail,) = works.post.mails("cora@example.com")
    assert mail.subject == "Mia Example bittet um Ihre Hilfe"
    assert "> We never find a date." in mail.text
    assert "nur für Sie bestimmt; das Gegenüber weiß nichts davon." in mail.text
