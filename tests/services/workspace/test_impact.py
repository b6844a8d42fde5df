"""The preview of a deactivation says exactly what is true after it."""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from models import (
    CustomerPerson,
    GroupAssignee,
    LinkPurpose,
    OneTimeLink,
    Poc,
    PocCustomer,
    PocMember,
    PocStatus,
    Role,
    Task,
    TaskAssignee,
    TaskGroup,
    TaskStatus,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import Actor
from services.core import clock
from services.core.errors import DeadLinkError, InvalidInputError
from services.database.transaction import reading, transaction
from services.users import accounts
from services.users.actions import UserAction
from services.users.departures import WorkLine
from services.workspace import groups, handover, impact, leaving, listing, task_list
from services.workspace.customers import invitations, people, visits
from services.workspace.customers.invitations import CustomerForm, CustomerInvited
from services.workspace.pocs import HandOverForm
from tests import books
from tests.conftest import make_settings
from tests.factories import CALLER, create_tenant, create_user, create_users, sign_in
from tests.quick import started_on_copy
from tests.services.workspace.scene import MONDAY, create_poc, create_task, left_work

PEOPLE = 3
# Of each of a customer's people: who invited them, whether they came, are active, are on the POC.
CUSTOMERS = st.tuples(st.integers(0, PEOPLE - 1), st.booleans(), st.booleans(), st.booleans())
POCS = st.lists(
    st.fixed_dictionaries(
        {
            "owner": st.integers(0, PEOPLE - 1),
            "status": st.sampled_from(PocStatus),
            "archived": st.booleans(),
            "tasks": st.lists(
                st.tuples(
                    st.sets(st.integers(0, PEOPLE - 1)),
                    st.sampled_from(TaskStatus),
                    st.booleans(),
                ),
                max_size=4,
            ),
            "sees_to_it": st.sets(st.integers(0, PEOPLE - 1)),
            "group_archived": st.booleans(),
            "customers": st.lists(CUSTOMERS, max_size=3),
        }
    ),
    max_size=5,
)


async def _put(people: list[User], pocs: list[dict[str, Any]]) -> None:
    now = clock.now()
    own: dict[str, Any] = {"tenant_id": people[0].tenant_id, "created_at": now, "changed_at": now}
    names: dict[str, Any] = {"title": "T", "title_key": "t", "customer": "C", "customer_key": "c"}
    async with transaction() as tx:
        for given_poc in pocs:
            poc = Poc(
                **own,
                **names,
                owner_id=people[given_poc["owner"]].id,
                start_on=MONDAY,
                status=given_poc["status"],
                archived_at=now if given_poc["archived"] else None,
            )
            tx.add(poc)
            await tx.flush()
            tx.add(
                PocMember(
                    tenant_id=poc.tenant_id, poc_id=poc.id, user_id=poc.owner_id, added_at=now
                )
            )
            group = TaskGroup(
                **own,
                poc_id=poc.id,
                title="G",
                position=1,
                archived_at=now if given_poc["group_archived"] else None,
            )
            tx.add(group)
            await tx.flush()
            for at in given_poc["sees_to_it"]:
                user_id = people[at].id
                tx.add(GroupAssignee(tenant_id=poc.tenant_id, group_id=group.id, user_id=user_id))
            for assignees, status, archived in given_poc["tasks"]:
                task = Task(
                    **own,
                    poc_id=poc.id,
                    group_id=group.id,
                    title="T",
                    position=1,
                    status=status,
                    archived_at=now if archived else None,
                )
                tx.add(task)
                await tx.flush()
                for at in assignees:
                    user_id = people[at].id
                    tx.add(TaskAssignee(tenant_id=poc.tenant_id, task_id=task.id, user_id=user_id))
            for by, came, is_active, there in given_poc["customers"]:
                person = _customer(people[by], now, came=came, is_active=is_active)
                tx.add(person)
                await tx.flush()
                gone = None if there else now
                tx.add(
                    PocCustomer(
                        tenant_id=poc.tenant_id,
                        poc_id=poc.id,
                        customer_id=person.id,
                        added_at=now,
                        removed_at=gone,
                    )
                )
                if not came:
                    link = one_time_links.issue(
                        tx, LinkPurpose.CUSTOMER_INVITATION, None, customer_id=person.id
                    )
                    link.void_at = None if there and is_active else now


def _customer(by: User, now: datetime, *, came: bool, is_active: bool) -> CustomerPerson:
    assert by.tenant_id is not None
    email = f"{uuid4().hex}@helvetia.example"
    return CustomerPerson(
        tenant_id=by.tenant_id,
        first_name="Reto",
        last_name="Bianchi",
        email=email,
        email_key=email,
        active=is_active,
        created_at=now,
        created_by_id=by.id,
        first_here_at=now if came else None,
    )


async def _come_in(tenant: Tenant, user_id: UUID) -> int:
    """How many of the customer's people whom an inactive user has invited can still come in by
    their invitation, and for the first time: each is tried."""
    async with reading() as tx:
        invited = select(CustomerPerson.id).where(CustomerPerson.created_by_id == user_id)
        links = await tx.exec(select(OneTimeLink).where(col(OneTimeLink.customer_id).in_(invited)))
        tokens = [one_time_links.token_of(link) for link in links]
    came = 0
    for token in tokens:
        with suppress(DeadLinkError):
            await visits.start_session_by_link(tenant.slug, token, CALLER)
            came += 1
    return came


async def _left(user_id: UUID) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """The open POCs that an inactive user owns, and the open tasks and groups of theirs that nobody
    active has: found row by row, as the database is now."""
    async with reading() as tx:
        active = {user.id for user in await tx.exec(select(User)) if user.active}
        open_pocs = {
            poc.id: poc
            for poc in await tx.exec(select(Poc))
            if poc.archived_at is None and not poc.status.is_closed
        }
        assigned: dict[UUID, set[UUID]] = {}
        for row in await tx.exec(select(TaskAssignee)):
            assigned.setdefault(row.task_id, set()).add(row.user_id)
        for seen_to in await tx.exec(select(GroupAssignee)):
            assigned.setdefault(seen_to.group_id, set()).add(seen_to.user_id)

        def alone(work: Task | TaskGroup) -> bool:
            people = assigned.get(work.id, set())
            is_there = work.poc_id in open_pocs and work.archived_at is None
            return is_there and user_id in people and not people & active

        there = [task for task in await tx.exec(select(Task)) if task.archived_at is None]
        tasks = {one.id for one in there if alone(one) and one.status is not TaskStatus.DONE}
        groups = {
            group.id
            for group in await tx.exec(select(TaskGroup))
            if alone(group)
            and {one.status for one in there if one.group_id == group.id} != {TaskStatus.DONE}
        }
    assert user_id not in active
    return {poc.id for poc in open_pocs.values() if poc.owner_id == user_id}, tasks, groups


@pytest.mark.long
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pocs=POCS, inactive=st.sets(st.integers(1, PEOPLE - 1)))
def test_the_preview_is_what_is_so_after_the_commit(
    sqlite_template: Path, tmp_path: Path, pocs: list[dict[str, Any]], inactive: set[int]
) -> None:
    async def run() -> None:
        async with started_on_copy(make_settings(tmp_path)):
            tenant = await create_tenant()
            admin, *people = [
                *await create_users(1, tenant, role=Role.TENANT_ADMIN),
                *await create_users(PEOPLE, tenant),
            ]
            actor = await sign_in(admin)
            await _put(people, pocs)
            for at in inactive:
                await accounts.set_active(actor, people[at].id, False)
            told = await impact.get_work_impact(actor, people[0].id)
            await accounts.set_active(actor, people[0].id, False)
            left_pocs, left_tasks, left_groups = await _left(people[0].id)
            assert {poc.id for poc in told.pocs} == left_pocs
            assert {task.id for task in told.tasks} == left_tasks
            assert {group.id for group in told.groups} == left_groups
            many = await impact.get_work_of_many(actor, [people[0].id])
            assert [group.id for group in many.groups] == [group.id for group in told.groups]
            orphaned = {one.user_id: one for one in await left_work(actor)}
            counts = orphaned.get(people[0].id)
            found = (counts.pocs, counts.tasks, counts.groups) if counts else (0, 0, 0)
            assert found == (len(left_pocs), len(left_tasks), len(left_groups))
            assert await impact.get_work_impact(actor, people[0].id) == told
            assert told.customers == await _come_in(tenant, people[0].id)
            assert (await impact.get_work_impact(actor, people[0].id)).customers == 0

    tmp_path.joinpath("rollcall.db").write_bytes(sqlite_template.read_bytes())
    for beside in tmp_path.glob("rollcall.db-*"):
        beside.unlink()
    asyncio.run(run())


