"""What the log says of an act on many rows, of any noun."""

from collections.abc import Mapping
from typing import Any


def bulk_words(details: Mapping[str, Any], *own: str) -> str:
    """How many rows an act on many changed, how many were selected, and what else there is to say;
    `own` is what its kind alone has to say."""
    people, changed = details.get("people", 0), details.get("changed", 0)
    parts = [f"{changed:,} of {people:,} selected"]
    if details.get("failed"):
        parts.append(f"{details['failed']:,} failed")
    parts += own
    parts += [str(details[name]) for name in ("why", "reason") if details.get(name)]
    return ", ".join(parts)
