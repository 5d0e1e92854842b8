"""A people file: an HR system's export goes in as it is, or every problem with it is told."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from domain.definition import Columns, Definition
from domain.people import Person, Role
from domain.problems import BadInput
from domain.vocabulary import Term, Vocabulary
from store import table_file
from store.definition_file import load_definition
from store.people_file import PeopleFile, load_people
from store.vocabulary_file import load_vocabulary
from tests.domain.definitions import definition_with

EXAMPLE = Path("examples/digital-leaders")

FULL = definition_with(
    name=["First", "Last"],
    id="Staff no.",
    email="Work e-mail",
    role="Part",
    level="Grade",
    manager="Reports to",
    language="Language",
    timezone="Zone",
    skills="Can teach",
    capacity="Pairs",
    extra={"site": "Building"},
    levels=["Clerk", "Manager", "Director"],
)
HEADINGS = (
    "Staff no.", "First", "Last", "Work e-mail", "Part", "Grade", "Reports to", "Language", "Zone",
    "Can teach", "Pairs", "Building",
)  # fmt: skip
BOSS = ("1", "Zoë", "Example", "zoe@example.com", "mentee", "Director", "", "", "", "", "", "")


def row(**changes: str) -> tuple[str, ...]:
    """A sound row; `changes` by the headings' first word."""
    sound = ("2", "Ann", "Example", "ann@example.com", "mentor", "Clerk", "1", "en",
             "Europe/London", "AI; chat ;AI", "2", "North")  # fmt: skip
    names = [heading.split()[0] for heading in HEADINGS]
    return tuple(changes.get(name, value) for name, value in zip(names, sound, strict=True))


def csv_of(*rows: tuple[str, ...], separator: str = ",") -> str:
    return "".join(separator.join(cells) + "\n" for cells in rows)


