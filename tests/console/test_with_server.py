"""Commands against a real Temporal server and a real worker."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.mail import Mailer
from domain.ids import pair_workflow_id, program_workflow_id
from domain.lifecycle import PairState, Stage
from domain.work import EVERY_KIND, Work
from runtime.settings import load_settings
from store import answers, journal, programs
from store.content import Mail
from store.database import Database
from store.ledger import MessageState
from store.links import Link, Links, Purpose
from store.tables import MessageRow
from tests.activities.post_office import PostOffice, open_post_office
from tests.console.conftest import PEOPLE, always_open
from tests.console.typed import Typed, type_in
from tests.portal.scene import EXPIRES
from tests.shipped import CONTENT
from worker import activity_objects, workers
from workflows.messages import ProgramView
from workflows.pair import PairWorkflow
from workflows.program import ProgramWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE = 30.0
"""Seconds that anything in these tests may take."""


async def typed(*words: object, answer: str | None = None) -> Typed:
    """Type a command while the worker goes on."""
    return await asyncio.to_thread(type_in, *words, answer=answer)


@dataclass
class Office:
    """HR's desk: a program's file, the store, the mail, and what the workflows say."""

    environment: WorkflowEnvironment
    task_queue: str
    program: str
    definition: Path
    database: Database
    post: PostOffice

    @asynccontextmanager
    async def worker(self, *kinds: Work) -> AsyncIterator[None]:
        activities = activity_objects(
            self.database,
            CONTENT,
            Links("http://testserver", ["k" * 32]),
            Mailer(self.post.server),
        )
        async with workers(
            self.environment.client,
            self.task_queue,
            activities,
            kinds=kinds or EVERY_KIND,
            fail_workflows=True,
        ):
            yield

    async def view(self) -> ProgramView:
        handle = self.environment.client.get_workflow_handle(program_workflow_id(self.program))
        return await handle.query(ProgramWorkflow.view)

    async def until(self, reached: Callable[[ProgramView], bool]) -> ProgramView:
        """Wait for the program to stand so. A query shows it; nothing announces it."""
        async with asyncio.timeout(PATIENCE):
            while not reached(view := await self.view()):
                await asyncio.sleep(0.05)
        return view

    async def until_introduced(self, person: str) -> None:
        """Wait until it is noted that somebody was told of their partner."""
        sent = select(MessageRow.key).where(
            MessageRow.person_id == person,
            MessageRow.kind == Mail.INTRODUCTION.value,
            MessageRow.state == MessageState.SENT.value,
        )
        async with asyncio.timeout(PATIENCE):
            while True:
                with self.database.read() as session:
                    if session.scalars(sent).first() is not None:
                        return
                await asyncio.sleep(0.05)

    async def until_journal_has(self, kind: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while kind not in self.events():
                await asyncio.sleep(0.05)

    def events(self) -> list[str]:
        with self.database.read() as session:
            return [event.kind.value for _, event in journal.read(session, self.program)]

    def pairs(self) -> set[str]:
        with self.database.read() as session:
            return set(programs.pair_names(session, self.program))

    async def pair_state(self, pair: str) -> PairState:
        workflow = pair_workflow_id(self.program, pair)
        handle = self.environment.client.get_workflow_handle(workflow)
        return await handle.query(PairWorkflow.state)

    def everybody_joins(self) -> None:
        with self.database.write() as session:
            for person in programs.participants(session, self.program):
                if person.eligible_roles:
                    link = Link(
                        purpose=Purpose.JOIN,
                        program=self.program,
                        person=person.id,
                        expires=EXPIRES,
                    )
                    answers.join(session, link, True)

    async def up_to_the_matches(self, people: Path = PEOPLE) -> None:
        """Start, enrol everybody, and have them matched."""
        assert (await typed("start", self.definition, people)).code == 0
        await self.until(lambda view: view.stage is Stage.MATCHING)
        await asyncio.to_thread(self.everybody_joins)
        assert (await typed("close-enrolment", self.program)).code == 0
        await self.until(lambda view: view.awaits_approval)
        await self.until_journal_has("matches_proposed")  # written a moment later

    async def up_to_the_pairs(self) -> list[str]:
        """…and the pairs of few people introduced. Gives their ids."""
        await self.up_to_the_matches(written(few_people(), Path("few.csv")))
        assert (await typed("matches", self.program, "approve")).code == 0
        await self.until(lambda view: sum(view.pairs.values()) == FEW)
        with self.database.read() as session:
            return list(programs.pair_names(session, self.program))


FEW = 5
"""Pairs of the tests that need some: each gets mail, so that more take longer."""


def few_people() -> list[dict[str, str]]:
    """The rows of the example's people file, of whom only some take part."""
    with PEOPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for wish in ("Learns", "Teaches"):
        for row in [row for row in rows if row["Reverse mentoring"] == wish][FEW:]:
            row["Reverse mentoring"] = ""
    return rows


