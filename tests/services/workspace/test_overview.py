"""What Home shows to each role."""

from datetime import timedelta
from uuid import UUID

import pytest

from models import (
    CriterionResult,
    Importance,
    PocStatus,
    ResourceKind,
    Role,
    Side,
    TaskStatus,
    Tenant,
    User,
)
from services.access.actor import Actor
from services.core import clock
from services.database.runtime import Runtime
from services.screens import home
from services.workspace import (
    comments,
    criteria,
    members,
    overview,
    pocs,
    resources,
    tasks,
    template_list,
)
from services.workspace.actions import (
    CommentAction,
    CriterionAction,
    GroupAction,
    MemberAction,
    PocAction,
    ResourceAction,
    TaskAction,
)
from services.workspace.changes import SENTENCES
from services.workspace.comments import NewCommentForm
from services.workspace.criteria import CriterionForm, ResultForm
from services.workspace.overview import Overview
from services.workspace.pocs import StatusForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.tasks import TaskStatusForm
from services.workspace.template_rows import NEW
from tests.factories import create_user, sign_in
from tests.services.workspace.scene import create_group, create_poc, create_task, deactivate


async def _home(actor: Actor) -> Overview:
    return (await home.get_home(actor)).overview


async def test_a_sales_engineer_sees_their_open_tasks_by_due_day_and_their_pocs(
    ada: Actor, ada_user: User, joan: Actor
) -> None:
    today = clock.now().date()
    poc_id = await create_poc(ada)
    await create_task(ada, poc_id, "Without a day", assignees=[ada_user.id])
    await create_task(ada, poc_id, "Later", due_on=today, assignees=[ada_user.id])
    await create_task(
        ada, poc_id, "Late", due_on=today - timedelta(days=1), assignees=[ada_user.id]
    )
    done = await create_task(ada, poc_id, "Done", assignees=[ada_user.id])
    await tasks.set_status(ada, done, 1, TaskStatusForm(status=TaskStatus.DONE))
    await create_poc(joan, "Joan's")
    seen = await _home(ada)
    assert [task.title for task in seen.my_tasks] == ["Late", "Later", "Without a day"]
    assert [poc.title for poc in seen.my_pocs] == ["Trial"]
    assert seen.role is Role.SALES_ENGINEER
    assert (seen.groups, seen.without_owner) == ((), ())


