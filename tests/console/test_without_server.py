"""Commands that need no Temporal: they say all that is wrong, at once, and never a traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete

from domain.journal import EventKind
from domain.people import Role
from domain.proposal import BlockingPair, Proposal, ProposedPair, Reached, Totals, Unmatched
from runtime.settings import load_settings
from store import answers, ledger, proposals
from store.database import Database
from store.ledger import Entry
from store.links import Link, Purpose
from store.migrate import migrate
from store.tables import PairRow, ParticipantRow
from tests.console.conftest import DEFINITION, PEOPLE
from tests.console.typed import type_in
from tests.portal.scene import EXPIRES, PROGRAM, STARTED, Scene, fill

# --- new -----------------------------------------------------------------------------------------


def test_a_new_definition_is_written_and_passes_its_own_check(here: Path) -> None:
    done = type_in("new", "Ünïque Names 2027")
    assert done.code == 0
    assert "unique-names-2027.yaml" in done.out
    assert type_in("check", here / "unique-names-2027.yaml").code == 0


def test_a_definition_that_is_there_is_left_alone(here: Path) -> None:
    type_in("new", "Looking up")
    (here / "looking-up.yaml").write_text("mine")
    done = type_in("new", "Looking up")
    assert (done.code, done.out) == (1, "")
    assert "is there already" in done.err
    assert (here / "looking-up.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "??", "日本", "a"])
def test_a_name_that_makes_no_id_is_refused(here: Path, name: str) -> None:
    done = type_in("new", name)
    assert done.code == 2
    assert "does not make an id" in done.err
    assert list(here.iterdir()) == []


def test_a_template_is_named_and_an_unknown_one_is_corrected() -> None:
    assert type_in("new", "Looking up", "--template", "standard").code == 0
    done = type_in("new", "Another one", "--template", "standrad")
    assert done.code == 2
    assert "Did you mean “standard”?" in done.err


def test_a_folder_that_can_t_be_written_to_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = type_in("new", "Looking up")
    assert done.code == 1
    assert "No such file or directory" in done.err


# --- check ---------------------------------------------------------------------------------------


def test_the_example_is_fine_and_fits_80_columns() -> None:
    done = type_in("check", DEFINITION, PEOPLE)
    assert done.code == 0
    assert "Everything fits" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_check_as_json_is_one_document_and_nothing_else() -> None:
    facts = type_in("check", DEFINITION, PEOPLE, "--json").json
    assert facts["people"] == 28
    assert facts["program"] == "digital-leaders"


def test_the_problems_of_both_files_are_told_at_once(here: Path) -> None:
    definition, people = here / "definition.yaml", here / "people.csv"
    text = DEFINITION.read_text("utf-8")
    definition.write_text(text.replace("count: 6", "count: six").replace("mode:", "mod:"), "utf-8")
    lines = PEOPLE.read_text("utf-8").splitlines()
    lines[2] = lines[2].replace("tomasz.przyklad@example.com", "tomasz")
    people.write_text("\n".join(lines), "utf-8")
    done = type_in("check", definition, people)
    assert (done.code, done.out) == (2, "")
    assert "sessions.count" in done.err
    assert "Did you mean “mode”?" in done.err
    assert "people.csv, row 3" in done.err
    assert "3 problems. Nothing was changed." in done.err


def test_problems_of_their_own_texts_are_told_with_those_of_the_files(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = here / "own"
    (own / "en" / "training").mkdir(parents=True)
    (own / "en" / "training" / "tools.md").write_text("No head\n")
    (own / "cs").mkdir()
    (own / "cs" / "portal.yaml").write_text("locale: xx\n")
    monkeypatch.setenv("CONTENT_FOLDER", str(own))
    text = DEFINITION.read_text("utf-8").replace(
        "training:\n", "training:\n  modules: [tools, x]\n"
    )
    definition = here / "definition.yaml"
    definition.write_text(text, "utf-8")
    typed = type_in("check", definition)
    assert typed.code == 2
    assert "there is no module “x” of the training" in typed.err
    assert "tools.md, line 1: it must begin with a head" in typed.err
    assert "locale: there is no locale “xx”" in typed.err
    assert "3 problems" in typed.err
    monkeypatch.setenv("CONTENT_FOLDER", str(here / "gone"))
    assert "there is no such folder" in type_in("check", definition).err


def test_people_are_read_as_a_table_when_their_columns_can_t_be_understood(here: Path) -> None:
    definition = here / "definition.yaml"
    definition.write_text("people: 7")
    (here / "people.csv").write_text("")
    done = type_in("check", definition, here / "people.csv")
    assert done.code == 2
    assert "people.csv: this file is empty" in done.err
    assert "definition.yaml" in done.err


def test_a_start_date_that_is_past_is_a_warning_before_it_is_an_obstacle(here: Path) -> None:
    past = here / "past.yaml"
    text = DEFINITION.read_text("utf-8")
    past.write_text(text.replace("starts: 2027-01-11", "starts: 2020-01-06"), "utf-8")
    done = type_in("check", past, PEOPLE)
    assert done.code == 0
    assert "2020-01-06, is past" in done.out
    done = type_in("start", past, PEOPLE)
    assert done.code == 2
    assert "past.yaml: program.starts, 2020-01-06, is past" in done.err


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _folder(path: Path) -> None:
    path.mkdir()


def _empty(path: Path) -> None:
    path.touch()


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def _zeros(path: Path) -> None:
    path.write_bytes(b"\0" * 5_000)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _deep(path: Path) -> None:
    """Deeper than the reader's calls can nest; what is deeper still only takes it longer."""
    path.write_text("[" * 600 + "]" * 600)


