"""The end of a command by SIGTERM."""

import os
import signal


def end_on_sigterm() -> None:
    """End at SIGTERM, at once, until `serve` handles it: the database rolls back what was begun.

    Otherwise the first process of a container would ignore it (Linux, signal(7)).
    """

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        os._exit(128 + number)  # the first process is still here

    signal.signal(signal.SIGTERM, end)
