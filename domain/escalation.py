"""The ladder: what starts it, how long each step waits, what is done and who is told.

A ladder is data: a trigger, and steps that each wait for so many days from the trigger on. A pair
is on one ladder at a time, and any sign of life takes it off. Nobody's line manager is ever told:
there is no action that could.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from domain.model import Section
from domain.written import count_as_text, one_alone, written_as

WORKING_WEEK = 5
"""Working days in seven days, where waits of both kinds are compared."""


class Trigger(StrEnum):
    """What a ladder begins with."""

    SILENCE = "silence"
    """No sign of life while something is asked of the two."""
    NOT_BOOKED = "not_booked"
    """A session was asked for and has no date."""
    NOT_HELD = "not_held"
    """A session's date is past, and nobody said that it took place."""
    GAP = "gap"
    """`times` the usual distance of two sessions has passed since the last one was held."""
    CANCELLATIONS = "cancellations"
    """So many sessions (`times`) in a row did not take place on the day that was agreed."""
    NO_ANSWER = "no_answer"
    """One proposed times, and the partner does not answer."""
    AGREEMENT_UNSIGNED = "agreement_unsigned"
    """The agreement, or a change of it, waits for a signature."""
    SURVEY_OVERDUE = "survey_overdue"
    """A check-in waits for an answer."""


class LadderAction(StrEnum):
    """What a step of the ladder does."""

    NUDGE_SCHEDULER = "nudge_scheduler"
    """A kind word to the one whose turn it is."""
    NUDGE_BOTH = "nudge_both"
    TELL_COORDINATOR = "tell_coordinator"
    COORDINATOR_TASK = "coordinator_task"
    """Ask the coordinator to look: with what happened, and buttons for what can be done."""
    TELL_SPONSOR = "tell_sponsor"
    OFFER_REMATCH = "offer_rematch"
    """Ask both, each alone, whether they would rather have another partner."""
    REMATCH = "rematch"
    """End the pair without fault; both are matched anew."""
    CLOSE = "close"
    """End the pair without fault."""

    @property
    def ends_the_pair(self) -> bool:
        """Whether the pair is over with it."""
        return self in (LadderAction.REMATCH, LadderAction.CLOSE)


class Wait(Section):
    """How long a step waits, from the trigger on."""

    days: int = Field(ge=0, le=1_100)
    working: bool = False
    """Whether only working days of the program count."""

    @property
    def at_least(self) -> float:
        """Program days that it takes at the least, to compare waits of both kinds."""
        return self.days * 7 / WORKING_WEEK if self.working else self.days

    def less(self, before: Wait) -> Wait:
        """What is left of it once the wait before is over, in days of its own kind."""
        passed = before.at_least * WORKING_WEEK / 7 if self.working else before.at_least
        return self.model_copy(update={"days": max(0, self.days - round(passed))})


_WAIT = re.compile(r"\s*(\d{1,4})\s*(working\s+days?|days?|weeks?)\s*", re.IGNORECASE)


def _read_wait(value: Any) -> Any:
    if isinstance(value, Wait | dict):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return {"days": value}
    match = _WAIT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(
            "this is not a span of time. Write it like “10 days”, “3 weeks” or “5 working days”."
        )
    unit = match[2].lower()
    days = int(match[1]) * (7 if unit.startswith("week") else 1)
    return {"days": days, "working": unit.startswith("working")}


