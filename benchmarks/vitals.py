"""What a server process holds."""

import asyncio
import gc
import os
import time
from pathlib import Path

from nicegui import Client


def vitals() -> dict[str, float]:
    """What a server process holds right now: memory in KiB, and counts that must not grow."""
    gc.collect()
    return {
        "memory": memory_of(os.getpid()),
        "tasks": len(asyncio.all_tasks()),
        "clients": len(Client.instances),
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - not files on disk
        "cpu": time.process_time(),
    }


def memory_of(pid: int) -> float:
    """A process's memory in KiB, read from outside."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used so far, by what Linux counts (proc(5),
    schedstat); the process isn't asked."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
