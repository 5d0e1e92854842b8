"""The definition of a program: everything HR decides, as one validated value.

A definition counts in program days, weeks and sessions. How long a program day really takes is
`calendar.day`: 24 hours, unless a demonstration shortens it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from domain.countries import country_code, why_no_country
from domain.criteria import MatchingSection
from domain.criteria_checks import Kind, Known, contradictions_in
from domain.escalation import (
    DEFAULT_LADDERS,
    Ladder,
    Trigger,
    contradictions_in_ladders,
    read_ladders,
)
from domain.model import Section
from domain.people import Role
from domain.privacy import IdentityKept, LawfulBasis
from domain.problems import did_you_mean
from domain.sections import (
    MOST_FOLLOW_UPS,
    USUAL_FOLLOW_UPS,
    Afterwards,
    AgreementSection,
    CheckIn,
    CheckInPoint,
    Enrolment,
    FollowUp,
    GoalsSection,
    GroupSession,
    Sessions,
    Training,
    When,
    contradictions_in_follow_ups,
    contradictions_in_group_sessions,
)
from domain.written import (
    CalendarDate,
    Days,
    EmailAddress,
    HoursOfDay,
    Name,
    RealSeconds,
    Slug,
    WorkingDays,
    one_alone,
    written_as,
)

_TARGET = re.compile(r"\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*(%?)\s*")

# --- The program ---------------------------------------------------------------------------------


class Mode(StrEnum):
    """Who teaches whom."""

    ONE_WAY = "one_way"
    MUTUAL = "mutual"
    """Both teach and both learn, half a session each."""


class Delivery(StrEnum):
    """Where sessions happen."""

    IN_PERSON = "in_person"
    REMOTE = "remote"
    HYBRID = "hybrid"


class Aim(Section):
    """What the program is for: a goal, and the priority of the organisation that it serves."""

    goal: Name
    priority: Name


class ProgramSection(Section):
    """What the program is."""

    id: Slug
    """Names the run: `program/<id>` in Temporal. Visible to operators: no names of people."""
    title: Name
    organisation: Name
    mode: Mode = Mode.ONE_WAY
    delivery: Delivery = Delivery.HYBRID
    language: str = Field(default="en", pattern=r"^[a-z]{2}(?:-[A-Z]{2})?$")
    starts: CalendarDate
    scheme: Slug | None = None
    """Names what this is one run of, as the one before did: the report then compares the runs."""
    goals: tuple[Aim, ...] = Field(min_length=1, max_length=20)


class Contact(Section):
    """A person who runs the program; receives what the ladder sends up."""

    name: Name
    email: EmailAddress


def _known_timezone(value: Any) -> Any:
    try:
        ZoneInfo(value)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise ValueError("no such time zone. Write it like “Europe/London”.") from error
    return value


TimeZone = Annotated[str, BeforeValidator(_known_timezone)]


def _known_country(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("this must be the code or the name of one country.")
    code = country_code(value)
    if code is None:
        raise ValueError(f"“{value}” {' '.join(why_no_country(value))}")
    return code


Country = Annotated[
    str,
    BeforeValidator(_known_country),
    WithJsonSchema({"type": "string", "examples": ["GB", "GB-SCT"]}, mode="validation"),
]
"""A country, or a part of one: a code, or an English name."""


class CalendarSection(Section):
    """How program time maps to real time."""

    day: RealSeconds = 86_400.0
    """How long a program day really takes."""
    timezone: TimeZone = "UTC"
    """Where the program's day begins, and the zone of people who have none of their own."""
    working_days: WorkingDays = (0, 1, 2, 3, 4)
    """On which messages go out, to people who have no working days of their own."""
    mail_hours: HoursOfDay = (8 * 60, 18 * 60)
    """Between which messages go out, on each person's own clock."""
    holidays: Country | None = None
    """On whose public holidays no message goes out, for people who have no country of their own: a
    code of ISO 3166 like GB, or GB-SCT for a part of the country, or its English name."""


class Stages(Section):
    """How long each part lasts, in program days."""

    enrolment: Days = 14
    """From the invitation to the closing date for taking part."""
    approval: Days = 7
    """What HR has to review the matches before being reminded."""
    introduction: Days = 7
    """What a pair has to say no."""
    preparation: Days = 14
    """What a pair has for the training, the agreement and the goals."""
    meetings: Days = 126
    """The window for sessions."""
    evaluation: Days = 14
    """What everybody has for the final survey."""

    @field_validator("enrolment", "introduction", "preparation", "meetings", "evaluation")
    @classmethod
    def _takes_time(cls, value: int) -> int:
        if value < 1:
            raise ValueError("this must last at least 1 day.")
        return value

    @property
    def total(self) -> int:
        """Program days from start to end, approval at its longest."""
        return (
            self.enrolment
            + self.approval
            + self.introduction
            + self.preparation
            + self.meetings
            + self.evaluation
        )


