"""Log lines: one per event, as text or as JSON, with nothing in them that could forge another."""

import json
import logging
import sys
from datetime import UTC, datetime


class _Line(logging.Formatter):
    """Text: time, level, logger, message; line breaks within are shown, not made."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = f"{at} {record.levelname} {record.name}: {record.getMessage()}"
        line = text.replace("\r", "\\r").replace("\n", "\\n")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonLine(logging.Formatter):
    """JSON: the same, with a traceback as a field."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


def set_up_logging(log_format: str) -> None:
    """Send every log line to standard error, in the chosen format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine() if log_format == "json" else _Line())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Its lines name every request with its address, and addresses hold one-time tokens.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # it names websockets the same way
    for noisy in ("nicegui", "uvicorn", "uvicorn.error"):
        logging.getLogger(noisy).handlers.clear()
        logging.getLogger(noisy).propagate = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
