"""Goals: writing them down with help, and looking at them again later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from domain.goals import HIGHEST, LOWEST, Goal, ratings_of
from domain.plan import GOALS
from domain.surveys import Item, ItemKind, Survey, read_answers
from domain.vocabulary import Vocabulary
from portal.pages.base import Accepted, Form, Rejected, View, problem_with, thanks, too_long
from portal.visits import Ended, Visit, first_name
from store import answers
from store.answers import AnswerKind
from store.goals import Look, looks_at_goals
from store.links import LinkInvalid, Purpose
from store.vocabulary_file import shipped_vocabularies, shipped_vocabulary

MOST_TOPICS, MOST_NEAR, NEAR_EACH = 5, 8, 3
"""How many topics of the people file are suggested, and how many others, also for each of them."""

TURNS = 3
"""In how many ways a topic is made a goal: `goals.topic_1` and so on."""


class GoalsPage:
    """The goals; with an occasion in the link, where somebody stands on them by then."""

    def __init__(self) -> None:
        self._writing, self._review = _Writing(), _Review()

    def show(self, visit: Visit, typed: Form | None) -> View:
        """The page that the link is for."""
        return self._of(visit).show(visit, typed)

    def done(self, visit: Visit, what: str) -> View | None:
        """Thanks, and what was written."""
        return self._of(visit).done(visit, what)

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record it."""
        return self._of(visit).submit(visit, form)

    def _of(self, visit: Visit) -> _Writing | _Review:
        occasion = visit.link.occasion
        if occasion is None:
            return self._writing
        if not occasion.startswith(f"{GOALS}:"):
            raise LinkInvalid("the link names no review of goals")
        return self._review


class _Writing:
    """Some goals in one's own words, and where one stands on each."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        written = _written(visit)
        if written is None:
            visit.must_be_open()
        words, goals = visit.words, written.goals if written else ()
        rated = {goal.number for goal in goals if goal.rating is not None}
        numbers = self._numbers(visit)
        scales = [
            _scale(visit, f"goals.{'rating_then' if n in rated else 'rating'}", n) for n in numbers
        ]
        labels = {f"goal_{n}": words("goals.goal", number=n) for n in numbers}
        start = {f"goal_{goal.number}": goal.text for goal in goals}
        start |= {f"rating_{goal.number}": str(goal.rating) for goal in goals if goal.rating}
        return View(
            "goals.html",
            words("goals.title"),
            {
                "fields": [
                    (name, label, scale)
                    for (name, label), scale in zip(labels.items(), scales, strict=True)
                ],
                "labels": labels | {scale.id: scale.text for scale in scales},
                "most": visit.definition.goals.most,
                "typed": typed if typed is not None else start,
                "role": visit.role,
                "partner_first": first_name(visit.with_partner),
                "threshold": visit.definition.privacy.anonymity_threshold,
                "written": written is not None,
                "suggested": _suggested(visit),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """The goals, shown back."""
        written = _written(visit)
        if written is None:
            return None
        view = thanks(visit, "goals", partner=first_name(visit.with_partner))
        details = [
            visit.words("goals.with_rating", goal=goal.text, rating=goal.rating, highest=HIGHEST)
            if goal.rating
            else goal.text
            for goal in written.goals
        ]
        return View(view.template, view.title, {**view.values, "details": details})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record the goals."""
        visit.must_be_open()
        words, numbers = visit.words, self._numbers(visit)
        typed = {n: form.get(f"goal_{n}", "").strip() for n in numbers}
        problems: dict[str, str] = {}
        ratings: dict[int, int] = {}
        for number, text in typed.items():
            if (problem := too_long(words, text)) is not None:
                problems[f"goal_{number}"] = problem
            if text:
                rating = _read_rating(form, number)
                if rating is None:
                    problems[f"rating_{number}"] = words("goals.no_rating")
                else:
                    ratings[number] = rating
        if not any(typed.values()):
            problems["goal_1"] = words("goals.none")
        if problems:
            return Rejected(problems)
        goals = [
            Goal(number=number, text=text, rating=ratings[number])
            for number, text in typed.items()
            if text
        ]
        answers.write_goals(visit.session, visit.link, goals)
        return Accepted()

    @staticmethod
    def _numbers(visit: Visit) -> range:
        """Of the goals that there is room for; what was written before always has some."""
        written = _written(visit)
        there = max((goal.number for goal in written.goals), default=0) if written else 0
        return range(1, max(visit.definition.goals.most, there) + 1)


@dataclass(frozen=True)
class _Looked:
    """A goal at a review."""

    text: str
    earlier: tuple[str, ...]
    scale: Item
    note: Item