def written(folder: Path, data: str | bytes, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def sheet_of(folder: Path, *rows: tuple[Any, ...], **sheets: list[tuple[Any, ...]]) -> Path:
    book = Workbook()
    for cells in rows:
        book.worksheets[0].append(cells)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for cells in more:
            sheet.append(cells)
    path = folder / "people.xlsx"
    book.save(path)
    return path


def problems_of(path: Path, definition: Definition = FULL) -> list[str]:
    with pytest.raises(BadInput) as refused:
        load_people(path, definition)
    return [str(problem).replace(str(path), "P") for problem in refused.value.problems]


def load(path: Path) -> PeopleFile:
    return load_people(path, FULL)


# --- Sound files ---------------------------------------------------------------------------------


def test_the_example_is_sound() -> None:
    definition = load_definition(EXAMPLE / "definition.yaml")
    file = load_people(EXAMPLE / "people.csv", definition)
    assert (len(file.people), file.mentors, file.mentees, file.without_role) == (28, 13, 13, 2)
    assert all(person.email.endswith("@example.com") for person in file.people)


def test_every_column_is_read(tmp_path: Path) -> None:
    boss, ann = load(written(tmp_path, csv_of(HEADINGS, BOSS, row()))).people
    assert (ann.reference, ann.name, ann.email) == ("2", "Ann Example", "ann@example.com")
    assert (ann.roles, ann.level, ann.manager) == ((Role.MENTOR,), "Clerk", "1")
    assert (ann.language, ann.timezone) == ("en", "Europe/London")
    assert (ann.skills, ann.capacity, ann.value_of("site")) == (("AI", "chat"), 2, "North")
    assert (boss.manager, boss.capacity, boss.language, boss.timezone) == (None, 1, "en", None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = csv_of(HEADINGS, BOSS, row(Can="AI"), separator=separator)
    assert len(load(written(tmp_path, lines)).people) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_of_excel_are_read(tmp_path: Path, encoding: str) -> None:
    file = load(written(tmp_path, csv_of(HEADINGS, BOSS, row(First="José")).encode(encoding)))
    assert [person.name for person in file.people] == ["Zoë Example", "José Example"]
    guessed = (
        "this file is not in UTF-8 and was read as Windows-1252 (Western European). Is this spelt "
        "right: “Zoë”, “José”? If not, save it as “CSV UTF-8”.",
    )
    assert file.notes == (guessed if encoding == "cp1252" else ())


def test_headings_and_levels_are_found_in_any_case_and_spacing(tmp_path: Path) -> None:
    headings = tuple(f"  {heading.upper()}" for heading in HEADINGS)
    file = load(written(tmp_path, csv_of(headings, BOSS, row(Grade=" clerk "))))
    assert file.people[1].level == "Clerk"


def test_lines_with_nothing_and_columns_that_nobody_asked_for_do_no_harm(tmp_path: Path) -> None:
    text = "\n" + csv_of(
        (*HEADINGS, "Note", "Note"), (*BOSS, "x", "y"), ("",) * 14, (*row(), "", "")
    )
    assert len(load(written(tmp_path, text)).people) == 2


def test_excels_own_separator_line_is_understood(tmp_path: Path) -> None:
    text = "sep=;\n" + csv_of(HEADINGS, BOSS, row(Can="AI"), separator=";")
    assert len(load(written(tmp_path, text)).people) == 2


def test_xlsx_is_read_with_numbers_as_ids(tmp_path: Path) -> None:
    ann = (1002.0, *row()[1:6], 1001, *row()[7:10], 2, "North")
    file = load(sheet_of(tmp_path, HEADINGS, (1001, *BOSS[1:]), ann))
    assert [(p.reference, p.manager) for p in file.people] == [("1001", None), ("1002", "1001")]


def test_the_first_sheet_is_read_and_said(tmp_path: Path) -> None:
    file = load(sheet_of(tmp_path, HEADINGS, BOSS, row(), Other=[("x",)]))
    assert file.notes == ("of its 2 sheets, “Sheet” was read.",)


def test_without_a_role_column_eligibility_decides(tmp_path: Path) -> None:
    definition = definition_with(
        level="Grade",
        levels=["Clerk", "Manager", "Director"],
        eligibility={"mentor": {"max_level": "Clerk"}, "mentee": {"min_level": "Director"}},
    )
    text = "ID,Name,Mail,Grade\n1,A,a@example.com,Clerk\n2,B,b@example.com,Manager\n"
    file = load_people(written(tmp_path, text), definition)
    assert (file.mentors, file.mentees, file.without_role) == (1, 0, 1)


def test_somebody_without_a_role_takes_no_part(tmp_path: Path) -> None:
    file = load(written(tmp_path, csv_of(HEADINGS, row(Part="", Reports=""))))
    assert (file.people[0].roles, file.without_role) == ((), 1)


def test_in_mutual_mode_everybody_with_a_role_is_both(tmp_path: Path) -> None:
    definition = definition_with(mode="mutual", role="Part")
    text = "ID,Name,Mail,Part\n1,A,a@example.com,mentor\n2,B,b@example.com,\n"
    file = load_people(written(tmp_path, text), definition)
    assert [person.roles for person in file.people] == [tuple(Role), ()]


def test_a_language_may_be_named(tmp_path: Path) -> None:
    text = csv_of(
        HEADINGS,
        BOSS,
        row(Language="French"),
        row(Staff="3", Work="b@example.com", Language="PT_br"),
    )
    assert [p.language for p in load(written(tmp_path, text)).people] == ["en", "fr", "pt-BR"]


# --- Every problem, with its row and column ------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"Part": "mentro"}, "P, row 3, Part: “mentro” is no role that people.role_words knows. "
         "Did you mean “mentor”?"),
        ({"Grade": "Clark"}, "P, row 3, Grade: “Clark” is not in people.levels. Did you mean "
         "“Clerk”?"),
        ({"Reports": "7"}, "P, row 3, Reports to: there is nobody with the id “7” in this file. "
         "Managers must be in the file too, without a role if they take no part."),
        ({"Reports": "2"}, "P, row 3, Reports to: this person is their own manager. Clear the "
         "cell."),
        ({"Staff": ""}, "P, row 3, Staff no.: this is empty. Everybody needs one."),
        ({"First": "", "Last": ""}, "P, row 3, First + Last: this is empty. Everybody needs one."),
        ({"Work": ""}, "P, row 3, Work e-mail: this is empty. Everybody needs one."),
        ({"Work": "ann at example"}, "P, row 3, Work e-mail: “ann at example” is no mail address. "
         "Write one, like name@example.com."),
        ({"Staff": "1", "Reports": ""}, "P, row 3, Staff no.: “1” stands in row 2 already. Each "
         "person must be in the file once."),
        ({"Work": "ZOE@example.com"}, "P, row 3, Work e-mail: “zoe@example.com” stands in row 2 "
         "already. Each person must be in the file once."),
        ({"Pairs": "0"}, "P, row 3, Pairs: “0” is no number of pairs. Write a whole number from 1 "
         "to 50, or leave the cell empty for 1."),
        ({"Pairs": "two"}, "P, row 3, Pairs: “two” is no number of pairs. Write a whole number "
         "from 1 to 50, or leave the cell empty for 1."),
        ({"Zone": "Europe/Londn"}, "P, row 3, Zone: “Europe/Londn” is no time zone. Did you mean "
         "“Europe/London”?"),
        ({"Language": "Elvish"}, "P, row 3, Language: “Elvish” is no language that is known here. "
         "Write a code like en or pt-BR, or the language's English name."),
        ({"Can": "A\0I"}, "P, row 3, Can teach: this cell holds characters that can't be seen. "
         "Clear it and type it again."),
        ({"First": "Zo\ufffd"}, "P, row 3, First + Last: a character was lost in this cell "
         "(“\ufffd”). Export the file again, as “CSV UTF-8”."),
        ({"Building": "North,South"}, "P, row 3: this row has 13 cells, but there are 12 headings. "
         "A cell may hold the character that separates columns, without quotation marks."),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    path = written(tmp_path, csv_of(HEADINGS, BOSS, row(**changes)))
    assert problems_of(path) == [told]


def test_all_bad_cells_are_told_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        csv_of(HEADINGS, BOSS, row(Part="x", Pairs="-1"), row(Staff="", Work="", Reports="9")),
    )
    assert [problem.split(":")[0] for problem in problems_of(path)] == [
        "P, row 3, Part",
        "P, row 3, Pairs",
        "P, row 4, Staff no.",
        "P, row 4, Work e-mail",
        "P, row 4, Reports to",
    ]


