"""The search attributes, all of them, with their types. What they hold is never personal."""

from __future__ import annotations

from datetime import datetime

from temporalio.common import SearchAttributeKey

PROGRAM: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("MentoringProgram")
"""The program's id, on the program, its cohorts and its pairs."""

STAGE: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("MentoringStage")
"""`domain.lifecycle.Stage`, on the program."""

PAIR_STATE: SearchAttributeKey[str] = SearchAttributeKey.for_keyword("PairState")
"""`domain.lifecycle.PairState`, on the pair."""

LADDER_STEP: SearchAttributeKey[int] = SearchAttributeKey.for_int("LadderStep")
"""How many steps of the ladder the pair has climbed. Only pairs that began before 0.3.0, or on an
early build of it, write it."""

STATE_SINCE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("StateSince")
"""Since when the pair has been in its state, or the program in its stage: of a stalled pair, since
when it has been stalled."""

NEXT_DUE: SearchAttributeKey[datetime] = SearchAttributeKey.for_datetime("NextDue")
"""When the pair's next moment was due at the time its state last changed; on the program, when its
stage ends at the latest, as was known when it began."""

COHORT: SearchAttributeKey[int] = SearchAttributeKey.for_int("Cohort")
"""The cohort's number, on the cohort and its pairs."""

ALL: tuple[
    SearchAttributeKey[str] | SearchAttributeKey[int] | SearchAttributeKey[datetime], ...
] = (
    PROGRAM,
    STAGE,
    PAIR_STATE,
    LADDER_STEP,
    STATE_SINCE,
    NEXT_DUE,
    COHORT,
)
