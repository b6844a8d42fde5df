"""Brings what happened in POCs to the pages of their customers' people: only what they are shown,
read for them."""

from functools import partial
from uuid import UUID

from services.core.bus import Bus
from services.workspace.customers import shared
from services.workspace.events import (
    CommentChanged,
    CriterionChanged,
    CustomerChanged,
    GroupChanged,
    PocChanged,
    PocEvent,
    ResourceChanged,
    TaskChanged,
)
from ui import live
from ui.shared_values import (
    comment_values,
    criterion_values,
    group_values,
    resource_values,
    task_values,
)
from ui.tables.feed import tell


def shared_room(poc_id: UUID) -> live.Room:
    """The room of the customer's pages that show one POC."""
    return live.Room("shared", poc_id)


def subscribe(bus: Bus) -> None:
    """Have the bus tell the open pages. What changes often is sent as it is now; for the rest, the
    pages hear that something changed, and each asks."""
    bus.subscribe(TaskChanged, _show_task)
    bus.subscribe(GroupChanged, _show_group)
    bus.subscribe(CriterionChanged, _show_criterion)
    bus.subscribe(CommentChanged, _show_comment)
    bus.subscribe(ResourceChanged, _show_resource)
    for event in (PocChanged, CustomerChanged):
        bus.subscribe(event, _have_asked)


async def _show_task(event: TaskChanged) -> None:
    await tell(
        shared_room(event.poc_id),
        "rollcall_shared_task",
        partial(shared.find_task, event.task_id),
        task_values,
    )


async def _show_group(event: GroupChanged) -> None:
    find = partial(shared.find_group, event.group_id)
    await tell(shared_room(event.poc_id), "rollcall_shared_group", find, group_values)


async def _show_criterion(event: CriterionChanged) -> None:
    find = partial(shared.find_criterion, event.criterion_id)
    await tell(shared_room(event.poc_id), "rollcall_shared_criterion", find, criterion_values)


async def _show_comment(event: CommentChanged) -> None:
    find = partial(shared.find_comment, event.comment_id)
    await tell(shared_room(event.poc_id), "rollcall_shared_comment", find, comment_values)


async def _show_resource(event: ResourceChanged) -> None:
    if event.shared:  # of what is internal they don't hear that it is there
        find = partial(shared.find_resource, event.resource_id)
        room = shared_room(event.poc_id)
        await tell(room, "rollcall_shared_resource", find, resource_values)


async def _have_asked(event: PocEvent) -> None:
    await live.broadcast(shared_room(event.poc_id), "rollcall_shared", {})
