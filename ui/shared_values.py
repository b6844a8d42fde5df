"""The shared side of a POC as plain values for a customer's browser, made from what was read for
it."""

from typing import Any
from urllib.parse import urlsplit

from models import ResourceKind
from services.core.words import count_words, isolated_where_needed
from services.workspace.customers.shared import (
    SharedComment,
    SharedComments,
    SharedCriterion,
    SharedGroup,
    SharedPoc,
    SharedResource,
    SharedTask,
)
from services.workspace.people import Person
from ui.work_words import day_words, due_words, file_words, period_words


def values_of(poc: SharedPoc) -> dict[str, Any]:
    """A POC as plain values, for the customer's browser."""
    dates = period_words(poc.start_on, poc.end_on)
    customer, team = (isolated_where_needed(name) for name in (poc.customer, poc.team))
    return {
        "title": poc.title,
        "facts": f"{customer} with {team} · {dates}",
        "contact": _name(poc.contact),
        "team": poc.team,
        "customer": poc.customer,
        "tasks": [task_values(task) for task in poc.tasks],
        "criteria": [criterion_values(row) for row in poc.criteria],
        "comments": comments_values(poc.comments),
        "earlier": poc.comments.has_earlier,
        "resources": [resource_values(row) for row in poc.resources],
    }


def comments_values(found: SharedComments) -> list[dict[str, Any]]:
    """Comments as plain values."""
    return [comment_values(row) for row in found.comments]


def comment_values(row: SharedComment) -> dict[str, Any]:
    """A comment as plain values."""
    return {
        "id": str(row.id),
        "author": _name(row.author),
        "from_customer": row.author.is_customer,
        "html": row.html,
        "at": row.created_at.isoformat(),
        "edited": row.is_edited and not row.is_removed,
        "removed": row.is_removed,
        "version": row.version,
    }


def criterion_values(row: SharedCriterion) -> dict[str, Any]:
    """A criterion as plain values; for an archived one only its id and that it is archived."""
    if row.is_archived:
        return {"id": str(row.id), "archived": True, "version": row.version}
    return {
        "id": str(row.id),
        "title": row.title,
        "said": " of ".join(filter(None, (row.achieved, row.target))),
        "result": row.result.value,
        "label": row.result.label,
        "position": row.position,
        "version": row.version,
    }


def task_values(task: SharedTask) -> dict[str, Any]:
    """A task as plain values; for an archived one only its id and that it is archived."""
    if task.is_archived:
        return {"id": str(task.id), "archived": True, "version": task.version}
    words, tone = due_words(task.due_on, task.today, is_done=task.done_on is not None)
    people = ", ".join(isolated_where_needed(_name(person)) for person in task.people)
    if task.done_on is not None:
        tone, words = "", f"done {day_words(task.done_on)}"
        people = f"by {isolated_where_needed(task.done_by)}" if task.done_by else ""
    accepted = ""
    if task.accepted_at:
        accepted = f"accepted by {isolated_where_needed(task.accepted_by)}"
    said = " · ".join(filter(None, (words, people, accepted)))
    return {
        "id": str(task.id),
        "title": task.title,
        "description": task.description,
        "group": group_values(task.group),
        "side": task.side.value,
        "status": task.status.value,
        "said": said[:1].upper() + said[1:],
        "due_tone": tone,
        "reason": task.reason,
        "waits": task.waits,
        "due": task.due_on.isoformat() if task.due_on else "",
        "position": task.position,
        "version": task.version,
    }


def group_values(group: SharedGroup) -> dict[str, Any]:
    """A group of tasks as plain values."""
    return {"id": str(group.id), "title": group.title, "position": group.position}


def resource_values(row: SharedResource) -> dict[str, Any]:
    """A resource as plain values; of one that isn't shared any more only its id and that."""
    if row.is_archived:
        return {"id": str(row.id), "archived": True, "version": row.version}
    said = {
        ResourceKind.LINK: urlsplit(row.content).netloc,
        ResourceKind.CODE: count_words(len(row.content.splitlines()), "line"),
        ResourceKind.FILE: file_words(row.file) if row.file else "",
    }.get(row.kind, f"Note, {day_words(row.changed_on)}")
    return {
        "id": str(row.id),
        "kind": row.kind.value,
        "title": row.title,
        "content": row.content,
        "html": row.html,
        "said": said,
        "version": row.version,
    }


def _name(person: Person) -> str:
    return person.name if person.active else f"{person.name} (inactive)"
