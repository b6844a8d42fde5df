"""The work of all whom a bulk act deactivates: handed over with them, or later, and given back."""

from uuid import UUID

import pytest

from models import BulkKind, Tenant, User
from services.access.actor import Actor
from services.bulk import runs
from services.bulk.batches import act_on_next
from services.bulk.runs import BulkForm
from services.core.errors import ConflictError, InvalidInputError
from services.users import accounts
from services.users.many import heirs_of
from services.workspace import bulk_handover, bulk_worker, groups, leaving, listing, task_list
from services.workspace.bulk_handover import ALONG, BulkHandOverForm, HeirsForm, When
from tests import books, factories
from tests.racing import race, rounds
from tests.services.bulk.acting_in_bulk import outcomes_of, those
from tests.services.workspace.scene import create_poc, create_task
from tests.sizes import size


async def _draft(admin: Actor, users: list[User], *heirs: UUID, note: str = "") -> UUID:
    """A deactivation that is looked at, whose people's work goes to these."""
    bulk_id = await runs.draft(admin, BulkKind.DEACTIVATE, those(users))
    form = BulkHandOverForm(when=When.NOW, heir_ids=heirs, note=note)
    await bulk_handover.choose_heirs(admin, bulk_id, form)
    return bulk_id


async def _begin(admin: Actor, bulk_id: UUID) -> None:
    await runs.begin(admin, bulk_id, BulkForm())


async def _owner(poc_id: UUID) -> UUID:
    return (await listing.find_row(poc_id)).owner.id


async def _leavers(tenant: Tenant, count: int) -> tuple[list[User], list[UUID]]:
    """Some who own a POC each."""
    users = await factories.create_users(count, tenant)
    return users, [await create_poc(await factories.sign_in(user), "Own") for user in users]


async def test_the_work_of_all_goes_to_several_divided_by_poc_in_the_batch_that_cuts_them(
    admin: Actor, tenant: Tenant, joan: Actor, joan_user: User, ada_user: User
) -> None:
    users, pocs = await _leavers(tenant, 3)
    task = await create_task(joan, await create_poc(joan, "Joan's"), assignees=[users[2].id])
    bulk_id = await _draft(admin, users, joan_user.id, ada_user.id, note="Call them on Monday")
    assert {await _owner(poc) for poc in pocs} == {user.id for user in users}  # nothing yet
    await _begin(admin, bulk_id)
    assert not await act_on_next(admin, bulk_id, ALONG)
    assert not any([(await books.user_of(user.id)).active for user in users])
    owners = [await _owner(poc) for poc in pocs]
    assert set(owners) == {joan_user.id, ada_user.id}
    assert (await listing.get_details(joan, pocs[0])).head.handover_note == "Call them on Monday"
    said = [one.result for one in await outcomes_of(bulk_id)]
    assert all(one.startswith("Deactivated; 1 POC") for one in said)
    assert sum("1 task" in one for one in said) == 1
    assert task is not None
    entry = (await books.audit_of(tenant))[-1]
    given = entry.details["handed_over"]
    assert {one["name"] for one in given} == {"Joan Clarke", ada_user.full_name}
    assert (sum(one["pocs"] for one in given), sum(one["tasks"] for one in given)) == (3, 1)
    receipt = (await leaving.get_departure(admin, users[0].id)).receipt
    assert [line.pocs for line in receipt.work] == [1]
    assert receipt.problems == []


async def test_undoing_the_whole_gives_all_their_work_back(
    admin: Actor, tenant: Tenant, joan: Actor, joan_user: User
) -> None:
    users, pocs = await _leavers(tenant, 2)
    other = await create_poc(joan, "Joan's")
    await create_task(joan, other, assignees=[users[0].id])
    form = groups.NewGroupForm(title="Theirs", assignee_ids=(users[1].id,))
    await groups.add_group(joan, other, form)

    async def held() -> tuple[list[UUID], list[UUID]]:
        first, second = await task_list.list_groups(joan, other)
        (task,) = first.tasks
        return [one.id for one in task.assignees], [one.id for one in second.assignees]

    bulk_id = await _draft(admin, users, joan_user.id)
    await _begin(admin, bulk_id)
    await bulk_worker.work_off(admin, bulk_id)
    assert await held() == ([joan_user.id], [joan_user.id])
    assert sum("1 group" in one.result for one in await outcomes_of(bulk_id)) == 1
    await bulk_worker.work_off(admin, await runs.undo(admin, bulk_id))
    assert [await _owner(poc) for poc in pocs] == [user.id for user in users]
    assert await held() == ([users[0].id], [users[1].id])


