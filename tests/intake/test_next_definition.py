"""The next run's file reads as if HR had written it, and says what the last run said."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from domain.as_written import Path as Setting
from domain.definition import Definition
from domain.next_run import next_run
from domain.suggestions import Seen, Suggestion
from runtime.settings import PROJECT
from store.definition_file import load_definition, new_definition
from store.next_definition import next_definition
from tests import shipped
from tests.domain.definitions import definition_with

TODAY = date(2027, 3, 1)
WORDS = shipped.CONTENT.report
EXAMPLES = sorted(PROJECT.glob("examples/*/definition.yaml"))


def suggestion(path: Setting, proposed: str, seen: Seen, **numbers: float) -> Suggestion:
    return Suggestion(path=path, current="?", proposed=proposed, seen=seen, numbers=numbers)


def written(earlier: Definition, *suggestions: Suggestion, name: str = "Next run") -> str:
    return next_definition(name, earlier, suggestions, WORDS, PROJECT, TODAY)


def read(folder: Path, text: str) -> Definition:
    path = folder / "d.yaml"
    path.write_text(text, "utf-8")
    return load_definition(path)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_it_passes_the_check_and_says_what_the_earlier_one_said(file: Path, tmp_path: Path) -> None:
    earlier = load_definition(file)
    text = written(earlier)
    assert read(tmp_path, text) == next_run(earlier, "next-run", TODAY, "Next run")
    assert text.startswith("# yaml-language-server: $schema=docs/definition.schema.json\n#\n")


def test_it_reads_as_if_somebody_had_written_it() -> None:
    text = written(load_definition(PROJECT / "examples/shared-mentees/definition.yaml"))
    for block in (
        "  enrolment: 21 days                # people are invited and say yes or no\n",
        "  holidays: GB-ENG\n",
        "  review: [50% of meetings, evaluation]\n",
        '    look_if:\n      going_well: "<= 2"\n',
        "        do: [nudge_both, tell_coordinator]\n",
        "      - after: 3 working days\n        do: nudge_scheduler\n",
        '  - metric: sessions_held\n    target: ">= 80%"\n',
        "  starts: 2028-01-10\n  # Year-month-day. Invitations go out on this day.\n",
        "  scheme: shared-mentees\n",
        "# --- Meetings of many ------",
        "    dates: [2028-03-15 12:30, 2028-05-17 12:30, 2028-07-12 12:30]\n",
        '    place: "Seminar room, ground floor"\n',
    ):
        assert block in text
    assert "null" not in text
    assert [line for line in text.splitlines()[1:] if len(line) > 100] == []


def test_every_explanation_of_the_template_is_taken_over_word_for_word() -> None:
    """Those of sections and settings; entries of lists, and what is said of them, are examples."""
    text = written(load_definition(EXAMPLES[0]))
    template = new_definition("Next run", PROJECT, TODAY)
    heads = [line for line in template.splitlines() if line.startswith("# --- ")]
    heads.remove(next(line for line in heads if "Meetings of many" in line))  # there are none
    assert [line for line in text.splitlines() if line.startswith("# --- ")] == heads
    for setting in ("mode", "delivery", "objective", "minimum", "anonymity_threshold"):
        of_template, of_file = (
            lines[lines.index(next(line for line in lines if f" {setting}: " in line)) :][:2]
            for lines in (template.splitlines(), text.splitlines())
        )
        for explained, line in zip(of_template, of_file, strict=True):
            assert explained.partition("#")[2] == line.partition("#")[2]


def test_a_suggestion_stands_below_its_setting_and_changes_nothing(tmp_path: Path) -> None:
    earlier = load_definition(PROJECT / "examples/digital-leaders/definition.yaml")
    text = written(
        earlier,
        suggestion(("sessions", "count"), "4", Seen.FEWER_SESSIONS, share=0.583, median=3.5),
        suggestion(
            ("matching", "preferences", 1, "weight"), "2", Seen.PREFERENCE_WENT_WITH,
            had=0.9, had_not=0.4,
        ),
        suggestion(("ladder", 0, "steps", 0, "after"), "5 days", Seen.MANY_STALLED, share=0.3),
        suggestion(("stages", "evaluation"), "21 days", Seen.FEW_ANSWERED, share=0.5),
    )  # fmt: skip
    for setting, said in (
        (
            "  count: 6",
            "4. Pairs held 58% of the planned sessions. Half of them held 3.5 or fewer.",
        ),
        (
            "      weight: 1",
            "2. Of the pairs that met this preference better than most, 90% comple",
        ),
        (
            "      - after: 7 days",
            "5 days. 30% of the pairs that started fell silent at least once",
        ),
        ("  evaluation: 14 days", "21 days. 50% of the final surveys were answered, fewer than th"),
    ):
        assert re.search(rf"^{setting}.*\n +# Suggestion: {re.escape(said)}", text, re.MULTILINE)
    assert "none claims that a change would help" in text
    assert text.count("# Suggestion: ") == 4
    assert max(len(line) for line in text.splitlines()[1:]) <= 100
    assert read(tmp_path, text) == next_run(earlier, "next-run", TODAY, "Next run")


def test_pairs_that_hr_fixed_are_left_out_and_it_says_so(tmp_path: Path) -> None:
    fixed = definition_with(matching={"rules": [], "preferences": [], "fixed": [["17", "42"]]})
    text = written(fixed)
    assert "# Left out: 1 pair under “fixed”, of people of the last run." in text
    assert "17" not in text
    assert read(tmp_path, text).matching.fixed == ()


def test_a_name_that_is_an_id_keeps_the_title(tmp_path: Path) -> None:
    plan = read(tmp_path, written(definition_with(matching=NOTHING), name="example-2028"))
    assert (plan.program.id, plan.program.title) == ("example-2028", "Example")


NOTHING: dict[str, Any] = {"rules": [], "preferences": []}


def test_usual_check_ins_that_two_sessions_leave_no_room_for_are_not_written(
    tmp_path: Path,
) -> None:
    kept = {**definition_with(matching=NOTHING).model_dump(mode="json"), "sessions": {"count": 2}}
    plan = Definition.model_validate(kept)
    assert read(tmp_path, written(plan)).check_ins == plan.check_ins


@seed(7)
@settings(max_examples=2, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=30, max_size=30))
@example(["yes", "Off", "null", "1e3", "0x1F", "12:30", "- a", "a: b", "a #b", "'", "…", "x" * 150])
def test_whatever_a_heading_is_it_comes_back_as_it_was(texts: list[str]) -> None:
    headings = {f"x{number}": text for number, text in enumerate(texts)}
    text = written(definition_with(matching=NOTHING, extra=headings))
    read_again = YAML(typ="safe", pure=True).load(text)
    assert read_again["people"]["columns"]["extra"] == headings
