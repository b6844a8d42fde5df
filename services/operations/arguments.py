"""What the arguments of the command line may be."""

import argparse
from pathlib import Path

from services.core.setting_sources import require_answer


def some(text: str) -> str:
    """Refuse an empty argument: most likely a script's variable isn't set, and what the command
    would do without it isn't what was meant."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty")
    return text


def path(text: str) -> Path:
    """The path of a file or a folder."""
    return Path(some(text))


def at_least_one(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number, 1 or more")
    return int(text)


def require_answers(options: argparse.Namespace) -> None:
    """Refuse a command whose files are on a share that hangs. Raises `OperatorError`."""
    for value in vars(options).values():
        for given in value if isinstance(value, list) else [value]:
            if isinstance(given, Path):
                require_answer(given, f"`{options.command}`")
