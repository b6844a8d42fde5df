"""Days begin and end at midnight where people are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.days import beginning_of, end_of, find_zone, zone_name

ZONES = ("Pacific/Auckland", "Asia/Kolkata", "America/Havana", "Africa/Cairo", "Pacific/Apia")


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("", "2026-11-26", "2026-11-26T00:00", 24),
        ("Pacific/Auckland", "2026-11-26", "2026-11-25T11:00", 24),
        ("Asia/Kolkata", "2026-11-26", "2026-11-25T18:30", 24),
        ("America/Los_Angeles", "2026-11-26", "2026-11-26T08:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00", 23),  # midnight was left out
        ("America/Havana", "2026-11-01", "2026-11-01T04:00", 25),  # midnight came twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),  # the date line moved
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_has_it(zone: str, day: str, begins: str, hours: int) -> None:
    beginning = beginning_of(date.fromisoformat(day), zone)
    assert beginning == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert end_of(date.fromisoformat(day), zone) - beginning == timedelta(hours=hours)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_every_moment_is_in_the_day_that_a_clock_there_shows(at: datetime, zone: str) -> None:
    try:
        day = at.astimezone(find_zone(zone)).date()
    except OverflowError:
        return
    assert beginning_of(day, zone) <= at < end_of(day, zone) or day == date.max


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_day_are_days_too(day: date) -> None:
    for zone in ZONES:
        assert beginning_of(day, zone) <= end_of(day, zone)


@pytest.mark.parametrize(
    "written",
    ["", None, "Nowhere/Town", "../../etc/passwd", "/etc/passwd", "Europe", "\0", "x" * 999],
)
def test_what_is_no_zone_is_utc(written: object) -> None:
    assert zone_name(written) == ""
    assert zone_name("Europe/Berlin") == "Europe/Berlin"
