"""Somebody deactivated: offered nowhere, refused everywhere, and still where they were."""

from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID

import pytest

import ui.pages  # noqa: F401 - declares the forms of the pages, too
from models import BulkKind, Role, Tenant, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.bulk import runs
from services.core.errors import InvalidInputError
from services.core.form_fields import PeopleField, PersonField
from services.core.forms import Form, fields_of
from services.lists.query import ListQuery
from services.users import invitations
from services.users.invitation_form import PersonalInvitation
from services.users.selection import list_selectable
from services.workspace import (
    bulk_handover,
    comments,
    groups,
    handover,
    history,
    listing,
    members,
    pocs,
    task_list,
    tasks,
)
from services.workspace.bulk_handover import BulkHandOverForm, When
from services.workspace.comments import NewCommentForm
from services.workspace.fields import OF_CUSTOMER
from services.workspace.groups import NewGroupForm
from services.workspace.pocs import HandOverForm
from services.workspace.tasks import NewTaskForm
from tests.factories import create_user
from tests.services.bulk.acting_in_bulk import those
from tests.services.workspace.scene import create_poc, create_task, deactivate

Attempt = Callable[[], Awaitable[object]]


def _forms(form: type[Form] = Form) -> Iterator[type[Form]]:
    for below in form.__subclasses__():
        yield below
        yield from _forms(below)


def _choices() -> dict[str, str]:
    """Each field of a form of Rollcall's in which a user is chosen, and among whom. (Other tests
    declare forms, too.)"""
    return {
        f"{form.__module__}.{form.__name__}.{name}": field.among
        for form in _forms()
        if form.__module__.startswith(("services.", "ui."))
        for name, field in fields_of(form).items()
        if isinstance(field, PersonField | PeopleField) and field.among != OF_CUSTOMER
    }


def _attempts(
    admin: Actor, owner: Actor, gone: UUID, leaver: User, poc: UUID, task: UUID, group: UUID
) -> dict[str, Attempt]:
    """Every call that takes a user who is chosen, with one who can't be."""

    async def choose_heirs() -> None:
        bulk_id = await runs.draft(admin, BulkKind.DEACTIVATE, those([leaver]))
        form = BulkHandOverForm(when=When.NOW, heir_ids=(gone,))
        await bulk_handover.choose_heirs(admin, bulk_id, form)

    new = HandOverForm(owner_id=gone)
    added_task = NewTaskForm(title="Call", group_id=group, assignee_ids=(gone,))
    added_group = NewGroupForm(title="Pilot", assignee_ids=(gone,))
    said = NewCommentForm(body="@Joan Clarke", mention_ids=(gone,))
    contact = PersonalInvitation(
        first_name="Hedy",
        last_name="Lamarr",
        email="hedy@example.com",
        role=Role.SALES_ENGINEER,
        contact_id=gone,
    )
    return {
        "owner of a new POC": lambda: create_poc(owner, owner_id=gone),
        "new owner": lambda: pocs.hand_over(owner, poc, 1, new),
        "new owner by an admin": lambda: pocs.reassign(admin, poc, 1, new),
        "receiver of all work": lambda: handover.hand_over_work(admin, leaver.id, new),
        "receiver of many's work": choose_heirs,
        "member": lambda: members.add_member(owner, poc, gone),
        "assignee of a new task": lambda: tasks.add_task(owner, added_task),
        "assignee": lambda: tasks.assign(owner, task, 1, (gone,)),
        "who sees to a new group": lambda: groups.add_group(owner, poc, added_group),
        "who sees to a group": lambda: groups.assign_group(owner, group, 1, (gone,)),
        "mention": lambda: comments.post(owner, poc, said),
        "point of contact": lambda: invitations.invite(admin, contact),
    }


async def test_no_choice_offers_somebody_inactive_and_no_call_takes_them(
    tenant: Tenant, admin: Actor, ada: Actor, joan_user: User
) -> None:
    choices = _choices()
    assert {name.rpartition(".")[2] for name in choices} == {
        *("owner_id", "heir_ids", "user_id", "assignee_ids", "mention_ids", "contact_id")
    }
    asked = {Permission(among) if among else None for among in choices.values()}
    for among in asked:
        assert (await list_selectable(admin, among, "joan")).people, among
    poc = await create_poc(ada)
    task = await create_task(ada, poc)
    group = (await task_list.find_task(task)).group_id
    leaver = await create_user(tenant)
    await deactivate(admin, joan_user.id)
    for among in asked:
        assert not (await list_selectable(admin, among, "joan")).people, among
    for what, attempt in _attempts(admin, ada, joan_user.id, leaver, poc, task, group).items():
        with pytest.raises(InvalidInputError) as refused:
            await attempt()
        assert "Joan Clarke is inactive" in str(refused.value.fields), what


async def test_who_is_deactivated_stays_everywhere_marked_inactive(
    admin: Actor, ada_user: User, ada: Actor, joan: Actor, joan_user: User
) -> None:
    poc = await create_poc(joan)
    await members.add_member(joan, poc, ada_user.id)
    task = await create_task(joan, poc, assignees=[joan_user.id])
    group = (await task_list.find_task(task)).group_id
    await groups.assign_group(joan, group, 1, (joan_user.id,))
    await comments.post(joan, poc, NewCommentForm(body="Said"))
    mention = NewCommentForm(body="@Joan Clarke", mention_ids=(joan_user.id,))
    await comments.post(ada, poc, mention)
    await deactivate(admin, joan_user.id)
    (row,) = (await listing.list_pocs(ada, ListQuery())).rows
    (shown,) = await task_list.list_groups(ada, poc)
    own, mentioning = (await comments.list_comments(ada, poc)).comments
    there = {
        "owner": row.owner,
        "owner on the page": (await listing.get_details(ada, poc)).row.owner,
        "assignee": shown.tasks[0].assignees[0],
        "who sees to the group": shown.assignees[0],
        "who changed it": shown.tasks[0].changed_by,
        "author": own.author,
        "member": next(one.person for one in await members.list_members(ada, poc) if one.is_owner),
    }
    assert {(what, one and (one.name, one.active)) for what, one in there.items()} == {
        (what, ("Joan Clarke", False)) for what in there
    }
    assert mentioning.mention_ids == (joan_user.id,)
    assert 'class="mention"' in mentioning.html
    past = await history.list_history(ada, poc)
    marked = {one.actor for one in past.entries if one.id in past.inactive}
    assert (marked, {one.actor for one in past.entries}) == (
        {"Joan Clarke"},
        {"Joan Clarke", "Ada Lovelace"},
    )
