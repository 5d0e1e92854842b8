"""The report's words in one language, and how it writes numbers and dates."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from domain.criteria import Preference
from domain.definition import MetricName
from domain.statistics import Interval
from domain.suggestions import Suggestion
from store.content import Words
from store.suggestion_words import suggestion_in_words

_MINUS = "\N{MINUS SIGN}"

_DIGITS = {
    MetricName.SATISFACTION: 1,
    MetricName.DAYS_TO_FIRST_SESSION: 1,
    MetricName.INTERVENTIONS: 2,
    MetricName.CHANGE: 2,
}
"""Decimals of a metric; none of the others."""
_SIGNED = (MetricName.RECOMMENDATION, MetricName.CHANGE)
_MOST_DIGITS = 4
_DAYS_OF_A_MONTH = 365.25 / 12
_MONTHS_FROM = 84
"""Days from which on a span is told in months."""


class Share(float):
    """A part of a whole, from 0 to 1. Written as a percentage, wherever a format has such."""


class ReportWords:
    """The report's words: `words("brief.started", 12, needed=4)`.

    The second argument chooses between the forms of a text that counts something, and stands in it
    as `{n}`. Whole numbers and shares among the values are written as the language writes them.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self.locale = words.locale

    def __call__(self, key: str, n: int | None = None, /, **values: object) -> str:
        """The text of a key. Raises KeyError for a key that no file has."""
        filled = {name: self._written(value) for name, value in values.items()}
        if n is None:
            return self._words(key, **filled)
        return self._words(key, count=n, n=self.number(n), **filled)

    def __contains__(self, key: str) -> bool:
        return key in self._words

    def _written(self, value: object) -> str:
        if isinstance(value, Share):
            return self.share(value)
        return self.number(value) if isinstance(value, int) else str(value)

    # --- Numbers ---------------------------------------------------------------------------------

    def number(self, value: float, digits: int = 0) -> str:
        """With so many decimals."""
        written = format_decimal(value, format="#,##0" + _decimals(digits), locale=self.locale)
        return str(written).replace("-", _MINUS)

    def signed(self, value: float, digits: int = 0) -> str:
        """With its sign, unless it rounds to nothing."""
        sign = "+" if round(value, digits) > 0 else ""
        return sign + self.number(0.0 if round(value, digits) == 0 else value, digits)

    def share(self, value: float, digits: int = 0) -> str:
        """As a percentage."""
        usual = str(self.locale.percent_formats[None].pattern)
        pattern = usual.replace("0", "0" + _decimals(digits), 1)
        return str(format_percent(value, format=pattern, locale=self.locale))

    def between(self, interval: Interval, digits: int = 0) -> str:
        """From where to where a difference may be."""
        low, high = (self.signed(end, digits) for end in (interval.low, interval.high))
        return self("between", low=low, high=high)

    def points(self, interval: Interval) -> str:
        """From where to where a difference of two shares may be, in percentage points."""
        return self.between(Interval(low=100 * interval.low, high=100 * interval.high))

    # --- Metrics ---------------------------------------------------------------------------------

    def metric(self, metric: MetricName, value: float, digits: int | None = None) -> str:
        """What a metric came to, or should."""
        digits = _DIGITS.get(metric, 0) if digits is None else digits
        if metric.is_share:
            return self.share(value, digits)
        return (self.signed if metric in _SIGNED else self.number)(value, digits)

    def metric_between(self, metric: MetricName, interval: Interval, digits: int) -> str:
        """From where to where the true value of a metric may be."""
        low, high = (self.metric(metric, end, digits) for end in (interval.low, interval.high))
        return self("between", low=low, high=high)

    def digits_beside(self, metric: MetricName, value: float | None, target: float) -> int:
        """How many decimals it takes to tell a value from its target, and to write the target."""
        fewest = _DIGITS.get(metric, 0)
        whole = 100 if metric.is_share else 1
        for digits in range(fewest, _MOST_DIGITS):
            wanted = round(target * whole, digits)
            is_exact = abs(wanted - target * whole) < 1e-9
            is_same = value is not None and round(value * whole, digits) == wanted
            if is_exact and (not is_same or value is None or abs(value - target) < 1e-6):
                return digits
        return _MOST_DIGITS

    # --- Dates and times -------------------------------------------------------------------------

    def day(self, moment: date | datetime) -> str:
        """As a date."""
        return str(format_date(moment, format="long", locale=self.locale))

    def later(self, days: int | None) -> str:
        """When it was asked again: so many program days after the end, None for the evaluation."""
        if days is None:
            return self("later.at_the_end")
        if days >= _MONTHS_FROM:
            return self("later.months", round(days / _DAYS_OF_A_MONTH))
        if days % 7 == 0:
            return self("later.weeks", days // 7)
        return self("later.days", days)

    def occasion(self, occasion: str) -> str:
        """When a survey was sent."""
        kind, _, number = occasion.partition("-")
        if number.isdecimal() and kind == "after":
            return self.later(int(number))
        if number.isdecimal() and f"occasions.{kind}" in self:
            return self(f"occasions.{kind}", number=number)
        return self(f"occasions.{occasion}") if f"occasions.{occasion}" in self else occasion

    # --- Suggestions -----------------------------------------------------------------------------

    def seen(self, suggestion: Suggestion) -> str:
        """What a suggestion rests on."""
        return suggestion_in_words(suggestion, self._words)

    # --- Matching --------------------------------------------------------------------------------

    def preference(self, preference: Preference) -> str:
        """What a matching preference looks for."""
        column = str(getattr(preference, "column", ""))
        return self(f"preferences.{preference.prefer}", column=column)


def _decimals(digits: int) -> str:
    return "." + "0" * digits if digits else ""