def _nonsense(path: Path) -> None:
    path.write_text("]: {{ &a *b\n\t- : ?,;,\n")


SMALL = """\
program: {id: small, title: S, organisation: O, starts: 2027-01-11, goals: [{goal: g, priority: p}]}
coordinator: {name: C, email: c@example.com}
sponsor: {name: S, email: s@example.com}
people: {columns: {id: ID, name: Name, email: Mail}}
matching: {rules: [], preferences: []}
check_ins: []
success: [{metric: sessions_held, target: ">= 80%"}]
"""
"""A definition that is read in no time."""

BAD_FILES = (_missing, _folder, _empty, _binary, _zeros, _huge, _pipe, _deep, _nonsense)


@pytest.mark.parametrize("make", BAD_FILES)
@pytest.mark.parametrize("name", ["definition.yaml", "people.csv", "people.xlsx", "people.doc"])
def test_whatever_the_file_is_it_is_said_in_words(
    here: Path, name: str, make: Callable[[Path], None]
) -> None:
    bad = here / name
    make(bad)
    small = here / "small.yaml"
    small.write_text(SMALL)
    files = (bad, PEOPLE) if name == "definition.yaml" else (small, bad)
    for command in (("check", *files), ("match", *files, "--out", "m.json"), ("start", *files)):
        done = type_in(*command)
        assert (done.code, done.out) == (2, "")
        assert name in done.err
        assert small.name not in done.err
        assert "Nothing was changed." in done.err
    assert not (here / "m.json").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(here: Path) -> None:
    secret = here / "people.csv"
    secret.write_text("x")
    secret.chmod(0)
    done = type_in("check", DEFINITION, secret)
    assert done.code == 2
    assert "not allowed to read" in done.err


# --- match ---------------------------------------------------------------------------------------


def test_matching_writes_a_spreadsheet_without_a_server(here: Path) -> None:
    done = type_in("match", DEFINITION, PEOPLE, "--out", "m.xlsx")
    assert done.code == 0
    assert "13 pairs" in done.out
    assert load_workbook(here / "m.xlsx").worksheets


def test_matching_to_json_says_how_long_each_step_took(here: Path) -> None:
    assert type_in("match", DEFINITION, PEOPLE, "--out", "m.json").code == 0
    document = json.loads((here / "m.json").read_text("utf-8"))
    assert document["timings"].keys() == {"load", "score", "solve", "explain"}
    assert all(0 <= seconds < 60 for seconds in document["timings"].values())
    assert document["pairs"][0]["reasons"]


def test_matching_says_what_was_reached_and_what_check_says(here: Path) -> None:
    text = DEFINITION.read_text("utf-8")
    past = here / "past.yaml"
    past.write_text(text.replace("starts: 2027-01-11", "starts: 2020-01-06"), "utf-8")
    done = type_in("match", past, PEOPLE, "--out", "m.json")
    assert "26 people in a pair. Put first: most people in a pair" in done.out
    assert "Scores from " in done.out
    assert "No other choice would reach more people or a better total." in done.out
    assert "• program.starts, 2020-01-06, is past" in done.out


