"""What HR hands in is read as a whole, with the problems of all files at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.intake import Intake, read_intake
from domain.problems import BadInput

EXAMPLE = Path("examples/digital-leaders")
SOUND = (EXAMPLE / "definition.yaml").read_text(encoding="utf-8")
PEOPLE = (EXAMPLE / "people.csv").read_text(encoding="utf-8")
CODES = {
    "English": "en", "Polish": "pl", "Portuguese": "pt", "Spanish": "es", "French": "fr",
    "Danish": "da", "Japanese": "ja", "Hindi": "hi", "Dutch": "nl",
}  # fmt: skip
"""The languages of the example's people."""


def handed_in(folder: Path, *changes: tuple[str, str], people: str = PEOPLE) -> tuple[Path, Path]:
    """The example with some changes to the definition, and these people."""
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    definition, table = folder / "definition.yaml", folder / "people.csv"
    definition.write_text(text, encoding="utf-8")
    table.write_text(people, encoding="utf-8")
    return definition, table


def problems_of(folder: Path, files: tuple[Path, Path | None]) -> list[str]:
    with pytest.raises(BadInput) as refused:
        read_intake(*files)
    return [str(problem).replace(f"{folder}/", "") for problem in refused.value.problems]


def fixing(*pairs: str) -> tuple[str, str]:
    listed = "".join(f"    - {pair}\n" for pair in pairs)
    return "  objective: most_people\n", f"  objective: most_people\n  fixed:\n{listed}"


def line_of(path: Path, text: str) -> int:
    found = path.read_text(encoding="utf-8")
    return found[: found.index(text)].count("\n") + 1


def test_the_example_is_taken_in_with_who_may_be_what() -> None:
    intake = read_intake(EXAMPLE / "definition.yaml", EXAMPLE / "people.csv")
    assert (len(intake.people), len(intake.candidates), len(intake.entrants)) == (28, 26, 28)
    assert [entrant.roles for entrant in intake.entrants] == list(intake.roles)
    assert intake.background.everybody == intake.people


def test_a_definition_alone_is_taken_in_with_nobody() -> None:
    assert read_intake(EXAMPLE / "definition.yaml", None).candidates == {}


def test_pairs_that_cannot_be_fixed_are_told_with_their_lines(tmp_path: Path) -> None:
    sound, unknown, broken = '["2001", "1004"]', '["2001", "9999"]', '["2001", "1009"]'
    files = handed_in(tmp_path, fixing(sound, unknown, broken))
    told = problems_of(tmp_path, files)
    assert told
    assert {problem.split(":")[0] for problem in told} == {
        f"definition.yaml, line {line_of(files[0], unknown)}, matching.fixed[2]",
        f"definition.yaml, line {line_of(files[0], broken)}, matching.fixed[3]",
    }
    assert "nobody has the id “9999”" in told[0]


def test_sound_fixed_pairs_are_taken(tmp_path: Path) -> None:
    intake = read_intake(*handed_in(tmp_path, fixing('["2001", "1004"]')))
    assert isinstance(intake, Intake)
    assert intake.definition.matching.fixed == (("2001", "1004"),)


def test_words_that_no_vocabulary_has_are_told_with_their_rows(tmp_path: Path) -> None:
    files = handed_in(tmp_path, people=PEOPLE.replace("Online privacy", "Onlin privacy"))
    assert problems_of(tmp_path, files) == [
        "people.csv, row 9, Can teach, Wants to learn: “Onlin privacy” is in none of the "
        "vocabularies (rows 9, 15, 22 and 2 more). Did you mean “Online privacy”?"
    ]


def test_an_own_vocabulary_beside_the_definition_counts(tmp_path: Path) -> None:
    own = "id: own\ntitle: Own\nterms:\n  - label: Online privacy\n    synonyms: [Being unseen]\n"
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    files = handed_in(
        tmp_path,
        ("vocabularies: [workplace]", "vocabularies: [own.yaml, workplace]"),
        people=PEOPLE.replace("Online privacy", "being unseen"),
    )
    assert read_intake(*files).candidates["1008"].goals[0] == "Online privacy"


def test_mistakes_of_a_vocabulary_stand_next_to_those_of_the_people(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("id: own\nterms: [{label: A}, {label: a}]", encoding="utf-8")
    files = handed_in(
        tmp_path,
        ("vocabularies: [workplace]", "vocabularies: [own.yaml]"),
        people=PEOPLE.replace("Director of legal,Director", "Director of legal,Directr"),
    )
    assert problems_of(tmp_path, files) == [
        "own.yaml, line 1, title: this is missing.",
        "own.yaml, line 2, terms[2]: the term “a” is there already, as a word for “A”.",
        "people.csv, row 9, Grade: “Directr” is not in people.levels. Did you mean “Director”?",
    ]
    assert len(problems_of(tmp_path, (files[0], None))) == 2


def test_people_are_checked_by_a_broken_definition_as_far_as_it_goes(tmp_path: Path) -> None:
    files = handed_in(
        tmp_path,
        ("email: sponsor@example.com", "email: sponsor"),
        people=PEOPLE.replace("(expert)", "(exprt)"),
    )
    told = problems_of(tmp_path, files)
    assert [problem.split(":")[0].split(", ")[0] for problem in told] == [
        "definition.yaml",
        "people.csv",
    ]
    assert "“exprt” is not in people.skill_levels (rows 16, 17, 18 and " in told[1]


def test_reading_the_files_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    people = PEOPLE
    for language, code in CODES.items():
        people = people.replace(language, code)
    handed_in(
        tmp_path,
        ("timezone: Europe/London", "timezone: Europe/London\n  holidays: GB-ENG"),
        people=people,
    )
    program = (
        "import sys; from pathlib import Path; from console.intake import read_intake; "
        f"folder = Path({str(tmp_path)!r}); "
        "read_intake(folder / 'definition.yaml', folder / 'people.csv'); "
        "print(*sorted({'babel', 'openpyxl', 'charset_normalizer', 'sqlalchemy', 'numpy', "
        "'temporalio', 'matplotlib', 'holidays'} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (ran.stdout.split(), ran.stderr) == ([], "")
