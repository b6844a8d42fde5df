"""Time zones that people can be in."""

from functools import cache
from zoneinfo import available_timezones

_AREAS = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/"),
    *("Europe/", "Indian/", "Pacific/"),
)


@cache
def time_zones() -> tuple[str, ...]:
    """The IANA names of all zones that are named after a place, in alphabetical order; UTC is
    first."""
    return ("UTC", *sorted(zone for zone in available_timezones() if zone.startswith(_AREAS)))


def check_zone(name: str) -> str:
    """The name, where it is one of `time_zones`; raises `ValueError` with a sentence."""
    if name not in time_zones():
        raise ValueError("Choose a time zone of the list.")
    return name
