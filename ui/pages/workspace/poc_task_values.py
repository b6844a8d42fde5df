"""What the dialogs about a POC's tasks and groups begin with, and what the tab shows of them."""

from collections.abc import Sequence
from typing import Any

from services.users.selection import Person
from services.workspace.fields import WorkForm
from services.workspace.task_list import GroupView, TaskView
from services.workspace.tasks import TaskForm
from ui import work_feed


def facts_of(work: TaskView | GroupView) -> dict[str, Any]:
    """The values with which the dialog that edits a task or a group begins."""
    form = TaskForm if isinstance(work, TaskView) else WorkForm
    return {name: getattr(work, name) for name in form.model_fields}


def standing_of(task: TaskView) -> Sequence[str]:
    """How a task stands, and who does it, for those who may only read it."""
    status = task.status.label + (f": {task.blocked_reason}" if task.blocked_reason else "")
    return [status, ", ".join(person.name for person in task.assignees) or "Nobody"]


def chosen_of(work: TaskView | GroupView) -> dict[str, Any]:
    """The people with whom the dialog that assigns a task or a group begins, as its search shows
    them."""
    return {
        "assignee_ids": _people(work, of_customer=False),
        "customer_ids": _people(work, of_customer=True),
    }


def _people(work: TaskView | GroupView, *, of_customer: bool) -> list[Person]:
    return [
        Person.of(one.id, one.name, one.email, one.picture)
        for one in work.assignees
        if one.is_customer == of_customer
    ]


def values_of(found: Sequence[GroupView]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Groups and their tasks, as plain values."""
    return (
        [work_feed.group_values(group) for group in found],
        [work_feed.task_values(task) for group in found for task in group.tasks],
    )