def test_people_who_manage_each_other_in_a_circle_are_told_once(tmp_path: Path) -> None:
    def who(number: str, manager: str) -> tuple[str, ...]:
        return row(Staff=number, Work=f"{number}@example.com", Reports=manager)

    path = written(
        tmp_path, csv_of(HEADINGS, who("5", "4"), who("4", "3"), who("3", "5"), who("6", "3"))
    )
    assert problems_of(path) == [
        "P, row 4, Reports to: these people manage each other in a circle: 3 → 5 → 4 → 3. One of "
        "them has the wrong manager."
    ]


def test_mappings_that_name_no_column_or_two_are_told(tmp_path: Path) -> None:
    headings = ("Staff no", *HEADINGS[1:-1], "Grade")
    told = problems_of(written(tmp_path, csv_of(headings, BOSS)))
    assert told[0] == (
        "P, row 1: no column is headed “Staff no.”, which the definition names for “id”. Did you "
        "mean “Staff no”?"
    )
    assert told[1].startswith("P, row 1: 2 columns are headed “Grade”")
    assert told[2].startswith("P, row 1: no column is headed “Building”")


def test_bad_cells_of_excel_are_told(tmp_path: Path) -> None:
    path = sheet_of(
        tmp_path, HEADINGS, BOSS, row(Part="#N/A", Grade="=A1"), row(Staff="=1/0", Reports="1")
    )
    assert problems_of(path) == [
        "P, row 3, Part: this cell holds the error #N/A. Write the value itself.",
        "P, row 3, Grade: this cell holds a formula that was never computed. Open the file in "
        "Excel and save it, or write the value itself.",
        "P, row 4, Staff no.: this cell holds a formula that was never computed. Open the file in "
        "Excel and save it, or write the value itself.",
        "P, row 4, Work e-mail: “ann@example.com” stands in row 3 already. Each person must be in "
        "the file once.",
    ]


# --- The same thing in many rows -----------------------------------------------------------------


def colleagues(count: int, **changes: str) -> list[tuple[str, ...]]:
    """Rows that differ in nothing but who it is, from row 3 on."""
    return [
        row(**{"Staff": str(n), "Work": f"p{n}@example.com", **changes})
        for n in range(3, 3 + count)
    ]


