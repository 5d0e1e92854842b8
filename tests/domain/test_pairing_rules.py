"""Hard rules and preferences: whom they leave, what they like, and what they say of it."""

from __future__ import annotations

import random
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.background import Background
from domain.criteria import (
    Different,
    GoalsMeetSkills,
    HardRule,
    LevelGap,
    MatchingSection,
    NoReportingLine,
    NoSharedManager,
    NotPairedBefore,
    NotThesePairs,
    PreferClose,
    PreferDifferent,
    Preference,
    PreferFar,
    PreferHigh,
    PreferSame,
    PreferShared,
    PreferSharedHours,
    Same,
    Shared,
    SharedHours,
)
from domain.definition import Definition
from domain.matching import proposal_of
from domain.organisation import Organisation, organisation_of
from domain.pairing_rules import (
    allowed_by,
    is_allowed,
    liking_of,
    preference_in_words,
    rule_speaks_for,
    why_broken,
)
from domain.people import Person, Role
from domain.proposal import Chosen
from tests.domain.definitions import definition_with
from tests.domain.examples import examples

LEVELS = ["Clerk", "Lead", "Head", "Director"]
SKILL_LEVELS = ["basic", "good", "expert"]


def person(reference: str = "1", **values: Any) -> Person:
    base = {"reference": reference, "name": "Example", "email": "e@example.com", "roles": ()}
    return Person.model_validate({**base, **values})


def organisation(*everybody: Person, **more: Any) -> Organisation:
    met = more.pop("met", ())
    people = {"skill_levels": SKILL_LEVELS, **more.pop("people", {})}
    definition = definition_with(
        levels=LEVELS, people=people, extra={"gender": "Gender"}, level="Grade", **more
    )
    return organisation_of(definition, everybody, Background(met=frozenset(met)))


def left(rule: HardRule, mentor: Person, mentee: Person, around: Organisation) -> bool:
    return bool(allowed_by(rule, [mentor], [mentee], around)[0, 0])


def liked(
    preference: Preference, mentor: Person, mentee: Person, around: Organisation
) -> float | None:
    """How well it is met; None where it says nothing."""
    liking = liking_of(preference, [mentor], [mentee], around)
    if liking.says is not None and not liking.says[0, 0]:
        assert liking.share[0, 0] == 0
        return None
    return round(float(liking.share[0, 0]), 4)


