"""The report, from a store to its page."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from activities.report import (
    ANSWERS_CSV,
    METRICS_CSV,
    PAIRS_CSV,
    ReportFiles,
    render_report,
    write_report,
)
from domain.goals import Goal, content_of_goals
from domain.journal import EventKind, JournalEvent
from domain.people import Role
from domain.record import Record
from store import journal
from store.answers import AnswerKind
from store.content_folders import SHIPPED
from store.database import Database
from store.programs import UnknownProgram
from store.report_data import load_record
from store.tables import AnswerRow
from tests.report import sample
from tests.report.conftest import recorded, shown
from tests.report.reading import html, read, rows, words
from tests.report.sample import Sample


def rendered(folder: Path, example: Sample) -> ReportFiles:
    return shown(recorded(folder, example))


# --- The same for whoever asks -------------------------------------------------------------------


def test_the_same_journal_gives_the_same_bytes(
    record: Record, files: ReportFiles, tmp_path: Path
) -> None:
    """Whatever order the rows were written in, and however often it is rendered."""
    example = sample.make()
    dice = random.Random(1)
    for written in (example.people, example.participants, example.pairs, example.answers):
        dice.shuffle(written)
    dice.shuffle(example.events)
    assert render_report(recorded(tmp_path, example), SHIPPED) == files
    assert render_report(record, SHIPPED) == files


def test_no_name_address_or_id_of_a_person_or_pair_is_in_any_file(
    files: ReportFiles, rich_files: ReportFiles
) -> None:
    example = sample.make()
    secrets = {example.definition.coordinator.name, example.definition.sponsor.name}
    for person in example.people:
        secrets |= {person.id, person.reference, person.email, person.name, *person.name.split()}
    secrets |= {pair.id for pair in example.pairs}
    assert any(
        person.name.split()[1] in str(answer.content)
        for person in example.people
        for answer in example.answers
    ), "somebody must have written a name for this test to mean something"
    any_of_them = re.compile(rf"\b(?:{'|'.join(map(re.escape, secrets))})\b", re.IGNORECASE)
    for file in (*files.files, *rich_files.files):
        if not file.name.endswith(".xlsx"):  # which holds what the CSV files do
            assert any_of_them.findall(file.content.decode("utf-8-sig")) == [], file.name


def test_the_page_needs_nothing_from_elsewhere(rich_files: ReportFiles) -> None:
    reader = read(rich_files)
    assert reader.tags["svg"] == 3
    assert not reader.tags["script"]
    assert not reader.tags["link"]
    assert all(address.startswith("#") for address in reader.addresses)
    assert {address[1:] for address in reader.addresses} <= set(reader.ids)
    assert "@import" not in html(rich_files)
    assert not re.findall(r"url\((?!#)", html(rich_files))
    assert [name for name, count in Counter(reader.ids).items() if count > 1] == []


# --- The numbers ---------------------------------------------------------------------------------


def test_the_numbers_are_those_of_an_independent_count(files: ReportFiles) -> None:
    example = sample.make()
    found = rows(files, METRICS_CSV)
    started = 12
    held = sum(sample.HELD.values())
    final = [a.content for a in example.answers if a.occasion == sample.FINAL]
    recommended = [content["recommendation"] for content in final]
    satisfied = [content["satisfaction"] for content in final]
    changes = sorted(
        after.content["confidence"] - before.content["confidence"]
        for after in example.answers
        for before in example.answers
        if (before.occasion, after.occasion) == (sample.BASELINE, sample.FINAL)
        and before.person_id == after.person_id
    )
    expected = {
        "sessions_held": held / (6 * started),
        "pairs_completed": sum(n >= 4 for n in sample.HELD.values()) / started,
        "recommendation": 100
        * (sum(r > 8 for r in recommended) - sum(r < 7 for r in recommended))
        / len(final),
        "satisfaction": sum(satisfied) / len(final),
        "response_rate": len(final) / (2 * (started - 2)),
        "stalled_pairs": 2 / started,
        "recovered_pairs": 1 / 2,
        "rematched_pairs": 0,
        "interventions": 0,
        "change": sum(changes) / len(changes),
    }
    values = {row["metric"]: row["value"] for row in found if not row["role"]}
    assert {metric: float(values[metric]) for metric in expected} == pytest.approx(
        expected, abs=1e-6
    )
    assert int(next(row["n"] for row in found if row["metric"] == "change")) == len(changes)
    verdicts = {row["metric"]: row["verdict"] for row in found if not row["role"]}
    for metric, good in {
        "sessions_held": expected["sessions_held"] >= 0.8,
        "pairs_completed": expected["pairs_completed"] >= 0.75,
        "recommendation": expected["recommendation"] >= 30,
        "satisfaction": expected["satisfaction"] >= 4.2,
        "response_rate": expected["response_rate"] >= 0.7,
        "stalled_pairs": expected["stalled_pairs"] <= 0.25,
        "recovered_pairs": True,
    }.items():
        assert verdicts[metric] == ("met" if good else "not_met"), metric


def test_every_published_mean_is_that_of_its_group(files: ReportFiles) -> None:
    example = sample.make()
    told = [row for row in rows(files, ANSWERS_CSV) if row["measure"] == "mean"]
    means = [row for row in told if row["set_aside"] == "0"]
    assert means
    for row in means:
        values = [
            answer.content[row["item"]]
            for answer in example.answers
            if answer.occasion == f"{row['survey']}:{row['occasion']}"
            and row["item"] in answer.content
            and row["group"] in ("everyone", answer.role)
        ]
        assert int(row["n"]) == len(values) >= 5
        assert float(row["value"]) == pytest.approx(sum(values) / len(values), abs=1e-6)


def test_the_pairs_are_told_without_saying_which_is_which(files: ReportFiles) -> None:
    pairs = rows(files, PAIRS_CSV)
    assert [row["pair"] for row in pairs] == [str(n) for n in range(1, 14)]
    states = Counter(row["state"] for row in pairs)
    assert states == {"completed": 10, "declined": 1, "closed": 1, "withdrawn": 1}
    held = sorted(int(row["sessions_held"]) for row in pairs)
    assert held == sorted([*sample.HELD.values(), 0])
    came_back = [row for row in pairs if row["times_came_back"] != "0"]
    assert [row["last_ladder_step"] for row in came_back] == ["nudge_both"]


# --- What it says --------------------------------------------------------------------------------


def test_a_finished_program_has_a_final_report(files: ReportFiles) -> None:
    text = words(files)
    assert "Final report" in text
    assert "This is an interim report" not in text
    assert "12 pairs started together. 10 of them held at least 4 of the 6 planned" in text
    assert "2 pairs fell silent on the way. One of these met again." in text


def test_every_section_of_a_program_that_has_it_all_is_there_in_its_order(
    rich_files: ReportFiles,
) -> None:
    ids = [name for name in read(rich_files).ids if name in ALL_SECTIONS]
    assert tuple(ids) == ALL_SECTIONS


ALL_SECTIONS = (
    *("brief", "next", "people", "meetings", "silent", "change", "answers", "quotes"),
    *("reach", "groups", "patterns", "earlier", "later", "method"),
)


def test_what_changed_is_told_with_its_effect_and_again_after_three_months(
    rich_files: ReportFiles,
) -> None:
    text = words(rich_files)
    assert re.search(
        r"“At ease with the topics” rose by \d\.\d\d points on a scale from 1 to 5 \(\d+ people",
        text,
    )
    assert "At ease with the topics at the end, from 1 to 5 Everyone" in text
    assert "At ease with the topics 3 months after the end, from 1 to 5 Everyone" in text
    assert re.search(r"\+\d\.\d\d \((negligible|small|medium|large)\)", text)


def test_a_suggestion_names_its_field_and_claims_no_cause(rich_files: ReportFiles) -> None:
    text = words(rich_files)
    assert "Pairs held 55% of the planned sessions. Half of them held 6 or fewer." in text
    assert "sessions.count now 9 → could be 6" in text
    assert "None of this claims a cause" in text


def test_earlier_runs_stand_beside_this_one(rich_files: ReportFiles) -> None:
    text = words(rich_files)
    assert "Learning from each other 2025 (example) from 13 January 2025, 12 pairs" in text
    assert re.search(r"Sessions held 55% of 108 ✗ Not met 82% of 72 ✓ Met", text)


def test_who_stayed_is_told_beside_who_did_not_take_part(rich_files: ReportFiles) -> None:
    text = words(rich_files)
    assert "Took part 24 24 of 24 (100%)" in text
    assert "what differs between the two need not come from the program" in text


def test_what_can_not_be_told_beside_another_table_says_so(files: ReportFiles) -> None:
    assert "Can’t be shown beside the other tables" in words(files)


def test_small_departments_stand_together(files: ReportFiles) -> None:
    text = words(files)
    assert "Legal + Communications 5" in text
    assert "All together 40" in text


def test_pairs_that_go_on_meeting_have_completed(tmp_path: Path) -> None:
    example = sample.make()
    ends = [e for e in example.events if e.kind is EventKind.PAIR_COMPLETED]
    goes_on = ends[0].model_copy(update={"kind": EventKind.PAIR_CONTINUED})
    example.events = [goes_on if e is ends[0] else e for e in example.events]
    text = words(rendered(tmp_path, example))
    assert f"13 pairs: {len(ends)} completed, {13 - len(ends)} ended early, 0 still" in text


# --- On the way, and where there is little -------------------------------------------------------


def test_half_way_the_report_says_what_it_waits_for(tmp_path: Path) -> None:
    files = rendered(tmp_path, sample.make().until(sample.START + timedelta(days=80)))
    text = words(files)
    assert "This is an interim report" in text
    assert "Shown once the evaluation is closed" in text
    assert "Suggestions for the next run are made once this one is over" in text
    metrics = {row["metric"]: row for row in rows(files, METRICS_CSV)}
    assert metrics["sessions_held"]["verdict"] == "cant_tell"
    whys = {metrics[name]["why"] for name in ("sessions_held", "recommendation", "change")}
    assert whys == {"too_early"}, "what is not even asked yet is no matter of too few answers"
    change = next(row for row in rows(files, "changes.csv"))
    assert (change["n"], change["before"]) == ("", "")
    assert {r["measure"] for r in rows(files, ANSWERS_CSV) if r["survey"] == "baseline"} == {
        "not_shown"
    }


def test_a_follow_up_that_is_still_open_is_waited_for(tmp_path: Path) -> None:
    example = sample.make()
    sample.ask_again(example, closed=False)
    text = words(rendered(tmp_path, example))
    assert "At ease with the topics 3 months after the end Shown once this survey is closed" in text


def test_a_program_in_which_nothing_has_happened_has_a_report(tmp_path: Path) -> None:
    files = rendered(tmp_path, Sample(sample.definition()))
    assert "No pair has started yet" in words(files)
    assert rows(files, PAIRS_CSV) == []
    assert {row["verdict"] for row in rows(files, METRICS_CSV)} == {"cant_tell"}


def test_a_program_in_which_nobody_answers_has_a_report(tmp_path: Path) -> None:
    example = sample.make()
    example.answers.clear()
    example.events = [e for e in example.events if e.kind is not EventKind.SURVEY_ANSWERED]
    files = rendered(tmp_path, example)
    text = words(files)
    assert "Fewer than 5 people answered each question" in text
    assert "Fewer than 5 people answered both times" in text
    assert not [row for row in rows(files, ANSWERS_CSV) if row["measure"] == "mean"]


def test_a_cancelled_program_says_so(tmp_path: Path) -> None:
    example = sample.make().until(sample.START + timedelta(days=80))
    last = example.events[-1]
    kind = EventKind.PROGRAM_CANCELLED
    example.events.append(JournalEvent(id="end", kind=kind, at=last.at))
    assert "This program was cancelled" in words(rendered(tmp_path, example))


@pytest.mark.parametrize("answers", [4, 5])
def test_four_answers_are_not_shown_and_five_are(tmp_path: Path, answers: int) -> None:
    example = sample.make()
    written = [a for a in example.answers if "to_improve" in a.content]
    kept = [answer.content["to_improve"] for answer in written[:answers]]
    for answer in written[answers:]:
        del answer.content["to_improve"]
    text = words(rendered(tmp_path, example))
    assert [said in text for said in kept] == [answers == 5] * answers


def test_a_role_with_too_few_answers_is_shown_nowhere(tmp_path: Path) -> None:
    example = sample.make()
    mentors = [a for a in example.answers if a.occasion == sample.FINAL and a.role == Role.MENTOR]
    example.answers = [a for a in example.answers if a not in mentors[4:]]
    final = [r for r in rows(rendered(tmp_path, example), ANSWERS_CSV) if r["survey"] == "final"]
    shared = [row for row in final if row["item"] not in ("goals_reached", "learning")]
    assert "mentor" not in {row["group"] for row in shared}
    assert "mentee" not in {row["group"] for row in shared if row["item"] != "confidence"}


def test_looking_at_goals_again_is_no_survey_that_the_report_shows(database: Database) -> None:
    """Its ratings come into the report once they are counted over groups, like all answers."""
    example = sample.make()
    with database.write() as session:
        plain = shown(sample.load(session, example))
    pair = example.pairs[0]
    occasion = "goals:share-50"
    events = [
        JournalEvent(
            id=f"goals/{kind}",
            kind=kind,
            at=example.events[-1].at,
            pair=pair.id,
            person=pair.mentee_id,
            role=Role.MENTEE,
            data={"survey": "goals", "occasion": occasion},
        )
        for kind in (EventKind.CHECK_IN_SENT, EventKind.SURVEY_ANSWERED)
    ]
    goals = (Goal(number=1, text="Secret goal", rating=4, words="Secret words"),)
    with database.write() as session:
        journal.append(session, example.program, events)
        session.add(
            AnswerRow(
                id=f"{example.program}/{pair.id}/{pair.mentee_id}/{occasion}",
                program_id=example.program,
                pair_id=pair.id,
                person_id=pair.mentee_id,
                role="mentee",
                kind=AnswerKind.GOALS_REVIEW.value,
                occasion=occasion,
                version=1,
                content=content_of_goals(goals),
                answered_at=example.events[-1].at,
            )
        )
    with database.read() as session:
        record = load_record(session, example.program)
    assert [c.answered for c in record.status.check_ins if c.survey == "goals"] == [1]
    assert shown(record) == plain


# --- Files and languages -------------------------------------------------------------------------


def test_the_files_are_written_where_they_are_wanted(files: ReportFiles, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    assert write_report(files, out) == out / "report.html"
    assert {path.name for path in out.iterdir()} == {f.name for f in files.files}
    assert (out / "report.html").read_bytes() == files["report.html"]


def test_a_program_that_is_not_there_is_named(database: Database) -> None:
    with database.read() as session, pytest.raises(UnknownProgram, match="nowhere"):
        load_record(session, "nowhere")


def test_a_language_that_is_not_there_is_written_in_english(
    record: Record, files: ReportFiles
) -> None:
    assert render_report(record, SHIPPED, "xx") == files