def written(rows: list[dict[str, str]], to: Path) -> Path:
    """A people file."""
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return to


@pytest.fixture
def office(
    dev_server: WorkflowEnvironment,
    task_queue: str,
    here: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sqlite_database: Database,
) -> Iterator[Office]:
    program = f"console-{uuid4().hex[:8]}"
    definition = here / "definition.yaml"
    definition.write_text(always_open(program), "utf-8")
    monkeypatch.setenv("TEMPORAL_ADDRESS", str(dev_server.client.service_client.config.target_host))
    monkeypatch.setenv("TASK_QUEUE", task_queue)
    monkeypatch.setenv(
        "DATABASE_URL", sqlite_database.engine.url.render_as_string(hide_password=False)
    )
    assert load_settings().task_queue == task_queue
    with open_post_office(tmp_path) as post:
        yield Office(dev_server, task_queue, program, definition, sqlite_database, post)


async def test_a_program_is_started_once(office: Office) -> None:
    async with office.worker():
        done = await typed("start", office.definition, PEOPLE)
        assert done.code == 0
        assert f"Started program/{office.program}" in done.out
        assert f"/namespaces/default/workflows/program%2F{office.program}" in done.out
        await office.until(lambda view: view.stage is Stage.MATCHING)
        before = office.events()
        again = await typed("start", office.definition, PEOPLE)
        assert (again.code, again.out) == (1, "")
        assert "was started already. Nothing was changed." in again.err
        assert office.events()[: len(before)] == before
        with office.database.read() as session:
            assert len(programs.participants(session, office.program)) == 28


async def test_starting_as_json_prints_one_document(office: Office) -> None:
    async with office.worker():
        done = await typed("start", office.definition, PEOPLE, "--json")
        facts = done.json
        assert facts["program"] == office.program
        assert facts["run"]
        status = (await typed("status", office.program, "--json")).json
        assert status["program"] == office.program


async def test_without_a_worker_nothing_is_started(office: Office) -> None:
    done = await typed("start", office.definition, PEOPLE)
    assert (done.code, done.out) == (1, "")
    assert f"no worker listens on “{office.task_queue}”" in done.err
    assert "make run" in done.err
    with office.database.read() as session:
        assert not programs.exists(session, office.program)


async def test_work_that_no_worker_does_is_named_and_the_program_starts(office: Office) -> None:
    async with office.worker(Work.WORKFLOWS, Work.MATCHING):
        done = await typed("start", office.definition, PEOPLE, "--json")
    assert done.json["program"] == office.program
    assert " ".join(done.err.split()) == (
        f"No worker asks for mail on “{office.task_queue}-mail”, so that waits. "
        "Start one with WORK=mail, or without WORK, which does everything."
    )


async def test_a_namespace_that_is_not_there_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")
    done = await typed("start", office.definition, PEOPLE)
    assert (done.code, done.out) == (1, "")
    assert "Temporal has no namespace “nowhere”" in done.err


