"""A departure: its receipt follows from the log, its work goes on, and all of it can be undone."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, update

from models import (
    AuditEvent,
    CustomerPerson,
    GroupAssignee,
    LoginSession,
    Role,
    Screen,
    Tenant,
    User,
)
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, NotAllowedError, OperatorError
from services.database.transaction import transaction
from services.screens import home
from services.sessions import receipts
from services.sessions.messages import ClosedPage
from services.sessions.receipts import Receipt
from services.users import accounts, departures
from services.users.contractors import set_contractor
from services.users.departures import LeavingReceipt, WorkLine
from services.workspace import groups, handover, impact, leaving, listing, task_list
from services.workspace.actions import PocAction
from services.workspace.pocs import HandOverForm
from services.workspace.wrong_role import RoleForm, correct_role
from tests import books
from tests.factories import create_user, show_poc, sign_in
from tests.services.workspace.scene import create_poc, create_task, left_work


async def _receipt(admin: Actor, user_id: UUID) -> LeavingReceipt:
    return (await leaving.get_departure(admin, user_id)).receipt


async def _owner(poc_id: UUID) -> UUID:
    return (await listing.find_row(poc_id)).owner.id


async def test_the_receipt_has_what_the_deactivation_ended(
    admin: Actor, ada: Actor, ada_user: User
) -> None:
    await sign_in(ada_user)
    change = await accounts.set_active(admin, ada_user.id, False, reason="Moves on")
    assert change.cause is not None
    pages = (
        ClosedPage(ada.session_id, "Home", 12.0),
        ClosedPage(ada.session_id, "Users", None),
    )
    await receipts.keep(change.cause, ada_user.id, Receipt(2, 1, 12.0, closed=pages))
    found = await _receipt(admin, ada_user.id)
    assert (found.sessions, found.links, found.reason) == (2, 0, "Moves on")
    assert (found.pages, found.devices, found.slowest_ms) == (2, 1, 12.0)
    assert [(line.page, line.ms) for line in found.closed] == [("Home", 12.0), ("Users", None)]
    assert found.closed[0].device.startswith("Firefox")
    assert found.last_number == found.first_number + 1
    assert found.problems == []


async def test_the_receipt_tells_the_unused_links_that_died(admin: Actor, tenant: Tenant) -> None:
    invited = await create_user(tenant, invited=True)
    await accounts.set_active(admin, invited.id, False)
    assert (await _receipt(admin, invited.id)).links == 1


async def test_a_receipt_is_recomputed_by_its_number(
    admin: Actor, ada: Actor, ada_user: User
) -> None:
    await accounts.set_active(admin, ada_user.id, False)
    shown = await _receipt(admin, ada_user.id)
    assert await departures.check_receipt(shown.id) == shown
    with pytest.raises(OperatorError, match="no departure"):
        await departures.check_receipt(f"{shown.id}0")
    with pytest.raises(OperatorError, match="no receipt's number"):
        await departures.check_receipt("R-2026")


async def test_a_changed_entry_is_told_by_the_receipt(
    admin: Actor, ada: Actor, ada_user: User
) -> None:
    change = await accounts.set_active(admin, ada_user.id, False)
    async with transaction() as tx:
        entry = await tx.get_one(AuditEvent, change.cause)
        entry.details = {**entry.details, "links": 3}
    found = await _receipt(admin, ada_user.id)
    assert found.problems == [f"Entry {found.first_number} of the log was changed."]


async def test_a_session_that_lives_on_is_told_by_the_receipt(
    admin: Actor, ada: Actor, ada_user: User
) -> None:
    await accounts.set_active(admin, ada_user.id, False)
    async with transaction() as tx:
        await tx.exec(
            update(LoginSession)
            .where(col(LoginSession.id) == ada.session_id)
            .values(ended_at=None, end_reason=None)
        )
    assert "the database 0" in (await _receipt(admin, ada_user.id)).problems[0]


async def test_who_was_let_in_past_the_log_is_told_by_the_receipt(
    admin: Actor, ada_user: User
) -> None:
    await accounts.set_active(admin, ada_user.id, False)
    async with transaction() as tx:
        (await tx.get_one(User, ada_user.id)).active = True
    assert "no activation since" in (await _receipt(admin, ada_user.id)).problems[0]


async def test_the_receipt_tells_who_has_the_work_until_it_is_taken_back(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User
) -> None:
    own, other = await create_poc(ada, "Own"), await create_poc(joan, "Other")
    task = await create_task(joan, other, assignees=[ada_user.id])
    await accounts.set_active(admin, ada_user.id, False)
    given = await handover.hand_over_work(
        admin, ada_user.id, HandOverForm(owner_id=joan_user.id, note="Call them on Monday")
    )
    assert given is not None
    found = await _receipt(admin, ada_user.id)
    assert found.work == [WorkLine("Joan Clarke", 1, 1)]
    assert found.problems == []
    assert (await listing.get_details(joan, own)).row.owner.id == joan_user.id

    await handover.take_back(admin, given)
    assert await _owner(own) == ada_user.id
    assert [one.id for one in (await task_list.find_task(task)).assignees] == [ada_user.id]
    found = await _receipt(admin, ada_user.id)
    assert (found.work, found.problems) == ([], [])
    assert await handover.list_handovers(admin, ada_user.id) == []


async def test_the_work_goes_with_the_deactivation_and_comes_back_with_its_undoing(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User
) -> None:
    own, other = await create_poc(ada, "Own"), await create_poc(joan, "Other")
    await create_task(joan, other, assignees=[ada_user.id])
    heir = HandOverForm(owner_id=joan_user.id, note="Call them on Monday")
    left = await leaving.leave(admin, ada_user.id, heir)
    assert (left.change.changed, left.handed_over, left.refused) == (True, True, "")
    assert not (await books.user_of(ada_user.id)).active
    assert (await listing.get_details(joan, own)).head.handover_note == "Call them on Monday"
    found = await _receipt(admin, ada_user.id)
    assert (found.work, found.problems) == ([WorkLine("Joan Clarke", 1, 1)], [])
    await leaving.undo(admin, ada_user.id)
    assert await _owner(own) == ada_user.id


async def test_who_cannot_get_the_work_holds_up_no_deactivation(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User
) -> None:
    own = await create_poc(ada, "Own")
    await accounts.set_active(admin, joan_user.id, False)
    left = await leaving.leave(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
    assert (left.change.changed, left.handed_over) == (True, False)
    assert "Joan Clarke" in left.refused
    assert not (await books.user_of(ada_user.id)).active
    assert await _owner(own) == ada_user.id


async def test_what_who_left_has_is_listed_until_somebody_active_has_it(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User, tenant: Tenant
) -> None:
    third = await create_user(tenant)
    other = await create_poc(joan, "Other")
    await create_poc(ada, "Own")
    await create_task(joan, other, "Alone", assignees=[ada_user.id])
    await create_task(joan, other, "With another", assignees=[ada_user.id, joan_user.id])
    assert await left_work(admin) == []
    await accounts.set_active(admin, ada_user.id, False)
    (left,) = await left_work(admin)
    assert (left.user_id, left.pocs, left.tasks) == (ada_user.id, 1, 1)
    await accounts.set_active(admin, joan_user.id, False)
    counts = {one.user_id: (one.pocs, one.tasks) for one in await left_work(admin)}
    # Of the shared task nobody active is left.
    assert counts == {ada_user.id: (1, 2), joan_user.id: (1, 1)}
    managed = (await home.get_home(admin, 1)).managed
    assert managed is not None
    assert (len(managed.left.people), managed.left.more) == (1, 1)
    for gone in (ada_user, joan_user):
        await handover.hand_over_work(admin, gone.id, HandOverForm(owner_id=third.id))
    assert await left_work(admin) == []


async def test_each_poc_can_go_to_somebody_else(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User, tenant: Tenant
) -> None:
    one, two = await create_poc(ada, "One"), await create_poc(ada, "Two")
    third = await create_user(tenant, first_name="Third")
    for poc_id, to in ((one, joan_user), (two, third)):
        await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=to.id), (poc_id,))
    assert [await _owner(one), await _owner(two)] == [joan_user.id, third.id]


async def test_undoing_a_departure_brings_the_work_back(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User
) -> None:
    own = await create_poc(ada, "Own")
    await accounts.set_active(admin, ada_user.id, False)
    await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
    await leaving.undo(admin, ada_user.id)
    user = await books.user_of(ada_user.id)
    assert (user.active, user.returned_at) == (True, None)  # what is undone is no return
    assert await _owner(own) == ada_user.id
    assert (await _receipt(admin, ada_user.id)).returned_at is not None


async def test_what_has_gone_on_since_stays_where_it_is(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User, tenant: Tenant
) -> None:
    own = await create_poc(ada, "Own")
    third = await create_user(tenant)
    await accounts.set_active(admin, ada_user.id, False)
    await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
    await handover.hand_over_work(admin, joan_user.id, HandOverForm(owner_id=third.id))
    await leaving.undo(admin, ada_user.id)
    assert await _owner(own) == third.id


async def test_after_a_day_nothing_is_undone(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User
) -> None:
    await create_poc(ada, "Own")
    await accounts.set_active(admin, ada_user.id, False)
    given = await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
    assert given is not None
    clock.shift(timedelta(hours=25))
    late = await sign_in(await create_user_admin(admin))
    with pytest.raises(ConflictError, match="for a day"):
        await leaving.undo(late, ada_user.id)
    with pytest.raises(ConflictError, match="for a day"):
        await handover.take_back(late, given)
    assert not (await books.user_of(ada_user.id)).active


async def create_user_admin(admin: Actor) -> User:
    """The admin's account, to sign in again."""
    return await books.user_of(admin.user_id)


