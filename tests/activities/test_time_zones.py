"""A zone as calendars read it says the same as the zone itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Timezone

from activities.time_zones import zone_component

ZONES = (
    "Europe/Prague",
    "Europe/Dublin",  # whose summer time is the standard one
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # by the moon
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Pacific/Apia",
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_a_zone_read_back_from_its_rules_has_the_same_offsets_all_year(
    zone: str, year: int
) -> None:
    own = ZoneInfo(zone)
    component = zone_component(own, year)
    assert component is not None
    assert str(component["TZID"]) == zone
    again = Timezone.from_ical(component.to_ical().decode())
    assert isinstance(again, Timezone)
    read = again.to_tz(lookup_tzid=False)
    first = datetime(year, 1, 1, tzinfo=UTC)
    for hours in range(24, 364 * 24, 7):
        local = (first + timedelta(hours=hours)).astimezone(own)
        wall = local.replace(tzinfo=None)
        if wall.replace(tzinfo=own).utcoffset() != wall.replace(tzinfo=own, fold=1).utcoffset():
            continue  # the hour that there is twice
        assert wall.replace(tzinfo=read).utcoffset() == local.utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_is_told_by_yearly_rules_which_is_all_that_outlook_takes(zone: str) -> None:
    component = zone_component(ZoneInfo(zone), 2027)
    assert component is not None
    assert b"RDATE" not in component.to_ical()


def test_utc_needs_no_zone() -> None:
    assert zone_component(ZoneInfo("UTC"), 2027) is None
