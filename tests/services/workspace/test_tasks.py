"""Tasks: added, moved, assigned, blocked, done; and the groups they stand in."""

import asyncio
from datetime import date, timedelta

import pytest

from models import Side, TaskStatus, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.core.events import Event
from services.database.runtime import Runtime
from services.workspace import groups, listing, task_list, tasks
from services.workspace.events import TaskChanged
from services.workspace.groups import GroupForm, NewGroupForm
from services.workspace.rights import NotAMemberError
from services.workspace.states import StepError
from services.workspace.tasks import NewTaskForm, TaskForm, TaskStatusForm
from tests import books
from tests.services.workspace.scene import (
    MONDAY,
    create_group,
    create_poc,
    create_task,
    deactivate,
    tasks_of,
)

BLOCKED, DONE = TaskStatus.BLOCKED, TaskStatus.DONE


async def test_a_task_is_added_at_the_end_of_its_group(author: Actor, ada: Actor) -> None:
    poc_id = await create_poc(ada, group_ids=[await create_group(author)])
    (group,) = await task_list.list_groups(ada, poc_id)
    await tasks.add_task(ada, NewTaskForm(title="Agreement", group_id=group.id))
    assert [task.title for task in await tasks_of(ada, poc_id)] == ["Call", "Names", "Agreement"]


async def test_who_is_assigned_becomes_a_member(ada: Actor, joan: Actor, joan_user: User) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id, assignees=[joan_user.id])
    assert [person.name for person in (await task_list.find_task(task_id)).assignees] == [
        "Joan Clarke"
    ]
    details = await listing.get_details(joan, poc_id)
    assert details.may_change
    assert [member.open_tasks for member in details.members] == [0, 1]


async def test_tasks_are_assigned_to_active_people_alone(
    ada: Actor, admin: Actor, joan_user: User
) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    await deactivate(admin, joan_user.id)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive") as refused:
        await tasks.assign(ada, task_id, 1, (joan_user.id,))
    assert refused.value.fields.keys() == {"assignee_ids"}


async def test_an_inactive_assignee_stays_until_somebody_changes_that(
    ada: Actor, admin: Actor, ada_user: User, joan_user: User
) -> None:
    task_id = await create_task(ada, await create_poc(ada), assignees=[joan_user.id])
    before = await task_list.find_task(task_id)
    await deactivate(admin, joan_user.id)
    after = await task_list.find_task(task_id)
    assert after.version == before.version
    assert [(person.name, person.active) for person in after.assignees] == [("Joan Clarke", False)]
    await tasks.assign(ada, task_id, after.version, (joan_user.id, ada_user.id))
    assert len((await task_list.find_task(task_id)).assignees) == 2
    await tasks.assign(ada, task_id, after.version + 1, (ada_user.id,))
    (left,) = (await task_list.find_task(task_id)).assignees
    assert left.name == "Ada Lovelace"


async def test_a_blocked_task_says_why_until_it_goes_on(ada: Actor, tenant: Tenant) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    with pytest.raises(InvalidInputError, match="Reason is required"):
        await tasks.set_status(ada, task_id, 1, TaskStatusForm(status=BLOCKED))
    await tasks.set_status(ada, task_id, 1, TaskStatusForm(status=BLOCKED, reason="No window."))
    assert (await task_list.find_task(task_id)).blocked_reason == "No window."
    assert (await books.audit_of(tenant))[-1].details["after"] == "Blocked"
    await tasks.set_status(
        ada, task_id, 2, TaskStatusForm(status=TaskStatus.IN_PROGRESS, reason="ignored")
    )
    assert (await task_list.find_task(task_id)).blocked_reason == ""


async def test_a_done_task_knows_when_and_is_not_blocked(ada: Actor) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    await tasks.set_status(ada, task_id, 1, TaskStatusForm(status=DONE))
    done = await task_list.find_task(task_id)
    assert done.completed_at is not None
    assert BLOCKED not in done.steps
    with pytest.raises(StepError, match="can't become blocked"):
        await tasks.set_status(ada, task_id, 2, TaskStatusForm(status=BLOCKED, reason="Late"))
    await tasks.set_status(ada, task_id, 2, TaskStatusForm(status=TaskStatus.NOT_STARTED))
    assert (await task_list.find_task(task_id)).completed_at is None


