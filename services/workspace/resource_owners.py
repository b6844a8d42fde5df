"""What a resource belongs to: a template, or a POC or a part of it."""

from dataclasses import dataclass
from uuid import UUID

from models import GroupTemplate, Poc, Resource, TaskTemplate
from services.audit.acting import View
from services.core.errors import ConflictError, NotFoundError

Belongs = Poc | GroupTemplate | TaskTemplate


@dataclass(frozen=True)
class OwnerIds:
    """What a resource belongs to: one of these, or a POC's group or task."""

    task_template_id: UUID | None = None
    group_template_id: UUID | None = None
    poc_id: UUID | None = None
    group_id: UUID | None = None
    task_id: UUID | None = None


def owners_of(resource: Resource) -> OwnerIds:
    """What a resource belongs to."""
    return OwnerIds(**resource.model_dump(include=set(OwnerIds.__annotations__)))


async def template_of(
    view: View, owner_ids: OwnerIds, *, lock: bool = False
) -> GroupTemplate | TaskTemplate:
    """The template that owns a resource, of the tenant; an act locks it, so that nobody archives it
    meanwhile. Raises `NotFoundError`, and `ConflictError` for an archived one."""
    template: GroupTemplate | TaskTemplate
    if owner_ids.group_template_id is not None:
        template = await view.get(GroupTemplate, owner_ids.group_template_id, lock=lock)
    elif owner_ids.task_template_id is not None:
        template = await view.get(TaskTemplate, owner_ids.task_template_id, lock=lock)
    else:
        raise NotFoundError("This template doesn't exist.")
    if template.archived_at is not None:
        raise ConflictError(f"“{template.title}” is archived. Restore it first.")
    return template
