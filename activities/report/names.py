"""What the report calls things: metrics, scales, effects, and what went with completed pairs."""

from __future__ import annotations

from activities.report.facts import Facts
from activities.report.words import ReportWords
from domain.metrics import MetricResult
from domain.patterns import Association, Factor
from domain.suggestions import Suggestion

_EFFECTS = ((0.2, "negligible"), (0.5, "small"), (0.8, "medium"))
"""J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 2nd edition (1988)."""


class Names:
    """Names that depend on what a program asks and prefers."""

    def __init__(self, facts: Facts, words: ReportWords) -> None:
        self._facts = facts
        self._words = words
        self._titles = {change.scale: change.title for change in facts.evaluation.changes}

    def metric(self, result: MetricResult) -> str:
        """A metric; of a change, on which scale and among whom."""
        words = self._words
        if result.scale is None:
            return words(f"metrics.{result.metric.value}.name")
        scale = self.scale(result.scale)
        if result.role is None:
            return words("metrics.change.name", scale=scale)
        return words(
            "metrics.change.of_role", scale=scale, role=words(f"roles.{result.role.value}")
        )

    def scale(self, scale: str) -> str:
        """A scale as its survey calls it; by its id, where no survey has it."""
        return self._titles.get(scale, scale.replace("_", " ").capitalize())

    def effect(self, effect: float | None) -> str:
        """How large an effect is, in words; empty where nobody differs from anybody."""
        if effect is None:
            return ""
        size = round(abs(effect), 2)
        name = next((name for limit, name in _EFFECTS if size < limit), "large")
        return self._words(f"effects.{name}")

    def factor(self, one: Association) -> str:
        """What pairs had or had not."""
        if one.factor is not Factor.PREFERENCE or one.preference is None:
            return self._words(f"factors.{one.factor.value}")
        return self._words("factors.preference", preference=self._preference(one.preference))

    def _preference(self, number: int) -> str:
        return self._words.preference(self._facts.definition.matching.preferences[number])

    def field(self, one: Suggestion) -> str:
        """A field of the definition, in words."""
        match one.path:
            case ("matching", "preferences", int(number), _):
                return self._words("fields.weight", preference=self._preference(number))
            case ("ladder", *_):
                return self._words("fields.ladder")
            case _:
                name = "_".join(str(part) for part in one.path)
                return self._words(f"fields.{name}")
