"""Percentiles of a sample."""

import statistics
from collections.abc import Sequence


class Spread:
    """The shape of a sample of durations, in milliseconds."""

    def __init__(self, sample: Sequence[float]) -> None:
        self.sample = sorted(sample) or [float("nan")]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.sample)

    @property
    def p99(self) -> float:
        """What 99 of 100 stay under."""
        return self.sample[min(len(self.sample) - 1, int(len(self.sample) * 0.99))]

    @property
    def numbers(self) -> tuple[float, float, float]:
        """The median, the 99th percentile and the worst."""
        return round(self.p50, 2), round(self.p99, 2), round(self.sample[-1], 2)