# --- People --------------------------------------------------------------------------------------


ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
"""A heading of the organisation's people file."""


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Columns(Section):
    """The organisation's own column names, by what they hold.

    A column that the organisation's file does not have is left out. `extra` names further columns
    that matching rules or eligibility use.
    """

    id: ColumnName
    name: Annotated[
        tuple[ColumnName, ...],
        BeforeValidator(_as_list),
        written_as(one_alone),
        Field(min_length=1, max_length=4),
        WithJsonSchema(
            {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            mode="validation",
        ),
    ]
    """One column, or several to be joined: `[First name, Last name]`."""
    email: ColumnName
    role: ColumnName | None = None
    """Says who teaches and who learns, in the words of `role_words`. Without it, eligibility
    decides. Somebody whose cell is empty takes no part."""
    level: ColumnName | None = None
    """Seniority, one of `levels`."""
    manager: ColumnName | None = None
    """The id of the line manager, who must be in the file too."""
    department: ColumnName | None = None
    location: ColumnName | None = None
    language: ColumnName | None = None
    """The language of a person's mails: a code (en, fr, pt-BR) or its English name."""
    languages: ColumnName | None = None
    """Languages that the person can hold a session in, several with `separator` between them; that
    of the mails where the cell is empty."""
    timezone: ColumnName | None = None
    """Like Europe/London."""
    working_days: ColumnName | None = None
    """Like “Mon-Fri” or “Mon;Tue;Thu”."""
    country: ColumnName | None = None
    """Whose public holidays the person has: a code like GB, or GB-SCT for a part of the country, or
    its English name."""
    working_hours: ColumnName | None = None
    """In the person's own time zone, like “09:00-17:30”."""
    skills: ColumnName | None = None
    """What a mentor can teach; several with `separator` between them, each with its level in
    brackets where `people.skill_levels` has some: “Python (expert)”."""
    goals: ColumnName | None = None
    """What a mentee wants to learn, the most important first."""
    interests: ColumnName | None = None
    capacity: ColumnName | None = None
    """In how many pairs the person may be at once; `matching.places` where the cell is empty."""
    consent: ColumnName | None = None
    """Whether the person agreed beforehand to be matched, as HR has it on record, in the words of
    `people.yes`. Who has not is not invited. It stands neither for the answer to the invitation nor
    for a consent to the processing (`privacy.lawful_basis`)."""
    extra: dict[str, ColumnName] = Field(default_factory=dict)


class RoleWords(Section):
    """What the organisation's role column says for each role."""

    mentor: tuple[str, ...] = ("mentor",)
    mentee: tuple[str, ...] = ("mentee",)
    both: tuple[str, ...] = ("both",)

    @model_validator(mode="after")
    def _each_word_once(self) -> Self:
        words = [word.casefold() for word in (*self.mentor, *self.mentee, *self.both)]
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise ValueError(f"said for two roles: {', '.join(twice)}.")
        return self


class Identity(Section):
    """Columns in which people say what they are: used only for who opted in.

    For everybody else these cells are not read at all.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    """Names under `columns.extra`."""
    opt_in: ColumnName
    """The heading of the column that says so, in the words of `people.yes`. It has to be the
    person's own, explicit consent (GDPR, article 9(2)(a))."""
    keep: IdentityKept = IdentityKept.UNTIL_MATCHED
    """Until when what they say is kept: until the matches are approved, or, so that it counts when
    somebody finds another partner as well, until the end."""


class PeopleSection(Section):
    """How to read the people file."""

    columns: Columns
    levels: tuple[str, ...] = ()
    """The organisation's levels, from low to high."""
    skill_levels: tuple[str, ...] = ()
    """How well somebody knows a skill, from low to high."""
    vocabularies: tuple[str, ...] = ()
    """What skills, goals and interests may be called: `workplace`, `digcomp-3.0`, or a file of
    your own beside the definition. Without any, every word is taken as it is."""
    identity: Identity | None = None
    yes: tuple[str, ...] = ("yes", "y", "true", "1", "x")
    """What stands for yes, in any case; everything else is a no."""
    role_words: RoleWords = RoleWords()
    separator: str = Field(default=";", min_length=1, max_length=3)
    """What stands between several skills in one cell."""

    @field_validator("levels", "skill_levels")
    @classmethod
    def _levels_differ(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({level for level in value if value.count(level) > 1})
        if twice:
            raise ValueError(f"levels named twice: {', '.join(twice)}.")
        return value


class Eligible(Section):
    """Who may take one role. What is left out does not limit anybody."""

    min_level: str | None = None
    max_level: str | None = None
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """For each column, the values that are admitted."""


class Eligibility(Section):
    """Who may take part."""

    mentor: Eligible = Eligible()
    mentee: Eligible = Eligible()

    def for_role(self, role: Role) -> Eligible:
        """The conditions of one role."""
        return self.mentor if role is Role.MENTOR else self.mentee


# --- Evaluation and privacy ----------------------------------------------------------------------


class MetricName(StrEnum):
    """What success is measured by. How each is computed stands in `domain/metrics.py`."""

    SESSIONS_HELD = "sessions_held"
    """Share of the planned sessions that were held."""
    PAIRS_COMPLETED = "pairs_completed"
    """Share of the started pairs that held the minimum of sessions."""
    RECOMMENDATION = "recommendation"
    """Promoters less detractors, from -100 to 100 (Reichheld 2003, the 0 to 10 question)."""
    SATISFACTION = "satisfaction"
    """Mean of the final survey's `satisfaction` item, 1 to 5."""
    RESPONSE_RATE = "response_rate"
    """Share of the final surveys sent that were answered."""
    STALLED_PAIRS = "stalled_pairs"
    """Share of the started pairs that stalled at least once."""
    RECOVERED_PAIRS = "recovered_pairs"
    """Share of the stalled pairs that met again."""
    DAYS_TO_FIRST_SESSION = "days_to_first_session"
    """Median of the program days from a pair's introduction to its first session."""
    REMATCHED_PAIRS = "rematched_pairs"
    """Share of the pairs that came in place of one that had ended early."""
    INTERVENTIONS = "interventions"
    """How often the coordinator was asked to look after a started pair, or ended it, a pair."""
    CHANGE = "change"
    """Mean change on a `scale`, in its points, of the people who answered before and at the end."""
    STAYED = "stayed"
    """Share of those who took part that a later people file still has."""
    PROMOTED = "promoted"
    """Share of those who took part whom a later people file has on a higher level."""

    @property
    def is_share(self) -> bool:
        """Whether it goes from 0 to 1 and is written with a percent sign."""
        return self not in _NO_SHARES


_NO_SHARES = frozenset(
    (
        MetricName.RECOMMENDATION,
        MetricName.SATISFACTION,
        MetricName.DAYS_TO_FIRST_SESSION,
        MetricName.INTERVENTIONS,
        MetricName.CHANGE,
    )
)


class Comparison(StrEnum):
    """Which side of the target is good."""

    AT_LEAST = ">="
    AT_MOST = "<="


class Target(Section):
    """What a metric must reach. Shares are from 0 to 1, however they were written."""

    comparison: Comparison
    value: float
    is_share: bool = False


def _read_target(value: Any) -> Any:
    if isinstance(value, Target | dict):
        return value
    match = _TARGET.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("this is not a target. Write it like “>= 80%” or “>= 4.2”.")
    share = match[3] == "%"
    number = float(match[2])
    return Target(
        comparison=Comparison(match[1]), value=number / 100 if share else number, is_share=share
    )


def _target_as_text(target: Target) -> str:
    value = f"{target.value * 100:g}%" if target.is_share else f"{target.value:g}"
    return f"{target.comparison} {value}"


class SuccessMetric(Section):
    """A metric with its target."""

    metric: MetricName
    target: Annotated[
        Target,
        BeforeValidator(_read_target),
        written_as(_target_as_text),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": r"^\s*(>=|<=)\s*-?\d+(\.\d+)?\s*%?\s*$",
                "examples": [">= 80%", ">= 4.2", "<= 10%"],
            },
            mode="validation",
        ),
    ]
    scale: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
    """Of `change`: a subscale, or a question with a number, that a survey before the first session
    and one at the evaluation both ask."""
    role: Role | None = None
    """Of `change`: among mentors or mentees alone."""

    @model_validator(mode="after")
    def _names_its_scale(self) -> Self:
        if self.metric is MetricName.CHANGE and self.scale is None:
            raise ValueError("change needs a scale: what is asked before and at the end.")
        if self.metric is not MetricName.CHANGE and (self.scale or self.role):
            raise ValueError(f"scale and role belong to change, not to {self.metric}.")
        return self