def test_no_file_of_hr_s_is_written_over_unasked(here: Path) -> None:
    people = here / "people.csv"
    people.write_bytes(PEOPLE.read_bytes())
    (here / "m.xlsx").write_text("edited for hours")
    (here / "same.json").hardlink_to(people)
    (here / "link.json").symlink_to(people)
    for target, more in (
        ("m.xlsx", ()),
        ("same.json", ("--force",)),
        ("link.json", ("--force",)),
    ):
        done = type_in("match", DEFINITION, people, "--out", target, *more)
        assert (done.code, done.out) == (2, "")
    assert people.read_bytes() == PEOPLE.read_bytes()
    assert (here / "m.xlsx").read_text() == "edited for hours"
    assert "is one of those to read" in done.err
    done = type_in("match", DEFINITION, people, "--out", "m.xlsx")
    assert "m.xlsx: this file is there already. Name another, or add --force." in done.err
    assert type_in("match", DEFINITION, people, "--out", "m.xlsx", "--force").code == 0
    assert load_workbook(here / "m.xlsx").worksheets


def test_an_export_writes_over_a_file_only_by_force(scene: Scene, here: Path) -> None:
    propose(scene, 1)
    assert type_in("matches", PROGRAM, "export", "m.json").code == 0
    (here / "m.json").write_text("edited")
    done = type_in("matches", PROGRAM, "export", "m.json")
    assert (done.code, done.out) == (2, "")
    assert "m.json: this file is there already." in done.err
    assert type_in("matches", PROGRAM, "export", "m.json", "--force").code == 0
    assert type_in("matches", PROGRAM, "show", "--force").code == 2


def test_matching_answers_why_two_are_not_a_pair_as_often_as_asked() -> None:
    asked = ("--why", "2001", "--with", "EWA.PROBNA@example.com", "--why", "1012", "--with", "2001")
    done = type_in("match", DEFINITION, PEOPLE, "--out", "m.json", *asked)
    assert done.code == 0
    assert "Aoife Samplesby and Ewa Próbna\n• " in done.out
    assert "\nPeter Dummett and Aoife Samplesby\nThey are a pair: it scores" in done.out
    assert "\nWhat speaks for it\n• " in done.out


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("--why", "2001"), "Each --why needs its --with"),
        (("--why", "2001", "--with", "20100"), "there is nobody “20100”. Did you mean “2010”?"),
    ],
)
def test_a_question_that_can_t_be_answered_is_bad_input(
    here: Path, asked: tuple[str, ...], told: str
) -> None:
    done = type_in("match", DEFINITION, PEOPLE, "--out", "m.json", *asked)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert not (here / "m.json").exists()


@pytest.mark.parametrize("target", ["m.txt", "nowhere/m.json", "."])
def test_a_target_that_can_t_be_written_is_bad_input(target: str) -> None:
    done = type_in("match", DEFINITION, PEOPLE, "--out", target)
    assert (done.code, done.out) == (2, "")
    assert "m." in done.err or "proposal" in done.err


def test_bad_input_is_told_as_json_where_json_is_asked_for(here: Path) -> None:
    people = here / "people.csv"
    people.write_text(PEOPLE.read_text("utf-8").replace("Executive", "Emperor"), "utf-8")
    for command in (("check",), ("match", "--out", "m.json"), ("start",)):
        done = type_in(command[0], DEFINITION, people, *command[1:], "--json")
        assert done.code == 2
        problem = done.json["problems"][0]
        assert problem.keys() == {"file", "row", "field", "message", "hint"}
        assert (problem["file"], problem["field"]) == (str(people), "Grade")
        assert "“Emperor”" in done.err


def test_matching_as_json_is_one_document() -> None:
    asked = ("--why", "1012", "--with", "2001")
    facts = type_in("match", DEFINITION, PEOPLE, "--out", "m.json", *asked, "--json").json
    assert facts["totals"]["pairs"] == 13
    assert "They are a pair" in facts["why"][0]["words"][0]


# --- status, pair, matches, report on a store that a test filled ----------------------------------


@pytest.fixture
def scene() -> Scene:
    """An example program in HR's own store."""
    database = Database(load_settings().database)
    migrate(database)
    return fill(database)


def test_without_a_program_status_lists_those_there_are(scene: Scene) -> None:
    done = type_in("status")
    assert done.code == 0
    assert PROGRAM in done.out
    assert [p["program"] for p in type_in("status", "--json").json["programs"]] == [PROGRAM]


def test_status_with_nothing_started_says_how_to_begin() -> None:
    done = type_in("status")
    assert done.code == 0
    assert "starter.py new" in done.out


