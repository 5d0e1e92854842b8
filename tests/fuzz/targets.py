"""What is fuzzed: each reader with files that it might be given."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from openpyxl import load_workbook
from rich.console import Console
from ruamel.yaml import YAML

from console import show
from console.intake import read_all
from domain.editing import edited
from domain.edits import Edits
from domain.matching import proposal_of
from domain.proposal import Chosen
from domain.surveys import Survey
from domain.vocabulary import Vocabulary
from store.content import Content
from store.content_folders import SHIPPED, languages_in
from store.definition_file import load_definition
from store.outcomes import read_later_people
from store.people_file import load_people
from store.proposal_file import export_proposal, proposal_document, read_edits
from store.selection_file import export_selection, read_selection
from store.survey_file import read_survey
from store.vocabulary_file import load_vocabulary, read_vocabulary
from tests.fuzz.nasty import damaged, lines_changed, restructured
from tests.fuzz.starts import start
from tests.fuzz.tables import Rows, csv_files, workbooks
from tests.fuzz.watch import Case, Read, check_shown
from tests.intake import test_proposal_file as matched
from tests.intake import test_selection_file as chosen

EXAMPLES = Path("examples")
SHARED = EXAMPLES / "shared-mentees"
MUTUAL = EXAMPLES / "mutual-exchange"


class Target(NamedTuple):
    """One kind of file, and what reads it."""

    files: SearchStrategy[Case]
    read: Read
    cases: int
    """How many `make fuzz` tries."""
    new: int
    """How many the tests try, besides the saved ones."""


# --- Readers -------------------------------------------------------------------------------------


def _definition(path: Path) -> None:
    intake = read_all(path, None, (SHIPPED,))
    out = io.StringIO()
    Console(file=out, highlight=False, markup=False, emoji=False, width=100).print(
        show.plan(intake)
    )
    check_shown(out.getvalue())
    json.dumps(show.plan_facts(intake), ensure_ascii=False, default=str).encode()


def _reader_of_people(folder: Path) -> Read:
    plan = load_definition(folder / "definition.yaml")
    vocabulary = load_vocabulary(plan.people.vocabularies, plan.program.language, folder)

    def read(path: Path) -> None:
        found = load_people(path, plan, vocabulary)
        for said in (*found.notes, *(person.name for person in found.people)):
            check_shown(said)
        for person in found.people:
            person.model_dump_json()

    return read


def _later_people() -> Read:
    plan = load_definition(SHARED / "definition.yaml")
    return lambda path: read_later_people(path, plan)


def _vocabulary(path: Path) -> None:
    Vocabulary(read_vocabulary(path).terms).suggestion("Data")


def _own_text(path: Path) -> None:
    own = next(above for above in path.parents if above.name == "own")
    with patch("store.content.read_survey", _read_survey):
        for language in languages_in((own, SHIPPED)):
            if (own / language).is_dir():
                content = Content((own, SHIPPED), language)
                _ = content.report  # which is read when it is asked for


_read_shipped = cache(read_survey)


def _read_survey(path: Path) -> Survey:
    """A survey; one that ships is read once, which takes most of the time otherwise."""
    return _read_shipped(path) if path.is_relative_to(SHIPPED) else read_survey(path)


def _proposed() -> Any:
    here = {key: person for key, person in matched.PEOPLE.items() if key != matched.AWAY}
    pairs = [
        Chosen("p-a", "p-x"),
        Chosen("p-b", "p-y", comment="=1+1"),
        Chosen("p-c", "p-z", fixed=True),
    ]
    return proposal_of(matched.DEFINITION, here, pairs)


def _reader_of_matches() -> Read:
    proposal = _proposed()
    here = {key: person for key, person in matched.PEOPLE.items() if key != matched.AWAY}

    def read(path: Path) -> None:
        found = read_edits(
            path, proposal, matched.PEOPLE, source=matched.SOURCE, taking_part=here.keys()
        )
        for problem in found.problems:
            check_shown(str(problem))
        kept = Edits(edits=found.edits, solve=False, based_on=2).model_dump_json()
        edits = Edits.model_validate_json(kept)
        after = edited(matched.DEFINITION, here, proposal, edits.edits)
        for refusal in after.refused:
            assert refusal.reasons

    return read


def _selection(path: Path) -> None:
    read_selection(path, chosen.PROGRAM, chosen.PEOPLE)


# --- Files ---------------------------------------------------------------------------------------


def _named(name: str) -> Callable[[bytes], Case]:
    return lambda data: Case(name, data)


def _yaml_files(name: str, *seeds: Path) -> SearchStrategy[Case]:
    texts = [seed.read_bytes() for seed in seeds]
    documents = [YAML(typ="safe", pure=True).load(text) for text in texts]
    plain = [json.loads(json.dumps(document, default=str)) for document in documents]
    as_json = restructured(plain).map(lambda found: json.dumps(found).encode())
    return st.one_of(lines_changed(texts), as_json, damaged(texts)).map(_named(name))


def _rows_of(path: Path, most: int = 5) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[:most]


def _sheets_of(path: Path) -> dict[str, Rows]:
    book = load_workbook(path)
    return {
        ws.title: [["" if value is None else str(value) for value in row] for row in ws.values]
        for ws in book.worksheets[:3]
    }


def _matches_sheets(folder: Path) -> SearchStrategy[Case]:
    path = folder / "matches.xlsx"
    export_proposal(path, _proposed(), matched.PEOPLE, source=matched.SOURCE)
    sheets = _sheets_of(path)
    return st.one_of(
        workbooks(sheets),
        workbooks(sheets),
        workbooks(sheets),
        damaged([path.read_bytes()]).map(_named("given.xlsx")),
    )


def _matches_json() -> SearchStrategy[Case]:
    document = proposal_document(_proposed(), matched.PEOPLE, source=matched.SOURCE)
    text = json.dumps(document, ensure_ascii=False, indent=1).encode()
    changed = restructured([document]).map(lambda found: json.dumps(found).encode())
    return st.one_of(changed, changed, lines_changed([text]), damaged([text])).map(
        _named("given.json")
    )


def _selection_sheets(folder: Path) -> SearchStrategy[Case]:
    path = folder / "selection.xlsx"
    export_selection(path, chosen.PROGRAM, chosen.PEOPLE)
    sheets = {name: rows for name, rows in _sheets_of(path).items() if rows}
    return st.one_of(
        workbooks(sheets),
        workbooks(sheets),
        workbooks(sheets),
        damaged([path.read_bytes()]).map(_named("given.xlsx")),
    )


_OWN_TEXTS = (
    "mail/invitation.md", "agreement.md", "agreement.yaml", "portal.yaml", "agenda.yaml",
    "training/tools.md", "surveys/pulse.yaml", "report/words.yaml",
)  # fmt: skip


@st.composite
def _own_texts(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(_OWN_TEXTS))
    shipped = SHIPPED / "en" / name
    text = shipped.read_bytes() if shipped.is_file() else b"---\ntitle: x\nversion: 1\n---\nText\n"
    # A part of a long file does as well: what it lacks is taken from the one that ships.
    kept = text if len(text) < 4_000 else text[: draw(st.integers(500, 4_000))]
    kept = kept.decode("utf-8", "ignore").encode()
    data = draw(st.one_of(lines_changed([kept]), damaged([kept])))
    language = draw(st.sampled_from(["en", "en", "de", "cs"]))
    return Case(f"own/{language}/{name}", data)


@st.composite
def _starts(draw: st.DrawFn) -> Case:
    people = draw(csv_files(_rows_of(SHARED / "people.csv", 9)))
    definition = draw(_yaml_files("definition.yaml", SHARED / "definition.yaml"))
    return draw(st.sampled_from([people._replace(name="people.csv"), definition]))


def targets(folder: Path) -> dict[str, Callable[[], Target]]:
    """All of them, each made when it is asked for. `folder` is for files to begin with."""
    shared, mutual = SHARED / "definition.yaml", MUTUAL / "definition.yaml"
    people = _rows_of(SHARED / "people.csv", 9)
    surveys = [SHIPPED / "en" / "surveys" / f"{name}.yaml" for name in ("pulse", "follow_up")]
    vocabulary = EXAMPLES / "matching" / "our-words.yaml"
    return {
        "definition": lambda: Target(
            _yaml_files("given.yaml", shared, mutual), _definition, 2000, 12
        ),
        "people-csv": lambda: Target(csv_files(people), _reader_of_people(SHARED), 3000, 60),
        "people-xlsx": lambda: Target(
            workbooks({"People": people}), _reader_of_people(SHARED), 2000, 30
        ),
        "people-bytes": lambda: Target(
            damaged([(SHARED / "people.csv").read_bytes()]).map(_named("given.csv")),
            _reader_of_people(SHARED),
            1000,
            15,
        ),
        "outcomes": lambda: Target(
            csv_files(_rows_of(SHARED / "people.csv")), _later_people(), 500, 15
        ),
        "survey": lambda: Target(_yaml_files("given.yaml", *surveys), read_survey, 1000, 12),
        "vocabulary": lambda: Target(_yaml_files("given.yaml", vocabulary), _vocabulary, 1000, 25),
        "matches-xlsx": lambda: Target(_matches_sheets(folder), _reader_of_matches(), 800, 8),
        "matches-json": lambda: Target(_matches_json(), _reader_of_matches(), 1000, 30),
        "selection": lambda: Target(_selection_sheets(folder), _selection, 700, 10),
        "content": lambda: Target(_own_texts(), _own_text, 250, 3),
        "start": lambda: Target(_starts(), start, 300, 3),
    }
