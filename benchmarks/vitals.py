"""What a server process holds."""

import asyncio
import gc
import os
import time

from nicegui import Client


def vitals() -> dict[str, float]:
    """What a server process holds right now: memory in KiB, and counts that must not grow."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file on disk
        pages = int(statm.read().split()[1])
    return {
        "memory": pages * os.sysconf("SC_PAGE_SIZE") / 1024,
        "tasks": len(asyncio.all_tasks()),
        "clients": len(Client.instances),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - not files on disk
        "cpu": time.process_time(),
    }
