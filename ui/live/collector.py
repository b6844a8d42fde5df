"""Keeps the garbage collector from stopping everything for a second."""

import gc

THRESHOLDS = (50_000, 20, 50)
"""Allocations until a young collection, and how many of those until an older one. Python's own are
(700, 10, 10), under which a broadcast to 1,000 pages met pauses of a second."""


def quiet_gc() -> None:
    """To be called once, when everything is imported and set up.

    What exists by then lives as long as the process, so the collector needn't look at it again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