async def test_a_task_moves_within_its_group_and_to_another(author: Actor, ada: Actor) -> None:
    poc_id = await create_poc(
        ada, group_ids=[await create_group(author), await create_group(author, "Wrap-up")]
    )
    first, second = await task_list.list_groups(ada, poc_id)
    call, names = first.tasks
    await tasks.move_task(ada, names.id, 1, group_id=first.id, before_id=call.id)
    await tasks.move_task(ada, call.id, 1, group_id=second.id, before_id=second.tasks[1].id)
    first, second = await task_list.list_groups(ada, poc_id)
    assert [task.title for task in first.tasks] == ["Names"]
    assert [task.title for task in second.tasks] == ["Call", "Call", "Names"]


async def test_a_task_moves_to_no_other_poc(author: Actor, ada: Actor) -> None:
    group_ids = [await create_group(author)]
    (here,) = await task_list.list_groups(ada, await create_poc(ada, group_ids=group_ids))
    (there,) = await task_list.list_groups(ada, await create_poc(ada, group_ids=group_ids))
    with pytest.raises(NotFoundError):
        await tasks.move_task(ada, here.tasks[0].id, 1, group_id=there.id)


async def test_a_change_is_told_with_who_did_it(
    rollcall: Runtime, ada: Actor, events: list[Event]
) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    await tasks.edit_task(ada, task_id, 1, TaskForm(title="Another", due_on=MONDAY))
    await rollcall.bus.drain()
    told = [event for event in events if isinstance(event, TaskChanged)]
    assert [(event.task_id, event.by_id) for event in told] == [(task_id, ada.user_id)] * 2
    task = await task_list.find_task(task_id)
    assert (task.title, task.due_on, task.version) == ("Another", MONDAY, 2)
    assert task.changed_by is not None
    assert task.changed_by.name == "Ada Lovelace"


async def test_a_task_that_changed_since_is_not_changed(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id)
    await tasks.set_status(ada, task_id, 1, TaskStatusForm(status=DONE))
    for stale in (
        tasks.edit_task(ada, task_id, 1, TaskForm(title="Mine")),
        tasks.set_status(ada, task_id, 1, TaskStatusForm(status=TaskStatus.NOT_STARTED)),
        tasks.set_archived(ada, task_id, 1, archived=True),
    ):
        with pytest.raises(StaleError, match="“Call”"):
            await stale