def _wait_as_text(wait: Wait) -> str:
    return count_as_text(wait.days, "working day" if wait.working else "day")


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class LadderStep(Section):
    """So long after the trigger, do this."""

    after: Annotated[
        Wait,
        BeforeValidator(_read_wait),
        written_as(_wait_as_text),
        WithJsonSchema(
            {
                "anyOf": [
                    {
                        "type": "string",
                        "pattern": r"^\s*\d{1,4}\s*([Ww]orking\s+days?|[Dd]ays?|[Ww]eeks?)\s*$",
                    },
                    {"type": "integer", "minimum": 0, "maximum": 1_100},
                ],
                "examples": ["7 days", "5 working days"],
            },
            mode="validation",
        ),
    ]
    do: Annotated[
        tuple[LadderAction, ...],
        BeforeValidator(_several),
        written_as(one_alone),
        Field(min_length=1, max_length=4),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": [action.value for action in LadderAction]},
                    {"type": "array", "items": {"enum": [a.value for a in LadderAction]}},
                ]
            },
            mode="validation",
        ),
    ]
    """One action, or several at once."""

    @model_validator(mode="before")
    @classmethod
    def _of_one_action(cls, data: Any) -> Any:
        """`action` is how 0.2.0 and before wrote `do`."""
        if isinstance(data, dict) and "action" in data and "do" not in data:
            return {"do": data["action"], **{k: v for k, v in data.items() if k != "action"}}
        return data

    @property
    def ends_the_pair(self) -> bool:
        """Whether the pair is over with it."""
        return any(action.ends_the_pair for action in self.do)


class Ladder(Section):
    """What happens once a trigger was there for so long."""

    trigger: Trigger = Trigger.SILENCE
    times: float = Field(default=1, gt=0, le=20)
    """Of `gap`: how many usual distances of two sessions. Of `cancellations`: how many in a row."""
    steps: tuple[LadderStep, ...] = Field(min_length=1, max_length=20)


def read_ladders(value: Any) -> Any:
    """The ladders of a definition; steps alone, as 0.2.0 and before had them, are on silence."""
    if not isinstance(value, list | tuple):
        return value
    if value and all(isinstance(one, dict) and "steps" not in one for one in value):
        return ({"trigger": Trigger.SILENCE, "steps": value},)
    return value


def _step(after: str, *do: LadderAction) -> LadderStep:
    return LadderStep.model_validate({"after": after, "do": do})


_DRIFT = (
    _step("0 days", LadderAction.COORDINATOR_TASK),
    _step("5 working days", LadderAction.COORDINATOR_TASK),
    _step("21 days", LadderAction.TELL_SPONSOR),
    _step("35 days", LadderAction.CLOSE),
)
"""The coordinator has five working days to act; the sponsor hears two weeks later, and two weeks
after that the pair is closed without fault."""

DEFAULT_LADDERS = (
    Ladder(
        trigger=Trigger.SILENCE,
        steps=(
            _step("7 days", LadderAction.NUDGE_SCHEDULER),
            _step("14 days", LadderAction.NUDGE_BOTH, LadderAction.TELL_COORDINATOR),
            _step("21 days", LadderAction.COORDINATOR_TASK),
            _step("28 days", LadderAction.OFFER_REMATCH),
            _step("35 days", LadderAction.CLOSE),
        ),
    ),
    Ladder(trigger=Trigger.CANCELLATIONS, times=2, steps=_DRIFT),
    Ladder(trigger=Trigger.GAP, times=1.5, steps=_DRIFT),
)
"""Two cancellations in a row, or a gap of one and a half times the usual distance, are how
executives drift away: neither is silence, so each has a ladder of its own."""


def contradictions_in_ladders(
    ladders: tuple[Ladder, ...],
) -> list[tuple[tuple[str | int, ...], str]]:
    """What does not fit together in ladders: where, and what."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    seen: set[Trigger] = set()
    for place, ladder in enumerate(ladders):
        if ladder.trigger in seen:
            found.append((("ladder", place, "trigger"), f"“{ladder.trigger}” has a ladder above."))
        seen.add(ladder.trigger)
        if ladder.trigger is Trigger.CANCELLATIONS and ladder.times != int(ladder.times):
            found.append((("ladder", place, "times"), "this must be a whole number."))
        for number, (step, following) in enumerate(
            zip(ladder.steps, ladder.steps[1:], strict=False)
        ):
            where: tuple[str | int, ...] = ("ladder", place, "steps", number + 1, "after")
            if following.after.at_least <= step.after.at_least:
                found.append((where, "each step must come later than the one before."))
            if step.ends_the_pair:
                found.append((where, "nothing can come after the step that ends the pair."))
    return found
