"""The receipt of a cut: what became of a user's open pages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Receipt:
    """How many pages were open, how many answered that they closed, and the slowest answer.

    `slowest_ms` is the time from the commit to the last page's own answer, in milliseconds; none
    where no page answered.
    """

    pages: int
    answered: int
    slowest_ms: float | None