# --- Hard rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "mentor", "mentee", "why"),
    [
        (LevelGap(min=1), {"level": "Clerk"}, {"level": "Lead"}, None),
        (
            LevelGap(min=2),
            {"level": "Clerk"},
            {"level": "Lead"},
            "a level gap below 2: the mentee stands 1 level above the mentor.",
        ),
        (
            LevelGap(min=1, max=2),
            {"level": "Clerk"},
            {"level": "Director"},
            "a level gap below 1 or above 2: the mentee stands 3 levels above the mentor.",
        ),
        (
            LevelGap(),
            {"level": "Director"},
            {"level": "Lead"},
            "a level gap below 1: the mentee stands 2 levels below the mentor.",
        ),
        (
            LevelGap(),
            {"level": "Head"},
            {"level": "Head"},
            "a level gap below 1: the two stand on the same level.",
        ),
        (
            LevelGap(),
            {"level": "Head"},
            {},
            "a level gap below 1: the level of the mentee is not known.",
        ),
        (Different(column="department"), {"department": "IT"}, {"department": "Sales"}, None),
        (Different(column="department"), {}, {}, None),
        (
            Different(column="department"),
            {"department": "IT"},
            {"department": "it"},
            "the same department: both have “IT”.",
        ),
        (Same(column="track"), {"extra": {"track": "A"}}, {"extra": {"track": "a"}}, None),
        (
            Same(column="track"),
            {"extra": {"track": "A"}},
            {"extra": {"track": "B"}},
            "a different track: “A” and “B”.",
        ),
        (Same(column="track"), {}, {}, "a different track: nothing and nothing."),
        (Shared(column="languages"), {"languages": ("en", "fr")}, {"languages": ("fr",)}, None),
        (Shared(column="languages"), {"languages": ("pt-BR", "de")}, {"language": "pt"}, None),
        (
            Shared(column="languages", min=2),
            {"languages": ("en", "fr")},
            {"languages": ("fr", "de")},
            "fewer than 2 languages in common: only 1 in common.",
        ),
        (
            Shared(column="working_days"),
            {"working_days": (5, 6)},
            {},
            "no working days in common: none in common.",
        ),
        (Shared(column="days"), {"extra": {"days": "Mon; Tue"}}, {"extra": {"days": "tue"}}, None),
        (Shared(column="days"), {}, {}, "no days in common: none in common."),
        (SharedHours(hours=8, days=5), {}, {}, None),
        (
            SharedHours(hours=4),
            {"timezone": "Europe/London"},
            {"timezone": "America/New_York"},
            "fewer than 4 shared working hours on 1 day: the two have 3 h of shared working time a "
            "day.",
        ),
        (
            SharedHours(hours=1, days=3),
            {},
            {"working_days": (0, 6)},
            "less than 1 shared working hour on 3 days: the two have 8 h of shared working time "
            "on 1 day a week.",
        ),
        (
            SharedHours(),
            {"timezone": "Europe/London"},
            {"timezone": "Asia/Tokyo"},
            "less than 1 shared working hour on 1 day: the two have no shared working time.",
        ),
        (NoSharedManager(), {"manager": "9"}, {"manager": "8"}, None),
        (NoSharedManager(), {}, {}, None),
        (
            NoSharedManager(),
            {"manager": "9"},
            {"manager": "9"},
            "a shared manager: both report to the same person.",
        ),
        (NotThesePairs(pairs=(("1", "7"),)), {}, {}, None),
        (
            NotThesePairs(pairs=(("2", "1"),)),
            {},
            {},
            "a named exclusion: the definition keeps the two apart.",
        ),
    ],
)
def test_a_rule_leaves_two_or_says_why_not(
    rule: HardRule, mentor: dict[str, Any], mentee: dict[str, Any], why: str | None
) -> None:
    one, other = person("1", **mentor), person("2", **mentee)
    around = organisation(one, other)
    assert left(rule, one, other, around) == (why is None)
    if why is not None:
        assert why_broken(rule, one, other, around) == why


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_lines_of_managers_are_followed_in_both_directions(depth: int) -> None:
    """Through people who take no part, and no further than `depth`."""
    low, high = person("1", manager="2"), person("4")
    between = (person("2", manager="3"), person("3", manager="4"))
    around = organisation(low, high, *between)
    rule = NoReportingLine(depth=depth)
    assert left(rule, low, high, around) == left(rule, high, low, around) == (depth < 3)


def test_a_circle_of_managers_does_not_hold_matching_up() -> None:
    one, other = person("1", manager="2"), person("2", manager="1")
    assert not left(NoReportingLine(), one, other, organisation(one, other))


def test_two_who_met_before_do_not_meet_again_either_way_round() -> None:
    one, other = person("1"), person("2")
    around = organisation(one, other, met=[("2", "1")])
    assert not left(NotPairedBefore(), one, other, around)
    assert not left(NotPairedBefore(), other, one, around)
    assert left(NotPairedBefore(), one, person("3"), around)
    assert why_broken(NotPairedBefore(), one, other, around) == (
        "having been a pair before: the two were a pair in an earlier program."
    )


@pytest.mark.parametrize(
    ("rule", "mentor", "mentee", "words"),
    [
        (LevelGap(), {"level": "Clerk"}, {"level": "Head"}, "2 levels apart"),
        (
            Different(column="department"),
            {"department": "Sales"},
            {"department": "IT"},
            "different department: Sales and IT",
        ),
        (Different(column="department"), {}, {"department": "IT"}, None),
        (
            Shared(column="languages"),
            {"languages": ("fr", "en")},
            {"languages": ("en", "fr")},
            "both speak French and English",
        ),
        (
            Shared(column="working_days"),
            {"working_days": (0, 1, 2)},
            {},
            "both work on Mondays, Tuesdays and Wednesdays",
        ),
        (SharedHours(), {}, {}, "8 h of shared working time a day"),
        (SharedHours(), {}, {"working_hours": (990, 1200)}, "30 min of shared working time a day"),
        (NoSharedManager(), {"manager": "8"}, {"manager": "9"}, None),
    ],
)
def test_what_a_rule_found_is_told(
    rule: HardRule, mentor: dict[str, Any], mentee: dict[str, Any], words: str | None
) -> None:
    one, other = person("1", **mentor), person("2", **mentee)
    assert rule_speaks_for(rule, one, other, organisation(one, other)) == words


