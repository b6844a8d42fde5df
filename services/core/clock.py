"""The one clock. Everything that asks for the time asks here, so that tests can move it."""

from datetime import UTC, datetime, timedelta

# The clocks of two replicas may differ by this much, and each uses times that the other wrote.
# (With NTP they differ by milliseconds.)
APART = timedelta(minutes=1)

_shift = timedelta(0)


def now() -> datetime:
    """The time in UTC, aware."""
    return datetime.now(UTC) + _shift


def shift(by: timedelta) -> None:
    """Shift the clock by this much from real time; zero sets it right. For tests only."""
    global _shift  # noqa: PLW0603 - one clock for the whole process is the point of this module
    _shift = by