async def test_who_did_what_stays_theirs(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User, tenant: Tenant
) -> None:
    poc_id = await create_poc(ada, "Own")
    await accounts.set_active(admin, ada_user.id, False)
    await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
    created = [e for e in await books.audit_of(tenant) if e.action == PocAction.CREATED]
    assert [(e.subject_id, e.actor_id) for e in created] == [(poc_id, ada_user.id)]


async def test_the_wrong_role_is_put_right_in_one_step(
    admin: Actor, tenant: Tenant, joan: Actor, joan_user: User, author: Actor
) -> None:
    wrong = await books.user_of(author.user_id)
    await set_contractor(admin, wrong.id, True)
    done = await correct_role(admin, wrong.id, RoleForm(role=Role.SALES_ENGINEER))
    new = await books.user_of(done.invited.user_id)
    old = await books.user_of(wrong.id)
    assert (new.email, new.role, new.active) == (old.email, Role.SALES_ENGINEER, True)
    assert new.contractor
    assert (old.active, old.successor_id) == (False, new.id)
    assert await books.ways_in([old.id]) == []
    assert len(await books.live_links_of(new.id)) == 1


async def test_the_new_account_has_the_work_if_its_role_can(
    admin: Actor, ada: Actor, ada_user: User, tenant: Tenant
) -> None:
    own = await create_poc(ada, "Own")
    done = await correct_role(admin, ada_user.id, RoleForm(role=Role.ADMINISTRATOR))
    assert not done.has_the_work
    again = await correct_role(admin, done.invited.user_id, RoleForm(role=Role.SALES_ENGINEER))
    assert await _owner(own) == ada_user.id
    given = await handover.hand_over_work(
        admin, ada_user.id, HandOverForm(owner_id=again.invited.user_id)
    )
    assert given is not None