# --- Preferences ---------------------------------------------------------------------------------

OFFICE_SKILLS = {"skills": ("Python", "Excel"), "skill_levels": {"Python": "expert"}}


@pytest.mark.parametrize(
    ("preference", "mentor", "mentee", "share", "words"),
    [
        (
            GoalsMeetSkills(),
            {"skills": ("Excel",)},
            {"goals": ()},
            None,
            (None, None),
        ),
        (
            GoalsMeetSkills(),
            {},
            {"goals": ("Excel",)},
            0,
            (None, "not covered: Excel"),
        ),
        # The first in full, the second by the middle of three levels: (1 + 1/2 · 2/3) / (1 + 1/2)
        (
            GoalsMeetSkills(),
            OFFICE_SKILLS,
            {"goals": ("python", "excel")},
            0.8889,
            (
                "the mentor can teach what the mentee wants to learn: python, excel "
                "(both goals, one at expert level)",
                None,
            ),
        ),
        (
            GoalsMeetSkills(),
            OFFICE_SKILLS,
            {"goals": ("Python", "Word", "SQL")},
            0.5455,  # 1 / (1 + 1/2 + 1/3)
            (
                "the mentor can teach what the mentee wants to learn: Python "
                "(1 of 3 goals, at expert level)",
                "not covered: Word, SQL",
            ),
        ),
        (
            GoalsMeetSkills(full_set=0.5),
            OFFICE_SKILLS,
            {"goals": ("Python", "Word")},
            0.3333,
            (
                "the mentor can teach what the mentee wants to learn: Python "
                "(1 of 2 goals, at expert level)",
                "not covered: Word",
            ),
        ),
        (
            GoalsMeetSkills(full_set=0.5),
            OFFICE_SKILLS,
            {"goals": ("Excel",)},
            0.8333,
            ("the mentor can teach what the mentee wants to learn: Excel", None),
        ),
        (
            PreferSame(column="location"),
            {"location": "Leeds"},
            {"location": "LEEDS"},
            1,
            ("same location: Leeds", None),
        ),
        (
            PreferSame(column="location"),
            {"location": "Leeds"},
            {"location": "York"},
            0,
            (None, "different location: Leeds and York"),
        ),
        (PreferSame(column="location"), {"location": "Leeds"}, {}, None, (None, None)),
        (
            PreferDifferent(column="location"),
            {"location": "Leeds"},
            {"location": "York"},
            1,
            ("different location: Leeds and York", None),
        ),
        (PreferDifferent(column="location"), {}, {"location": "York"}, None, (None, None)),
        (
            PreferDifferent(column="manager"),
            {"manager": "b-17"},
            {"manager": "c-18"},
            1,
            ("different managers", None),
        ),
        (
            PreferShared(column="interests"),
            {"interests": ("Chess", "Opera")},
            {"interests": ("opera", "Golf")},
            0.3333,
            ("interests in common: Opera", None),
        ),
        (
            PreferShared(column="interests", enough=2),
            {"interests": ("Chess", "Opera")},
            {"interests": ("opera", "Golf")},
            0.5,
            ("interests in common: Opera", "fewer than 2 interests in common"),
        ),
        (
            PreferShared(column="interests", enough=1),
            {"interests": ("Chess",)},
            {"interests": ("Golf",)},
            0,
            (None, "no interests in common"),
        ),
        (PreferShared(column="interests"), {"interests": ("Chess",)}, {}, None, (None, None)),
        (
            PreferClose(column="level"),
            {"level": "Clerk"},
            {"level": "Lead"},
            0.6667,
            ("alike in level", None),
        ),
        (
            PreferFar(column="level"),
            {"level": "Clerk"},
            {"level": "Lead"},
            0.3333,
            (None, "close in level"),
        ),
        (
            PreferFar(column="work_style", scale=("alone", "either", "together")),
            {"extra": {"work_style": "Alone"}},
            {"extra": {"work_style": "together"}},
            1,
            ("far apart in work style", None),
        ),
        (
            PreferClose(column="work_style", scale=("alone", "together")),
            {"extra": {"work_style": "alone"}},
            {"extra": {"work_style": "in a crowd"}},
            None,
            (None, None),
        ),
        (
            PreferHigh(column="motivation", numbers=(1, 5)),
            {"extra": {"motivation": "4"}},
            {"extra": {"motivation": "7"}},
            0.75,
            ("both high in motivation (4 and 7 of 5)", None),
        ),
        (
            PreferHigh(column="motivation", numbers=(1, 5)),
            {"extra": {"motivation": "1,4"}},
            {"extra": {"motivation": "5"}},
            0.1,
            (None, "motivation: 1,4 and 5 of 5"),
        ),
        (
            PreferSharedHours(enough=4),
            {"timezone": "Europe/London"},
            {"timezone": "America/New_York"},
            0.75,
            (
                "3 h of shared working time a day",
                "only 3 h of shared working time a day",
            ),
        ),
        (PreferSharedHours(enough=4), {}, {}, 1, ("8 h of shared working time a day", None)),
        (
            PreferSharedHours(),
            {"working_days": (0,)},
            {"working_days": (1,)},
            0,
            (None, "no shared working time"),
        ),
    ],
)
def test_a_preference_is_met_so_far_and_says_so(
    preference: Preference,
    mentor: dict[str, Any],
    mentee: dict[str, Any],
    share: float | None,
    words: tuple[str | None, str | None],
) -> None:
    one, other = person("1", **mentor), person("2", **mentee)
    around = organisation(one, other)
    assert liked(preference, one, other, around) == share
    assert preference_in_words(preference, one, other, around) == words


