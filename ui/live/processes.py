"""NiceGUI's pool of processes, which Rollcall doesn't use."""

from nicegui import run


def without_process_pool() -> None:
    """Have NiceGUI start without its pool for `run.cpu_bound`, which nothing here calls.

    The pool's semaphores are files in /dev/shm: if that is read-only or full, nothing would start.
    """
    run.setup = _no_pool


def _no_pool() -> None:
    """Replaces `nicegui.run.setup`."""
