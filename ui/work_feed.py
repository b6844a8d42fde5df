"""Brings what happened in POCs and templates to the pages that show them."""

from collections.abc import Awaitable
from functools import partial
from typing import Any
from uuid import UUID

from services.access.events import UserEvent
from services.core.bus import Bus
from services.lists.slices import find_row
from services.mail.events import CustomerMailProgressed
from services.users.events import UserActivated, UserDeactivated, UserEdited
from services.workspace import (
    comments,
    criteria,
    listing,
    members,
    people,
    resources,
    task_list,
    template_list,
)
from services.workspace.comments import CommentView
from services.workspace.customers.list import OUTSIDERS
from services.workspace.customers.people import find_ids_of_poc, find_poc_ids
from services.workspace.events import (
    CommentChanged,
    CriterionChanged,
    CustomerChanged,
    FileDeleted,
    GroupChanged,
    MemberChanged,
    PocChanged,
    PocEvent,
    ResourceChanged,
    TaskChanged,
    TemplateEvent,
)
from services.workspace.people import Person
from services.workspace.task_list import GroupView, TaskView
from services.workspace.template_rows import GROUP_TEMPLATES, TASK_TEMPLATES
from ui import live
from ui.looks import version_of
from ui.notices import people_room
from ui.tables.feed import list_room, tell, tell_row, turns_end
from ui.work_values import (
    criterion_values,
    head_values,
    named_values,
    person_values,
    resource_values,
    team_values,
)
from ui.work_words import due_words


def poc_room(poc_id: UUID) -> live.Room:
    """The room of the team's pages that show one POC."""
    return live.Room("poc-page", poc_id)


def head_room(poc_id: UUID) -> live.Room:
    """The room of the same pages, for what stands above their tabs: it is read after what is in
    them."""
    return live.Room("poc-head", poc_id)


def team_room(poc_id: UUID) -> live.Room:
    """The room of the tabs that show who is on the POC."""
    return live.Room("poc-team", poc_id)


def work_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages that show many of a tenant's POCs, and hear that something changed."""
    return live.Room("work", tenant_id)


def workers_room(tenant_id: UUID | None) -> live.Room:
    """The room of the pages that show who has a tenant's work, and hear who is active."""
    return live.Room("workers", tenant_id)


def templates_room(tenant_id: UUID | None) -> live.Room:
    """The room of a tenant's pages that show one template, and hear that something changed."""
    return live.Room("templates", tenant_id)


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages."""
    bus.subscribe(TaskChanged, _show_task)
    bus.subscribe(GroupChanged, _show_group)
    bus.subscribe(CommentChanged, _show_comment)
    bus.subscribe(CriterionChanged, _show_criterion)
    bus.subscribe(ResourceChanged, _show_resource)
    bus.subscribe(FileDeleted, _have_all_asked)
    for changed in (PocChanged, MemberChanged):
        bus.subscribe(changed, _have_asked)
    bus.subscribe(PocEvent, _show_head)
    bus.subscribe(PocEvent, _show_team)
    bus.subscribe(CustomerChanged, _renew_customers)
    bus.subscribe(CustomerChanged, _renew_selections)
    bus.subscribe(CustomerChanged, _show_customer)
    for event in (UserActivated, UserDeactivated, UserEdited):
        bus.subscribe(event, _show_worker)
    bus.subscribe(CustomerMailProgressed, _refresh_people)
    bus.subscribe(PocChanged, _show_outsiders)
    bus.subscribe(TemplateEvent, _refresh_templates)


async def _show_task(event: TaskChanged) -> None:
    await tell(
        poc_room(event.poc_id),
        "rollcall_task",
        partial(task_list.find_task, event.task_id),
        task_values,
    )


async def _show_group(event: GroupChanged) -> None:
    find = partial(task_list.find_group, event.group_id)
    await tell(poc_room(event.poc_id), "rollcall_group", find, group_values)


async def _show_comment(event: CommentChanged) -> None:
    find = partial(comments.find_comment, event.comment_id)
    await tell(poc_room(event.poc_id), "rollcall_comment", find, comment_values)


async def _show_criterion(event: CriterionChanged) -> None:
    find = partial(criteria.find_criterion, event.criterion_id)
    await tell(poc_room(event.poc_id), "rollcall_criterion", find, criterion_values)


async def _show_resource(event: ResourceChanged) -> None:
    find = partial(resources.find_resource, event.resource_id)
    await tell(poc_room(event.poc_id), "rollcall_resource", find, resource_values)


async def _have_all_asked(event: PocEvent) -> None:
    await live.tell_missed(poc_room(event.poc_id))


async def _have_asked(event: PocEvent) -> None:
    """What somebody may do in a POC differs by person, so each page asks; and with it changes who
    from the customer's is shown the POC."""
    await live.broadcast(poc_room(event.poc_id), "rollcall_poc", {})
    await live.broadcast(team_room(event.poc_id), "rollcall_customers", {})


async def _show_head(event: PocEvent) -> None:
    find = partial(listing.find_head, event.poc_id)
    await tell(head_room(event.poc_id), "rollcall_poc_head", find, head_values)
    await live.broadcast(work_room(event.tenant_id), "rollcall_work", {})


