"""How a loop tells a trouble that lasts, such as a database that is away."""

import logging

from services.core.repeats import Repeats
from services.database import runtime


def warn(log: logging.Logger, words: str) -> None:
    """Log a warning, the same words once a minute at most: a loop meets the same trouble each time,
    and would fill the disk."""
    runtime.current().part(Repeats).tell(log, logging.WARNING, words)