async def test_a_program_that_never_came_to_temporal_starts_as_its_files_are_now(
    office: Office,
) -> None:
    async with office.worker():
        text = office.definition.read_text("utf-8")
        with pytest.MonkeyPatch.context() as patch:

            async def away(*_: object, **__: object) -> None:
                raise ConnectionResetError(104, "Temporal went away")

            patch.setattr("temporalio.client.Client.start_workflow", away)
            done = await typed("start", office.definition, PEOPLE)
            assert done.code == 1
            assert "Temporal went away" in done.err
        office.definition.write_text(text.replace('"Digital Leaders"', '"Another Title"'), "utf-8")
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        with office.database.read() as session:
            title = programs.get(session, office.program).definition.program.title
            assert len(programs.participants(session, office.program)) == 28
        assert title == "Another Title"


def change(pair: int, **values: object) -> None:
    """Edit a pair of the exported m.json, as HR would."""
    document = json.loads(Path("m.json").read_text("utf-8"))
    document["pairs"][pair].update(values)
    Path("m.json").write_text(json.dumps(document), "utf-8")


async def test_matches_are_shown_exported_changed_and_approved(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        assert "13 pairs wait for you" in (await typed("status", office.program)).out
        shown = await typed("matches", office.program, "show")
        assert "Proposal 1: 13 pairs, 0 without a partner" in shown.out
        assert (await typed("matches", office.program, "export", "m.json")).code == 0
        change(0, decision="drop")
        changed = await typed("matches", office.program, "import", "m.json")
        assert (changed.code, changed.err) == (0, "")
        words = " ".join(changed.out.split())
        assert "1 change applied. Proposal 2 has 12 pairs now, 2 without a partner." in words
        assert "• row 1: dropped " in words
        assert "2 without a partner" in (await typed("matches", office.program, "show")).out
        again = await typed("matches", office.program, "import", "m.json")
        assert again.code == 2
        assert "made from proposal 1; it is proposal 2 now" in again.err
        approved = await typed("matches", office.program, "approve")
        assert approved.code == 0
        assert "Approved: 12 pairs" in approved.out
        await office.until(lambda view: sum(view.pairs.values()) == 12)
        again = await typed("matches", office.program, "approve")
        assert again.code == 1
        assert "No matches wait for approval." in again.err
        assert (await typed("matches", office.program, "export", "m.json", "--force")).code == 0
        late = await typed("matches", office.program, "import", "m.json")
        assert late.code == 1
        assert "No matches wait for approval." in late.err


async def test_what_breaks_a_rule_is_refused_and_the_rest_of_the_sheet_applies(
    office: Office,
) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        pairs = json.loads(Path("m.json").read_text("utf-8"))["pairs"]
        change(0, decision="drop")
        change(1, mentee=pairs[1]["mentor"])
        change(2, decision="aprove")
        change(3, decision="lock", comment="know each other")
        done = await typed("matches", office.program, "import", "m.json")
        assert done.code == 2
        words = " ".join(done.out.split())
        assert "2 changes applied. Proposal 2 has 12 pairs now" in words
        assert "The refused rows are not in it." in words
        assert "• row 1: dropped " in words
        assert "• row 4: locked, your note: " in words
        assert words.count("• ") == 2
        name = pairs[1]["mentor_name"]
        assert f"m.json, row 2: {name}" in done.err
        assert "nobody is paired with themselves." in done.err
        assert "m.json, row 3, Decision: “aprove” is no decision." in done.err
        assert "2 rows were not taken over" in done.err
        facts = (await typed("matches", office.program, "show", "--json")).json
        now = {pair["mentor"]: pair for pair in facts["pairs"]}
        assert pairs[0]["mentor"] not in now
        assert now[pairs[1]["mentor"]]["mentee"] == pairs[1]["mentee"]
        assert now[pairs[3]["mentor"]]["fixed"]
        assert now[pairs[3]["mentor"]]["comment"] == "know each other"


async def test_the_rest_is_matched_anew_around_what_hr_set(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        pairs = json.loads(Path("m.json").read_text("utf-8"))["pairs"]
        change(0, decision="drop")
        change(1, decision="lock")
        done = await typed("matches", office.program, "import", "m.json", "--solve", "--json")
        assert done.code == 0
        assert done.json["applied"] == 2
        facts = (await typed("matches", office.program, "show", "--json")).json
        now = [(pair["mentor"], pair["mentee"]) for pair in facts["pairs"]]
        assert (pairs[0]["mentor"], pairs[0]["mentee"]) not in now
        assert (pairs[1]["mentor"], pairs[1]["mentee"]) in now


async def test_a_sheet_of_which_all_is_refused_makes_no_new_proposal(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        pairs = json.loads(Path("m.json").read_text("utf-8"))["pairs"]
        change(1, mentee=pairs[1]["mentor"])
        done = await typed("matches", office.program, "import", "m.json")
        assert done.code == 2
        assert "Nothing changed: proposal 1 is as it was." in done.out
        assert "Proposal 1: 13 pairs" in (await typed("matches", office.program, "show")).out


async def test_an_earlier_proposal_can_be_restored(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        before = (await typed("matches", office.program, "show", "--json")).json["pairs"]
        change(0, decision="drop")
        change(1, decision="lock", comment="as agreed")
        assert (await typed("matches", office.program, "import", "m.json")).code == 0
        done = await typed("matches", office.program, "restore", "1")
        assert (done.code, done.err) == (0, "")
        assert "2 changes applied. Proposal 3 has 13 pairs now" in done.out
        assert (await typed("matches", office.program, "show", "--json")).json["pairs"] == before
        assert (await typed("matches", office.program, "approve")).code == 0


async def test_who_left_since_the_export_is_told_with_the_import(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        gone = json.loads(Path("m.json").read_text("utf-8"))["pairs"][0]
        assert (await typed("withdraw", office.program, gone["mentee"], "--yes")).code == 0
        done = await typed("matches", office.program, "import", "m.json")
        assert done.code == 2
        assert f"m.json, row 1: {gone['mentor_name']}" in done.err
        assert "the mentee does not take part any more." in done.err


async def test_an_edit_that_is_refused_leaves_the_proposal_as_it_was(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_matches()
        await typed("matches", office.program, "export", "m.json")
        change(0, decision="drop")
        assert (await typed("pause", office.program)).code == 0
        refused = await typed("matches", office.program, "import", "m.json")
        assert refused.code == 1
        assert "The program is paused. Resume it first." in refused.err
        assert (await typed("resume", office.program)).code == 0
        assert "Proposal 1: 13 pairs" in (await typed("matches", office.program, "show")).out
        assert (await typed("matches", office.program, "approve")).code == 0


async def test_a_pair_is_paused_resumed_and_closed(office: Office) -> None:
    async with office.worker():
        pair, *_ = await office.up_to_the_pairs()
        assert (await typed("pair", office.program, pair, "pause")).code == 0
        assert await office.pair_state(pair) is PairState.PAUSED
        twice = await typed("pair", office.program, pair, "pause")
        assert (twice.code, twice.out) == (1, "")
        assert "paused already" in twice.err
        assert "paused" in (await typed("pair", office.program, pair, "show")).out
        assert (await typed("pair", office.program, pair, "resume")).code == 0
        assert await office.pair_state(pair) is PairState.INTRODUCED
        until = await typed("pair", office.program, pair, "pause", "--until", "2999-01-31")
        assert "nothing goes out to them until 2999-01-31" in until.out
        assert (await typed("pair", office.program, pair, "resume")).code == 0
        closed = await typed("pair", office.program, pair, "close")
        assert "Both get a kind message" in closed.out
        await office.until_journal_has("pair_closed")
        over = await typed("pair", office.program, pair, "close")
        assert over.code == 1


async def test_two_pairs_that_hr_has_matched_anew_find_other_partners(office: Office) -> None:
    text = office.definition.read_text("utf-8")
    at_once = "matching:\n  repair: { gather: 0 days }\n"
    office.definition.write_text(text.replace("matching:\n", at_once, 1), "utf-8")
    async with office.worker():
        pairs = await office.up_to_the_pairs()
        for pair in pairs:
            done = await typed("pair", office.program, pair, "rematch")
            assert done.code == 0
        assert "New partners are looked for" in done.out
        async with asyncio.timeout(PATIENCE):
            while "new_pairs_ready" not in [kind for _, kind in office.post.kinds()]:
                await asyncio.sleep(0.05)
        await office.until(lambda view: view.awaits_approval)
        assert "new pairs wait for you" in (await typed("status", office.program)).out
        async with asyncio.timeout(PATIENCE):  # without a wait each pair is looked after at once
            while (await typed("matches", office.program, "approve")).code:
                await asyncio.sleep(0.2)
        async with asyncio.timeout(PATIENCE):
            while not (after := office.pairs() - set(pairs)):
                await asyncio.sleep(0.05)
    with office.database.read() as session:
        known = [programs.pair(session, office.program, pair) for pair in pairs]
        new = [programs.pair(session, office.program, pair) for pair in after]
    before = {frozenset((p.mentor.id, p.mentee.id)) for p in known if p is not None}
    assert new
    assert not before & {frozenset((p.mentor.id, p.mentee.id)) for p in new if p is not None}


async def test_a_newer_people_file_pauses_a_mentor_who_now_reports_to_the_mentee(
    office: Office,
) -> None:
    async with office.worker():
        pair, *_ = await office.up_to_the_pairs()
        same = await typed("people", office.program, "few.csv")
        assert (same.code, "No pair breaks a hard rule." in same.out) == (0, True)
        assert "Nothing that is known of people has changed." in same.out
        with office.database.read() as session:
            two = programs.pair(session, office.program, pair)
        assert two is not None
        rows = few_people()
        (row,) = (row for row in rows if row["Employee ID"] == two.mentor.person.reference)
        row["Reports to"] = two.mentee.person.reference
        newer = written(rows, Path("newer.csv"))
        done = await typed("people", office.program, newer)
        assert done.code == 0
        assert "What is known of 1 person has changed." in done.out
        assert "1 pair breaks a hard rule now; 1 of them is paused" in done.out
        assert await office.pair_state(pair) is PairState.PAUSED
        assert ("coordinator", "rules_broken") in office.post.kinds()


async def test_a_people_file_with_mistakes_changes_nothing(office: Office, here: Path) -> None:
    async with office.worker():
        await office.up_to_the_pairs()
        wrong = here / "wrong.csv"
        wrong.write_text(PEOPLE.read_text("utf-8").replace("Executive", "Emperor"), "utf-8")
        done = await typed("people", office.program, wrong)
        assert (done.code, done.out) == (2, "")
        assert "“Emperor”" in done.err
        stranger = here / "stranger.csv"
        heading, *_ = PEOPLE.read_text("utf-8").splitlines()
        cells = ["9999", "Nobody", "Example", "nobody@example.com", *[""] * 14]
        stranger.write_text(f"{heading}\n{','.join(cells)}\n", "utf-8")
        other = await typed("people", office.program, stranger)
        assert other.code == 2
        assert "Is it the right one?" in other.err


async def test_who_is_withdrawn_leaves_their_pair_without_a_portal_running(office: Office) -> None:
    async with office.worker():
        pairs = await office.up_to_the_pairs()
        with office.database.read() as session:
            pair = programs.pair(session, office.program, pairs[0])
        assert pair is not None
        done = await typed("withdraw", office.program, pair.mentee.person.email, "--yes")
        assert done.code == 0
        assert "could not be told" not in done.out
        await office.until_journal_has("pair_withdrawn")
        async with asyncio.timeout(PATIENCE):
            while "farewell_partner_withdrew" not in [kind for _, kind in office.post.kinds()]:
                await asyncio.sleep(0.05)
        assert await office.pair_state(pair.id) is PairState.WITHDRAWN


async def test_who_is_erased_is_gone_and_the_program_goes_on(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))  # where the store and the mailbox are
    async with office.worker():
        pairs = await office.up_to_the_pairs()
        with office.database.read() as session:
            pair = programs.pair(session, office.program, pairs[0])
        assert pair is not None
        gone, partner = pair.mentee.person, pair.mentor.person
        # What is on its way to them just then may still arrive.
        await office.until_introduced(pair.mentee.id)
        Path("few.csv").unlink()  # HR's own file, below the folder that is looked through
        done = await typed("erase", gone.email, "--yes", "--json")
        proof = done.json
        assert (done.code, proof["scan"]["left"]) == (0, [])
        assert proof["told"]
        assert proof["mails"] > 0
        await office.until_journal_has("pair_withdrawn")
        async with asyncio.timeout(PATIENCE):
            while "farewell_partner_withdrew" not in [kind for _, kind in office.post.kinds()]:
                await asyncio.sleep(0.05)
        goodbye = office.post.mailbox.latest(partner.email)[0]
        assert goodbye.subject.startswith("Your partner can’t go on")
        assert gone.name.split()[0] not in goodbye.text
        assert office.post.mailbox.latest(gone.email) == []
        assert await office.pair_state(pair.id) is PairState.WITHDRAWN
        for shown in (
            await typed("status", office.program),
            await typed("pair", office.program, pair.id, "show"),
            await typed("matches", office.program, "show"),
        ):
            assert (shown.code, gone.name in shown.out) == (0, False), shown.err
        assert (await typed("cancel", office.program, "--yes")).code == 0
        handle = office.environment.client.get_workflow_handle(program_workflow_id(office.program))
        await asyncio.wait_for(handle.result(), PATIENCE)


async def test_a_program_is_paused_resumed_and_cancelled(office: Office) -> None:
    async with office.worker():
        await office.up_to_the_pairs()
        assert (await typed("resume", office.program)).code == 1
        assert (await typed("pause", office.program)).code == 0
        assert "paused" in (await typed("status", office.program)).out
        twice = await typed("pause", office.program)
        assert (twice.code, twice.out) == (1, "")
        assert "The program is paused already." in twice.err
        assert (await typed("resume", office.program)).code == 0
        kept = await typed("cancel", office.program, answer="n\n")
        assert kept.code == 0
        assert "Nothing was changed." in kept.err
        assert (await typed("cancel", office.program, "--yes")).code == 0
        handle = office.environment.client.get_workflow_handle(program_workflow_id(office.program))
        await asyncio.wait_for(handle.result(), PATIENCE)
        status = (await typed("status", office.program, "--json")).json
        assert status["stage"] == "cancelled"
        assert status["pairs"] == {"cancelled": FEW}
        over = await typed("cancel", office.program, "--yes")
        assert over.code == 1
        assert "over already" in over.err


async def test_watching_ends_when_the_program_does(office: Office) -> None:
    async with office.worker():
        assert (await typed("start", office.definition, PEOPLE)).code == 0
        await office.until(lambda view: view.stage is Stage.MATCHING)
        watching = asyncio.create_task(typed("status", office.program, "--watch"))
        handle = office.environment.client.get_workflow_handle(program_workflow_id(office.program))
        await handle.execute_update(ProgramWorkflow.cancel)
        done = await asyncio.wait_for(watching, PATIENCE)
        assert done.code == 0
        assert "cancelled" in done.out