def test_where_both_teach_the_words_are_of_both_directions() -> None:
    one = person("1", skills=("Python",), goals=("Budgets", "Law"))
    other = person("2", skills=("Budgets",), goals=("Python",))
    around = organisation(one, other, mode="mutual")
    assert preference_in_words(GoalsMeetSkills(), one, other, around) == (
        "the mentor can teach what the mentee wants to learn: Python; "
        "the other way round: Budgets (1 of 2 goals)",
        "not covered for the mentor: Law",
    )


# --- What must never be told ---------------------------------------------------------------------

IDENTITY = {"identity": {"columns": ["gender"], "opt_in": "Use"}}


@pytest.mark.parametrize(
    "preference",
    [
        PreferSame(column="gender"),
        PreferDifferent(column="gender"),
        PreferShared(column="gender"),
        PreferClose(column="gender", scale=("zebra", "yak")),
        PreferFar(column="gender", scale=("zebra", "yak")),
        PreferHigh(column="gender", scale=("zebra", "yak")),
    ],
)
@pytest.mark.parametrize("values", [("zebra", "zebra"), ("zebra", "yak"), ("yak", "yak")])
def test_what_people_say_of_themselves_never_stands_in_words(
    preference: Preference, values: tuple[str, str]
) -> None:
    one, other = (person(str(n), extra={"gender": value}) for n, value in enumerate(values))
    around = organisation(one, other, people=IDENTITY)
    told, against = preference_in_words(preference, one, other, around)
    assert told is None or told.startswith("both asked to be matched by ")
    assert (told is None) != (against is None)
    assert not any(word in f"{told} {against}" for word in (*values, "gender"))


def test_who_did_not_opt_in_is_neither_favoured_nor_put_back() -> None:
    """Their cell was not read."""
    one, other = person("1", extra={"gender": "zebra"}), person("2")
    around = organisation(one, other, people=IDENTITY)
    assert liked(PreferSame(column="gender"), one, other, around) is None


# --- Who may read it -----------------------------------------------------------------------------

NOT_TO_BE_TOLD = ("zebra", "yak", "secretive", "outgoing", "Owls", "Larks", "Clerk", "Director")


