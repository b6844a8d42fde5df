"""What the details of an entry say, in words: what several packages' actions share."""

from collections.abc import Callable, Mapping
from typing import Any

Say = Callable[[Mapping[str, Any]], str]
"""Says the details of an entry in words."""

# What ties entries together, and lists of the ends of other chains: nothing for a reader.
_UNSAID = frozenset({"heads", "run"})


def in_a_row(details: Mapping[str, Any]) -> str:
    """The values of the details, one after the other."""
    shown = [v for name, v in details.items() if v not in (None, "") and name not in _UNSAID]
    return ", ".join(map(str, shown))


def change(details: Mapping[str, Any]) -> str:
    """What it was, and what it is now."""
    return f"{details.get('before', '')} → {details.get('after', '')}"


def counted(count: int, noun: str) -> str:
    """How many there are, with their noun; nothing if there are none."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else ""


def heads(details: Mapping[str, Any]) -> str:
    count = len(details.get("heads", ()))
    return "of 1 chain" if count == 1 else f"of {count:,} chains"


def receipt(details: Mapping[str, Any]) -> str:
    pages, answered = details.get("pages", 0), details.get("answered", 0)
    if not pages and not details.get("unheard"):
        return "no page was open"
    noun = "page" if pages == 1 else "pages"
    text = f"{pages} open {noun} closed"
    if details.get("slowest_ms") is not None:
        text += f", the last one after {round(details['slowest_ms'])} ms"
    if answered < pages:
        text += f" ({pages - answered} didn't answer and were disconnected)"
    if details.get("unheard"):
        text += ", not counting a replica that hasn't reported"
    return text
