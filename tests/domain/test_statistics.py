"""Intervals cover the truth as often as they say; scores are those of their sources."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from domain.statistics import (
    CONFIDENCE,
    Interval,
    change_of,
    effect_size,
    mean_interval,
    recommendation_interval,
    recommendation_score,
    share_difference,
    share_interval,
)

SEED = 20261127
SAMPLES = 1_000
Generator = np.random.Generator


def covered(draw: Callable[[Generator], Interval], truth: float) -> float:
    """How often the interval of a sample holds the truth, of many samples."""
    random = np.random.default_rng(SEED)
    found = (draw(random) for _ in range(SAMPLES))
    return sum(one.low <= truth <= one.high for one in found) / SAMPLES


@pytest.mark.parametrize("people", [12, 60])
def test_the_interval_of_a_change_covers_it_as_often_as_it_says(people: int) -> None:
    steps, chances = (-1, 0, 1, 2), (0.1, 0.35, 0.4, 0.15)
    truth = sum(step * chance for step, chance in zip(steps, chances, strict=True))

    def draw(random: Generator) -> Interval:
        before = random.choice((2.0, 3.0), people)
        return change_of(
            before.tolist(), (before + random.choice(steps, people, p=chances)).tolist()
        ).interval

    print(f"seed {SEED}")
    assert covered(draw, truth) == pytest.approx(CONFIDENCE, abs=0.02)


@pytest.mark.parametrize("people", [12, 60])
def test_the_interval_of_a_recommendation_score_covers_it_as_often_as_it_says(people: int) -> None:
    numbers, chances = (5, 8, 9), (0.2, 0.3, 0.5)

    def draw(random: Generator) -> Interval:
        return recommendation_interval(random.choice(numbers, people, p=chances).tolist())

    print(f"seed {SEED}")
    assert covered(draw, 30) == pytest.approx(CONFIDENCE, abs=0.025)


@pytest.mark.parametrize("pairs", [12, 60])
def test_the_interval_of_a_share_covers_it_as_often_as_it_says(pairs: int) -> None:
    def draw(random: Generator) -> Interval:
        return share_interval(int(random.binomial(pairs, 0.7)), pairs)

    print(f"seed {SEED}")
    assert covered(draw, 0.7) == pytest.approx(CONFIDENCE, abs=0.035)


def test_the_interval_of_a_difference_of_shares_covers_it_as_often_as_it_says() -> None:
    def draw(random: Generator) -> Interval:
        one, other = int(random.binomial(20, 0.8)), int(random.binomial(15, 0.5))
        return share_difference((one, 20), (other, 15))[1]

    print(f"seed {SEED}")
    assert covered(draw, 0.3) == pytest.approx(CONFIDENCE, abs=0.025)


def test_the_recommendation_score_is_promoters_less_detractors() -> None:
    assert recommendation_score([10, 9, 8, 7, 6, 0]) == 0
    assert recommendation_score([9, 10]) == 100
    assert recommendation_score([0, 6]) == -100


def test_a_worked_example_of_an_effect_size() -> None:
    """By hand: means 3 and 4, both deviations 1.5811, n = 5: 1 / 1.5811 × (1 - 3 / 15)."""
    assert effect_size([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]) == pytest.approx(0.50596, abs=1e-5)


def test_where_nobody_differs_there_is_no_effect_size_and_no_width() -> None:
    change = change_of([2, 2, 2], [3, 3, 3])
    assert change.effect is None
    assert (change.interval.low, change.interval.high) == (1, 1)


def test_an_interval_of_a_mean_is_students() -> None:
    found = mean_interval([1, 2, 3, 4, 5])  # t(4, 0.975) = 2.7764, s = 1.5811
    assert (found.low, found.high) == pytest.approx((1.03676, 4.96324), abs=1e-5)