async def test_what_is_too_much_for_home_is_counted_nevertheless(
    ada: Actor, ada_user: User, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST_POCS", 1)
    monkeypatch.setattr(overview, "MOST_TASKS", 1)
    for title in ("Trial", "Second trial"):
        poc_id = await create_poc(ada, title)
        await create_task(ada, poc_id, assignees=[ada_user.id])
    seen = await _home(ada)
    assert (len(seen.my_tasks), seen.my_tasks_in_all) == (1, 2)
    assert (len(seen.my_pocs), seen.my_pocs_in_all) == (1, 2)
    await deactivate(admin, ada_user.id)
    left = await _home(admin)
    assert (len(left.without_owner), left.without_owner_in_all) == (1, 2)


async def test_an_administrator_sees_template_groups_the_most_used_first(
    author: Actor, ada: Actor
) -> None:
    await create_group(author, "Alpha", ())
    used = await create_group(author, "Beta", ())
    await create_poc(ada, group_ids=[used])
    seen = await _home(author)
    assert [(group.title, group.pocs) for group in seen.groups] == [("Beta", 1), ("Alpha", 0)]
    assert seen.counts == {PocStatus.DRAFT: 1}
    assert seen.my_tasks == ()


async def test_a_tenant_admin_sees_open_pocs_without_an_active_owner(
    ada: Actor, joan: Actor, admin: Actor, ada_user: User
) -> None:
    await create_poc(ada, "Open")
    closed = await create_poc(ada, "Cancelled")
    await pocs.change_status(ada, closed, 1, StatusForm(status=PocStatus.CANCELLED))
    await create_poc(joan, "Joan's")
    await deactivate(admin, ada_user.id)
    seen = await _home(admin)
    assert [poc.title for poc in seen.without_owner] == ["Open"]


async def test_what_others_did_since_the_last_visit_is_told(
    rollcall: Runtime, ada: Actor, joan: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada, "Both")
    await members.add_member(ada, poc_id, joan_user.id)
    await overview.note_visit(joan)
    assert (await _home(joan)).changes == ()
    clock.shift(timedelta(hours=2))
    await comments.post(ada, poc_id, NewCommentForm(body="To all"))
    to_joan = NewCommentForm(body="@Joan Clarke", mention_ids=(joan_user.id,))
    await comments.post(ada, poc_id, to_joan)
    await create_task(ada, poc_id)
    await create_task(joan, poc_id, "Her own")
    await create_poc(ada, "Not hers")
    clock.shift(timedelta(hours=4))
    await overview.note_visit(joan)
    seen = await _home(joan)
    told = [(one.name, one.did, one.what, one.poc_title) for one in seen.changes]
    assert told == [
        ("Ada Lovelace", "added", "Call", "Both"),
        ("Ada Lovelace", "added the group", "For Call", "Both"),
        ("Ada Lovelace", "mentioned you in", "Both", "Both"),
        ("Ada Lovelace", "commented on", "Both", "Both"),
    ]
    assert [one.who.id if one.who else None for one in seen.changes] == [ada.user_id] * 4
    assert seen.changes_in_all == 4
    assert seen.since is not None


async def test_a_visit_lasts_while_one_comes_back_soon(rollcall: Runtime, ada: Actor) -> None:
    await overview.note_visit(ada)
    clock.shift(timedelta(hours=1))
    await overview.note_visit(ada)
    since = (await _home(ada)).since
    clock.shift(timedelta(hours=1, minutes=20))
    await overview.note_visit(ada)
    assert (await _home(ada)).since == since
    clock.shift(timedelta(hours=3))
    await overview.note_visit(ada)
    later = (await _home(ada)).since
    assert since is not None
    assert later is not None
    assert later > since


async def test_a_poc_that_ends_before_its_criteria_are_decided_is_the_next_step(
    ada: Actor,
) -> None:
    today = clock.now().date()
    await create_poc(ada, "Later", end_on=today + timedelta(days=30))
    poc_id = await create_poc(ada, "Soon", end_on=today + timedelta(days=2))
    await pocs.change_status(ada, poc_id, 1, StatusForm(status=PocStatus.ACTIVE))
    form = CriterionForm(title="Fast", importance=Importance.MUST, side=Side.TEAM)
    criterion_id = await criteria.add_criterion(ada, poc_id, form)
    ending = (await _home(ada)).ending
    assert ending is not None
    assert (ending.poc.title, ending.pending, ending.criteria) == ("Soon", 1, 1)
    result = ResultForm(result=CriterionResult.MET, achieved="")
    await criteria.set_result(ada, criterion_id, 1, result)
    assert (await _home(ada)).ending is None


async def test_a_group_template_is_bare_until_it_or_a_task_of_its_has_a_resource(
    author: Actor,
) -> None:
    group_id = await create_group(author)
    assert (await _home(author)).bare_groups == {group_id}
    details = await template_list.get_group(author, group_id)
    note = ResourceForm(kind=ResourceKind.NOTE, title="Agreed", content="Twelve people")
    await resources.add_to_template(author, note, task_template_id=details.tasks[0].id)
    assert not (await _home(author)).bare_groups


async def test_a_group_template_is_new_for_a_week_or_until_a_poc_is_made_from_it(
    tenant: Tenant, ada: Actor
) -> None:
    administrator = await create_user(tenant, role=Role.ADMINISTRATOR)
    author = await sign_in(administrator)
    used, unused = await create_group(author, "Used"), await create_group(author, "Unused")
    await create_poc(ada, group_ids=[used])

    async def new() -> list[UUID]:
        seen = await _home(await sign_in(administrator))
        return [group.id for group in seen.groups if group.is_new]

    assert await new() == [unused]
    clock.shift(NEW - timedelta(minutes=5))
    assert await new() == [unused]
    clock.shift(NEW)
    assert await new() == []


def test_every_action_about_a_poc_is_told_as_a_sentence() -> None:
    kinds = (GroupAction, TaskAction, CriterionAction, ResourceAction, CommentAction, MemberAction)
    about_pocs = {action for kind in kinds for action in kind} | set(PocAction)
    of_many = {
        PocAction.EXPORTED,
        PocAction.MANY_ARCHIVED,
        PocAction.MANY_RESTORED,
        PocAction.MANY_HANDED_OVER,
    }
    assert about_pocs - SENTENCES.keys() == of_many