@pytest.mark.parametrize(
    ("count", "rows"),
    [
        (1, ""),
        (2, " (rows 3 and 4)"),
        (4, " (rows 3, 4, 5 and 6)"),
        (5, " (rows 3, 4, 5 and 2 more)"),
        (400, " (rows 3, 4, 5 and 397 more)"),
    ],
)
def test_one_bad_word_in_many_rows_is_one_problem_with_its_rows(
    tmp_path: Path, count: int, rows: str
) -> None:
    path = written(tmp_path, csv_of(HEADINGS, BOSS, *colleagues(count, Grade="Clark")))
    assert problems_of(path) == [
        f"P, row 3, Grade: “Clark” is not in people.levels{rows}. Did you mean “Clerk”?"
    ]


def test_complaints_that_differ_in_column_word_or_hint_stay_apart(tmp_path: Path) -> None:
    text = csv_of(
        HEADINGS,
        BOSS,
        *colleagues(2, Grade="Clark", Zone="Mars"),
        row(Staff="9", Work="", Grade="Bark"),
        row(Staff="", Work="q@example.com", Grade="Clark"),
    )
    assert [problem.split(".")[0] for problem in problems_of(written(tmp_path, text))] == [
        "P, row 3, Grade: “Clark” is not in people",
        "P, row 3, Zone: “Mars” is no time zone (rows 3 and 4)",
        "P, row 5, Work e-mail: this is empty",
        "P, row 5, Grade: “Bark” is not in people",
        "P, row 6, Staff no",
    ]


def test_managers_who_are_not_there_are_told_once_for_all_who_name_them(tmp_path: Path) -> None:
    path = written(tmp_path, csv_of(HEADINGS, BOSS, *colleagues(3, Reports="77")))
    assert problems_of(path) == [
        "P, row 3, Reports to: there is nobody with the id “77” in this file (rows 3, 4 and 5). "
        "Managers must be in the file too, without a role if they take no part."
    ]


def test_a_column_of_names_where_ids_belong_is_told_in_reasonable_time(tmp_path: Path) -> None:
    rows = [
        row(Staff=str(n), Work=f"p{n}@example.com", Reports=f"Example Manager {n}")
        for n in range(2, 3_002)
    ]
    path = written(tmp_path, csv_of(HEADINGS, BOSS, *rows))
    began = time.perf_counter()
    assert len(problems_of(path)) == 3_000
    assert time.perf_counter() - began < 10  # some 2 s; comparing each with each takes minutes


# --- Skills, goals and interests in the words of a vocabulary ------------------------------------

WORDS = Vocabulary(
    (
        Term(label="Spreadsheets", synonyms=("Excel", "MS Excel"), code="1.1"),
        Term(label="AI assistants", synonyms=("AI", "ChatGPT")),
        Term(label="R (language)", synonyms=("R",)),
        Term(label="Python"),
    )
)
LEVELS = {"skill_levels": ["beginner", "good", "expert"]}


def taught(
    tmp_path: Path,
    *cells: tuple[str, str, str],
    levels: bool = True,
    vocabulary: Vocabulary | None = WORDS,
) -> PeopleFile:
    """People by their cells for skills, goals and interests."""
    definition = definition_with(
        skills="Can", goals="Wants", interests="Likes", people=LEVELS if levels else None
    )
    text = "ID,Name,Mail,Can,Wants,Likes\n" + "".join(
        f"{n},A,a{n}@example.com,{','.join(texts)}\n" for n, texts in enumerate(cells)
    )
    return load_people(written(tmp_path, text), definition, vocabulary)


def told_of(
    tmp_path: Path,
    *cells: tuple[str, str, str],
    levels: bool = True,
    vocabulary: Vocabulary | None = WORDS,
) -> list[str]:
    with pytest.raises(BadInput) as refused:
        taught(tmp_path, *cells, levels=levels, vocabulary=vocabulary)
    return [
        str(problem).replace(str(tmp_path / "people.csv"), "P")
        for problem in refused.value.problems
    ]


def test_words_come_out_as_the_vocabulary_has_them(tmp_path: Path) -> None:
    (person,) = taught(tmp_path, ("ms-excel;chatgpt;Excel", "ai;1.1", "Chess;EXCEL;chess")).people
    assert person.skills == ("Spreadsheets", "AI assistants")
    assert person.goals == ("AI assistants", "Spreadsheets")
    assert person.interests == ("Chess", "Spreadsheets")