@st.composite
def guarded(draw: st.DrawFn) -> tuple[Definition, Person, Person]:
    """Two people, with what neither may read of the other, and all that looks at it."""
    columns = {"gender": "zebra yak", "style": "secretive outgoing", "club": "Owls Larks"}

    def somebody(reference: str) -> Person:
        return person(
            reference,
            roles=tuple(Role),
            level=draw(st.sampled_from(["Clerk", "Director"])),
            department=draw(st.sampled_from(["IT", "Sales"])),
            skills=("Python",),
            goals=("Python", "Law"),
            interests=("Chess",),
            extra={column: draw(st.sampled_from(v.split())) for column, v in columns.items()},
        )

    named = ["department", "club", "level", "gender"]
    kinds = ["same", "different", "shared"]
    preferences: list[dict[str, Any]] = [
        {"prefer": kind, "column": column} for kind in kinds for column in named
    ]
    for column in ("gender", "style"):
        preferences += [
            {"prefer": kind, "column": column, "scale": columns[column].split()}
            for kind in ("close", "far", "high")
        ]
    preferences += [{"prefer": kind, "column": "level"} for kind in ("close", "far", "high")]
    preferences += [{"prefer": "goals_meet_skills"}, {"prefer": "shared", "column": "interests"}]
    rules: list[dict[str, Any]] = [
        {"rule": kind, "column": column} for kind in kinds for column in named[:3]
    ]
    rules += [{"rule": "level_gap", "min": 0}]
    definition = definition_with(
        levels=LEVELS,
        people=IDENTITY,
        level="Grade",
        department="Unit",
        skills="Skills",
        goals="Goals",
        interests="Interests",
        extra={column: column for column in columns},
    )
    matching = MatchingSection.model_validate(
        {
            "rules": draw(st.lists(st.sampled_from(rules), max_size=4)),
            "preferences": draw(st.lists(st.sampled_from(preferences), min_size=1, max_size=8)),
        }
    )
    return definition.model_copy(update={"matching": matching}), somebody("1"), somebody("2")


@given(guarded())
def test_the_two_read_nothing_that_one_told_only_hr(
    given_: tuple[Definition, Person, Person],
) -> None:
    definition, mentor, mentee = given_
    people = {who.reference: who for who in (mentor, mentee)}
    (pair,) = proposal_of(definition, people, [Chosen("1", "2")]).pairs
    hushed = (*NOT_TO_BE_TOLD, "apart", "alike", "close", "high in", "asked to be matched", "club")
    assert not [word for word in hushed if word in " ".join(pair.reasons)]
    said = [
        preference_in_words(
            preference, mentor, mentee, organisation_of(definition, people.values())
        )
        for preference in definition.matching.preferences
    ]
    assert {words for words, _ in said if words} <= set(pair.all_reasons)
    assert not set(pair.reasons) & set(pair.for_hr)


def test_hr_alone_reads_scales_levels_and_what_two_are() -> None:
    definition, mentor, mentee = (
        definition_with(
            people=IDENTITY,
            levels=LEVELS,
            level="Grade",
            department="Unit",
            extra={"gender": "Gender", "club": "Club"},
            matching={
                "rules": [{"rule": "level_gap"}, {"rule": "different", "column": "department"}],
                "preferences": [
                    {"prefer": "same", "column": "gender"},
                    {"prefer": "same", "column": "club"},
                    {"prefer": "close", "column": "level"},
                ],
            },
        ),
        person(
            "1",
            roles=tuple(Role),
            level="Clerk",
            department="IT",
            extra={"gender": "yak", "club": "Owls"},
        ),
        person(
            "2",
            roles=tuple(Role),
            level="Lead",
            department="Law",
            extra={"gender": "yak", "club": "Owls"},
        ),
    )
    (pair,) = proposal_of(definition, {"1": mentor, "2": mentee}, [Chosen("1", "2")]).pairs
    assert pair.reasons == ("different department: IT and Law",)
    assert pair.for_hr == (
        "both asked to be matched by what they share",
        "same club: Owls",
        "alike in level",
        "1 level apart",
    )