async def test_a_group_goes_to_the_account_with_the_right_role(
    admin: Actor, author: Actor, joan: Actor, tenant: Tenant
) -> None:
    poc = await create_poc(joan, "Other")
    group_id = await groups.add_group(joan, poc, groups.NewGroupForm(title="Theirs"))
    async with transaction() as tx:  # no form gives a group to somebody with the wrong role
        user_id = author.user_id
        tx.add(GroupAssignee(tenant_id=tenant.id, group_id=group_id, user_id=user_id))
    done = await correct_role(admin, author.user_id, RoleForm(role=Role.SALES_ENGINEER))
    assert done.has_the_work
    (group,) = await task_list.list_groups(joan, poc)
    assert [one.id for one in group.assignees] == [done.invited.user_id]


async def test_a_role_that_cannot_be_given_changes_nothing(
    admin: Actor, ada_user: User, tenant: Tenant
) -> None:
    with pytest.raises(NotAllowedError):
        await correct_role(admin, ada_user.id, RoleForm(role=Role.TENANT_ADMIN))
    assert (await books.user_of(ada_user.id)).active
    assert await books.audit_of(tenant) == []


async def test_what_somebody_sent_and_paired_is_told_and_stays(
    admin: Actor, ada_user: User, tenant: Tenant
) -> None:
    now = clock.now()
    invited = await create_user(tenant, invited=True)
    customer = CustomerPerson(
        tenant_id=tenant.id,
        first_name="Cleo",
        last_name="Customer",
        email="cleo@example.com",
        email_key="cleo@example.com",
        created_at=now,
        created_by_id=ada_user.id,
    )
    screen = Screen(tenant_id=tenant.id, name="Hall", created_at=now, created_by_id=ada_user.id)
    async with transaction() as tx:
        (await tx.get_one(User, invited.id)).invited_by_id = ada_user.id
        tx.add_all([customer, screen])
    await show_poc(customer, await create_poc(await sign_in(await create_user(tenant))))
    found = await impact.get_work_impact(admin, ada_user.id)
    assert (found.invitations, found.customers, found.screens) == (1, 1, 1)
    assert not found.is_work
