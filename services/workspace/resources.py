"""Resources: links, code snippets and notes, of a template or of a POC; and the facts of files
(`services.workspace.files` stores and reads them)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from models import (
    GroupTemplate,
    GroupTemplateTask,
    Poc,
    Resource,
    ResourceFile,
    ResourceKind,
    Task,
    TaskGroup,
    TaskTemplate,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import ConflictError, NotFoundError
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.workspace.actions import ResourceAction
from services.workspace.events import (
    GroupTemplateChanged,
    ResourceChanged,
    TaskTemplateChanged,
)
from services.workspace.markdown import htmls_of
from services.workspace.resource_forms import FileForm, ResourceForm
from services.workspace.resource_owners import Belongs, OwnerIds, owners_of, template_of
from services.workspace.rights import (
    by_id,
    check_version,
    get_poc,
    get_poc_to_change,
    stamp,
    tenant_of,
)

FILE = ResourceKind.FILE


@dataclass(frozen=True)
class FileFacts:
    """What a file is, and how large."""

    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ResourceView:
    """A resource as pages show it. `html` is set for a note, `file` for a file; `belongs_to` is
    empty for a whole POC; `customer` is who reads it if it is shared."""

    id: UUID
    kind: ResourceKind
    title: str
    content: str
    html: str
    language: str
    shared: bool
    owner_ids: OwnerIds
    belongs_to: str
    is_archived: bool
    version: int
    changed_at: datetime
    file: FileFacts | None = None
    customer: str = "the customer"


async def list_of_poc(principal: Principal, poc_id: UUID) -> Sequence[ResourceView]:
    """The resources of a POC, of its groups and of its tasks, oldest first."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        return await _listed(view.tx, col(Resource.poc_id) == poc.id, poc.customer)


async def find_resource(resource_id: UUID) -> ResourceView:
    """A resource of a POC as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        found = await tx.exec(
            select(Poc.customer)
            .join(Resource, col(Resource.poc_id) == Poc.id)
            .where(Resource.id == resource_id)
        )
        customer = found.first()
        if customer is None:
            raise NotFoundError
        which = col(Resource.id) == resource_id
        return (await _listed(tx, which, customer, archived=True))[0]


async def list_of_group_template(principal: Principal, group_id: UUID) -> Sequence[ResourceView]:
    """The resources of a group template, and of the task templates that stand in it."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        group = await view.get(GroupTemplate, group_id)
        tasks = (
            select(TaskTemplate.id)
            .join(GroupTemplateTask, col(GroupTemplateTask.task_id) == TaskTemplate.id)
            .where(GroupTemplateTask.group_id == group.id, col(TaskTemplate.archived_at).is_(None))
        )
        own = col(Resource.group_template_id) == group.id
        return await _listed(view.tx, own | col(Resource.task_template_id).in_(tasks))


@looks_first
async def add_to_template(
    principal: Principal,
    form: ResourceForm,
    *,
    group_template_id: UUID | None = None,
    task_template_id: UUID | None = None,
) -> UUID:
    """Add a resource to one template; returns its id."""
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        owner_ids = OwnerIds(task_template_id, group_template_id)
        template = await template_of(act, owner_ids, lock=True)
        resource = act.add(Resource(**stamp(act), **form.model_dump(), **_ids(owner_ids)))
        await act.record(ResourceAction.ADDED, template, resource=resource.title)
        tell_changed(act, resource)
        return resource.id


@looks_first
async def add_to_poc(
    principal: Principal,
    poc_id: UUID,
    form: ResourceForm,
    *,
    group_id: UUID | None = None,
    task_id: UUID | None = None,
) -> UUID:
    """Add a resource to a POC, or to one of its groups or tasks; returns its id."""
    async with acting(principal, Permission.COMMENT) as act:
        poc = await get_poc_to_change(act, poc_id)
        owner_ids = await _owner_in(act, poc, group_id, task_id)
        resource = act.add(Resource(**stamp(act), **form.model_dump(), **_ids(owner_ids)))
        await act.record(ResourceAction.ADDED, poc, resource=resource.title)
        tell_changed(act, resource)
        return resource.id


