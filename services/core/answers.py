"""What a command answers the person who typed it."""

import os
import signal
import sys

UNREAD = 128 + signal.SIGPIPE
"""The exit status where nobody reads the answer, as shells tell it of other tools."""


class UnreadAnswerError(Exception):
    """Nobody reads the answer any more: the command was piped into one that has ended."""


def say(text: str) -> None:
    """Answer the person who typed the command. Raises `UnreadAnswerError`."""
    _write(f"{text}\n")


def say_rest() -> None:
    """Say now what would otherwise be said at the end. Raises `UnreadAnswerError`."""
    _write("")


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise UnreadAnswerError from error


def say_no_more() -> None:
    """Leave unsaid what waits: at its end Python would try again, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