@pytest.mark.parametrize(
    "command",
    [
        ("status", "nope"),
        ("status", "nope", "--json"),
        ("report", "nope", "--out", "r"),
        ("matches", "nope", "show"),
        ("pause", "nope"),
        ("cancel", "nope", "--yes"),
        ("withdraw", "nope", "1"),
        ("leave", "nope", "1", "--back"),
        ("pair", "nope", "m-1", "show"),
    ],
)
def test_an_unknown_program_is_bad_input_and_the_known_ones_are_named(
    scene: Scene, command: tuple[str, ...]
) -> None:
    done = type_in(*command)
    assert done.code == 2
    assert "There is no program “nope”" in done.err
    assert PROGRAM in done.err
    if "--json" in command:
        ((problem,),) = done.json.values()
        assert "There is no program “nope”" in problem["message"]
    else:
        assert done.out == ""


def test_what_can_t_be_done_with_matches_is_said() -> None:
    done = type_in("matches", "nope", "dance")
    assert (done.code, done.out) == (2, "")
    assert "dance" in done.err


def test_status_fits_80_columns_and_shows_who_needs_attention_first(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, pair="pair-2")
    scene.happened(EventKind.PAIR_STALLED, pair="pair-2", step=1)
    scene.happened(EventKind.LADDER_CLIMBED, pair="pair-2", step=2, action="nudge_both")
    done = type_in("status", PROGRAM)
    assert done.code == 0
    lines = done.out.splitlines()
    assert max(len(line) for line in lines if "http" not in line) <= 80
    rows = [line.strip() for line in lines if line.strip().startswith("pair-")]
    assert [row.split()[0] for row in rows] == ["pair-2", "pair-1"]
    assert "stalled, step 2" in rows[0]
    facts = type_in("status", PROGRAM, "--json").json
    assert facts["pairs"] == {"meeting": 1, "stalled": 1}


def test_status_lists_some_pairs_and_counts_the_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.show_status.MOST_ROWS", 2)
    monkeypatch.setattr("console.status.MOST_ROWS", 2)
    monkeypatch.setattr("store.journal.read", None)  # which reads it whole
    for number in range(3, 9):
        scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_MEETING, pair=f"pair-{number}")
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_CLOSED, pair="pair-2")
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.HELP_ASKED)
    done = type_in("status", PROGRAM)
    lines = [line.strip() for line in done.out.splitlines()]
    rows = [line.split()[0] for line in lines if line.startswith("pair-")]
    assert rows == ["pair-1", "pair-3"]
    assert "1 pair needs attention" in done.out
    assert "8 pairs: 1 introduced, 6 meeting, 1 closed" in lines
    assert "and 5 meeting, 1 closed; all of them with --json" in lines
    facts = type_in("status", PROGRAM, "--json").json
    assert [one["pair"] for one in facts["pair_list"]] == [f"pair-{n}" for n in range(1, 9)]


def test_status_names_whom_mail_does_not_reach(scene: Scene) -> None:
    entries = [
        Entry(
            key=f"{PROGRAM}/-/invitation/1/{person}",
            program=PROGRAM,
            pair=None,
            person=person,
            recipient="participant",
            kind="invitation",
        )
        for person in ("p-mia", "p-theo")
    ]
    with scene.database.write() as session:
        ledger.write_down(session, entries, "example.com", STARTED)
        ledger.mark_sent(session, [entries[1].key], STARTED)
    assert "does not reach" not in type_in("status", PROGRAM).out
    with scene.database.write() as session:
        ledger.mark_refused(session, [entries[0].key], 550)
    done = type_in("status", PROGRAM)
    assert "Mail does not reach 1 address." in done.out
    assert f"starter.py people {PROGRAM} FILE" in " ".join(done.out.split())
    assert "Mia Example (p-mia), mia@example.com: 1 message refused, code 550" in done.out
    (found,) = type_in("status", PROGRAM, "--json").json["refused_addresses"]
    assert (found["reference"], found["email"], found["code"]) == ("p-mia", "mia@example.com", 550)


def test_the_link_is_whole_and_names_the_namespace_in_use(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = f"/namespaces/default/workflows/program%2F{PROGRAM}"
    assert whole in type_in("status", PROGRAM).out
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "people-team")
    assert "/namespaces/people-team/" in type_in("status", PROGRAM).out


def test_one_pair_is_told_on_its_own(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING)
    scene.happened(EventKind.PAIR_CLOSED, reason="never_prepared")
    done = type_in("pair", PROGRAM, "pair-1", "show")
    assert done.code == 0
    assert "Mia Example" in done.out
    assert "closed (never prepared) since" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80
    assert type_in("pair", PROGRAM, "pair-9", "show").code == 2