def test_goals_met_at_a_low_level_stand_against_a_pair() -> None:
    skills = {"skills": ("Excel", "SQL"), "skill_levels": {"Excel": "basic", "SQL": "expert"}}
    one, other = person("1", **skills), person("2", goals=("Excel", "SQL", "Law"))
    told, against = preference_in_words(GoalsMeetSkills(), one, other, organisation(one, other))
    assert told == (
        "the mentor can teach what the mentee wants to learn: Excel, SQL "
        "(2 of 3 goals, one at expert level)"
    )
    assert against == "not covered: Law; Excel at basic level"


# --- For any people ------------------------------------------------------------------------------

WORDS = ["alpha", "beta", "gamma", "delta"]
words = st.lists(st.sampled_from([*WORDS, "Alpha"]), unique=True, max_size=4).map(tuple)


@st.composite
def people_around(draw: st.DrawFn) -> list[Person]:
    def somebody(number: int) -> Person:
        skills = draw(words)
        return person(
            f"ref-{number}",
            level=draw(st.sampled_from([None, *LEVELS])),
            manager=draw(st.sampled_from([None, "ref-0", "ref-1", "ref-2", "ref-9"])),
            department=draw(st.sampled_from([None, "IT", "it", "Sales"])),
            languages=draw(st.lists(st.sampled_from(["en", "fr", "pt-BR"]), max_size=2)),
            timezone=draw(st.sampled_from([None, "Asia/Tokyo", "America/New_York"])),
            working_days=draw(st.sets(st.integers(0, 6), max_size=3).map(tuple)),
            working_hours=draw(st.sampled_from([None, (420, 720), (1320, 360)])),
            skills=skills,
            skill_levels={skill: draw(st.sampled_from(SKILL_LEVELS)) for skill in skills[1:]},
            goals=draw(words),
            interests=draw(words),
            extra={
                "gender": draw(st.sampled_from(["", "zebra", "yak"])),
                "openness": draw(st.sampled_from(["", "1", "2,5", "4", "9", "?"])),
            },
        )

    return [somebody(number) for number in range(draw(st.integers(2, 5)))]


RULES: tuple[HardRule, ...] = (
    NoReportingLine(depth=1),
    NoReportingLine(depth=3),
    NoSharedManager(),
    LevelGap(min=0, max=2),
    LevelGap(min=2),
    *(Different(column=column) for column in ("department", "manager", "gender")),
    *(Same(column=column) for column in ("department", "manager", "gender")),
    *(Shared(column=column) for column in ("languages", "interests", "working_days", "gender")),
    Shared(column="interests", min=2),
    SharedHours(hours=0.5, days=3),
    SharedHours(hours=4),
    NotPairedBefore(),
    NotThesePairs(pairs=(("ref-1", "ref-0"), ("ref-2", "ref-4"))),
)
SCALES: tuple[dict[str, Any], ...] = (
    {"column": "level"},
    {"column": "openness", "numbers": (1, 5)},
    {"column": "gender", "scale": ("zebra", "yak")},
)
PREFERENCES: tuple[Preference, ...] = (
    GoalsMeetSkills(),
    GoalsMeetSkills(full_set=0.3),
    *(PreferSame(column=column) for column in ("department", "manager", "gender")),
    *(PreferDifferent(column=column) for column in ("department", "manager", "gender")),
    *(PreferShared(column=column) for column in ("languages", "interests", "gender")),
    PreferShared(column="interests", enough=1),
    PreferShared(column="interests", enough=3),
    *(PreferClose(**scale) for scale in SCALES),
    *(PreferFar(**scale) for scale in SCALES),
    *(PreferHigh(**scale) for scale in SCALES),
    PreferSharedHours(enough=1),
    PreferSharedHours(enough=7.5),
)


def test_every_rule_and_preference_is_tried_below() -> None:
    assert {type(rule) for rule in RULES} == set(get_args(get_args(HardRule)[0]))
    assert {type(liked) for liked in PREFERENCES} == set(get_args(get_args(Preference)[0]))


def around_all(people: list[Person]) -> Organisation:
    return organisation(*people, people=IDENTITY, met=[("ref-0", "ref-3"), ("ref-2", "ref-1")])


def any_of(chance: random.Random, people: list[Person]) -> list[int]:
    """Some of them, in any order."""
    return chance.sample(range(len(people)), chance.randint(0, len(people)))


