"""The simulated people find their way on pages that no mail leads to step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from demo.pages import Page
from demo.people import Crowd, Habit
from domain.calendar import calendar_of
from domain.journal import EventKind
from store.links import Purpose
from store.tables import ParticipantRow
from tests.portal.scene import DEFINITION, PROGRAM, STARTED, Scene


@pytest.fixture
async def web(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a window."""
    transport = httpx.ASGITransport(scene.app())
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", follow_redirects=True
    ) as client:
        yield client


@pytest.fixture
def crowd() -> Crowd:
    """Mia alone."""
    return Crowd(["mia@example.com"], "", calendar_of(DEFINITION, STARTED))


async def test_who_goes_away_says_so_after_the_first_session_and_only_then(
    scene: Scene, web: httpx.AsyncClient, crowd: Crowd
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED)
    crowd.cast("mia@example.com", Habit.GOES_AWAY)
    mia = crowd.players["mia@example.com"]
    for _ in range(2):
        await crowd._after_session(web, mia, scene.url(Purpose.OVERVIEW, pair=None))
    assert scene.events().count("went_away") == 1
    with scene.database.read() as session:
        assert session.get_one(ParticipantRow, (PROGRAM, "p-mia")).away_until is not None


async def test_whether_to_go_on_is_answered_and_reminders_are_left_alone(
    scene: Scene, web: httpx.AsyncClient
) -> None:
    scene.happened(EventKind.PAIR_INTRODUCED, EventKind.PAIR_EVALUATING)
    url = scene.url(Purpose.CONTINUE)
    page = Page.read((await web.get(url)).text)
    form = page.fill(lambda _name, _kind, options: options[0], having="wish")
    assert form == {"wish": "go_on_with_mails"}
    await web.post(url, data=form)
    scene.happened(EventKind.PAIR_CONTINUED)
    page = Page.read((await web.get(url)).text)
    assert page.fill(lambda *_: "", having="wish") == {}