def test_who_waits_for_the_coordinator_comes_before_who_is_only_stalled(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, pair="pair-2")
    scene.happened(EventKind.PAIR_STALLED, step=1, trigger="gap")
    scene.happened(EventKind.PAIR_STALLED, pair="pair-2", step=1, trigger="cancellations")
    scene.happened(
        EventKind.LADDER_CLIMBED,
        pair="pair-2",
        step=1,
        trigger="cancellations",
        action="coordinator_task",
    )
    done = type_in("status", PROGRAM)
    lines = done.out.splitlines()
    assert max(len(line) for line in lines if "http" not in line) <= 80
    rows = [line.strip() for line in lines if line.strip().startswith("pair-")]
    assert [row.split()[0] for row in rows] == ["pair-2", "pair-1"]
    assert "1 pair needs attention" in done.out
    for words in ("2 cancellations", "a task", " gap "):
        assert words in done.out
    first, second = type_in("status", PROGRAM, "--json").json["pair_list"]
    assert (first["trigger"], first["waits_for_coordinator"]) == ("gap", [])
    assert (second["trigger"], second["waits_for_coordinator"]) == ("cancellations", ["task"])


def test_one_pair_is_told_with_its_story_and_what_comes_next(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    scene.happened(EventKind.PAIR_STALLED, step=1, trigger="silence")
    scene.happened(EventKind.LADDER_CLIMBED, step=2, trigger="silence", action="nudge_both")
    done = type_in("pair", PROGRAM, "pair-1", "show")
    assert done.code == 0
    said = " ".join(done.out.split())
    assert "silence: step 2 of 5" in said
    assert "the coordinator is asked to look after the pair once this has lasted 21 days" in said
    assert "The two were introduced." in said
    assert "Both got a reminder." in said
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_the_words_of_a_call_for_help_are_read_with_the_pair(scene: Scene) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_PREPARING, EventKind.PAIR_MEETING)
    link = Link(
        purpose=Purpose.OVERVIEW, program=PROGRAM, person="p-mia", pair="pair-1", expires=EXPIRES
    )
    with scene.database.write() as session:
        answers.ask_help(session, link, "We never [bold]find a date.", 1)
    said = " ".join(type_in("pair", PROGRAM, "pair-1", "show").out.split())
    assert "For you asks for help" in said
    assert "Mia Example asked for help. “We never [bold]find a date.”" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("resume", "--until", "2999-01-01"), "--until belongs to pause"),
        (("pause", "--until", "tomorrow"), "“tomorrow” is not a date"),
        (("pause", "--until", "2020-01-01"), "2020-01-01 is past"),
    ],
)
def test_a_pause_with_an_end_that_can_t_be_is_bad_input(
    scene: Scene, words: tuple[str, ...], said: str
) -> None:
    done = type_in("pair", PROGRAM, "pair-1", *words)
    assert done.code == 2
    assert said in done.err


def test_names_with_brackets_are_names_and_not_markup(scene: Scene) -> None:
    with scene.database.write() as session:
        row = session.get_one(ParticipantRow, (PROGRAM, "p-mia"))
        row.profile = {**row.profile, "name": "[/red]Mia [bold]:smile:"}
    scene.happened(EventKind.PAIR_INTRODUCED)
    assert "[/red]Mia [bold]:smile:" in type_in("pair", PROGRAM, "pair-1", "show").out


def propose(scene: Scene, pairs: int) -> None:
    """A proposal of so many pairs, all of them Mia and Theo, whom only a test matches twice."""
    made = tuple(
        ProposedPair(
            mentor="p-mia",
            mentee="p-theo",
            score=100 * number / pairs,
            reasons=("the mentor can teach 2 of the mentee's 3 goals: Data, Short video",),
            against=("no interests in common",),
            fixed=number == 0,
            overruled=("scores 0, below the floor of 40",) if number == 0 else (),
            comment="as agreed with both" if number == 0 else "",
        )
        for number in range(pairs)
    )
    left = (
        Unmatched(
            key="p-vera",
            role=Role.MENTEE,
            reasons=("nobody teaches “Chess”", "all mentors have a partner"),
            relaxations=("level_gap of 1 instead of 2: Nils Example",),
            place=1,
        ),
        Unmatched(key="p-nils", role=None, reasons=("no consent was given",)),
    )
    score = sum(pair.score for pair in made)
    totals = Totals(objective="most_people", pairs=pairs, people=2, score=score, lowest=0)
    proposal = Proposal(
        pairs=made,
        unmatched=left,
        totals=totals,
        frontier=(
            Reached(people=4, pairs=pairs, score=score - 10),
            Reached(people=2, pairs=pairs, score=score),
        ),
        blocking=(BlockingPair(mentor="p-nils", mentee="p-theo", score=90),),
        blocking_count=7,
    )
    with scene.database.write() as session:
        proposals.save_proposal(session, PROGRAM, proposal, "solver", STARTED)


