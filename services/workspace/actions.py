"""What the log says of the work."""

from collections.abc import Mapping
from typing import Any

from services.audit.actions import AuditAction
from services.audit.words import change, in_a_row
from services.bulk.words import bulk_words
from services.core.words import file_size_words, isolated_where_needed


def _task(details: Mapping[str, Any]) -> str:
    reason = f": {isolated_where_needed(details['reason'])}" if details.get("reason") else ""
    return f"{isolated_where_needed(details.get('task', ''))}: {change(details)}{reason}"


def _assigned(details: Mapping[str, Any]) -> str:
    said = [
        f"{words} {isolated_where_needed(details[name])}"
        for name, words in (("to", "to"), ("no_more", "no more to"))
        if details.get(name)
    ]
    return f"{isolated_where_needed(details.get('task', ''))}: {', '.join(said)}"


def _resource(details: Mapping[str, Any]) -> str:
    size = details.get("size")
    return in_a_row({**details, "size": file_size_words(size)} if size else details)


def _given(details: Mapping[str, Any]) -> str:
    return bulk_words(details, *([f"to {details['owner']}"] if details.get("owner") else []))


class TemplateAction(AuditAction):
    """What is done to templates."""

    CREATED = "template.created", "Template created"
    EDITED = "template.edited", "Template edited"
    ARCHIVED = "template.archived", "Template archived"
    RESTORED = "template.restored", "Template restored"
    EXPORTED = "template.exported", "Templates exported"
    GROUPS_ARCHIVED = "template.groups_archived", "Groups archived in bulk", bulk_words
    GROUPS_RESTORED = "template.groups_restored", "Groups restored in bulk", bulk_words
    TASKS_ARCHIVED = "template.tasks_archived", "Task templates archived in bulk", bulk_words
    TASKS_RESTORED = "template.tasks_restored", "Task templates restored in bulk", bulk_words


class PocAction(AuditAction):
    """What is done to POCs."""

    CREATED = "poc.created", "POC created"
    EDITED = "poc.edited", "POC edited"
    STATUS_CHANGED = "poc.status_changed", "POC status changed", change
    HANDED_OVER = "poc.handed_over", "POC handed over", change
    ARCHIVED = "poc.archived", "POC archived"
    RESTORED = "poc.restored", "POC restored"
    EXPORTED = "poc.exported", "POCs exported"
    MANY_ARCHIVED = "poc.many_archived", "POCs archived in bulk", bulk_words
    MANY_RESTORED = "poc.many_restored", "POCs restored in bulk", bulk_words
    MANY_HANDED_OVER = "poc.many_handed_over", "POCs handed over in bulk", _given


class MemberAction(AuditAction):
    """What is done to a POC's team."""

    ADDED = "member.added", "Member added"
    REMOVED = "member.removed", "Member removed"


class GroupAction(AuditAction):
    """What is done to groups of tasks."""

    ADDED = "group.added", "Group added"
    EDITED = "group.edited", "Group edited"
    ASSIGNED = "group.assigned", "Group assigned"
    ARCHIVED = "group.archived", "Group archived"
    RESTORED = "group.restored", "Group restored"


class TaskAction(AuditAction):
    """What is done to tasks."""

    ADDED = "task.added", "Task added"
    EDITED = "task.edited", "Task edited"
    ASSIGNED = "task.assigned", "Task assigned", _assigned
    STATUS_CHANGED = "task.status_changed", "Task status changed", _task
    ACCEPTED = "task.accepted", "Task accepted"
    ACCEPTANCE_TAKEN_BACK = "task.acceptance_taken_back", "Acceptance taken back"
    ARCHIVED = "task.archived", "Task archived"
    RESTORED = "task.restored", "Task restored"


class CriterionAction(AuditAction):
    """What is done to success criteria."""

    ADDED = "criterion.added", "Criterion added"
    EDITED = "criterion.edited", "Criterion edited"
    RESULT_SET = "criterion.result_set", "Criterion result set", _task
    ARCHIVED = "criterion.archived", "Criterion archived"
    RESTORED = "criterion.restored", "Criterion restored"


class ResourceAction(AuditAction):
    """What is done to resources."""

    ADDED = "resource.added", "Resource added", _resource
    EDITED = "resource.edited", "Resource edited"
    ARCHIVED = "resource.archived", "Resource archived"
    RESTORED = "resource.restored", "Resource restored"
    DELETED = "resource.deleted", "Archived file deleted", _resource


class CommentAction(AuditAction):
    """What is done to comments."""

    POSTED = "comment.posted", "Comment posted"
    EDITED = "comment.edited", "Comment edited"
    REMOVED = "comment.removed", "Comment removed"


class CalendarAction(AuditAction):
    """What is done to an admin's calendar of who ends."""

    TOLD = "calendar.told", "Calendar address shown"
    REVOKED = "calendar.revoked", "Calendar address revoked"