async def _owner_in(act: Act, poc: Poc, group_id: UUID | None, task_id: UUID | None) -> OwnerIds:
    parts: list[TaskGroup | Task] = []
    if group_id is not None:
        parts.append(await act.get(TaskGroup, group_id))
    if task_id is not None:
        parts.append(await act.get(Task, task_id))
    if any(part.poc_id != poc.id for part in parts):
        raise NotFoundError("What it was to belong to isn't there any more. Look again.")
    return OwnerIds(poc_id=poc.id, group_id=group_id, task_id=task_id)


@looks_first
async def edit_of_template(
    principal: Principal,
    resource_id: UUID,
    version: int,
    form: ResourceForm | FileForm,
    *,
    group_template_id: UUID | None = None,
    task_template_id: UUID | None = None,
) -> None:
    """Change a template's resource, and to which template it belongs, if one is given; of a file,
    only what a `FileForm` says, and that."""
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        wanted: list[OwnerIds] = []
        owners: dict[str, UUID | None] = {}
        if group_template_id is not None or task_template_id is not None:
            wanted = [OwnerIds(task_template_id, group_template_id)]
            owners["group_template_id"] = group_template_id
            owners["task_template_id"] = task_template_id
        template, resource = await _of_template(act, resource_id, *wanted)
        before = owners_of(resource)
        await _edit(act, (template, resource), version, form, owners)
        if owners_of(resource) != before:
            _tell_template(act, before)


@looks_first
async def edit_of_poc(
    principal: Principal,
    resource_id: UUID,
    version: int,
    form: ResourceForm | FileForm,
    *,
    group_id: UUID | None = None,
    task_id: UUID | None = None,
) -> None:
    """Change a POC's resource, and to which group or task it belongs; of a file, only what a
    `FileForm` says, and that."""
    async with acting(principal, Permission.COMMENT) as act:
        poc, resource = await get_of_poc(act, resource_id)
        await _owner_in(act, poc, group_id, task_id)
        owners = {"group_id": group_id, "task_id": task_id}
        await _edit(act, (poc, resource), version, form, owners)


@looks_first
async def set_archived_of_template(
    principal: Principal, resource_id: UUID, version: int, *, archived: bool
) -> int:
    """Take a resource out of its template, or put it back. Returns the version that this makes of
    it: the given one, if nothing is to change."""
    async with acting(principal, Permission.ADD_TEMPLATE_RESOURCES) as act:
        return await _set_archived(act, await _of_template(act, resource_id), version, archived)


@looks_first
async def set_archived_of_poc(
    principal: Principal, resource_id: UUID, version: int, *, archived: bool
) -> int:
    """The same for a resource of a POC."""
    async with acting(principal, Permission.COMMENT) as act:
        return await _set_archived(act, await get_of_poc(act, resource_id), version, archived)


async def _of_template(act: Act, resource_id: UUID, *others: OwnerIds) -> tuple[Belongs, Resource]:
    """A resource of a template, and the template, locked; so are these other templates. Group
    templates are locked first, as acts on templates do."""
    resource = await act.get(Resource, resource_id, lock=True)
    if resource.poc_id is not None:
        raise NotFoundError("This resource doesn't exist.")
    own = owners_of(resource)
    in_order = sorted({own, *others}, key=lambda ids: (not ids.group_template_id, str(ids)))
    locked = {ids: await template_of(act, ids, lock=True) for ids in in_order}
    return locked[own], resource


async def get_of_poc(act: Act, resource_id: UUID) -> tuple[Poc, Resource]:
    """A resource of a POC, and the POC, locked, that the actor may change. Raises `NotFoundError`,
    also if it was deleted before its POC was locked."""
    resource = await act.get(Resource, resource_id)
    if resource.poc_id is None:
        raise NotFoundError("This resource doesn't exist.")
    poc = await get_poc_to_change(act, resource.poc_id)
    return poc, await act.get(Resource, resource_id, lock=True)