async def _show_team(event: PocEvent) -> None:
    if isinstance(event, TaskChanged | MemberChanged | PocChanged):
        find = partial(members.find_team, event.poc_id)
        await tell(team_room(event.poc_id), "rollcall_team", find, team_values)


async def _renew_customers(event: CustomerChanged) -> None:
    await live.broadcast(team_room(event.poc_id), "rollcall_customers", {})


def _show_worker(event: UserEvent) -> Awaitable[None] | None:
    room = workers_room(event.tenant_id)
    return _send_worker(room, event.user_id) if live.is_watched(room) else None


async def _send_worker(room: live.Room, user_id: UUID) -> None:
    await turns_end()
    await tell(room, "rollcall_person", partial(people.find_worker, user_id), _person_values)


async def _show_customer(event: CustomerChanged) -> None:
    find = partial(people.find_customer, event.customer_id)
    await tell(poc_room(event.poc_id), "rollcall_person", find, _person_values)


async def _renew_selections(event: CustomerChanged) -> None:
    await live.broadcast(people_room(event.tenant_id), "rollcall_people", {})


async def _show_outsiders(event: PocChanged) -> None:
    """The list of outsiders names the POC of each, and says whether it is closed."""
    if live.is_watched(list_room(OUTSIDERS.noun, event.tenant_id)):
        for customer_id in await find_ids_of_poc(event.poc_id):
            await _show_outsider(event.tenant_id, customer_id, event.committed_at)


async def _show_outsider(tenant_id: UUID | None, customer_id: UUID, committed_at: float) -> None:
    find = partial(find_row, OUTSIDERS, customer_id)
    await tell_row(OUTSIDERS, tenant_id, find, {}, committed_at)


async def _refresh_people(event: CustomerMailProgressed) -> None:
    await _show_outsider(event.tenant_id, event.customer_id, event.committed_at)
    for poc_id in await find_poc_ids(event.customer_id):
        await live.broadcast(team_room(poc_id), "rollcall_customers", {})
    await live.broadcast(work_room(event.tenant_id), "rollcall_work", {})


async def _refresh_templates(event: TemplateEvent) -> None:
    await live.broadcast(templates_room(event.tenant_id), "rollcall_templates", {})
    find = partial(template_list.find_counts, event.tenant_id)
    for live_list in (GROUP_TEMPLATES, TASK_TEMPLATES):
        await tell(list_room(live_list.noun, event.tenant_id), "rollcall_tallies", find, dict)


def _person_values(person: Person) -> dict[str, Any]:
    return person_values(person) | named_values(person)


def group_values(group: GroupView) -> dict[str, Any]:
    """A group as plain values, without its tasks. Empty values are left out."""
    values = {
        "id": str(group.id),
        "title": group.title,
        "description": group.description,
        "side": group.side.value,
        "start": group.start_on.isoformat() if group.start_on else "",
        "end": group.due_on.isoformat() if group.due_on else "",
        "people": [person_values(person) for person in group.assignees],
        "position": group.position,
        "archived": group.is_archived,
        "version": group.version,
    }
    return {name: value for name, value in values.items() if value}


def task_values(task: TaskView) -> dict[str, Any]:
    """A task as plain values, for the list, the board and the timeline. Empty values are left out;
    the browser knows them (`complete` in `poc_tasks.js`)."""
    words, tone = due_words(task.due_on, task.today, is_done=task.completed_at is not None)
    values = {
        "id": str(task.id),
        "group": str(task.group_id),
        "title": task.title,
        "description": task.description,
        "side": task.side.value,
        "status": task.status.value,
        "reason": task.blocked_reason,
        "start": task.start_on.isoformat() if task.start_on else "",
        "end": task.due_on.isoformat() if task.due_on else "",
        "due": words,
        "due_tone": tone,
        "people": [person_values(person) for person in task.assignees],
        "comments": task.comments,
        "accepted": task.accepted_by.name if task.accepted_by else "",
        "completed": task.completed_at.isoformat(timespec="seconds") if task.completed_at else "",
        "position": task.position,
        "archived": task.is_archived,
        "version": task.version,
        "by": task.changed_by.name if task.changed_by else "",
    }
    return {name: value for name, value in values.items() if value}


def comment_values(comment: CommentView) -> dict[str, Any]:
    """A comment as plain values; its HTML is what `services.workspace.markdown` made."""
    return {
        "id": str(comment.id),
        "author": comment.author.name,
        "picture": version_of(comment.author.picture),
        "author_id": str(comment.author.id),
        "author_active": comment.author.active,
        "from_customer": comment.author.is_customer,
        **named_values(comment.author),
        "html": comment.html,
        "shared": comment.shared,
        "at": comment.created_at.isoformat(),
        "edited": comment.edited_at is not None,
        "removed_by": comment.removed_by.name if comment.removed_by else "",
        "removed_at": comment.removed_at.isoformat() if comment.removed_at else "",
        "version": comment.version,
    }