async def _invite(actor: Actor, poc_id: UUID, name: str) -> CustomerInvited:
    email = f"{name}@helvetia.example"
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email=email)
    return await invitations.invite(actor, poc_id, form)


async def test_open_invitations_of_customers_are_counted_of_whoever_sent_them(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor
) -> None:
    poc, other = await create_poc(ada), await create_poc(joan)
    come, shut, _ = [await _invite(ada, poc, email) for email in ("come", "shut", "open")]
    await _invite(joan, other, "sent-by-joan")
    assert (await impact.get_work_impact(admin, ada_user.id)).customers == 3
    async with transaction() as tx:
        (await tx.get_one(CustomerPerson, come.customer_id)).first_here_at = clock.now()
    assert (await impact.get_work_impact(admin, ada_user.id)).customers == 2
    await people.set_active(admin, shut.customer_id, False)
    told = await impact.get_work_impact(admin, ada_user.id)
    assert told.customers == 1
    await accounts.set_active(admin, ada_user.id, False)
    assert await impact.get_work_impact(admin, ada_user.id) == told


async def test_all_that_would_be_left_is_handed_over_at_once(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User, tenant: Tenant
) -> None:
    third = await create_user(tenant)
    own = await create_poc(ada, "Own")
    other = await create_poc(joan, "Other")
    alone = await create_task(joan, other, "Alone", assignees=[ada_user.id])
    both = await create_task(joan, other, "Both", assignees=[ada_user.id, joan_user.id])
    await accounts.set_active(admin, ada_user.id, False)
    await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=third.id))
    assert await impact.get_work_impact(admin, ada_user.id) == impact.WorkImpact([], [], [])
    assert (await listing.find_row(own)).owner.id == third.id
    assert [one.id for one in (await task_list.find_task(alone)).assignees] == [third.id]
    assert len((await task_list.find_task(both)).assignees) == 2
    assert (await listing.get_details(joan, other)).row.owner.id == joan_user.id


