"""The one clock. Everything that asks for the time asks here, so that tests can move it."""

from datetime import UTC, datetime, timedelta

# The clocks of two replicas may be this far apart, and take each other's times for their own. (In
# step by NTP, they differ by milliseconds.)
APART = timedelta(minutes=1)

_shift = timedelta(0)


def now() -> datetime:
    """The time in UTC, aware."""
    return datetime.now(UTC) + _shift


def shift(by: timedelta) -> None:
    """Move the clock by so much from real time (zero puts it right). For tests alone."""
    global _shift  # noqa: PLW0603 - one clock for the whole process is the point of this module
    _shift = by
