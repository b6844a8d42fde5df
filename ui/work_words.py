"""The work's days and figures in the words that people use."""

from datetime import date

from services.core.names import listed
from services.core.words import count_words, file_size_words
from services.workspace.file_types import type_label
from services.workspace.progress import Part
from services.workspace.resources import FileFacts

DANGER, WARNING = "danger", "warning"


def day_words(day: date | None, never: str = "–") -> str:
    """A day, as it is written everywhere: 24 Nov 2026."""
    return f"{day:%-d %b %Y}" if day else never


def span_words(first: date | None, last: date | None) -> str:
    """From when to when: 2 Mar to 5 Mar 2026; if they are equal, one of them."""
    first, last = first or last, last or first
    if first is None or last is None or first == last:
        return day_words(last, "no dates")
    begin = f"{first:%-d %b}" if first.year == last.year else day_words(first)
    return f"{begin} to {day_words(last)}"


def period_words(start: date, end: date | None) -> str:
    """From when to when a POC is, which may have no end."""
    return span_words(start, end) if end else f"{day_words(start)} to no end"


def due_words(day: date | None, today: date, *, is_done: bool = False) -> tuple[str, str]:
    """When something is due, and its tone: "1 day overdue" in red, tomorrow in amber."""
    if day is None:
        return "", ""
    left = (day - today).days
    if is_done:
        return day_words(day), ""
    if left < 0:
        return f"{count_words(-left, 'day')} overdue", DANGER
    if left <= 1:
        return "due today" if left == 0 else "due tomorrow", WARNING
    return f"due {day_words(day)}", ""


def part_words(part: Part) -> str:
    """The progress of one side: 3 of 8."""
    return f"{part.done} of {part.total}" if part.total else "no tasks"


def work_words(pocs: int, tasks: int, groups: int) -> str:
    """How much work there is: 2 POCs, 1 task and 1 group; empty if there is none."""
    counts = ((pocs, "POC"), (tasks, "task"), (groups, "group"))
    return listed([count_words(count, noun) for count, noun in counts if count])


def file_words(file: FileFacts) -> str:
    """The kind and the size of a file: PDF · 11.4 MB."""
    return f"{type_label(file.media_type)} · {file_size_words(file.size)}"