class _Review:
    """Each goal with where one stood, and where one stands now."""

    def show(self, visit: Visit, typed: Form | None) -> View:
        occasion = visit.link.occasion or GOALS
        if answers.survey_is_closed(visit.session, visit.program.id, visit.in_pair.id, occasion):
            raise Ended("survey")
        looks = _looks(visit)
        goals = looks[0].goals if looks else ()
        if not goals:
            visit.must_be_open()
        words = visit.words
        mine = self._mine(visit)
        before = [look for look in looks if mine is None or look.occasion != mine.occasion]
        start: dict[str, str] = {}
        for goal in mine.goals if mine else ():
            start[f"rating_{goal.number}"] = str(goal.rating)
            start[f"words_{goal.number}"] = goal.words or ""
        items = {item.id: item for goal in goals for item in self._items(visit, goal)}
        return View(
            "goals_review.html",
            words("goals.review.title"),
            {
                "looked": [
                    _Looked(
                        text=goal.text,
                        earlier=_earlier(visit, goal.number, before),
                        scale=items[f"rating_{goal.number}"],
                        note=items[f"words_{goal.number}"],
                    )
                    for goal in goals
                ],
                "labels": {item.id: item.text for item in items.values()},
                "typed": typed if typed is not None else start,
                "role": visit.role,
                "partner_first": first_name(visit.with_partner),
                "threshold": visit.definition.privacy.anonymity_threshold,
                "answered": mine is not None,
                "write_url": None if goals else visit.url(Purpose.GOALS),
            },
        )

    def done(self, visit: Visit, what: str) -> View | None:
        """The goals, and how they moved."""
        if self._mine(visit) is None:
            return None
        view = thanks(visit, "goals.review", name=visit.first_name)
        details = how_goals_moved(visit, _looks(visit))
        return View(view.template, view.title, {**view.values, "details": details})

    def submit(self, visit: Visit, form: Form) -> Accepted | Rejected:
        """Record where the person stands. Like a survey, until the program is over."""
        looks = _looks(visit)
        goals = looks[0].goals if looks else ()
        if not goals:
            visit.must_be_open()
            return Rejected({"none": visit.words("goals.review.none")})
        items = [item for goal in goals for item in self._items(visit, goal)]
        given, wrong = read_answers(_survey(items), visit.role, form)
        problems = {
            item.id: problem_with(visit.words, item, form.get(item.id, ""))
            for item in items
            if item.id in wrong
        }
        if problems:
            return Rejected(problems)
        now = [
            Goal(
                number=goal.number,
                text=goal.text,
                rating=int(given[f"rating_{goal.number}"]),
                words=str(given.get(f"words_{goal.number}", "")) or None,
            )
            for goal in goals
        ]
        answers.review_goals(visit.session, visit.link, now)
        return Accepted()

    @staticmethod
    def _items(visit: Visit, goal: Goal) -> tuple[Item, Item]:
        number = goal.number
        note = Item(
            id=f"words_{number}",
            kind=ItemKind.TEXT,
            text=visit.words("goals.review.words", number=number),
            required=False,
        )
        return _scale(visit, "goals.review.rating", number), note

    @staticmethod
    def _mine(visit: Visit) -> Look | None:
        return next((k for k in _looks(visit) if k.occasion == visit.link.occasion), None)


def how_goals_moved(visit: Visit, looks: Sequence[Look]) -> tuple[str, ...]:
    """Each goal with where its owner stood every time they said so. For its owner alone."""
    words = visit.words
    lines = []
    for goal in looks[0].goals if looks else ():
        ratings = ratings_of(goal.number, [look.goals for look in looks])
        if len(ratings) > 1:
            path = f" {words('goals.to')} ".join(str(rating) for rating in ratings)
            lines.append(words("goals.moved", goal=goal.text, ratings=path))
        elif ratings:
            lines.append(
                words("goals.with_rating", goal=goal.text, rating=ratings[0], highest=HIGHEST)
            )
        else:
            lines.append(goal.text)
    return tuple(lines)


def _looks(visit: Visit) -> tuple[Look, ...]:
    """The goals as they are written now come first; none without them."""
    looks = looks_at_goals(visit.session, visit.in_pair.id, visit.person.id)
    return looks if looks and looks[0].occasion == AnswerKind.GOALS else ()


def _written(visit: Visit) -> Look | None:
    looks = _looks(visit)
    return looks[0] if looks else None


def _scale(visit: Visit, key: str, number: int) -> Item:
    return Item(
        id=f"rating_{number}",
        kind=ItemKind.SCALE,
        text=visit.words(key, number=number),
        low=LOWEST,
        high=HIGHEST,
        low_label=visit.words("goals.lowest"),
        high_label=visit.words("goals.highest"),
    )


def _survey(items: Sequence[Item]) -> Survey:
    return Survey(id=GOALS, version=1, title="", intro="", minutes=1, items=tuple(items))


def _read_rating(form: Form, number: int) -> int | None:
    text = form.get(f"rating_{number}", "").strip()
    allowed = {str(rating): rating for rating in range(LOWEST, HIGHEST + 1)}
    return allowed.get(text)


def _earlier(visit: Visit, number: int, looks: Sequence[Look]) -> tuple[str, ...]:
    """Where somebody stood on a goal, and when they said so."""
    return tuple(
        visit.words(
            "goals.review.earlier",
            when=visit.words.day(visit.local_of(look.at)),
            rating=goal.rating,
            highest=HIGHEST,
        )
        for look in looks
        for goal in look.goals
        if goal.number == number and goal.rating is not None
    )


# --- What could be a goal ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Suggested:
    """Topics to begin with: those that the people file names, and others beside them."""

    topics: tuple[str, ...]
    near: str
    attributions: tuple[str, ...]
    """What must be said where terms of a vocabulary are shown."""


def _suggested(visit: Visit) -> _Suggested:
    named = tuple(visit.participant.profile.get("goals", ()))[:MOST_TOPICS]
    turns = cycle(range(1, TURNS + 1))
    near: list[str] = []
    attributions: list[str] = []
    language = visit.definition.program.language  # the people file is read in its words
    folders = visit.content.folders
    for name in visit.definition.people.vocabularies:
        if name not in shipped_vocabularies(folders):
            continue  # the organisation's own stands beside the definition, which is not here
        file = shipped_vocabulary(name, language, folders)
        vocabulary = Vocabulary(file.terms)
        found = [label for topic in named for label in vocabulary.near(topic, NEAR_EACH)]
        near += found
        if found and file.attribution:
            attributions.append(file.attribution)
    others = [label for label in dict.fromkeys(near) if label not in named]
    return _Suggested(
        topics=tuple(
            visit.words(f"goals.topic_{turn}", topic=topic)
            for topic, turn in zip(named, turns, strict=False)
        ),
        near=", ".join(others[:MOST_NEAR]),
        attributions=tuple(attributions),
    )
