"""NiceGUI's pool of processes, which Rollcall has no use for."""

from nicegui import run


def without_process_pool() -> None:
    """Have NiceGUI start without its pool for `run.cpu_bound`, which nothing here calls.

    The pool's semaphores are files in /dev/shm: where that is read-only or full, nothing would
    start.
    """
    run.setup = _no_pool


def _no_pool() -> None:
    """In the place of `nicegui.run.setup`."""