async def test_who_sees_to_a_group_alone_hands_that_over_and_gets_it_back(
    admin: Actor, ada: Actor, ada_user: User, joan: Actor, joan_user: User, tenant: Tenant
) -> None:
    third = await create_user(tenant, first_name="Third")
    poc = await create_poc(joan, "Other")

    async def sees_to(title: str, *user_ids: UUID) -> UUID:
        return await groups.add_group(
            joan, poc, groups.NewGroupForm(title=title, assignee_ids=user_ids)
        )

    async def people_of(group_id: UUID) -> set[UUID]:
        found = {group.id: group for group in await task_list.list_groups(joan, poc)}
        return {person.id for person in found[group_id].assignees}

    alone = await sees_to("Alone", ada_user.id)
    both = await sees_to("Both", ada_user.id, joan_user.id)
    heir = HandOverForm(owner_id=third.id)
    left = await leaving.leave(admin, ada_user.id, heir)
    assert left.handed_over
    assert (await people_of(alone), len(await people_of(both))) == ({third.id}, 2)
    (given,) = await handover.list_handovers(admin, ada_user.id)
    assert (given.pocs, given.tasks, given.groups) == (0, 0, 1)
    receipt = (await leaving.get_departure(admin, ada_user.id)).receipt
    assert receipt.work == [WorkLine(third.full_name, 0, 0, 1)]
    assert receipt.problems == []
    (entry,) = [e for e in await books.audit_of(tenant) if e.action == UserAction.WORK_HANDED_OVER]
    assert UserAction.WORK_HANDED_OVER.summary(entry.details) == f"1 group to {third.full_name}"
    await leaving.undo(admin, ada_user.id)
    assert await people_of(alone) == {ada_user.id}


async def test_work_is_handed_over_to_somebody_active_alone(
    admin: Actor, ada: Actor, ada_user: User, joan_user: User
) -> None:
    await create_poc(ada)
    await accounts.set_active(admin, joan_user.id, False)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive"):
        await handover.hand_over_work(admin, ada_user.id, HandOverForm(owner_id=joan_user.id))
