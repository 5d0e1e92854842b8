"""A definition file: read with its lines, refused with everything that is wrong."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from domain.problems import BadInput
from store.definition_file import (
    MAX_BYTES,
    SCHEMA_FILE,
    definition_problem,
    definition_schema,
    load_definition,
    new_definition,
)

EXAMPLE = Path("examples/digital-leaders/definition.yaml")
SOUND = EXAMPLE.read_text(encoding="utf-8")


def problems_of(path: Path) -> list[str]:
    with pytest.raises(BadInput) as refused:
        load_definition(path)
    return [str(problem).replace(str(path), "D") for problem in refused.value.problems]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "definition.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return written(folder, text)


def line_of(text: str) -> int:
    return SOUND[: SOUND.index(text)].count("\n") + 1


# --- Sound files ---------------------------------------------------------------------------------


def test_the_example_is_sound() -> None:
    definition = load_definition(EXAMPLE)
    assert (definition.program.id, definition.stages.total) == ("digital-leaders", 182)


@pytest.mark.parametrize("name", ["Digital Leaders", "digital-leaders", 'Ünïcode "and" \\ more'])
def test_the_template_is_sound_once_filled(tmp_path: Path, name: str) -> None:
    text = new_definition(name, tmp_path, today=date(2026, 12, 1))
    definition = load_definition(written(tmp_path, text))
    assert definition.program.title.casefold() == name.replace("-", " ").casefold()
    assert definition.program.starts == date(2026, 12, 28)
    schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (tmp_path / schema).samefile(SCHEMA_FILE)


def test_a_name_without_letters_makes_no_definition() -> None:
    with pytest.raises(ValueError, match="does not make an id"):
        new_definition("??")


def test_the_schema_for_editors_is_up_to_date() -> None:
    on_disk = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert on_disk == definition_schema(), "run: make schema"


def test_the_schema_takes_what_people_write() -> None:
    schema = definition_schema()["$defs"]
    kinds = {option["type"] for option in schema["Stages"]["properties"]["enrolment"]["anyOf"]}
    assert kinds == {"string", "integer"}
    assert schema["CheckIn"]["properties"]["when"]["type"] == "string"
    assert schema["SuccessMetric"]["properties"]["target"]["type"] == "string"
    assert schema["Columns"]["properties"]["level"]["description"].startswith("Seniority")


def test_utf_16_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        assert load_definition(written(tmp_path, SOUND.encode(encoding)))


# --- Every problem, with its line ----------------------------------------------------------------


def test_all_problems_are_told_at_once_each_with_line_and_field(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("starts: 2027-01-11", "starts: 2027-02-30"),
        ("  delivery: hybrid", "  delivry: hybrid"),
        ("email: sponsor@example.com", "email: sponsor"),
        ("  approval: 7 days ", "  approval: soon "),
        ("rule: level_gap", "rule: levelgap"),
        ("  count: 6", "  count: 600"),
        ("when: evaluation", "when: at the end"),
        ('target: ">= 30"', "target: many"),
    )
    told = [
        ("  delivery:", "program.delivry: there is no setting “delivry”. Did you mean “delivery”?"),
        ("starts:", "program.starts: there is no such date. Write it like 2027-01-11: year, month, "
         "day."),
        ("email: sponsor@", "sponsor.email: “sponsor” can't be used here. Write one address, like "
         "name@example.com."),
        ("  approval:", "stages.approval: this is not a span of time. Write it like “10 days” or "
         "“3 weeks”."),
        ("rule: level_gap", "matching.rules[2].rule: “levelgap” is not known here. Did you mean "
         "“level_gap”?"),
        ("  count: 6", "sessions.count: this must be at most 60; it is 600."),
        ("when: evaluation", "check_ins[4].when: this is not a point in time. Write "
         "“preparation”, “after session 2”, “50% of meetings” or “evaluation”."),
        ('target: ">= 30"', "success[3].target: this is not a target. Write it like “>= 80%” or "
         "“>= 4.2”."),
    ]  # fmt: skip
    assert problems_of(path) == [f"D, line {line_of(near)}, {words}" for near, words in told]


def test_goals_are_no_survey_and_where_they_belong_is_told(tmp_path: Path) -> None:
    path = changed(tmp_path, ("survey: final", "survey: goals"))
    (problem,) = problems_of(path)
    assert "there is no survey “goals”. When people look at their goals again stands" in problem


@pytest.mark.parametrize(
    ("holidays", "code"), [("NO", "NO"), ("gb-sct", "GB-SCT"), ("United Kingdom", "GB")]
)
def test_a_country_may_be_a_code_or_a_name(tmp_path: Path, holidays: str, code: str) -> None:
    path = changed(tmp_path, with_holidays(holidays))
    assert load_definition(path).calendar.holidays == code


@pytest.mark.parametrize(
    ("holidays", "told"),
    [
        ("Germny", "“Germny” is no country that is known here. Did you mean “Germany”?"),
        ("GB-XX", "“GB-XX” names no part of GB whose holidays are known. Write GB, or GB- and one "
         "of: ENG, NIR, SCT, WLS."),
        ("[GB]", "this must be the code or the name of one country."),
    ],
)  # fmt: skip
def test_a_country_that_nobody_knows_is_told(tmp_path: Path, holidays: str, told: str) -> None:
    path = changed(tmp_path, with_holidays(holidays))
    assert told in problems_of(path)[0]
    assert "calendar.holidays" in problems_of(path)[0]


def with_holidays(of: str) -> tuple[str, str]:
    zone = "  timezone: Europe/London\n"
    return zone, f"{zone}  holidays: {of}\n"


def test_contradictions_are_told_next_to_mistakes_elsewhere(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("email: sponsor@example.com", "email: sponsor"),
        ("meetings: 126 days", "meetings: 26 days"),
        ("column: department\n", "column: departement\n"),
    )
    told = problems_of(path)
    span = "6 sessions every 21 days take 105 days, but stages.meetings is 26 days."
    assert len(told) == 3
    assert any(problem.endswith(span) for problem in told)
    assert any("Did you mean “department”?" in problem for problem in told)


def test_a_section_with_mistakes_causes_no_false_contradictions(tmp_path: Path) -> None:
    path = changed(tmp_path, ('level: "Grade"', "lvel: Grade"))
    told = problems_of(path)
    assert [problem.split(", ", 2)[2] for problem in told] == [
        "people.columns.lvel: there is no setting “lvel”. Did you mean “level”?"
    ]


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    assert "D, line 1, coordinator: this is missing." in problems_of(
        written(tmp_path, "version: 1")
    )


def test_a_key_written_twice_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND + "privacy: {}\n")
    assert problems_of(path) == [
        f"D, line {SOUND.count(chr(10)) + 1}, privacy: “privacy” is written twice here, first on "
        f"line {line_of('privacy:')}. Keep one of them."
    ]


def test_an_unknown_module_of_the_training_is_told_with_its_line(tmp_path: Path) -> None:
    path = changed(tmp_path, ("training:\n", "training:\n  modules: [feedback, boundry]\n"))
    line = line_of("training:\n") + 1
    assert problems_of(path) == [
        f"D, line {line}, training.modules[2]: there is no module “boundry” of the training. "
        "Did you mean “boundaries”?"
    ]


def test_an_unknown_survey_is_told(tmp_path: Path) -> None:
    path = changed(tmp_path, ("survey: final", "survey: finale"))
    assert problems_of(path)[0].endswith("there is no survey “finale”. Did you mean “final”?")


def test_what_is_wrong_with_follow_ups_is_told_next_to_mistakes_elsewhere(tmp_path: Path) -> None:
    follow_ups = "follow_ups:\n  - after: 60 weeks\n    survey: folow_up\nprivacy:\n"
    (unknown, too_long) = problems_of(changed(tmp_path, ("privacy:\n", follow_ups)))
    assert "follow_ups[1].survey" in unknown
    assert "Did you mean “follow_up”?" in unknown
    assert "privacy.keep_days: answers are kept for 400 days" in too_long
    broken = changed(tmp_path, ("privacy:\n", follow_ups), ("  count: 6", "  count: 600"))
    assert too_long in problems_of(broken)


def test_a_threshold_that_a_survey_can_t_have_is_told(tmp_path: Path) -> None:
    look_if = (
        'survey: final\n    look_if:\n      satisfacton: "<= 2"\n      recommendation: ">= 11"'
        '\n      best_part: "<= 1"\n      satisfaction: "<= 2"'
    )
    path = changed(tmp_path, ("survey: final", look_if))
    line = line_of("survey: final")
    told = problems_of(path)
    assert told[0] == (
        f"D, line {line + 2}, check_ins[4].look_if.satisfacton: the survey “final” has no item "
        "“satisfacton”. Did you mean “satisfaction”?"
    )
    assert told[1] == (
        f"D, line {line + 3}, check_ins[4].look_if.recommendation: the scale of “recommendation” "
        "goes from 0 to 10; 11 is outside."
    )
    assert "“best_part” is not answered by a number" in told[2]
    assert len(told) == 3


def test_an_unknown_vocabulary_is_told(tmp_path: Path) -> None:
    path = changed(
        tmp_path, ("vocabularies: [workplace]", "vocabularies: [workplaces, our-wrods.yaml, other]")
    )
    (tmp_path / "our-words.yaml").write_text("id: own\n", encoding="utf-8")
    near = f"D, line {line_of('vocabularies: ')}, people.vocabularies"
    assert problems_of(path) == [
        f"{near}[1]: there is no vocabulary “workplaces”. Did you mean “workplace”? A file of your "
        "own is named with its ending, like our-words.yaml.",
        f"{near}[2]: there is no file “our-wrods.yaml” beside the definition. Did you mean "
        "“our-words.yaml”?",
        f"{near}[3]: there is no vocabulary “other”. Use one of: digcomp-3.0, workplace. A file of "
        "your own is named with its ending, like our-words.yaml.",
    ]


def test_a_vocabulary_beside_the_definition_is_found(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("id: own\n", encoding="utf-8")
    path = changed(tmp_path, ("vocabularies: [workplace]", "vocabularies: [own.yaml]"))
    assert load_definition(path).people.vocabularies == ("own.yaml",)


def test_a_problem_found_later_has_the_line_of_its_setting(tmp_path: Path) -> None:
    path = written(tmp_path, SOUND)
    problem = definition_problem(path, ("matching", "rules", 1, "min"), "this is too much.")
    line = line_of("      min: 2")
    assert str(problem) == f"{path}, line {line}, matching.rules[2].min: this is too much."


# --- Files that can't be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "D: this file is empty."),
        (b"\n  \n", "D: this file is empty."),
        ("- a\n- b\n", "D, line 1: this is not a definition: it must consist of lines like "
         "“program:”. “starter.py new NAME” writes one to begin with."),
        ("program:\n\ttitle: x\n", "D, line 2: a tab stands here. Indent with spaces."),
        ("a: b: c\n", "D, line 1: a second colon stands on this line, or it is indented too far. "
         "Put text that contains “: ” in quotes, and align the line with its neighbours."),
        ('a: "x\n', "D, line 2: a quotation mark is opened and not closed. Close it."),
        ("a: 1\n---\nb: 2\n", "D, line 2: a second document begins here (“---”). A file holds one "
         "definition."),
        ("a: 1\nb: x\0\n", "D, line 2: a character stands here that can't be seen and has no place "
         "in a text file. Delete it."),
        ("a: 1\nb: Müller\n".encode("cp1252"), "D, line 2: this line is not in UTF-8, so it can't "
         "be read. Save the file with the encoding UTF-8."),
        ("[" * 600, "D, line 1: this holds more than 100,000 values or is nested more than 50 "
         "deep, which nothing that is read here needs."),
    ],
)  # fmt: skip
def test_what_is_no_definition_is_told_kindly(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert problems_of(written(tmp_path, text)) == [told]


def test_aliases_that_repeat_one_another_are_bounded(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert "more than 100,000 values" in problems_of(written(tmp_path, "\n".join(lines)))[0]


def test_tags_of_other_languages_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a: !!python/object/apply:os.system [echo]\n")
    assert problems_of(path)


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "definition.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert problems_of(path) == [
        "D: this file has 50.0 MB; at most 1.0 MB are read. Is it the right file?"
    ]
    assert MAX_BYTES == 1_000_000


def test_a_folder_a_missing_file_and_a_pipe_are_told(tmp_path: Path) -> None:
    assert problems_of(tmp_path) == ["D: this is a folder, not a file."]
    written(tmp_path, SOUND)
    missing = tmp_path / "defintion.yaml"
    assert problems_of(missing) == ["D: there is no such file. Did you mean “definition.yaml”?"]
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert problems_of(pipe) == ["D: this is not a plain file."]
