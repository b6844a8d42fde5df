"""Log lines: one per event, as text or as JSON, with nothing in them that could forge another.

Each line names its cause: `about` sets the request or the event, `acting` the person who acts in
it, and every line written meanwhile has both.
"""

import json
import logging
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


@dataclass
class About:
    """What log lines are about: a request (or an event), and its user as soon as that is known."""

    request_id: str
    user_id: UUID | None = None
    events: int = 0


_about: ContextVar[About | None] = ContextVar("about", default=None)


@contextmanager
def about(request_id: str | None = None) -> Iterator[About]:
    """Give what is logged within the block this id, or a new one."""
    scene = About(request_id or secrets.token_hex(8))
    before = _about.set(scene)
    try:
        yield scene
    finally:
        _about.reset(before)


@contextmanager
def about_event(user_id: UUID) -> Iterator[None]:
    """Give what is logged within the block the id of the next event of this connection."""
    connection = _about.get()
    request_id = None
    if connection is not None:
        connection.events += 1
        request_id = f"{connection.request_id}.{connection.events}"
    with about(request_id):
        acting(user_id)
        yield


def acting(user_id: UUID) -> None:
    """From now on, this user is the one who acts."""
    scene = _about.get()
    if scene is not None:
        scene.user_id = user_id


def request_id() -> str | None:
    """The id that lines bear here."""
    scene = _about.get()
    return scene.request_id if scene else None


def on_one_line(text: str) -> str:
    r"""The text with everything shown that isn't printed: `\n` for a line's end, `\\` for `\`."""
    return "".join(
        char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode()
        for char in text
    )


def _facts(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    facts = {"time": at, "level": record.levelname, "logger": record.name}
    scene = _about.get()
    if scene is not None:
        facts["request"] = scene.request_id
        if scene.user_id is not None:
            facts["user"] = str(scene.user_id)
    facts["message"] = record.getMessage()
    if record.exc_info:
        facts["traceback"] = formatter.formatException(record.exc_info)
    return facts


class _Line(logging.Formatter):
    """Text: time, level, logger, request, user, message, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(self, record)
        names = [f"{name}={facts[name]}" for name in ("request", "user") if name in facts]
        head = " ".join([facts["time"], facts["level"], facts["logger"], *names])
        text = "\n".join([facts["message"], *filter(None, [facts.get("traceback")])])
        return on_one_line(f"{head}: {text}")


class _JsonLine(logging.Formatter):
    """JSON: the same, as an object of strings, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_facts(self, record))


_BROKEN_OFF = "ASGI callable returned without completing response."


def _is_said_by_uvicorn_alone(record: logging.LogRecord) -> bool:
    """Whether a line is news: that an answer breaks off is said already, with the reason
    (`ui.headers.answers.LastResort`)."""
    return record.msg != _BROKEN_OFF


def set_up_logging(log_format: str) -> None:
    """Send every log line to standard error, in the chosen format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine() if log_format == "json" else _Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Its lines name every request with its url, and urls hold one-time tokens.
    logging.getLogger("uvicorn.access").disabled = True
    # These name websockets, and what is asked of other servers, the same way.
    for telling in ("uvicorn.error", "httpx", "httpcore", "alembic"):
        logging.getLogger(telling).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_said_by_uvicorn_alone)
    for noisy in ("nicegui", "uvicorn", "uvicorn.error"):
        logging.getLogger(noisy).handlers.clear()
        logging.getLogger(noisy).propagate = True
