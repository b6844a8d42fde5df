"""What happened to the work. An event says which row to read again, and carries none."""

from dataclasses import dataclass
from uuid import UUID

from models import EndReason
from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PocEvent(Event):
    """Something about one POC or in it: its own row may now show another progress, for example."""

    tenant_id: UUID
    poc_id: UUID


@dataclass(frozen=True, kw_only=True)
class PocChanged(PocEvent):
    """A POC is new; or its facts, its status or its owner changed; or it was archived or
    restored."""


@dataclass(frozen=True, kw_only=True)
class MemberChanged(PocEvent):
    """Somebody works on a POC now, or doesn't any more."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class FileDeleted(PocEvent):
    """An archived file was deleted for good: there is more room."""


@dataclass(frozen=True, kw_only=True)
class CustomerChanged(PocEvent):
    """A customer's person is invited to a POC or was taken out of it, was let in or shut out, or
    came for the first time."""

    customer_id: UUID


@dataclass(frozen=True, kw_only=True)
class PocShownNoMore(Event):
    """A customer's person may not see a POC any more, but their session goes on for other POCs:
    their open pages of this POC must close."""

    tenant_id: UUID
    poc_id: UUID
    customer_id: UUID
    reason: EndReason


@dataclass(frozen=True, kw_only=True)
class GroupChanged(PocEvent):
    """A group of tasks is new or changed, or has another position."""

    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class TaskChanged(PocEvent):
    """A task is new or changed, or has another position; `by_id` is the person who did it."""

    task_id: UUID
    by_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class CriterionChanged(PocEvent):
    """A success criterion is new or changed."""

    criterion_id: UUID


@dataclass(frozen=True, kw_only=True)
class CommentChanged(PocEvent):
    """A comment is new, edited or removed."""

    comment_id: UUID
    task_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class ResourceChanged(PocEvent):
    """A resource of a POC is new or changed; `shared` where the customer sees it, or saw it."""

    resource_id: UUID
    shared: bool


@dataclass(frozen=True, kw_only=True)
class TemplateEvent(Event):
    """Something about one template."""

    tenant_id: UUID
    template_id: UUID


@dataclass(frozen=True, kw_only=True)
class TaskTemplateChanged(TemplateEvent):
    """A task template is new or changed, or its resources are."""


@dataclass(frozen=True, kw_only=True)
class GroupTemplateChanged(TemplateEvent):
    """A group template is new or changed, or its tasks, their order or its resources are."""