async def _edit(
    act: Act,
    found: tuple[Belongs, Resource],
    version: int,
    form: ResourceForm | FileForm,
    owners: Mapping[str, Any],
) -> None:
    owner, resource = found
    if isinstance(form, FileForm) is not (resource.kind is FILE):
        raise ConflictError(
            "A file stays a file, and nothing else becomes one. Add a new resource instead."
        )
    values = {**form.model_dump(), **owners}
    if all(getattr(resource, name) == value for name, value in values.items()):
        return
    check_version(version, resource.version, f"“{resource.title}”")
    was_shared = resource.shared
    for name, value in values.items():
        setattr(resource, name, value)
    resource.changed(clock.now(), by_id(act))
    await act.record(ResourceAction.EDITED, owner, resource=resource.title)
    tell_changed(act, resource, was_shared=was_shared)


async def _set_archived(
    act: Act, found: tuple[Belongs, Resource], version: int, archived: bool
) -> int:
    owner, resource = found
    if (resource.archived_at is not None) == archived:
        return version
    check_version(version, resource.version, f"“{resource.title}”")
    resource.archived_at = clock.now() if archived else None
    resource.changed(clock.now(), by_id(act))
    action = ResourceAction.ARCHIVED if archived else ResourceAction.RESTORED
    await act.record(action, owner, resource=resource.title)
    tell_changed(act, resource)
    return resource.version


async def _listed(
    tx: Transaction, which: Any, customer: str = "the customer", *, archived: bool = False
) -> Sequence[ResourceView]:
    found = await tx.exec(
        select(
            Resource, func.coalesce(TaskGroup.title, Task.title, TaskTemplate.title), ResourceFile
        )
        .join(TaskGroup, col(TaskGroup.id) == Resource.group_id, isouter=True)
        .join(Task, col(Task.id) == Resource.task_id, isouter=True)
        .join(TaskTemplate, col(TaskTemplate.id) == Resource.task_template_id, isouter=True)
        .join(ResourceFile, col(ResourceFile.resource_id) == Resource.id, isouter=True)
        .where(which, *([] if archived else [col(Resource.archived_at).is_(None)]))
        .order_by(col(Resource.id))
    )
    rows = found.all()
    htmls = await htmls_of([(note_of(resource), ()) for resource, *_ in rows])
    return [
        replace(_view(resource, html, belongs_to or "", file), customer=customer)
        for (resource, belongs_to, file), html in zip(rows, htmls, strict=True)
    ]


def note_of(resource: Resource) -> str:
    """What a note says, in Markdown; nothing of another resource."""
    return resource.content if resource.kind is ResourceKind.NOTE else ""


def _view(
    resource: Resource,
    html: str,
    belongs_to: str,
    file: ResourceFile | None,
) -> ResourceView:
    return ResourceView(
        id=resource.id,
        kind=resource.kind,
        title=resource.title,
        content=resource.content,
        html=html,
        language=resource.language,
        shared=resource.shared,
        owner_ids=owners_of(resource),
        belongs_to=belongs_to,
        is_archived=resource.archived_at is not None,
        version=resource.version,
        changed_at=resource.changed_at,
        file=facts_of_file(file),
    )


def facts_of_file(file: ResourceFile | None) -> FileFacts | None:
    """What pages show of a file."""
    return FileFacts(file.media_type, file.size, file.sha256) if file else None


def _ids(owner_ids: OwnerIds) -> dict[str, Any]:
    return dict(vars(owner_ids))


def tell_changed(act: Act, resource: Resource, *, was_shared: bool = False) -> None:
    """Tell that a resource is new or changed, of whatever it is."""
    tenant_id = resource.tenant_id
    if resource.poc_id is not None:
        act.publish(
            ResourceChanged(
                tenant_id=tenant_id,
                poc_id=resource.poc_id,
                resource_id=resource.id,
                shared=resource.shared or was_shared,
            )
        )
    else:
        _tell_template(act, owners_of(resource))


def _tell_template(act: Act, owner_ids: OwnerIds) -> None:
    tenant_id = tenant_of(act)
    if (group_id := owner_ids.group_template_id) is not None:
        act.publish(GroupTemplateChanged(tenant_id=tenant_id, template_id=group_id))
    if (task_id := owner_ids.task_template_id) is not None:
        act.publish(TaskTemplateChanged(tenant_id=tenant_id, template_id=task_id))
