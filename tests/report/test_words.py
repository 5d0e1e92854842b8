"""The words of the report: each one is used, each value has its own, and other languages fit."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import get_args

import pytest

from activities.report import REPORT_XLSX, ReportFiles, render_report
from activities.report.facts import Facts
from activities.report.names import Names
from activities.report.words import ReportWords, Share
from domain.criteria import Preference
from domain.definition import Comparison, MetricName
from domain.escalation import LadderAction
from domain.evaluation import Funnel, evaluate
from domain.lifecycle import Stage
from domain.metrics import Verdict, Why
from domain.model import Section
from domain.pair_health import PairHealth
from domain.participation import Column
from domain.patterns import Factor
from domain.people import Role
from domain.record import Record
from domain.responses import Instruments
from domain.sections import CheckInPoint
from domain.suggestions import Seen, Suggestion
from runtime.settings import PROJECT
from store.content_folders import SHIPPED
from tests.report.conftest import ENGLISH as CONTENT
from tests.report.conftest import WORDS
from tests.report.reading import read, words

ENGLISH, GERMAN = WORDS, ReportWords(CONTENT.in_language("de").report)


def test_every_value_that_may_come_up_has_words() -> None:
    by_place: dict[str, type[StrEnum]] = {
        "verdicts": Verdict,
        "reasons": Why,
        "stages": Stage,
        "ladder": LadderAction,
        "roles": Role,
        "columns": Column,
        "factors": Factor,
        "suggestions": Seen,
    }
    wanted = {f"{place}.{value.value}" for place, values in by_place.items() for value in values}
    wanted |= {
        f"metrics.{m.value}.{part}" for m in MetricName for part in ("name", "of", "formula")
    }
    wanted |= {f"comparisons.{side.name.lower()}" for side in Comparison}
    wanted |= {f"funnel.{step}" for step in Funnel.model_fields}
    wanted |= {f"health.{count}" for count in PairHealth.model_fields if count != "steps"}
    kinds = (get_args(kind.model_fields["prefer"].annotation) for kind in _kinds(Preference))
    wanted |= {f"preferences.{name}" for names in kinds for name in names}
    points = {CheckInPoint.PREPARATION, CheckInPoint.EVALUATION}
    wanted |= {f"occasions.{point.value}" for point in points}
    assert sorted(key for key in wanted if key not in ENGLISH) == []


def _kinds(union: object) -> tuple[type[Section], ...]:
    return get_args(get_args(union)[0])


def test_no_words_lie_around_unused() -> None:
    """A key is used where it is written, or where what it begins or ends with is."""
    sources = [
        *(PROJECT / "activities" / "report").glob("*.py"),
        *(SHIPPED / "en" / "report").glob("*.j2"),
        PROJECT / "store" / "suggestion_words.py",
    ]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    written = set(re.findall(r'"([a-z_.-]+)"', text))
    stems = tuple(re.findall(r'"([a-z_]+\.[a-z_]*)(?:\{|" ~)', text))
    ends = tuple(re.findall(r'[}~] ?"?([._][a-z_]+)"', text))
    unused = [
        key
        for key in CONTENT.report.keys()  # noqa: SIM118 - it is no mapping
        if key not in written and not key.startswith(stems) and not key.endswith(ends)
    ]
    assert unused == ["locale"]


@pytest.mark.parametrize("seen", Seen)
def test_a_suggestion_is_said_with_its_numbers(record: Record, seen: Seen) -> None:
    facts = Facts(record, evaluate(record, Instruments({})), Instruments({}))
    path = (
        ("matching", "preferences", 0, "weight") if "preference" in seen else ("sessions", "count")
    )
    numbers = {"share": 0.25, "median": 3.5, "early": 0.5, "had": 0.75, "had_not": 0.375}
    one = Suggestion(path=path, current="6", proposed="5", seen=seen, numbers=numbers)
    for language in (ENGLISH, GERMAN):
        names = Names(facts, language)
        assert names.field(one)
        assert re.search(r"\d\s?%", language.seen(one))


def test_a_value_is_written_with_as_many_decimals_as_tell_it_from_its_target() -> None:
    def written(value: float, target: float) -> tuple[str, str]:
        metric = MetricName.PAIRS_COMPLETED
        digits = ENGLISH.digits_beside(metric, value, target)
        return ENGLISH.metric(metric, value, digits), ENGLISH.metric(metric, target, digits)

    assert written(0.8, 0.8) == ("80%", "80%")
    assert written(0.7958, 0.8) == ("79.6%", "80.0%")
    assert written(0.7, 0.725) == ("70.0%", "72.5%")


def test_effects_are_called_as_cohen_calls_them(record: Record) -> None:
    names = Names(Facts(record, evaluate(record, Instruments({})), Instruments({})), ENGLISH)
    sizes = (0.0, -0.19, 0.2, 0.49, -0.5, 0.79, 0.8, -2.0)
    assert [names.effect(size) for size in sizes] == [
        *("negligible", "negligible", "small", "small"),
        *("medium", "medium", "large", "large"),
    ]


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert (ENGLISH.share(Share(0.125), 1), GERMAN.share(Share(0.125), 1)) == (
        "12.5%",
        "12,5\N{NO-BREAK SPACE}%",
    )
    assert (ENGLISH.signed(-0.25, 2), GERMAN.signed(0.25, 2)) == ("−0.25", "+0,25")
    assert ENGLISH.signed(-0.001, 2) == "0.00"
    assert (ENGLISH.later(91), GERMAN.later(364)) == (
        "3 months after the end",
        "12 Monate nach dem Ende",
    )
    assert ENGLISH.later(28) == "4 weeks after the end"


def test_the_report_in_german_says_all_that_the_english_one_says(
    rich: Record, rich_files: ReportFiles
) -> None:
    german = render_report(rich, SHIPPED, "de")
    tags, others = (read(files).tags for files in (rich_files, german))
    assert tags == others
    text = words(german)
    assert "Abschlussbericht" in text
    for sentence in ("What could be tried", "Who took part", "of the planned", "Shown once"):
        assert sentence not in text
    assert german[REPORT_XLSX] != rich_files[REPORT_XLSX]