@examples(40)
@given(people_around(), st.randoms(use_true_random=False))
def test_whether_two_may_meet_hangs_on_the_two_alone(
    people: list[Person], chance: random.Random
) -> None:
    around = around_all(people)
    rows, columns = any_of(chance, people), any_of(chance, people)
    mentors, mentees = [people[row] for row in rows], [people[column] for column in columns]
    for rule in RULES:
        matrix = allowed_by(rule, people, people, around)
        alone = [[left(rule, mentor, mentee, around) for mentee in people] for mentor in people]
        assert matrix.tolist() == alone, rule
        asked = [[is_allowed(rule, one, other, around) for other in people] for one in people]
        assert matrix.tolist() == asked, rule
        some = allowed_by(rule, mentors, mentees, around)
        assert np.array_equal(some, matrix[np.ix_(rows, columns)]), rule
        if not isinstance(rule, LevelGap):
            assert np.array_equal(matrix, matrix.T), rule


@examples(40)
@given(people_around(), st.randoms(use_true_random=False))
def test_how_much_two_are_liked_hangs_on_the_two_alone(
    people: list[Person], chance: random.Random
) -> None:
    """To the last bit: the same row in another order, or among others, scores the same."""
    around = around_all(people)
    rows, columns = any_of(chance, people), any_of(chance, people)
    mentors, mentees = [people[row] for row in rows], [people[column] for column in columns]

    def shares(preference: Preference, ones: list[Person], others: list[Person]) -> Any:
        """NaN where it says nothing."""
        liking = liking_of(preference, ones, others, around)
        assert liking.share.dtype == np.float32
        return liking.share if liking.says is None else np.where(liking.says, liking.share, np.nan)

    for preference in PREFERENCES:
        matrix = shares(preference, people, people)
        alone = [[shares(preference, [one], [other])[0, 0] for other in people] for one in people]
        assert np.array_equal(matrix, np.array(alone), equal_nan=True), preference
        some = shares(preference, mentors, mentees)
        assert np.array_equal(some, matrix[np.ix_(rows, columns)], equal_nan=True), preference
        if not isinstance(preference, GoalsMeetSkills):
            assert np.array_equal(matrix, matrix.T, equal_nan=True), preference


@given(people_around())
def test_words_agree_with_the_share(people: list[Person]) -> None:
    around = around_all(people)
    one, other = people[:2]
    for preference in PREFERENCES:
        share = liked(preference, one, other, around)
        told, against = preference_in_words(preference, one, other, around)
        assert (share is None) == (told is None and against is None), preference
        if share is not None:
            assert 0 <= share <= 1, preference
            assert told or share < 0.5, preference
            assert against or share > 0, preference
            assert not (told and share == 0), preference
            assert not (against and share == 1), preference


@given(people_around())
def test_no_words_tell_who_manages_whom_or_what_people_are(people: list[Person]) -> None:
    around = around_all(people)
    one, other = people[:2]
    for rule in RULES:
        for line in (
            why_broken(rule, one, other, around),
            rule_speaks_for(rule, one, other, around),
        ):
            assert not tells(line), rule
    for preference in PREFERENCES:
        for line in preference_in_words(preference, one, other, around):
            assert not tells(line), preference


def tells(line: str | None) -> bool:
    return any(secret in (line or "") for secret in ("ref-", "zebra", "yak"))


def test_the_bits_of_a_large_matrix_are_those_of_its_pairs() -> None:
    """Long lists of goals, and every level: sums that floating point could round in two ways."""
    chance = random.Random(3)
    terms = [f"term {number}" for number in range(60)]
    people = [
        person(
            str(number),
            skills=(skills := chance.sample(terms, 25)),
            skill_levels={skill: chance.choice(SKILL_LEVELS) for skill in skills[:20]},
            goals=chance.sample(terms, 15),
        )
        for number in range(120)
    ]
    around = organisation(*people)
    for preference in (GoalsMeetSkills(), GoalsMeetSkills(full_set=0.3)):
        share = liking_of(preference, people, people, around).share
        for _ in range(200):
            row, column = chance.randrange(120), chance.randrange(120)
            alone = liking_of(preference, [people[row]], [people[column]], around).share
            assert alone[0, 0] == share[row, column]
