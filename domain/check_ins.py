"""What an answer to a check-in means: how the pair fits, and whether somebody should look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from domain.deeds import Verdict
from domain.plan import PlannedCheckIn
from domain.sections import CheckIn, Threshold
from domain.surveys import AnswerValue, Item, ItemKind, Survey


def verdict_of(survey: Survey, answers: Mapping[str, AnswerValue]) -> Verdict | None:
    """What answers say of the pair; None where the survey does not ask, or nothing was picked."""
    for item in survey.items:
        if item.verdict and item.id in answers:
            return Verdict(str(answers[item.id]))
    return None


def look_if_of(
    check_ins: Sequence[CheckIn], survey: str, occasion: str | None
) -> Mapping[str, Threshold]:
    """From which answers on the coordinator is asked to look, on one occasion of a survey.

    An occasion that no check-in plans, such as one that is asked again, follows the first check-in
    with the same survey.
    """
    same = [check_in for check_in in check_ins if check_in.survey == survey]
    for check_in in same:
        if _occasion_of(check_in) == occasion:
            return check_in.look_if
    return same[0].look_if if same else {}


def beyond(look_if: Mapping[str, Threshold], answers: Mapping[str, AnswerValue]) -> tuple[str, ...]:
    """The items whose answer is at its threshold or on the far side of it."""
    return tuple(
        item
        for item, threshold in look_if.items()
        if isinstance(answer := answers.get(item), int) and threshold.is_passed_by(answer)
    )


def thresholds_in(
    survey: Survey, look_if: Mapping[str, Threshold]
) -> Iterator[tuple[Item, Threshold]]:
    """The items that somebody may be asked, each with its threshold, as the page tells of them."""
    for item in survey.items:
        if item.id in look_if:
            yield item, look_if[item.id]


def wrong_threshold(survey: Survey, item: str, threshold: Threshold) -> str | None:
    """What is wrong with a threshold of a survey, in words; None if nothing is."""
    found = next((one for one in survey.items if one.id == item), None)
    if found is None:
        return f"the survey “{survey.id}” has no item “{item}”."
    if found.kind is not ItemKind.SCALE:
        return f"“{item}” is not answered by a number, so it has no threshold."
    low, high = found.low, found.high
    if not low <= threshold.value <= high:
        return f"the scale of “{item}” goes from {low} to {high}; {threshold.value} is outside."
    always = low if threshold.comparison == ">=" else high
    if threshold.value == always:
        return f"every answer to “{item}” would be {threshold.comparison} {always}."
    return None


def _occasion_of(check_in: CheckIn) -> str:
    when = check_in.when
    return PlannedCheckIn(
        survey=check_in.survey, point=when.point, session=when.session, share=when.share
    ).occasion
