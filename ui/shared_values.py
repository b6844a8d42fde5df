"""What a POC's shared side is to a customer's browser: plain values, of what was read for it."""

from typing import Any
from urllib.parse import urlsplit

from models import ResourceKind
from services.core import clock
from services.workspace.customers.shared import SharedPoc, SharedResource, SharedTask
from services.workspace.people import Person
from ui.work_words import count_words, day_words, due_words, file_words


def values_of(poc: SharedPoc) -> dict[str, Any]:
    """A POC as plain values, for the customer's browser."""
    dates = f"{day_words(poc.start_on)} to {day_words(poc.end_on, 'no end')}"
    return {
        "title": poc.title,
        "facts": f"{poc.customer} with {poc.team} · {dates}",
        "contact": _name(poc.contact),
        "team": poc.team,
        "tasks": [_task_values(task) for task in poc.tasks],
        "criteria": [
            {
                "id": str(row.id),
                "title": row.title,
                "said": " of ".join(filter(None, (row.achieved, row.target))),
                "result": row.result.value,
                "label": row.result.label,
            }
            for row in poc.criteria
        ],
        "comments": [
            {
                "id": str(row.id),
                "author": _name(row.author),
                "company": poc.customer if row.author.is_customer else poc.team,
                "html": row.html,
                "at": row.created_at.isoformat(),
                "edited": row.is_edited and not row.is_removed,
                "removed": row.is_removed,
            }
            for row in poc.comments
        ],
        "resources": [_resource_values(row) for row in poc.resources],
    }


def _task_values(task: SharedTask) -> dict[str, Any]:
    words, tone = due_words(task.due_on, clock.now().date(), is_done=task.completed_at is not None)
    people = ", ".join(_name(person) for person in task.people)
    if task.completed_at is not None:
        tone, words = "", f"done {day_words(task.completed_at.date())}"
        people = f"by {task.done_by}" if task.done_by else ""
    accepted = f"accepted by {task.accepted_by}" if task.accepted_at else ""
    said = " · ".join(filter(None, (words, people, accepted)))
    return {
        "id": str(task.id),
        "title": task.title,
        "side": task.side.value,
        "status": task.status.value,
        "said": said[:1].upper() + said[1:],
        "due_tone": tone,
        "reason": task.reason,
        "waits": task.waits,
        "version": task.version,
    }


def _resource_values(row: SharedResource) -> dict[str, Any]:
    said = {
        ResourceKind.LINK: urlsplit(row.content).netloc,
        ResourceKind.CODE: count_words(len(row.content.splitlines()), "line"),
        ResourceKind.FILE: file_words(row.file) if row.file else "",
    }.get(row.kind, f"Note, {day_words(row.changed_at.date())}")
    return {
        "id": str(row.id),
        "kind": row.kind.value,
        "title": row.title,
        "content": row.content,
        "html": row.html,
        "said": said,
    }


def _name(person: Person) -> str:
    return person.name if person.active else f"{person.name} (inactive)"