@pytest.mark.parametrize(("pairs", "most_lines"), [(12, 80), (1_000, 70)])
def test_matches_can_be_read_on_a_terminal_few_or_many(
    scene: Scene, pairs: int, most_lines: int
) -> None:
    propose(scene, pairs)
    done = type_in("matches", PROGRAM, "show")
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) <= most_lines
    assert max(map(len, lines)) <= 80
    assert lines[0] == f"Proposal 1: {pairs:,} pairs, 2 without a partner"
    assert "1. Mia Example (p-mia) teaches Theo Example (p-theo)" in done.out
    assert "1. Vera Example: nobody teaches “Chess” (and 1 more)" in done.out
    assert "! set aside by you: scores 0, below the floor of 40" in done.out
    assert "“as agreed with both”" in done.out
    assert ("export matches.xlsx" in done.out) is (pairs > 12)
    assert ("█" in done.out) is (pairs > 12)
    whole = type_in("matches", PROGRAM, "show", "--all").out
    assert whole.count("teaches Theo") == pairs
    facts = type_in("matches", PROGRAM, "show", "--json").json
    assert len(facts["pairs"]) == pairs
    assert facts["number"] == 1
    assert facts["pairs"][0]["mentor_name"] == "Mia Example"


def not_begun(scene: Scene) -> None:
    """As if no pair had been made yet."""
    with scene.database.write() as session:
        session.execute(delete(PairRow))


def test_what_else_could_be_chosen_comes_before_the_pairs(scene: Scene) -> None:
    propose(scene, 12)
    out = " ".join(type_in("matches", PROGRAM, "show").out.split())
    choice = "2 more people could have a partner at a total of 540 instead of 550."
    assert choice in out
    assert "7 blocking pairs: two who may meet" in out
    assert "• Nils Example and Theo Example: 90; now none and 0" in out
    assert "and 6 more" in out
    assert out.index(choice) < out.index("teaches")


def test_a_fixed_pair_that_was_not_made_is_told_first(scene: Scene) -> None:
    propose(scene, 12)
    with scene.database.write() as session:
        first = proposals.latest_proposal(session, PROGRAM)
        assert first is not None
        lacking = first.proposal.model_copy(update={"fixed_not_made": ("a as mentor of b: no.",)})
        proposals.save_proposal(session, PROGRAM, lacking, "coordinator", STARTED)
    lines = type_in("matches", PROGRAM, "show").out.splitlines()
    assert [line.strip() for line in lines[1:3]] == [
        "1 fixed pair of the definition could not be made:",
        "• a as mentor of b: no.",
    ]


def test_around_what_hr_set_the_first_proposal_is_remembered(scene: Scene) -> None:
    propose(scene, 12)
    with scene.database.write() as session:
        first = proposals.latest_proposal(session, PROGRAM)
        assert first is not None
        totals = first.proposal.totals.model_copy(update={"score": 400})
        reached = Reached(people=2, pairs=12, score=400)
        less = first.proposal.model_copy(update={"totals": totals, "frontier": (reached,)})
        proposals.save_proposal(session, PROGRAM, less, "coordinator", STARTED)
    not_begun(scene)
    out = " ".join(type_in("matches", PROGRAM, "show").out.split())
    assert "With what you set, no other choice would reach more people or a better total." in out
    assert "Proposal 1, before your changes, reached 2 people and a total of 550." in out


def test_the_reserve_list_names_everybody_in_order_and_what_would_help(scene: Scene) -> None:
    propose(scene, 1)
    done = type_in("matches", PROGRAM, "reserve")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    words = " ".join(done.out.split())
    assert words.startswith("Reserve list of proposal 1: 2 First who was left over")
    assert words.index("Vera Example") < words.index("Nils Example")
    assert "→ level_gap of 1" in words
    facts = type_in("matches", PROGRAM, "reserve", "--json").json
    assert [(one["name"], one["place"]) for one in facts["unmatched"]] == [
        ("Vera Example", 1),
        ("Nils Example", None),
    ]


def test_why_two_are_not_a_pair_is_answered_by_id_or_mail(scene: Scene) -> None:
    propose(scene, 1)
    done = type_in("matches", PROGRAM, "why", "MIA@example.com", "p-vera")
    assert done.code == 0
    assert done.out.startswith("Mia Example and Vera Example\n• ")


