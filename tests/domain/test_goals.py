"""Goals keep their number through every change of words, and what was kept before is read."""

from __future__ import annotations

from domain.goals import Goal, content_of_goals, goals_in, ratings_of


def test_goals_are_what_they_were_when_they_are_read_back() -> None:
    goals = (
        Goal(number=1, text="Read a dashboard", rating=2),
        Goal(number=3, text="Post about our work", rating=4, words="Getting there"),
    )
    content = content_of_goals(goals)
    assert content["goals"] == ["Read a dashboard", "Post about our work"]
    assert content["ratings"] == [2, 4]
    assert goals_in(content) == goals


def test_goals_of_0_2_0_have_no_ratings() -> None:
    assert goals_in({"goals": ["One", "Two"]}) == (
        Goal(number=1, text="One"),
        Goal(number=2, text="Two"),
    )


def test_ratings_follow_a_goal_whose_words_have_changed() -> None:
    first = (Goal(number=1, text="Excel", rating=1), Goal(number=2, text="AI", rating=3))
    later = (Goal(number=2, text="AI in meetings", rating=4), Goal(number=1, text="Excel"))
    assert ratings_of(2, [first, later]) == (3, 4)
    assert ratings_of(1, [first, later]) == (1,)
    assert ratings_of(3, [first, later]) == ()
