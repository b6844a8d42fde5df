"""The demo organisation: people and their work, the same every time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from models import (
    Comment,
    CustomerPerson,
    OneTimeLink,
    Poc,
    PocStatus,
    Task,
    TaskStatus,
    Tenant,
    User,
)
from models.base import first_id
from services.access.actor import Operator
from services.audit.check import verify
from services.core import clock
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import reading
from services.lists.query import ListQuery
from services.operations.demo import create_demo
from services.screens.people import People
from services.screens.reading import find_views
from services.screens.showing import Names, ScreenView
from services.users import invitation_pace
from services.users.departures import find_receipt
from services.workspace import listing, resources, task_list, template_list
from tests.conftest import ONE_DATABASE, make_settings

pytestmark = pytest.mark.long


async def _rows(table: Any) -> Sequence[Any]:
    async with reading() as tx:
        return (await tx.exec(select(table))).all()


@ONE_DATABASE  # what is in it is decided by Python; that both keep and show it is tested below
async def test_nobody_of_the_demo_counts_as_invited_within_the_last_hour(
    rollcall: Runtime,
) -> None:
    await create_demo()
    just_now = first_id(clock.now() - invitation_pace.UNASKED_WITHIN)
    people = [*await _rows(User), *await _rows(CustomerPerson)]
    assert [one.email for one in people if one.tenant_id and one.id > just_now] == []


async def test_the_demo_has_pocs_in_every_state_with_owners_active_and_not(
    rollcall: Runtime,
) -> None:
    accounts = await create_demo() or []
    pocs = await _rows(Poc)
    users = {user.id: user for user in await _rows(User)}
    assert len(pocs) == 40
    assert {poc.status for poc in pocs} == set(PocStatus)
    assert {users[poc.owner_id].active for poc in pocs} == {True, False}
    shown = [users[poc.owner_id].email for poc in pocs if not poc.status.is_closed]
    assert shown.count(accounts[-1].email) > 1  # a Sales Engineer with work to look at
    assert {task.status for task in await _rows(Task)} == set(TaskStatus)
    assert len(await _rows(CustomerPerson)) == 40
    assert {comment.shared for comment in await _rows(Comment)} == {True, False}
    async with reading() as tx:
        receipts = [await find_receipt(tx, user) for user in users.values() if not user.active]
    assert receipts
    assert all(receipts)  # each who left has one


@ONE_DATABASE  # as above
async def test_nothing_of_the_demo_is_late_before_its_poc_has_begun(rollcall: Runtime) -> None:
    today = clock.now().date()
    await create_demo()
    drafts = [poc for poc in await _rows(Poc) if poc.status is PocStatus.DRAFT]
    assert drafts
    assert all(poc.start_on > today for poc in drafts)


async def test_the_demo_is_shown_by_every_list(rollcall: Runtime) -> None:
    await create_demo()
    (tenant,) = await _rows(Tenant)
    somebody = Operator("Test", tenant_id=tenant.id)
    found = await listing.list_pocs(somebody, ListQuery())
    assert len(found.rows) == 40
    assert len(await template_list.list_to_begin_from(somebody)) == 5
    groups = await task_list.list_groups(somebody, found.rows[0].id)
    assert all(group.tasks for group in groups)
    copied = await resources.list_of_poc(somebody, found.rows[0].id)
    assert [one.belongs_to for one in copied] == [group.title for group in groups]
    _, broken = await verify()
    assert broken is None


async def test_the_demo_has_sign_ins_on_most_days_and_invitations_that_wait(
    rollcall: Runtime,
) -> None:
    await create_demo()
    (tenant,) = await _rows(Tenant)
    shown = (await find_views(tenant.id, [ScreenView.PEOPLE], Names.FULL))[ScreenView.PEOPLE]
    assert isinstance(shown, People)
    assert sum(1 for _, count in shown.signed_in if count) >= len(shown.signed_in) / 2
    waiting = [user for user in await _rows(User) if user.invited and user.active]
    links = await _rows(OneTimeLink)
    assert {link.user_id for link in links if link.user_id} == {user.id for user in waiting}
    assert all(link.expires_at > clock.now() for link in links)


async def test_the_demo_is_the_same_every_time(tmp_path: Path) -> None:
    seen = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        async with started(make_settings(folder)):
            await create_demo()
            users = {user.id: user.full_name for user in await _rows(User)}
            pocs = {poc.id: poc.title for poc in await _rows(Poc)}
            tasks = [(pocs[task.poc_id], task.title, task.status) for task in await _rows(Task)]
            owners = [(poc.title, users[poc.owner_id], poc.status) for poc in await _rows(Poc)]
            seen.append((sorted(tasks), sorted(owners)))
    assert seen[0] == seen[1]