async def test_who_gets_the_work_and_is_inactive_by_then_holds_up_no_cut(
    admin: Actor, tenant: Tenant, joan_user: User
) -> None:
    users, (poc,) = await _leavers(tenant, 1)
    bulk_id = await _draft(admin, users, joan_user.id)
    await _begin(admin, bulk_id)
    await accounts.set_active(admin, joan_user.id, False)
    await bulk_worker.work_off(admin, bulk_id)
    assert not (await books.user_of(users[0].id)).active
    assert await _owner(poc) == users[0].id
    assert await bulk_handover.list_away(admin, bulk_id) == [users[0].id]  # it stays in sight


async def test_who_leaves_gets_none_of_it_and_a_begun_act_keeps_its_choice(
    admin: Actor, tenant: Tenant, joan_user: User, ada_user: User
) -> None:
    bulk_id = await runs.draft(admin, BulkKind.DEACTIVATE, those([joan_user]))
    for wrong in (
        {"when": When.NOW, "heir_ids": ()},
        {"when": When.NOW, "heir_ids": (joan_user.id,)},
        {"when": When.NOW, "heir_ids": (admin.user_id,)},
    ):
        with pytest.raises(InvalidInputError) as refused:
            await bulk_handover.choose_heirs(admin, bulk_id, BulkHandOverForm(**wrong))
        assert refused.value.fields.keys() == {"heir_ids"}
    assert BulkHandOverForm(when=When.LATER, heir_ids=(ada_user.id,)).heir_ids == ()
    now = BulkHandOverForm(when=When.NOW, heir_ids=(ada_user.id,))
    await bulk_handover.choose_heirs(admin, bulk_id, now)
    await bulk_handover.choose_heirs(admin, bulk_id, BulkHandOverForm(when=When.LATER))
    assert heirs_of((await runs.get_run(admin, bulk_id)).along) == []
    await _begin(admin, bulk_id)
    with pytest.raises(ConflictError):
        await bulk_handover.choose_heirs(admin, bulk_id, now)


async def test_what_was_left_for_later_is_listed_until_somebody_has_it(
    admin: Actor, tenant: Tenant, joan_user: User
) -> None:
    users, pocs = await _leavers(tenant, bulk_handover.AT_ONCE + 1)
    idle = await factories.create_user(tenant)
    bulk_id = await runs.draft(admin, BulkKind.DEACTIVATE, those([*users, idle]))
    await _begin(admin, bulk_id)
    await bulk_worker.work_off(admin, bulk_id)
    away = set(await bulk_handover.list_away(admin, bulk_id))
    assert away == {user.id for user in users}
    form = HeirsForm(heir_ids=(joan_user.id,))
    assert await bulk_handover.hand_over_some(admin, bulk_id, form)
    assert not await bulk_handover.hand_over_some(admin, bulk_id, form)
    assert {await _owner(poc) for poc in pocs} == {joan_user.id}
    assert await bulk_handover.list_away(admin, bulk_id) == []
    await bulk_worker.work_off(admin, await runs.undo(admin, bulk_id))
    assert [await _owner(poc) for poc in pocs] == [user.id for user in users]


@pytest.mark.stress
async def test_the_receiver_deactivated_meanwhile_leaves_nothing_half_handed_over(
    tenant: Tenant, admin: Actor
) -> None:
    async def play(number: int) -> None:
        users, (poc,) = await _leavers(tenant, 1)
        heir = await factories.create_user(tenant)
        bulk_id = await _draft(admin, users, heir.id)
        await _begin(admin, bulk_id)
        second = await factories.sign_in(await factories.create_admin(tenant))
        calls = [
            bulk_worker.work_off(admin, bulk_id),
            accounts.set_active(second, heir.id, False),
        ]
        _, refused = await race(*(calls if number % 2 else calls[::-1]))
        assert not refused
        owner = await _owner(poc)
        assert owner in {users[0].id, heir.id}
        receipt = (await leaving.get_departure(admin, users[0].id)).receipt
        assert receipt.problems == []
        assert len(receipt.work) == (owner == heir.id)

    await rounds(play, size(21, 200))
