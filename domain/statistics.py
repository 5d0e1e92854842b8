"""Means, differences and how sure one can be of them: the formulas, with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy.special import ndtri, stdtrit  # what scipy.stats asks, which takes long to load

from domain.model import Value

CONFIDENCE = 0.95
"""Intervals cover the true value in so many of all samples."""
FEW = 30
"""With fewer than this, figures move a lot: a report says so. A common rule of thumb."""
_REACH = float(ndtri((1 + CONFIDENCE) / 2))
"""How many standard errors an interval reaches to either side, where the normal curve holds."""
PROMOTER_FROM, DETRACTOR_TO = 9, 6
"""Reichheld, “The One Number You Need to Grow”, Harvard Business Review, December 2003."""


class Interval(Value):
    """From where to where the true value may well lie, at a confidence of 95 %."""

    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether it leaves out 0: more than chance would often make of nothing."""
        return self.low > 0 or self.high < 0


class Change(Value):
    """What changed between two measurements of the same people."""

    n: int
    """People."""
    before: float
    after: float
    difference: float
    interval: Interval
    """Of the difference."""
    effect: float | None
    """The difference in standard deviations; None where nobody differs from anybody."""


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. Needs at least one value."""
    return float(np.mean(values))


def mean_interval(values: Sequence[float]) -> Interval:
    """For a mean, by Student's t. Needs at least two values.

    Where all values are the same, the interval is that value: the sample shows no spread.
    """
    middle = mean(values)
    error = float(np.std(values, ddof=1)) / sqrt(len(values))
    reach = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * error
    return Interval(low=middle - reach, high=middle + reach)


def change_of(before: Sequence[float], after: Sequence[float]) -> Change:
    """What changed in the same people, in the same order. Needs at least two of them."""
    differences = [b - a for a, b in zip(before, after, strict=True)]
    return Change(
        n=len(differences),
        before=mean(before),
        after=mean(after),
        difference=mean(differences),
        interval=mean_interval(differences),
        effect=effect_size(before, after),
    )


def effect_size(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Hedges' g_av: the mean difference over the mean of the two standard deviations.

    D. Lakens, “Calculating and reporting effect sizes to facilitate cumulative science”, Frontiers
    in Psychology 4:863 (2013), with the correction for small samples 1 - 3 / (4 (n - 1) - 1) of
    L. V. Hedges, Journal of Educational Statistics 6 (1981).
    """
    spread = (float(np.std(before, ddof=1)) + float(np.std(after, ddof=1))) / 2
    if spread == 0:
        return None
    correction = 1 - 3 / (4 * (len(before) - 1) - 1)
    return (mean(after) - mean(before)) / spread * correction


def recommendation_score(numbers: Sequence[int]) -> float:
    """Promoters less detractors, from -100 to 100, of answers from 0 to 10."""
    promoters, detractors = _parties(numbers)
    return 100 * (promoters - detractors) / len(numbers)


def recommendation_interval(numbers: Sequence[int]) -> Interval:
    """For a recommendation score: the adjusted Wald interval, which holds in small samples too.

    Three answers are added, a quarter of them promoters and a quarter detractors. B. Rocks,
    “Interval Estimation for the Net Promoter Score”, The American Statistician 70 (2016).
    """
    promoters, detractors = _parties(numbers)
    n = len(numbers) + 3
    p, d = (promoters + 0.75) / n, (detractors + 0.75) / n
    error = sqrt((p + d - (p - d) ** 2) / n)
    reach = _REACH * error
    return Interval(low=100 * max(-1.0, p - d - reach), high=100 * min(1.0, p - d + reach))


def _parties(numbers: Sequence[int]) -> tuple[int, int]:
    promoters = sum(1 for number in numbers if number >= PROMOTER_FROM)
    detractors = sum(1 for number in numbers if number <= DETRACTOR_TO)
    return promoters, detractors


def share_interval(part: int, whole: int) -> Interval:
    """For a share, by E. B. Wilson, Journal of the American Statistical Association 22 (1927)."""
    # Loading it takes two thirds of a second, and a worker starts often that never asks for it.
    from scipy.stats import binomtest  # noqa: PLC0415

    found = binomtest(part, whole).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(low=float(found.low), high=float(found.high))


def share_difference(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, Interval]:
    """By how much the share of `one` is above that of `other`, each a part and its whole.

    The difference as it is, and the interval of A. Agresti and B. Caffo, The American Statistician
    54 (2000), which adds one success and one failure to each.
    """
    (a, n), (b, m) = one, other
    p, q = (a + 1) / (n + 2), (b + 1) / (m + 2)
    reach = _REACH * sqrt(p * (1 - p) / (n + 2) + q * (1 - q) / (m + 2))
    return a / n - b / m, Interval(low=max(-1.0, p - q - reach), high=min(1.0, p - q + reach))
