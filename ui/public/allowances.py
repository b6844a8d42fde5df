"""How often strangers may ask for what costs something: counted in this process, per network. It
spares the processor and those who write, and guards nothing."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from services.core import runtime
from services.core.networks import network_of

MOST = 10_000
"""Networks that are remembered for all of it together."""


class _Buckets(OrderedDict[tuple[str, str], tuple[float, float]]):
    """What is left to each network, and when that was counted; the one seen last is at the end."""


@dataclass(frozen=True)
class Allowance:
    """So many at once of what `name` says, of which so many a second come back."""

    name: str
    burst: float
    per_second: float

    def spend(self, ip: str) -> bool:
        """Whether whoever calls from there may ask once more, which is counted."""
        now, buckets = time.monotonic(), runtime.current().part(_Buckets)
        key = (self.name, network_of(ip))
        left, counted = buckets.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - counted) * self.per_second) - 1
        buckets[key] = (max(left, 0), now)
        if len(buckets) > MOST:
            buckets.popitem(last=False)
        return left >= 0