def test_why_two_are_a_pair_is_told_with_what_counted_against_it(scene: Scene) -> None:
    not_begun(scene)
    propose(scene, 1)
    done = type_in("matches", PROGRAM, "why", "p-theo", "p-mia")
    assert [line for line in done.out.splitlines() if not line.startswith("•")][1:] == [
        "They are a pair: it scores 0.",
        "What speaks for it",
        "What counted against it",
        "Set aside by you",
        "Your note",
    ]
    assert "• no interests in common" in done.out
    facts = type_in("matches", PROGRAM, "why", "p-mia", "p-theo", "--json").json
    assert (facts["one"], facts["other"]) == ("p-mia", "p-theo")
    assert "They are a pair" in facts["why"][0]
    assert facts["sections"][2] == {
        "heading": "What counted against it",
        "lines": ["no interests in common"],
    }


def test_once_pairs_run_why_knows_those_that_stand_and_those_that_ended(scene: Scene) -> None:
    propose(scene, 1)
    with scene.database.write() as session:  # Mia and Theo stand, Nils and Vera have ended
        standing = session.get_one(PairRow, "pair-1")
        two = {standing.mentor_id, standing.mentee_id}
    assert two == {"p-mia", "p-theo"}
    done = type_in("matches", PROGRAM, "why", "p-mia", "p-theo")
    assert "• they are a pair already (pair pair-1)." in done.out
    with scene.database.read() as session:
        other = session.get_one(PairRow, "pair-2")
        left, right = other.mentor_id, other.mentee_id
    scene.happened(EventKind.PAIR_DECLINED, pair="pair-2")
    done = type_in("matches", PROGRAM, "why", left, right)
    assert "• their pair has ended and is not made a second time." in done.out
    full = type_in("matches", PROGRAM, "why", "p-mia", right).out
    assert "• Mia Example (p-mia) has a running pair with Theo Example (p-theo) and no room" in full


def test_why_with_somebody_unknown_or_absent_is_said(scene: Scene) -> None:
    propose(scene, 1)
    done = type_in("matches", PROGRAM, "why", "p-mia", "p-theodor")
    assert (done.code, done.out) == (2, "")
    assert "Did you mean “p-theo”?" in done.err
    with scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-theo")).joined = False
    done = type_in("matches", PROGRAM, "why", "p-mia", "p-theo")
    assert done.code == 1
    assert "Theo Example does not take part" in done.err


def test_who_left_since_the_matching_is_pointed_out(scene: Scene) -> None:
    propose(scene, 1)
    with scene.database.write() as session:
        session.get_one(ParticipantRow, (PROGRAM, "p-theo")).withdrew_at = STARTED
    done = type_in("matches", PROGRAM, "show")
    assert "Theo Example left in the meantime" in done.out


def test_matches_that_are_not_there_yet_are_said(scene: Scene) -> None:
    done = type_in("matches", PROGRAM, "show")
    assert done.code == 1
    assert "no matches yet" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("export",),
        ("import",),
        ("import", "a.xlsx", "b.xlsx"),
        ("why", "p-mia"),
        ("show", "m.xlsx"),
        ("show", "--solve"),
    ],
)
def test_an_action_says_what_it_wants(scene: Scene, words: tuple[str, ...]) -> None:
    propose(scene, 1)
    done = type_in("matches", PROGRAM, *words)
    assert (done.code, done.out) == (2, "")
    assert words[0] in done.err or "import" in done.err


def test_a_file_of_an_older_proposal_is_refused_without_a_server(scene: Scene, here: Path) -> None:
    propose(scene, 1)
    assert type_in("matches", PROGRAM, "export", "m.xlsx").code == 0
    propose(scene, 2)
    done = type_in("matches", PROGRAM, "import", "m.xlsx")
    assert (done.code, done.out) == (2, "")
    assert "m.xlsx: this file was made from proposal 1; it is proposal 2 now." in done.err
    assert f"python starter.py matches {PROGRAM} export m.xlsx" in done.err


def test_a_file_that_lost_most_of_its_rows_is_refused(scene: Scene, here: Path) -> None:
    propose(scene, 3)
    type_in("matches", PROGRAM, "export", "m.json")
    document = json.loads((here / "m.json").read_text("utf-8"))
    document["pairs"] = document["pairs"][:1]
    (here / "m.json").write_text(json.dumps(document), "utf-8")
    done = type_in("matches", PROGRAM, "import", "m.json")
    assert (done.code, done.out) == (2, "")
    assert "2 of 3 pairs have no row in this file any more, and would be dropped." in done.err
    assert "--force" in done.err
    forced = type_in("matches", PROGRAM, "import", "m.json", "--force")
    assert "No Temporal server answers" in forced.err


