"""HR hears before personal data is deleted and after, and a pair that goes on hears no more."""

from __future__ import annotations

from datetime import timedelta

from activities.retention import Retention
from activities.signatures import DeletedSome, ProgramMomentKind, ProgramRef
from domain.journal import EventKind
from domain.pair import MomentKind
from domain.privacy import LawfulBasis
from store import holds, retention
from store.tables import MessageRow, ProgramRow
from tests.activities.conftest import NOW, Works
from tests.portal.scene import DEFINITION, PROGRAM

K = ProgramMomentKind
REF = ProgramRef(program=PROGRAM, now=NOW + timedelta(days=500))


def test_the_coordinator_is_told_before_and_after(works: Works) -> None:
    works.scene.happened(EventKind.PROGRAM_COMPLETED, pair=None)
    works.of_program(K.DELETION_AHEAD, until=NOW + timedelta(days=7))
    at_once = Retention(works.scene.database, at_a_time=0)
    rounds = 1
    while at_once.delete_personal_data(REF).more:
        rounds += 1
    assert rounds > 3  # each made way after its first transaction
    works.of_program(K.DATA_DELETED)
    assert works.post.kinds() == [("cora", "deletion_ahead"), ("cora", "data_deleted")]
    ahead, after = (mail.text for mail in works.post.mails())
    assert f"python starter.py hold {PROGRAM}" in ahead
    assert f"python starter.py report {PROGRAM} --out report" in ahead
    for text in (ahead, after):
        assert "4 people" in text
        assert not any(name in text for name in ("Mia", "Theo", "Nils", "Vera"))
    (kept,) = works.messages()
    assert (kept.kind, kept.person_id) == ("data_deleted", None)


def test_a_program_on_hold_is_left_as_it_is(on_sqlite: Works) -> None:
    database = on_sqlite.scene.database
    with database.write() as session:
        holds.put(session, PROGRAM, "hr", None, NOW)
    before = on_sqlite.scene.everything()
    done = Retention(database).delete_personal_data(REF)
    assert done == DeletedSome(more=True, held=True)
    assert on_sqlite.scene.everything() == before


def test_a_program_that_is_not_over_has_no_term(on_sqlite: Works) -> None:
    look = Retention(on_sqlite.scene.database).look_at_retention
    assert look(REF).term is None
    assert look(ProgramRef(program="nothing", now=NOW)).term is None
    on_sqlite.scene.happened(EventKind.PROGRAM_CANCELLED, pair=None)
    term = look(REF).term
    assert term is not None
    assert not term.deleted


def test_a_pair_that_goes_on_hears_no_more_once_all_is_deleted(on_sqlite: Works) -> None:
    with on_sqlite.scene.database.write() as session:
        while retention.delete_some(session, PROGRAM, NOW):
            pass
    sent = on_sqlite.of_pair(MomentKind.CONTINUED_REMINDER, attempt=9)
    assert (sent.sent, on_sqlite.held(NOW).sent) == (0, 0)
    assert on_sqlite.scene.rows(MessageRow) == []


def test_the_invitation_says_on_what_basis_for_how_long_and_whom_to_ask(on_sqlite: Works) -> None:
    privacy = DEFINITION.privacy.model_copy(
        update={"lawful_basis": LawfulBasis.COLLECTIVE_AGREEMENT, "keep_days": 90}
    )
    plan = DEFINITION.model_copy(update={"privacy": privacy})
    with on_sqlite.scene.database.write() as session:
        session.get_one(ProgramRow, PROGRAM).definition = plan.model_dump(mode="json")
    on_sqlite.of_program(K.INVITATION, until=NOW + timedelta(days=14))
    text = " ".join(on_sqlite.post.mails("mia@example.com")[0].text.split())
    assert "on the basis of a collective or works agreement at Example Ltd" in text
    assert "is deleted 90 days after its end" in text
    assert "Questions about your data go to Cora Example (cora@example.com)." in text