def test_without_a_vocabulary_words_are_taken_as_they_are(tmp_path: Path) -> None:
    (person,) = taught(tmp_path, ("Exel;Juggling", "Magic", "Chess"), vocabulary=None).people
    assert (person.skills, person.goals) == (("Exel", "Juggling"), ("Magic",))


def test_an_unknown_word_is_told_once_with_all_its_rows_and_columns(tmp_path: Path) -> None:
    cells = [("Exel", "", ""), ("exel;AI", "", ""), ("", "EXEL", ""), ("Juggling", "", "Exel")]
    assert told_of(tmp_path, *cells) == [
        "P, row 2, Can, Wants: “Exel” is in none of the vocabularies (rows 2, 3 and 4). Did you "
        "mean “Excel”?",
        "P, row 5, Can: “Juggling” is in none of the vocabularies. Add it to a vocabulary of your "
        "own, or write what it is called there.",
    ]


def test_unknown_words_stand_next_to_all_other_problems(tmp_path: Path) -> None:
    told = told_of(tmp_path, ("Exel (exprt);Python: good", "Pyton", ""))
    assert [problem.partition(": ")[2] for problem in told] == [
        "“exprt” is not in people.skill_levels. Did you mean “expert”?",
        "“Exel” is in none of the vocabularies. Did you mean “Excel”?",
        "“Pyton” is in none of the vocabularies. Did you mean “Python”?",
    ]


def test_skill_levels_are_read_in_brackets_and_after_a_colon(tmp_path: Path) -> None:
    (person,) = taught(tmp_path, ("Excel (Expert);Python:  GOOD;AI;R (language)", "", "")).people
    assert person.skills == ("Spreadsheets", "Python", "AI assistants", "R (language)")
    assert person.skill_levels == {"Spreadsheets": "expert", "Python": "good"}


def test_levels_need_no_vocabulary(tmp_path: Path) -> None:
    (person,) = taught(tmp_path, ("Juggling (good);Magic", "", ""), vocabulary=None).people
    assert (person.skills, person.skill_levels) == (("Juggling", "Magic"), {"Juggling": "good"})


@pytest.mark.parametrize(
    "cell",
    ["Excel (good);MS Excel (expert)", "Excel: expert;Excel: beginner;Excel", "Excel (expert);1.1"],
)
def test_a_skill_that_stands_twice_keeps_the_higher_level(tmp_path: Path, cell: str) -> None:
    (person,) = taught(tmp_path, (cell, "", "")).people
    assert (person.skills, person.skill_levels) == (("Spreadsheets",), {"Spreadsheets": "expert"})


def test_two_levels_of_one_skill_are_noted_and_the_rows_are_named(tmp_path: Path) -> None:
    twice = ("AI (good);ChatGPT (expert)", "", "")
    notes = taught(tmp_path, twice, ("AI (good);AI (good);AI", "", ""), twice).notes
    assert notes == (
        "Can, row 2: a skill stands twice in a cell, with two levels; the higher one counts "
        "(rows 2 and 4).",
    )


def test_levels_in_the_file_that_the_definition_has_not_are_told(tmp_path: Path) -> None:
    assert told_of(tmp_path, ("Excel (expert)", "", ""), levels=False) == [
        "P, row 2, Can: “Excel (expert)” has a level, and the definition has no "
        "people.skill_levels. List them there, from low to high."
    ]


def test_free_text_in_place_of_skills_is_told_in_reasonable_time(tmp_path: Path) -> None:
    cells = [(f"I could teach something about topic {n} " + "x" * n, "", "") for n in range(2_000)]
    workplace = load_vocabulary(["workplace"], "en", tmp_path)
    began = time.perf_counter()
    assert len(told_of(tmp_path, *cells, vocabulary=workplace)) == 2_000
    assert time.perf_counter() - began < 10  # some 1 s


# --- Times, languages, consent, identity, places, scales -----------------------------------------


def one_column(tmp_path: Path, column: str, *cells: str, **definition: Any) -> tuple[Person, ...]:
    """People of whom the file says one thing beyond who they are."""
    ours = column in Columns.model_fields
    plan = definition_with(**({column: "It"} if ours else {"extra": {column: "It"}}), **definition)
    lines = [f'{n},A,a{n}@example.com,"{cell}"\n' for n, cell in enumerate(cells)]
    return load_people(written(tmp_path, "ID,Name,Mail,It\n" + "".join(lines)), plan).people


