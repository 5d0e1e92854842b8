"""The report's numbers on a program whose truth is known, computed a second time with pandas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import pytest
from scipy import stats

from activities.report import facts_of
from activities.report.facts import Facts
from activities.report.files import json_of
from activities.report.tables import tables_of
from domain.definition import MetricName
from domain.metrics import MetricResult, Verdict
from domain.people import Role
from store.database import Database
from store.report_data import load_record
from store.tables import Base
from tests.report import simulated
from tests.report.conftest import ENGLISH, WORDS
from tests.report.sample import SESSIONS

SEED = 20261129


class Simulated(NamedTuple):
    """A program, what the report says of it, and its tables."""

    pairs: int
    facts: Facts
    answers: pd.DataFrame
    events: pd.DataFrame

    def metric(
        self, name: MetricName, scale: str | None = None, role: Role | None = None
    ) -> MetricResult:
        (found,) = (
            m
            for m in self.facts.evaluation.metrics
            if (m.metric, m.scale, m.role) == (name, scale, role)
        )
        return found


@pytest.fixture(scope="module", params=[12, 60, 600])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    print(f"seed {SEED}")
    store = tmp_path_factory.mktemp("simulated") / "store.db"
    database = Database(f"sqlite:///{store}")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        simulated.make(request.param, SEED).write(session)
    with database.read() as session:
        record = load_record(session, simulated.PROGRAM)
    with database.engine.connect() as connection:
        answers = pd.read_sql("select * from answers", connection)
        events = pd.read_sql("select * from journal", connection)
    database.close()
    content = pd.json_normalize(answers["content"].map(_read).tolist())
    events = events.join(pd.json_normalize(events["data"].map(_read).tolist()))
    events["at"] = pd.to_datetime(events["at"], format="ISO8601")
    return Simulated(
        pairs=request.param,
        facts=facts_of(record, ENGLISH),
        answers=answers.join(content),
        events=events,
    )


def _read(text: str) -> Mapping[str, object]:
    found: Mapping[str, object] = json.loads(text)
    return found


def test_the_files_hold_the_numbers_that_are_judged(program: Simulated) -> None:
    tables = json.loads(json_of({}, tables_of(program.facts, WORDS)))["tables"]
    told = {(row["metric"], row["scale"], row["role"]): row for row in tables["metrics"]}
    for metric in program.facts.evaluation.metrics:
        row = told[metric.metric, metric.scale, metric.role]
        assert row["value"] == pytest.approx(metric.value, abs=1e-6)
        assert (row["n"], row["verdict"]) == (metric.n, metric.verdict)


# --- The same numbers, another way ---------------------------------------------------------------


def test_sessions_and_pairs_are_those_in_the_journal(program: Simulated) -> None:
    held = (
        program.events[program.events.kind == "session_held"].groupby("pair_id").session.nunique()
    )
    held = held.reindex(program.events.pair_id.dropna().unique(), fill_value=0)
    planned = SESSIONS * program.pairs
    assert program.metric(MetricName.SESSIONS_HELD).value == pytest.approx(held.sum() / planned)
    completed = program.metric(MetricName.PAIRS_COMPLETED)
    assert completed.value == pytest.approx((held >= 4).mean())
    assert completed.interval is not None
    wilson = stats.binomtest(int((held >= 4).sum()), program.pairs).proportion_ci(method="wilson")
    assert (completed.interval.low, completed.interval.high) == pytest.approx(wilson)


def test_stalls_and_rescues_are_those_in_the_journal(program: Simulated) -> None:
    events = program.events
    last_stall = events[events.kind == "pair_stalled"].groupby("pair_id")["at"].max()
    last_session = events[events.kind == "session_held"].groupby("pair_id")["at"].max()
    stalled = program.metric(MetricName.STALLED_PAIRS)
    assert stalled.value == pytest.approx(len(last_stall) / program.pairs)
    recovered = program.metric(MetricName.RECOVERED_PAIRS)
    rescued = (last_session.reindex(last_stall.index) > last_stall).mean()
    assert recovered.value == pytest.approx(rescued)


def test_the_wait_for_a_first_session_is_the_median_of_all_pairs(program: Simulated) -> None:
    events = program.events
    introduced = events[events.kind == "pair_introduced"].set_index("pair_id")["at"]
    first = events[events.kind == "session_held"].groupby("pair_id")["at"].min()
    days = (first.reindex(introduced.index) - introduced).dt.total_seconds() / 86_400
    wait = days.fillna(float("inf")).median()
    assert program.metric(MetricName.DAYS_TO_FIRST_SESSION).value == pytest.approx(wait)


def test_scores_are_those_of_the_answers(program: Simulated) -> None:
    final = program.answers[program.answers.occasion == "final:evaluation"]
    promoters = (final.recommendation >= 9).mean()
    detractors = (final.recommendation <= 6).mean()
    score = program.metric(MetricName.RECOMMENDATION)
    assert score.value == pytest.approx(100 * (promoters - detractors))
    assert score.n == len(final)
    satisfied = program.metric(MetricName.SATISFACTION)
    assert satisfied.value == pytest.approx(final.satisfaction.mean())
    given = final.satisfaction.to_numpy(dtype=float)
    low, high = stats.t.interval(0.95, len(given) - 1, given.mean(), stats.sem(given))
    assert satisfied.interval is not None
    assert (satisfied.interval.low, satisfied.interval.high) == pytest.approx((low, high))
    sent = 2 * program.pairs
    assert program.metric(MetricName.RESPONSE_RATE).value == pytest.approx(len(final) / sent)


@pytest.mark.parametrize(
    ("scale", "role"),
    [("confidence", None), ("openness", None), ("confidence", Role.MENTEE)],
)
def test_a_change_is_that_of_the_people_who_answered_twice(
    program: Simulated, scale: str, role: Role | None
) -> None:
    frame = program.answers.assign(
        openness=(program.answers.speaks_up + 6 - program.answers.far_apart) / 2
    )
    before, after = (
        frame[frame.occasion == occasion].set_index("person_id")
        for occasion in ("baseline:preparation", "final:evaluation")
    )
    both = before.index.intersection(after.index)
    if role is not None:
        both = both[before.loc[both, "role"] == role.value]
    one, other = before.loc[both, scale], after.loc[both, scale]
    change = program.metric(MetricName.CHANGE, scale, role)
    assert change.n == len(both)
    assert change.value == pytest.approx((other - one).mean(), abs=1e-9)
    interval = stats.ttest_rel(other, one).confidence_interval(0.95)
    assert change.interval is not None
    assert (change.interval.low, change.interval.high) == pytest.approx(
        (interval.low, interval.high)
    )
    spread = (one.std() + other.std()) / 2
    small = 1 - 3 / (4 * (len(both) - 1) - 1)
    assert change.effect == pytest.approx((other - one).mean() / spread * small, abs=1e-9)


# --- The truth -----------------------------------------------------------------------------------


def test_a_planted_effect_is_found_where_there_are_enough_people(program: Simulated) -> None:
    change = program.metric(MetricName.CHANGE, "confidence")
    assert change.interval is not None
    assert change.interval.low <= simulated.RISE <= change.interval.high
    if program.pairs >= 60:
        assert change.verdict is Verdict.MET


def test_no_effect_is_not_told_as_a_success(program: Simulated) -> None:
    change = program.metric(MetricName.CHANGE, "openness")
    assert change.interval is not None
    assert change.interval.low <= 0 <= change.interval.high
    assert change.verdict is not Verdict.MET
    if program.pairs >= 60:
        assert change.verdict is Verdict.NOT_MET


def test_small_samples_say_so(program: Simulated) -> None:
    completed = program.metric(MetricName.PAIRS_COMPLETED)
    assert completed.is_of_few == (program.pairs < 30)
