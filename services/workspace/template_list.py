"""Templates as their lists and their editor show them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import col, select

from models import GroupTemplate, GroupTemplateTask, TaskTemplate
from services.access.actor import Principal
from services.access.permissions import Permission, Secret, may
from services.audit.acting import Act, View, acting, viewing
from services.database.looking import looks_first
from services.database.transaction import reading
from services.lists.declaration import LiveList
from services.lists.export import csv_pieces
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery, in_words
from services.lists.slices import Slice, read_slice
from services.workspace.actions import TemplateAction
from services.workspace.deleting import some_archived_file_of_group
from services.workspace.plans import templates_of
from services.workspace.rights import tenant_of
from services.workspace.template_rows import (
    GROUP_TEMPLATES,
    TASK_TEMPLATES,
    GroupTemplateRow,
    TaskTemplateRow,
    count_group_resources,
    count_groups,
    count_tasks,
    group_rows,
    task_rows,
)


@dataclass(frozen=True)
class GroupTemplateDetails:
    """A group template with its tasks in their order. `resources` counts those of its tasks, too;
    `may_change` is about the visitor; `can_take_in` is whether there are task templates that it
    hasn't got yet, and `archived_files` whether a file of it is archived."""

    row: GroupTemplateRow
    tasks: Sequence[TaskTemplateRow]
    resources: int
    may_change: bool
    can_take_in: bool
    archived_files: bool


async def list_groups(principal: Principal, query: ListQuery) -> Slice[GroupTemplateRow]:
    """A page of the organisation's group templates."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        return await read_slice(view.tx, GROUP_TEMPLATES, query, tenant_of(view))


async def open_groups(principal: Principal, url: Mapping[str, Any]) -> Opened[GroupTemplateRow]:
    """The same by a url's parameters, with what the principal chose for the list: what its page
    begins with."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        tenant_of(view)
        return await read_opening(view, GROUP_TEMPLATES, url)


async def list_tasks(principal: Principal, query: ListQuery) -> Slice[TaskTemplateRow]:
    """A page of the organisation's task templates."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        return await read_slice(view.tx, TASK_TEMPLATES, query, tenant_of(view))


async def open_tasks(principal: Principal, url: Mapping[str, Any]) -> Opened[TaskTemplateRow]:
    """The same by a url's parameters, with what the principal chose for the list: what its page
    begins with."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        tenant_of(view)
        return await read_opening(view, TASK_TEMPLATES, url)


async def list_to_begin_from(principal: Principal) -> Sequence[GroupTemplateRow]:
    """The group templates that a POC can be begun from, by title."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        found = await view.tx.exec(
            select(GroupTemplate)
            .where(
                GroupTemplate.tenant_id == tenant_of(view), col(GroupTemplate.archived_at).is_(None)
            )
            .order_by(col(GroupTemplate.title_key), col(GroupTemplate.id))
        )
        return await group_rows(view.tx, found.all())


async def list_to_take_in(principal: Principal, group_id: UUID) -> Sequence[TaskTemplateRow]:
    """The task templates that a group can take in: those that it hasn't got yet, by title."""
    async with viewing(principal, Permission.CREATE_TEMPLATES) as view:
        await view.get(GroupTemplate, group_id)
        found = await view.tx.exec(
            select(TaskTemplate)
            .where(_can_take_in(tenant_of(view), group_id))
            .order_by(col(TaskTemplate.title_key), col(TaskTemplate.id))
        )
        return await task_rows(view.tx, found.all())


def _can_take_in(tenant_id: UUID, group_id: UUID) -> ColumnElement[bool]:
    known = select(GroupTemplateTask.task_id).where(GroupTemplateTask.group_id == group_id)
    return and_(
        col(TaskTemplate.tenant_id) == tenant_id,
        col(TaskTemplate.archived_at).is_(None),
        col(TaskTemplate.id).not_in(known),
    )


@looks_first
async def export_groups(
    principal: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The group templates that a query finds as a CSV file, in pieces, with these columns.

    The export itself is logged before anything is read.
    """
    async with acting(principal, Secret.TEMPLATES_EXPORT) as act:
        await _note_export(act, GROUP_TEMPLATES, query)
    return _pieces(principal, GROUP_TEMPLATES, query, columns)


@looks_first
async def export_tasks(
    principal: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The same for the task templates."""
    async with acting(principal, Secret.TEMPLATES_EXPORT) as act:
        await _note_export(act, TASK_TEMPLATES, query)
    return _pieces(principal, TASK_TEMPLATES, query, columns)


async def _note_export(act: Act, live_list: LiveList[Any], query: ListQuery) -> None:
    tenant_of(act)
    filters = in_words(live_list, query)
    await act.record(TemplateAction.EXPORTED, list=live_list.plural, filters=filters)


def _pieces(
    principal: Principal, live_list: LiveList[Any], query: ListQuery, columns: Sequence[str]
) -> AsyncIterator[str]:
    look = partial(viewing, principal, Permission.VIEW_TEMPLATES)
    return csv_pieces(look, live_list, query, columns)


async def find_counts(tenant_id: UUID) -> dict[str, int]:
    """How many groups and tasks there are, without archived ones, to tell the open pages."""
    async with reading() as tx:
        return {
            "groups": await count_groups(tx, tenant_id),
            "tasks": await count_tasks(tx, tenant_id),
        }


async def get_group(principal: Principal, group_id: UUID) -> GroupTemplateDetails:
    """A group template with its tasks; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        group = await view.get(GroupTemplate, group_id)
        (row,) = await group_rows(view.tx, [group])
        tasks = await task_rows(view.tx, await templates_of(view, group.id))
        resources = await count_group_resources(view.tx, [group.id])
        offered: Any = sqlalchemy.select(
            exists().where(_can_take_in(tenant_of(view), group.id)),
            some_archived_file_of_group(group.id),
        )
        can_take_in, files = (await view.tx.exec(offered)).one()
        return GroupTemplateDetails(
            row, tasks, resources[group.id], _may_change(view), can_take_in, files
        )


async def get_task(principal: Principal, task_id: UUID) -> TaskTemplateRow:
    """A task template; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        return (await task_rows(view.tx, [await view.get(TaskTemplate, task_id)]))[0]


def _may_change(view: View) -> bool:
    return view.user is not None and may(view.user.role, Permission.CREATE_TEMPLATES)