def refused_column(tmp_path: Path, column: str, *cells: str, **definition: Any) -> list[str]:
    with pytest.raises(BadInput) as refused:
        one_column(tmp_path, column, *cells, **definition)
    return [
        str(problem).replace(str(tmp_path / "people.csv"), "P")
        for problem in refused.value.problems
    ]


def test_languages_are_read_by_code_and_by_name(tmp_path: Path) -> None:
    people = one_column(tmp_path, "languages", "en;French;pt-BR;FR", "", "norwegian")
    assert [person.languages for person in people] == [("en", "fr", "pt"), (), ("no",)]


def test_a_language_that_nobody_knows_is_told(tmp_path: Path) -> None:
    assert refused_column(tmp_path, "languages", "English;Elvish", "elvish", "Elvish") == [
        "P, row 2, It: “Elvish” is no language that is known here (rows 2 and 4). Write a code "
        "like en or pt-BR, or the language's English name.",
        "P, row 3, It: “elvish” is no language that is known here. Write a code like en or pt-BR, "
        "or the language's English name.",
    ]


def test_countries_are_read_by_code_and_by_name(tmp_path: Path) -> None:
    people = one_column(tmp_path, "country", "gb-sct", "United Kingdom", "", "NO", "Turkey")
    assert [person.country for person in people] == ["GB-SCT", "GB", None, "NO", "TR"]


def test_a_country_that_nobody_knows_is_told(tmp_path: Path) -> None:
    assert refused_column(tmp_path, "country", "Germny", "GB", "GB-XX", "Germny") == [
        "P, row 2, It: “Germny” is no country that is known here (rows 2 and 5). Did you mean "
        "“Germany”?",
        "P, row 4, It: “GB-XX” names no part of GB whose holidays are known. Write GB, or GB- and "
        "one of: ENG, NIR, SCT, WLS.",
    ]


def test_working_days_and_hours_are_read(tmp_path: Path) -> None:
    people = one_column(tmp_path, "working_days", "Mon-Thu", "Mon;Wed", "")
    assert [person.working_days for person in people] == [(0, 1, 2, 3), (0, 2), ()]
    people = one_column(tmp_path, "working_hours", "09:00-17:30", "22-6", "")
    assert [person.working_hours for person in people] == [(540, 1050), (1320, 360), None]


def test_days_and_hours_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    assert refused_column(tmp_path, "working_days", "1-5", "Mon", "1-5") == [
        "P, row 2, It: “1-5” can't be read as days of the week (rows 2 and 4). Write them like "
        "Mon-Fri, or Mon;Tue;Thu."
    ]
    assert refused_column(tmp_path, "working_hours", "9-5") == [
        "P, row 2, It: “9-5” would be 20 hours, over midnight. Write them like 09:00-17:30, in the "
        "person's own time zone."
    ]


def test_who_has_not_said_yes_has_not_agreed(tmp_path: Path) -> None:
    people = one_column(tmp_path, "consent", "Yes", " x ", "TRUE", "no", "", "maybe")
    assert [person.consent for person in people] == [True, True, True, False, False, False]
    own = one_column(tmp_path, "consent", "Ja", "yes", people={"yes": ["ja"]})
    assert [person.consent for person in own] == [True, False]


def test_cells_that_say_neither_yes_nor_no_plainly_are_noted(tmp_path: Path) -> None:
    cells = ("yes", "ja", "no", "N", "FALSE", "0", "-", "", "Ja", "oui")
    rows = "".join(f"{n},A,{n}@example.com,{cell}\n" for n, cell in enumerate(cells))
    file = load_people(written(tmp_path, f"ID,Name,Mail,OK\n{rows}"), definition_with(consent="OK"))
    assert file.notes == (
        "OK, row 3: “ja” was read as no: people.yes lists what counts as yes (rows 3 and 10).",
        "OK, row 11: “oui” was read as no: people.yes lists what counts as yes.",
    )
    assert file.mentors == 1


def test_a_column_of_dates_in_place_of_yes_is_noted_in_few_words(tmp_path: Path) -> None:
    rows = "".join(f"{n},A,{n}@example.com,2027-01-{n}\n" for n in range(10, 30))
    file = load_people(written(tmp_path, f"ID,Name,Mail,OK\n{rows}"), definition_with(consent="OK"))
    assert len(file.notes) == 6
    assert file.notes[-1] == (
        "OK, row 7: other text was read as no: people.yes lists what counts as yes "
        "(rows 7, 8, 9 and 12 more)."
    )


