"""How often strangers may ask for what costs something: counted in this process, per network. It
saves processor time and turns to write; it isn't a protection."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from services.core.networks import network_of
from services.database import runtime

MOST = 10_000
"""How many networks are remembered, for everything together."""


class _Buckets(OrderedDict[tuple[str, str], tuple[float, float]]):
    """What is left for each network, and when that was counted; the network seen last is at the
    end."""


@dataclass(frozen=True)
class Allowance:
    """This many requests at once of what `name` says; this many of them come back each second."""

    name: str
    burst: float
    per_second: float

    def spend(self, ip: str) -> bool:
        """Whether a caller from there may ask once more, which is counted."""
        now, buckets = time.monotonic(), runtime.current().part(_Buckets)
        key = (self.name, network_of(ip))
        left, counted = buckets.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - counted) * self.per_second) - 1
        buckets[key] = (max(left, 0), now)
        if len(buckets) > MOST:
            buckets.popitem(last=False)
        return left >= 0