async def test_of_two_who_change_a_task_at_once_one_is_told(
    ada: Actor, joan: Actor, joan_user: User
) -> None:
    task_id = await create_task(ada, await create_poc(ada), assignees=[joan_user.id])
    version = (await task_list.find_task(task_id)).version
    outcomes = await asyncio.gather(
        tasks.set_status(ada, task_id, version, TaskStatusForm(status=DONE)),
        tasks.edit_task(joan, task_id, version, TaskForm(title="Joan's")),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [type(outcome) for outcome in refused] == [StaleError]


async def test_who_is_no_member_changes_no_task(ada: Actor, joan: Actor) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    with pytest.raises(NotAMemberError):
        await tasks.set_status(joan, task_id, 1, TaskStatusForm(status=DONE))


async def test_progress_is_what_the_tasks_say(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    yesterday = clock.now().date() - timedelta(days=1)
    done = await create_task(ada, poc_id, "Done", due_on=yesterday)
    await create_task(ada, poc_id, "Late", due_on=yesterday)
    await create_task(ada, poc_id, "Theirs", side=Side.CUSTOMER)
    gone = await create_task(ada, poc_id, "Archived")
    await tasks.set_status(ada, done, 1, TaskStatusForm(status=DONE))
    await tasks.set_archived(ada, gone, 1, archived=True)
    progress = (await listing.get_details(ada, poc_id)).row.progress
    assert (progress.team.done, progress.team.total, progress.team.overdue) == (1, 2, 1)
    assert (progress.customer.done, progress.customer.total) == (0, 1)
    assert (progress.whole.done, progress.whole.total) == (1, 3)


async def test_an_archived_task_comes_back_where_it_was(author: Actor, ada: Actor) -> None:
    poc_id = await create_poc(ada, group_ids=[await create_group(author)])
    call = (await tasks_of(ada, poc_id))[0]
    await tasks.set_archived(ada, call.id, 1, archived=True)
    assert [task.title for task in await tasks_of(ada, poc_id)] == ["Names"]
    with pytest.raises(NotFoundError, match="archived meanwhile"):
        await tasks.edit_task(ada, call.id, 2, TaskForm(title="X"))
    await tasks.set_archived(ada, call.id, 2, archived=False)
    assert [task.title for task in await tasks_of(ada, poc_id)] == ["Call", "Names"]


async def test_groups_are_named_moved_and_taken_out_when_empty(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    one, two = [await groups.add_group(ada, poc_id, NewGroupForm(title=name)) for name in "AB"]
    await groups.edit_group(ada, two, 1, GroupForm(title="First"))
    await groups.move_group(ada, two, 2, before_id=one)
    found = await task_list.list_groups(ada, poc_id)
    assert [group.title for group in found] == ["First", "A"]
    await tasks.add_task(ada, NewTaskForm(title="Call", group_id=one))
    with pytest.raises(ConflictError, match="“A” has tasks"):
        await groups.set_archived(ada, one, 1, archived=True)
    await groups.set_archived(ada, two, 3, archived=True)
    assert [group.title for group in await task_list.list_groups(ada, poc_id)] == ["A"]


async def test_a_group_has_a_side_days_and_people_of_its_own(
    ada: Actor, joan: Actor, joan_user: User, tenant: Tenant
) -> None:
    poc_id = await create_poc(ada)
    form = NewGroupForm(title="Pilot", due_on=MONDAY, assignee_ids=(joan_user.id,))
    group_id = await groups.add_group(ada, poc_id, form)
    (group,) = await task_list.list_groups(ada, poc_id)
    assert (group.side, group.start_on, group.due_on) == (Side.TEAM, None, MONDAY)
    assert [person.name for person in group.assignees] == ["Joan Clarke"]
    assert (await listing.get_details(joan, poc_id)).may_change  # who sees to a group is a member
    changed = GroupForm(title="Pilot", side=Side.CUSTOMER, start_on=MONDAY, due_on=MONDAY)
    await groups.edit_group(ada, group_id, 1, changed)
    await groups.assign_group(ada, group_id, 2, ())
    group = await task_list.find_group(group_id)
    assert (group.side, group.start_on, group.assignees) == (Side.CUSTOMER, MONDAY, [])
    entries = await books.audit_of(tenant)
    told = [entry.details for entry in entries if entry.action.startswith("group.")]
    assert [{name: said for name, said in each.items() if said} for each in told] == [
        {"group": "Pilot"},
        {"group": "Pilot", "to": "Joan Clarke"},
        {"group": "Pilot", "changed": "side, start"},
        {"group": "Pilot", "no_more": "Joan Clarke"},
    ]


async def test_groups_are_given_to_active_people_alone(
    ada: Actor, admin: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    group_id = await groups.add_group(ada, poc_id, NewGroupForm(title="Pilot"))
    await deactivate(admin, joan_user.id)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive") as refused:
        await groups.assign_group(ada, group_id, 1, (joan_user.id,))
    assert refused.value.fields.keys() == {"assignee_ids"}


async def test_a_copied_group_has_the_side_and_the_days_of_its_tasks(
    author: Actor, ada: Actor
) -> None:
    asked = (("Names", Side.CUSTOMER, 2, 3), ("Agreement", Side.CUSTOMER, 4, 5))
    poc_id = await create_poc(ada, group_ids=[await create_group(author, tasks=asked)])
    (group,) = await task_list.list_groups(ada, poc_id)
    first, last = MONDAY + timedelta(days=1), MONDAY + timedelta(days=7)
    assert (group.side, group.start_on, group.due_on) == (Side.CUSTOMER, first, last)


def test_a_due_day_is_not_before_the_start() -> None:
    with pytest.raises(InvalidInputError, match="can't be before Start Date"):
        TaskForm(title="Call", start_on=MONDAY, due_on=date(2026, 3, 1))