def test_what_can_t_be_restored_is_said(scene: Scene) -> None:
    propose(scene, 1)
    begun = type_in("matches", PROGRAM, "restore", "1")
    assert (begun.code, begun.out) == (1, "")
    not_begun(scene)
    for number in ("1", "7", "x"):
        done = type_in("matches", PROGRAM, "restore", number)
        assert (done.code, done.out) == (2, "")
        assert f"There is no earlier proposal {number}. The newest is 1." in done.err


def test_a_report_is_written_at_any_time(scene: Scene, here: Path) -> None:
    assert type_in("report", PROGRAM, "--out", "out").code == 0
    assert list((here / "out").glob("*.html"))
    (here / "file").write_text("x")
    done = type_in("report", PROGRAM, "--out", "file")
    assert done.code == 1
    assert "file" in done.err


def test_withdrawing_asks_first_and_works_without_a_server(scene: Scene) -> None:
    asked = type_in("withdraw", PROGRAM, "mia@example.com", answer="n\n")
    assert asked.code == 0
    assert "Done" not in asked.out
    assert "Take Mia Example out of" in asked.err
    assert "withdrew" not in scene.events()
    done = type_in("withdraw", PROGRAM, "MIA@example.com", "--yes")
    assert done.code == 0
    assert "Temporal could not be told yet" in done.out
    assert scene.events().count("withdrew") == 1
    again = type_in("withdraw", PROGRAM, "p-mia", "--yes")
    assert "had left before" in again.out
    assert type_in("withdraw", PROGRAM, "nobody@example.com", "--yes").code == 2


def test_hr_says_until_when_somebody_is_away_and_that_they_are_back(scene: Scene) -> None:
    soon = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()
    done = type_in("leave", PROGRAM, "mia@example.com", "--until", soon)
    assert done.code == 0
    assert f"Mia Example is away until {soon}" in done.out
    assert "Temporal could not be told yet" in done.out
    assert "Nothing was changed" in type_in("leave", PROGRAM, "p-mia", "--until", soon).out
    assert "is back" in type_in("leave", PROGRAM, "p-mia", "--back").out
    assert "was not away" in type_in("leave", PROGRAM, "p-mia", "--back").out
    assert scene.events()[-2:] == ["went_away", "came_back"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--until", "soon"), "is not a date"),
        (("--until", "2020-01-01"), "not after today"),
        (("--until", "2999-01-01"), "more than a year away"),
        ((), "either --until DATE or --back"),
        (("--until", "2027-01-31", "--back"), "either --until DATE or --back"),
    ],
)
def test_leave_that_can_not_be_meant_is_bad_input(
    scene: Scene, options: tuple[str, ...], says: str
) -> None:
    done = type_in("leave", PROGRAM, "p-mia", *options)
    assert done.code == 2
    assert says in done.err
    assert scene.events()[-1] == "program_started"


def test_without_a_server_each_command_says_how_to_start_one(scene: Scene, here: Path) -> None:
    propose(scene, 1)
    type_in("matches", PROGRAM, "export", "m.json")
    rows = [f"{key},New {key},{key}@example.com,senior,,," for key in ("p-mia", "p-theo")]
    lines = ["ID,Name,Mail,Level,Manager,Skills,Goals", *rows]
    (here / "newer.csv").write_text("\n".join(lines))
    before = scene.everything()
    for command in (
        ("start", DEFINITION, PEOPLE),
        ("pause", PROGRAM),
        ("resume", PROGRAM),
        ("cancel", PROGRAM, "--yes"),
        ("matches", PROGRAM, "approve"),
        ("matches", PROGRAM, "import", "m.json"),
        ("pair", PROGRAM, "pair-1", "close"),
        ("people", PROGRAM, "newer.csv"),
    ):
        done = type_in(*command)
        assert (done.code, done.out) == (1, "")
        assert "No Temporal server answers at 127.0.0.1:9. Start everything with “make run”" in (
            done.err
        )
    now = scene.everything()
    (exported,), tried = before.pop("acts"), now.pop("acts")
    assert now == before
    assert [row[-2] for row in tried if row != exported] == ["failed"] * 8


def test_a_store_that_can_t_be_reached_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://hr:hunter2@127.0.0.1:9/store")
    done = type_in("status")
    assert done.code == 1
    assert "The store can’t be used" in done.err
    assert "hunter2" not in done.err


def test_wrong_settings_are_all_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_PORT", "x")
    monkeypatch.setenv("SMTP_URL", "nonsense")
    done = type_in("status")
    assert done.code == 2
    assert "PORTAL_PORT" in done.err
    assert "SMTP_URL" in done.err
