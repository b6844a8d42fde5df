"""What the details of an entry say, in words: what several packages' actions share."""

from collections.abc import Callable, Mapping
from typing import Any

from services.core.words import count_words, isolated_where_needed

Say = Callable[[Mapping[str, Any]], str]
"""Says the details of an entry in words."""

# What ties entries to others and to rows, and lists of the ends of other chains: nothing for a
# reader.
_UNSAID = frozenset({"comment_id", "heads", "run"})


def in_a_row(details: Mapping[str, Any]) -> str:
    """The values of the details, one after the other."""
    shown = [v for name, v in details.items() if v not in (None, "") and name not in _UNSAID]
    return ", ".join(map(str, shown))


def change(details: Mapping[str, Any]) -> str:
    """What it was, and what it is now."""
    both = (str(details.get(name, "")) for name in ("before", "after"))
    return " → ".join(isolated_where_needed(words) for words in both)


def counted(count: int, noun: str) -> str:
    """How many there are, with their noun; nothing if there are none."""
    return count_words(count, noun) if count else ""