def test_whoever_has_not_agreed_takes_no_part(tmp_path: Path) -> None:
    text = "ID,Name,Mail,OK\n1,A,a@example.com,yes\n2,B,b@example.com,\n"
    file = load_people(written(tmp_path, text), definition_with(consent="OK"))
    assert (len(file.people), file.mentors, file.without_role) == (2, 1, 1)


def identity_file(tmp_path: Path, *rows: str) -> PeopleFile:
    definition = definition_with(
        extra={"gender": "Gender", "site": "Site"},
        people={"identity": {"columns": ["gender"], "opt_in": "Use it"}},
        matching={
            "rules": [],
            "preferences": [{"prefer": "close", "column": "gender", "scale": ["woman", "man"]}],
        },
    )
    text = "ID,Name,Mail,Gender,Use it,Site\n" + "".join(f"{row}\n" for row in rows)
    return load_people(written(tmp_path, text), definition)


def test_identity_is_kept_only_of_who_opted_in(tmp_path: Path) -> None:
    file = identity_file(
        tmp_path, "1,A,a@example.com,Woman,yes,North", "2,B,b@example.com,Woman,,North",
        "3,C,c@example.com,Man,no,",
    )  # fmt: skip
    assert [person.extra for person in file.people] == [
        {"gender": "woman", "site": "North"}, {"site": "North"}, {},
    ]  # fmt: skip
    assert "woman" not in str(file.people[1:]).casefold()


def test_identity_cells_are_not_even_looked_at_without_the_opt_in(tmp_path: Path) -> None:
    rows = ["1,A,a@example.com,\ufffd secret,,N", "2,B,b@example.com,off the scale,no,N"]
    assert [person.extra for person in identity_file(tmp_path, *rows).people] == [{"site": "N"}] * 2
    with pytest.raises(BadInput, match="2 problem"):
        identity_file(tmp_path, *(row.replace(",,N", ",yes,N").replace("no", "x") for row in rows))


def test_the_opt_in_column_must_be_there(tmp_path: Path) -> None:
    definition = definition_with(
        extra={"gender": "Gender"},
        people={"identity": {"columns": ["gender"], "opt_in": "Use it"}},
    )
    path = written(tmp_path, "ID,Name,Mail,Gender\n1,A,a@example.com,Woman\n")
    assert problems_of(path, definition) == [
        "P, row 1: no column is headed “Use it”, which the definition names for "
        "“identity.opt_in”. Use one of: ID, Name, Mail, Gender."
    ]


@pytest.mark.parametrize(
    ("part", "capacity"), [("mentor", 3), ("mentee", 2), ("both", 3), ("", 1), ("mentor,5", 5)]
)
def test_places_decide_where_the_file_does_not_say(
    tmp_path: Path, part: str, capacity: int
) -> None:
    definition = definition_with(
        role="Part",
        capacity="Pairs",
        matching={"rules": [], "places": {"mentor": 3, "mentee": 2}},
    )
    path = written(tmp_path, f"ID,Name,Mail,Part,Pairs\n1,A,a@example.com,{part}\n")
    assert [person.capacity for person in load_people(path, definition).people] == [capacity]


def test_places_go_by_the_role_that_eligibility_leaves(tmp_path: Path) -> None:
    definition = definition_with(
        level="Grade",
        levels=["Clerk", "Director"],
        eligibility={"mentor": {"max_level": "Clerk"}, "mentee": {"min_level": "Director"}},
        matching={"rules": [], "places": {"mentor": 4}},
    )
    text = "ID,Name,Mail,Grade\n1,A,a@example.com,Clerk\n2,B,b@example.com,Director\n"
    file = load_people(written(tmp_path, text), definition)
    assert [person.capacity for person in file.people] == [4, 1]


def scaled(**scale: Any) -> dict[str, Any]:
    return {"rules": [], "preferences": [{"prefer": "high", "column": "drive", **scale}]}


def test_words_of_a_scale_come_out_as_the_definition_spells_them(tmp_path: Path) -> None:
    matching = scaled(scale=["low", "Very high"])
    people = one_column(tmp_path, "drive", "LOW", "very  high", "", matching=matching)
    assert [person.extra.get("drive") for person in people] == ["low", "Very high", None]