class Privacy(Section):
    """What is shown to whom, and how long it is kept."""

    anonymity_threshold: int = Field(default=5, ge=3, le=50)
    """No figure is shown for fewer answers than this."""
    keep_days: Days = 400
    """Program days after the end of the program at which all that is personal in it is deleted, the
    answers among it."""
    lawful_basis: LawfulBasis | None = None
    """On what the processing rests, in the terms of the GDPR. The invitation and the pages say it;
    `consent` is asked for on its own, beside taking part."""
    contact: Contact | None = None
    """Whom people ask about their data, as the data protection officer; the coordinator, if left
    out."""

    @property
    def asks_for_consent(self) -> bool:
        """Whether the processing rests on consent, so that everybody has to be asked for it."""
        return self.lawful_basis is LawfulBasis.CONSENT


# --- The whole -----------------------------------------------------------------------------------


class Definition(Section):
    """A program as HR defined it."""

    version: Literal[1] = 1
    """Of the format, not of the program."""
    program: ProgramSection
    coordinator: Contact
    sponsor: Contact
    safety: Contact | None = None
    """Who hears, and nobody else, when somebody says that they don't feel safe; the coordinator, if
    left out."""
    calendar: CalendarSection = CalendarSection()
    stages: Stages = Stages()
    people: PeopleSection
    eligibility: Eligibility = Eligibility()
    matching: MatchingSection = MatchingSection()
    sessions: Annotated[Sessions, Field(validate_default=True)] = Sessions()
    group_sessions: tuple[GroupSession, ...] = Field(default=(), max_length=20)
    enrolment: Enrolment = Enrolment()
    training: Training = Training()
    agreement: AgreementSection = AgreementSection()
    goals: GoalsSection = GoalsSection()
    afterwards: Afterwards = Afterwards()
    check_ins: tuple[CheckIn, ...] = (
        CheckIn(survey="baseline", when=When(point=CheckInPoint.PREPARATION)),
        CheckIn(survey="pair_fit", when=When(point=CheckInPoint.AFTER_SESSION, session=1)),
        CheckIn(survey="pulse", when=When(point=CheckInPoint.AFTER_SESSION, session=2)),
        CheckIn(survey="final", when=When(point=CheckInPoint.EVALUATION)),
    )
    follow_ups: Annotated[tuple[FollowUp, ...], Field(max_length=MOST_FOLLOW_UPS)] | None = None
    """What is asked once the program has been over for a while, the earliest first; `[]` for
    nothing. After 13 weeks and after 52 if left out, as far as answers are kept for so long."""
    ladder: Annotated[
        tuple[Ladder, ...], BeforeValidator(read_ladders), Field(max_length=len(Trigger))
    ] = DEFAULT_LADDERS
    """What happens when nothing is heard of a pair, or it drifts."""
    success: tuple[SuccessMetric, ...] = Field(min_length=1)
    privacy: Privacy = Privacy()

    @field_validator("sessions")
    @classmethod
    def _fill_the_window(cls, value: Sessions, known: ValidationInfo) -> Sessions:
        stages = known.data.get("stages")
        return value.within(stages.meetings) if stages is not None else value

    @property
    def learners(self) -> tuple[Role, ...]:
        """Who learns, and so has goals."""
        return tuple(Role) if self.program.mode is Mode.MUTUAL else (Role.MENTEE,)

    @property
    def safety_contact(self) -> Contact:
        """Who hears when somebody does not feel safe."""
        return self.safety or self.coordinator

    @property
    def privacy_contact(self) -> Contact:
        """Whom people ask about their data."""
        return self.privacy.contact or self.coordinator

    @property
    def planned_follow_ups(self) -> tuple[FollowUp, ...]:
        """The follow-ups that there are: those that were written, or the usual ones."""
        if self.follow_ups is not None:
            return self.follow_ups
        return tuple(one for one in USUAL_FOLLOW_UPS if one.closes <= self.privacy.keep_days)

    def contradictions(self) -> list[tuple[tuple[str | int, ...], str]]:
        """What does not fit together although each part is well-formed: where, and what."""
        return [
            *self._level_contradictions(),
            *self._column_contradictions(),
            *self._enrolment_contradictions(),
            *contradictions_in(self.matching, self._known_columns()),
            *self._time_contradictions(),
        ]

    def _level_contradictions(self) -> list[tuple[tuple[str | int, ...], str]]:
        found: list[tuple[tuple[str | int, ...], str]] = []
        levels = self.people.levels
        for role in Role:
            eligible = self.eligibility.for_role(role)
            for key in ("min_level", "max_level"):
                level = getattr(eligible, key)
                if level is not None and level not in levels:
                    where = ("eligibility", role.value, key)
                    found.append(
                        (where, f"“{level}” is no level. {did_you_mean(level, levels)}".strip())
                    )
            if (
                eligible.min_level in levels
                and eligible.max_level in levels
                and levels.index(eligible.min_level) > levels.index(eligible.max_level)
            ):
                where = ("eligibility", role.value, "min_level")
                found.append((where, "the lowest level stands above the highest."))
        return found

    def _column_contradictions(self) -> list[tuple[tuple[str | int, ...], str]]:
        columns, known = self.people.columns, self._known_columns()
        found: list[tuple[tuple[str | int, ...], str]] = []
        for key in sorted(columns.extra.keys() & Columns.model_fields.keys()):
            where: tuple[str | int, ...] = ("people", "columns", "extra", key)
            found.append((where, f"“{key}” has a place of its own: write it under people.columns."))
        for number, column in enumerate(
            self.people.identity.columns if self.people.identity else ()
        ):
            if column not in known.extra:
                hint = did_you_mean(column, sorted(known.extra))
                found.append(
                    (
                        ("people", "identity", "columns", number),
                        f"people.columns.extra names no “{column}”. {hint}".strip(),
                    )
                )
        for role in Role:
            eligible = self.eligibility.for_role(role)
            found += [
                (("eligibility", role.value, "where", column), misused)
                for column in eligible.where
                if (misused := known.misused(column, Kind.ONE))
            ]
            limited = eligible.min_level or eligible.max_level
            if limited and (missing := known.missing("level")):
                found.append((("eligibility", role.value), missing))
        return found

    def _enrolment_contradictions(self) -> list[tuple[tuple[str | int, ...], str]]:
        missing = self._known_columns().missing("manager")
        if not self.enrolment.manager_approval or missing is None:
            return []
        return [(("enrolment", "manager_approval"), missing)]

    def _known_columns(self) -> Known:
        people = self.people
        ours = frozenset(Columns.model_fields) - {"extra"}
        return Known(
            ours=ours,
            mapped=frozenset(name for name in ours if getattr(people.columns, name)),
            extra=frozenset(people.columns.extra),
            identity=frozenset(people.identity.columns if people.identity else ()),
            levels=len(people.levels),
        )

    def _time_contradictions(self) -> list[tuple[tuple[str | int, ...], str]]:
        found: list[tuple[tuple[str | int, ...], str]] = []
        sessions = self.sessions
        span = (sessions.count - 1) * sessions.every
        if (sessions.minimum or 0) > sessions.count:
            found.append(
                (
                    ("sessions", "minimum"),
                    f"minimum ({sessions.minimum}) is more than the {sessions.count} sessions that "
                    "there is time for.",
                )
            )
        if span > self.stages.meetings:
            found.append(
                (
                    ("sessions", "every"),
                    f"{sessions.count} sessions every {sessions.every} days take {span} days, but "
                    f"stages.meetings is {self.stages.meetings} days.",
                )
            )
        given = self.check_ins if "check_ins" in self.model_fields_set else ()
        moments: list[tuple[tuple[str | int, ...], When]] = [
            *((("check_ins", n, "when"), check_in.when) for n, check_in in enumerate(given)),
            *((("goals", "review", n), when) for n, when in enumerate(self.goals.review)),
        ]
        for where, when in moments:
            if when.session is not None and not 1 <= when.session <= sessions.count:
                words = f"there is no session {when.session}: sessions.count is {sessions.count}."
                found.append((where, words))
            elif when.session == sessions.count:
                words = (
                    f"session {when.session} is the last: the evaluation begins when it was held. "
                    "Write “evaluation”."
                )
                found.append((where, words))
        found += contradictions_in_group_sessions(
            self.group_sessions, self.program.starts, self.stages.total
        )
        found += contradictions_in_follow_ups(self.planned_follow_ups, self.privacy.keep_days)
        return found + contradictions_in_ladders(self.ladder)
