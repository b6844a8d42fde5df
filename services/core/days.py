"""Days as people mean them: from midnight to midnight where they are."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.core import clock

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def today_in(zone: str = "") -> date:
    """The present day in a time zone, which is given as to `beginning_of`."""
    return day_in(clock.now(), zone)


def day_in(moment: datetime, zone: str = "") -> date:
    """The day of a moment in a time zone, which is given as to `beginning_of`."""
    return moment.astimezone(find_zone(zone)).date()


def beginning_of(day: date, zone: str = "") -> datetime:
    """The first moment of a day in a time zone, given by its IANA name (no name or an unknown one:
    UTC).

    Where clocks go forward at midnight, that is later than 00:00. A day that a zone skipped has no
    moments: its end is its beginning.
    """
    try:
        return datetime.combine(day, time.min, find_zone(zone)).astimezone(UTC)
    except OverflowError:  # the first and the last day that exist
        return _FIRST if day.year == date.min.year else _LAST


def end_of(day: date, zone: str = "") -> datetime:
    """The first moment after a day in a time zone."""
    if day == date.max:
        return _LAST
    return beginning_of(day + timedelta(days=1), zone)


def moment_of(day: date, at: time | None, zone: str = "") -> datetime:
    """The moment of a time of day in a time zone; without a time, the first moment of the day.

    Where clocks go back, a time comes twice: the later one is taken. Where they go forward, some
    times don't exist: such a time is moved later by as much. So the moment is never too early.
    """
    if at is None:
        return beginning_of(day, zone)
    local = datetime.combine(day, at, find_zone(zone))
    return max(local.astimezone(UTC), local.replace(fold=1).astimezone(UTC))


def told_in(moment: datetime, zone: str) -> tuple[date, time | None]:
    """What clocks in a time zone show at a moment: the day and, unless it is that day's first
    moment, the time."""
    try:
        local = moment.astimezone(find_zone(zone))
    except OverflowError:  # the last day that exists
        local = moment
    at = None if beginning_of(local.date(), zone) == moment else local.time()
    return local.date(), at


def a_month_later(day: date) -> date:
    """The same day of the next month, or its last one where it is shorter."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@lru_cache(maxsize=1000)
def find_zone(name: str) -> ZoneInfo:
    """A time zone by its name, as browsers say it; UTC where there is none of this name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):  # KeyError: unknown; the others: no name at all
        return ZoneInfo("UTC")


def zone_name(written: object) -> str:
    """The time zone that a browser sent, if it exists; empty for UTC."""
    name = str(written or "")[:64]
    return "" if find_zone(name).key == "UTC" else name