def test_words_that_are_not_on_the_scale_are_told_with_their_rows(tmp_path: Path) -> None:
    matching = scaled(scale=["low", "medium", "high"])
    cells = ("hihg", "low", "hihg", "7")
    assert refused_column(tmp_path, "drive", *cells, matching=matching) == [
        "P, row 2, It: “hihg” is not on the scale that matching uses (rows 2 and 4). Did you mean "
        "“high”?",
        "P, row 5, It: “7” is not on the scale that matching uses. Use one of: low, medium, high.",
    ]


def test_numbers_of_a_scale_are_read_and_other_words_told(tmp_path: Path) -> None:
    matching = scaled(numbers=[0, 40])
    people = one_column(tmp_path, "drive", "3", "3,5", "-1.50", "1e2", matching=matching)
    assert [person.extra["drive"] for person in people] == ["3", "3.5", "-1.5", "100"]
    assert refused_column(tmp_path, "drive", "ten", "nan", "3 years", matching=matching) == [
        f"P, row {number}, It: “{text}” is no number. Write one from 0 to 40, or leave the cell "
        "empty."
        for number, text in ((2, "ten"), (3, "nan"), (4, "3 years"))
    ]


# --- Speed ---------------------------------------------------------------------------------------


def test_ten_times_the_people_take_about_ten_times_as_long(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        rows = [
            row(Staff=str(n), Work=f"p{n}@example.com", Can=f"Excel (good);AI;topic {n % 40}")
            for n in range(2, count + 2)
        ]
        path = written(tmp_path, csv_of(HEADINGS, BOSS, *rows))
        took = []
        for _ in range(3):
            began = time.process_time()
            assert len(load(path).people) == count + 1
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(5_000) < 30 * seconds(500)


# --- Files that can't be read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"", "people.csv", "P: this file is empty."),
        (b",,,\n,,\n", "people.csv", "P: this file is empty."),
        (b"ID,Name,Mail\n", "people.csv", "P, row 1: there are headings and no people below them."),
        (b"x", "people.pdf", "P: files of the type “.pdf” are not read. Save it as .xlsx or .csv."),
        (b"x", "people.xlsx", "P: this is no Excel file, or it is damaged. Open it in Excel and "
         "save it again as .xlsx."),
        (b"PK\x03\x04", "people.csv", "P: this is no text file: by its content it is an Excel "
         "file. Give it the ending .xlsx, or save it as CSV."),
        (b"\xd0\xcf\x11\xe0 x", "people.xlsx", "P: this file is protected by a password, or in "
         "Excel's old format. Save it as .xlsx without a password."),
        (b'ID,Name,Mail\n1,"A,a@example.com\n', "people.csv", "P, row 2: a quotation mark does not "
         "close here, or stands inside a cell. Save the file again from Excel; don't edit it as "
         "text."),
    ],
)  # fmt: skip
def test_what_is_no_people_file_is_told_kindly(
    tmp_path: Path, data: bytes, name: str, told: str
) -> None:
    assert problems_of(written(tmp_path, data, name), definition_with()) == [told]


def test_an_encoding_that_cannot_be_told_is_refused_with_its_row(tmp_path: Path) -> None:
    text = "ID,Name,Mail\n1,Ann,a@example.com\n2,Łukasz Żółkiewski,b@example.com\n"
    path = written(tmp_path, text.encode("cp1250"))
    assert problems_of(path, definition_with()) == [
        "P, row 3: this row is not in UTF-8, and how it is encoded can't be told for sure. It may "
        "be cp1250. In Excel, save it as “CSV UTF-8”."
    ]


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    assert problems_of(path) == [
        "P: this file has 50.0 MB; at most 20.0 MB are read. Is it the right file?"
    ]


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "MAX_ROWS", 3)
    path = written(tmp_path, "ID,Name,Mail\n" + "1,A,a@example.com\n" * 4)
    assert problems_of(path, definition_with()) == [
        "P: at most 3 rows are read; this file has more."
    ]


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as part,
    ):
        for _ in range(201):
            part.write(bytes(1_000_000))
    path = written(tmp_path, data.getvalue(), "people.xlsx")
    assert path.stat().st_size < 1_000_000
    assert problems_of(path) == ["P: this file unpacks to more than 200 MB. Save it as .csv."]
