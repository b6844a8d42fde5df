"""The service calls of the workspace, each on rows that are put there for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

from models import (
    CriterionResult,
    Importance,
    PocStatus,
    ResourceKind,
    Role,
    TaskStatus,
)
from services.access.actor import Actor
from services.core import clock
from services.lists.query import ListQuery
from services.workspace import (
    archived,
    comments,
    criteria,
    groups,
    history,
    listing,
    members,
    overview,
    plans,
    pocs,
    resources,
    task_list,
    tasks,
    template_list,
    templates,
)
from services.workspace.customers import listing as outsiders
from services.workspace.resource_forms import ResourceForm
from tests.services.call import EVERYONE, MANAGERS, Call
from tests.services.customer_calls import CUSTOMER_ROWS
from tests.services.file_calls import FILE_ROWS
from tests.services.leaving_calls import LEAVING_CALLS
from tests.services.workspace.rows import START, Rows, create_rows

AUTHORS, WORKERS = {Role.ADMINISTRATOR}, {Role.SALES_ENGINEER}


Made = Callable[[Actor, Rows, UUID], Awaitable[object]]


def _on_rows(name: str, allowed: set[Role], run: Made) -> Call:
    """A call on a POC that the actor owns, or on templates of their tenant."""

    async def made(actor: Actor, target: UUID) -> object:
        return await run(actor, await create_rows(actor.tenant_id, actor.user_id), target)

    return Call(f"workspace.{name}", allowed, made, takes_id=False)


def _new_poc() -> pocs.NewPocForm:
    return pocs.NewPocForm(title="New", customer="Customer", start_on=START)


def _facts() -> pocs.PocForm:
    return pocs.PocForm(title=uuid4().hex, customer="Customer", start_on=START)


def _to(user_id: UUID) -> pocs.HandOverForm:
    return pocs.HandOverForm(owner_id=user_id)


def _archived(task_id: UUID) -> archived.Archived:
    return archived.Archived(task_id, 1, "Task", "Trial", clock.now())


def _criterion() -> criteria.CriterionForm:
    return criteria.CriterionForm(title="New", importance=Importance.MUST)


def _note() -> ResourceForm:
    return ResourceForm(kind=ResourceKind.NOTE, title="New", content="Said")


# What is done to which rows; each call's name is followed by who may make it.
ON_ROWS: list[tuple[str, set[Role], Made]] = [
    ("members.list_members", EVERYONE, lambda a, r, _: members.list_members(a, r.poc)),
    ("members.add_member", WORKERS, lambda a, r, t: members.add_member(a, r.poc, t)),
    ("members.remove_member", WORKERS, lambda a, r, t: members.remove_member(a, r.poc, t)),
    (
        "plans.preview",
        EVERYONE,
        lambda a, r, _: plans.preview(a, [r.group_template], START),
    ),
    (
        "templates.create_task",
        AUTHORS,
        lambda a, r, _: templates.create_task(
            a, templates.TaskTemplateForm(title="New"), group_id=r.group_template
        ),
    ),
    (
        "templates.edit_group",
        AUTHORS,
        lambda a, r, _: templates.edit_group(
            a, r.group_template, 1, templates.GroupTemplateForm(title="New")
        ),
    ),
    (
        "templates.edit_task",
        AUTHORS,
        lambda a, r, _: templates.edit_task(
            a, r.task_template, 1, templates.TaskTemplateForm(title="New")
        ),
    ),
    (
        "templates.put_in_group",
        AUTHORS,
        lambda a, r, _: templates.put_in_group(a, r.group_template, 1, r.task_template),
    ),
    (
        "templates.take_out_of_group",
        AUTHORS,
        lambda a, r, _: templates.take_out_of_group(a, r.group_template, 1, r.task_template),
    ),
    (
        "templates.duplicate_group",
        AUTHORS,
        lambda a, r, _: templates.duplicate_group(a, r.group_template),
    ),
    (
        "templates.set_group_archived",
        AUTHORS,
        lambda a, r, _: templates.set_group_archived(a, r.group_template, 1, archived=True),
    ),
    (
        "templates.set_task_archived",
        AUTHORS,
        lambda a, r, _: templates.set_task_archived(a, r.task_template, 1, archived=True),
    ),
    (
        "template_list.get_group",
        EVERYONE,
        lambda a, r, _: template_list.get_group(a, r.group_template),
    ),
    (
        "template_list.list_to_take_in",
        AUTHORS,
        lambda a, r, _: template_list.list_to_take_in(a, r.group_template),
    ),
    (
        "templates.take_in",
        AUTHORS,
        lambda a, r, _: templates.take_in(
            a, r.group_template, 1, templates.TakeInForm(task_ids=(r.task_template,))
        ),
    ),
    (
        "template_list.get_task",
        EVERYONE,
        lambda a, r, _: template_list.get_task(a, r.task_template),
    ),
    ("pocs.edit_poc", WORKERS, lambda a, r, _: pocs.edit_poc(a, r.poc, 1, _facts())),
    (
        "pocs.change_status",
        WORKERS,
        lambda a, r, _: pocs.change_status(a, r.poc, 1, pocs.StatusForm(status=PocStatus.ACTIVE)),
    ),
    ("pocs.hand_over", WORKERS, lambda a, r, t: pocs.hand_over(a, r.poc, 1, _to(t))),
    ("pocs.reassign", MANAGERS, lambda a, r, t: pocs.reassign(a, r.poc, 1, _to(t))),
    (
        "pocs.set_archived",
        WORKERS,
        lambda a, r, _: pocs.set_archived(a, r.poc, 1, archived=True),
    ),
    ("listing.get_details", EVERYONE, lambda a, r, _: listing.get_details(a, r.poc)),
    ("history.list_history", EVERYONE, lambda a, r, _: history.list_history(a, r.poc)),
    (
        "groups.add_group",
        WORKERS,
        lambda a, r, _: groups.add_group(a, r.poc, groups.NewGroupForm(title="New")),
    ),
    (
        "groups.edit_group",
        WORKERS,
        lambda a, r, _: groups.edit_group(a, r.group, 1, groups.GroupForm(title="New")),
    ),
    (
        "groups.assign_group",
        WORKERS,
        lambda a, r, t: groups.assign_group(a, r.group, 1, (t,)),
    ),
    ("groups.move_group", WORKERS, lambda a, r, _: groups.move_group(a, r.group, 1)),
    (
        "groups.set_archived",
        WORKERS,
        lambda a, r, _: groups.set_archived(a, r.group, 1, archived=False),
    ),
    ("task_list.list_groups", EVERYONE, lambda a, r, _: task_list.list_groups(a, r.poc)),
    (
        "tasks.add_task",
        WORKERS,
        lambda a, r, t: tasks.add_task(
            a, tasks.NewTaskForm(title="New", group_id=r.group, assignee_ids=(t,))
        ),
    ),
    (
        "tasks.edit_task",
        WORKERS,
        lambda a, r, _: tasks.edit_task(a, r.task, 1, tasks.TaskForm(title="New")),
    ),
    (
        "tasks.set_status",
        WORKERS,
        lambda a, r, _: tasks.set_status(
            a, r.task, 1, tasks.TaskStatusForm(status=TaskStatus.DONE)
        ),
    ),
    ("tasks.assign", WORKERS, lambda a, r, t: tasks.assign(a, r.task, 1, (t,))),
    (
        "tasks.move_task",
        WORKERS,
        lambda a, r, _: tasks.move_task(a, r.task, 1, group_id=r.group),
    ),
    (
        "tasks.set_archived",
        WORKERS,
        lambda a, r, _: tasks.set_archived(a, r.task, 1, archived=True),
    ),
    ("comments.get_comment", EVERYONE, lambda a, r, _: comments.get_comment(a, r.comment)),
    ("comments.list_comments", EVERYONE, lambda a, r, _: comments.list_comments(a, r.poc)),
    (
        "comments.post",
        WORKERS,
        lambda a, r, _: comments.post(a, r.poc, comments.NewCommentForm(body="New")),
    ),
    (
        "comments.edit",
        WORKERS,
        lambda a, r, _: comments.edit(a, r.comment, 1, comments.CommentForm(body="New")),
    ),
    ("comments.remove", WORKERS, lambda a, r, _: comments.remove(a, r.comment, 1)),
    ("archived.list_archived", EVERYONE, lambda a, r, _: archived.list_archived(a, r.poc)),
    ("archived.bring_back", WORKERS, lambda a, r, _: archived.bring_back(a, _archived(r.task))),
    ("criteria.list_criteria", EVERYONE, lambda a, r, _: criteria.list_criteria(a, r.poc)),
    (
        "criteria.add_criterion",
        WORKERS,
        lambda a, r, _: criteria.add_criterion(a, r.poc, _criterion()),
    ),
    (
        "criteria.edit_criterion",
        WORKERS,
        lambda a, r, _: criteria.edit_criterion(a, r.criterion, 1, _criterion()),
    ),
    (
        "criteria.set_result",
        WORKERS,
        lambda a, r, _: criteria.set_result(
            a, r.criterion, 1, criteria.ResultForm(result=CriterionResult.MET)
        ),
    ),
    (
        "criteria.move_criterion",
        WORKERS,
        lambda a, r, _: criteria.move_criterion(a, r.criterion, 1),
    ),
    (
        "criteria.set_archived",
        WORKERS,
        lambda a, r, _: criteria.set_archived(a, r.criterion, 1, archived=True),
    ),
    *CUSTOMER_ROWS,
    *FILE_ROWS,
    ("resources.list_of_poc", EVERYONE, lambda a, r, _: resources.list_of_poc(a, r.poc)),
    (
        "resources.list_of_group_template",
        EVERYONE,
        lambda a, r, _: resources.list_of_group_template(a, r.group_template),
    ),
    (
        "resources.add_to_template",
        AUTHORS,
        lambda a, r, _: resources.add_to_template(a, _note(), group_template_id=r.group_template),
    ),
    (
        "resources.add_to_poc",
        WORKERS,
        lambda a, r, _: resources.add_to_poc(a, r.poc, _note()),
    ),
    (
        "resources.edit_of_template",
        AUTHORS,
        lambda a, r, _: resources.edit_of_template(a, r.template_resource, 1, _note()),
    ),
    (
        "resources.edit_of_poc",
        WORKERS,
        lambda a, r, _: resources.edit_of_poc(a, r.resource, 1, _note()),
    ),
    (
        "resources.set_archived_of_template",
        AUTHORS,
        lambda a, r, _: resources.set_archived_of_template(
            a, r.template_resource, 1, archived=True
        ),
    ),
    (
        "resources.set_archived_of_poc",
        WORKERS,
        lambda a, r, _: resources.set_archived_of_poc(a, r.resource, 1, archived=True),
    ),
]


def _on_nothing(name: str, allowed: set[Role], run: Callable[[Actor], Awaitable[object]]) -> Call:
    async def made(actor: Actor, _target: UUID) -> object:
        return await run(actor)

    return Call(f"workspace.{name}", allowed, made, takes_id=False)


async def _export(pieces: Awaitable[AsyncIterator[str]]) -> object:
    return [piece async for piece in await pieces]


TAKING_NOTHING = [
    _on_nothing(
        "template_list.list_groups",
        EVERYONE,
        lambda a: template_list.list_groups(a, ListQuery()),
    ),
    _on_nothing(
        "template_list.list_tasks", EVERYONE, lambda a: template_list.list_tasks(a, ListQuery())
    ),
    _on_nothing("template_list.open_groups", EVERYONE, lambda a: template_list.open_groups(a, {})),
    _on_nothing("template_list.open_tasks", EVERYONE, lambda a: template_list.open_tasks(a, {})),
    _on_nothing("listing.open_pocs", EVERYONE, lambda a: listing.open_pocs(a, {})),
    _on_nothing("template_list.list_to_begin_from", EVERYONE, template_list.list_to_begin_from),
    _on_nothing(
        "template_list.export_groups",
        EVERYONE,
        lambda a: _export(template_list.export_groups(a, ListQuery())),
    ),
    _on_nothing(
        "template_list.export_tasks",
        EVERYONE,
        lambda a: _export(template_list.export_tasks(a, ListQuery())),
    ),
    _on_nothing(
        "listing.export_pocs", EVERYONE, lambda a: _export(listing.export_pocs(a, ListQuery()))
    ),
    _on_nothing(
        "templates.create_group",
        AUTHORS,
        lambda a: templates.create_group(a, templates.GroupTemplateForm(title="New")),
    ),
    _on_nothing("pocs.create_poc", WORKERS, lambda a: pocs.create_poc(a, _new_poc())),
    _on_nothing("listing.list_pocs", EVERYONE, lambda a: listing.list_pocs(a, ListQuery())),
    _on_nothing(
        "customers.listing.list_outsiders",
        MANAGERS,
        lambda a: outsiders.list_outsiders(a, ListQuery()),
    ),
    _on_nothing(
        "customers.listing.open_outsiders", MANAGERS, lambda a: outsiders.open_outsiders(a, {})
    ),
    _on_nothing(
        "customers.listing.export_outsiders",
        MANAGERS,
        lambda a: _export(outsiders.export_outsiders(a, ListQuery())),
    ),
    _on_nothing("listing.list_customers", EVERYONE, listing.list_customers),
    _on_nothing("listing.list_owners", EVERYONE, listing.list_owners),
    _on_nothing("listing.list_workers", EVERYONE, listing.list_workers),
    _on_nothing("overview.note_visit", EVERYONE, overview.note_visit),
]
TAKE_NOTHING = {
    "workspace.impact.get_work_impact",
    "workspace.impact.get_work_of_many",
    "workspace.handover.hand_over_work",
    "workspace.handover.list_handovers",
    "workspace.leaving.undo",
    "workspace.wrong_role.correct_role",
    *(call.name for call in TAKING_NOTHING),
}
WORKSPACE_CALLS = [
    *LEAVING_CALLS,
    *TAKING_NOTHING,
    *(_on_rows(*each) for each in ON_ROWS),
]
