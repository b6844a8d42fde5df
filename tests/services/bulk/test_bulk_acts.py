"""One act on many: previewed, done batch by batch, stopped, undone, each as one alone."""

from datetime import timedelta

import pytest

from models import BulkAct, BulkKind, BulkState, Tenant, User
from services.access.actor import Actor
from services.audit.actions import AuditAction
from services.audit.check import verify
from services.audit.reading import list_entries
from services.bulk import preview, results, runs
from services.bulk.batches import act_on_next
from services.bulk.events import BulkProgressed
from services.bulk.kinds import kind_of
from services.bulk.worker import SIGNED_OUT
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import LOCKED, reading, transaction
from services.lists.query import ListQuery
from services.sessions import receipts, sessions
from services.sessions.actions import SessionAction
from services.sessions.events import SessionsEnded
from services.sessions.receipts import Receipt
from services.users import accounts
from services.users.actions import BulkAction, InvitationAction, UserAction
from services.users.list import USERS
from services.workspace import bulk_worker
from tests import books, factories
from tests.racing import FEW_ROUNDS, race, rounds
from tests.services.bulk.acting_in_bulk import act_in_bulk, begun, outcomes_of, run_of, those
from tests.services.bulk.between_batches import goes_between
from tests.sizes import size

DEACTIVATE, ACTIVATE = BulkKind.DEACTIVATE, BulkKind.ACTIVATE
ALL = ListQuery()
BATCH = 5


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """With small batches, few people are enough."""
    monkeypatch.setattr(runs, "BATCH", BATCH)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (DEACTIVATE, UserAction.DEACTIVATED),
        (BulkKind.RESEND, InvitationAction.RESENT),
        (BulkKind.COPY_LINKS, InvitationAction.LINK_COPIED),
    ],
)
async def test_the_log_tells_which_entries_are_of_one_act(
    tenant: Tenant, admin: Actor, kind: BulkKind, action: AuditAction
) -> None:
    users = await factories.create_users(BATCH + 1, tenant, invited=True)
    bulk_id = await begun(admin, kind, those(users))
    await bulk_worker.work_off(admin, bulk_id)
    log = await list_entries(admin, ListQuery())
    runs_of_entries = {entry.run for entry in log.entries if entry.action is action}
    assert runs_of_entries == {str(bulk_id)}
    (whole,) = [entry for entry in log.entries if entry.action is kind_of(kind).action]
    assert (whole.run, str(bulk_id) in whole.summary) == ("", False)


async def test_the_preview_says_whom_it_changes_and_why_not_the_others(
    tenant: Tenant, admin: Actor
) -> None:
    await factories.create_users(3, tenant)
    await factories.create_user(tenant, invited=True)
    await factories.create_user(tenant, active=False)
    before = await books.actions_of(tenant)
    told = await preview.preview(admin, await runs.draft(admin, DEACTIVATE, ALL))
    assert [(kind.count, kind.words, kind.changes) for kind in told.kinds] == [
        (3, "lose their access at once", True),
        (1, "invitation is withdrawn", True),
        (1, "is inactive already", False),
        (1, "is skipped", False),
    ]
    assert told.changes == 4
    assert told.kinds[-1].people[0].row_id == admin.user_id
    assert await books.actions_of(tenant) == before  # nothing has happened yet


async def test_who_comes_to_match_after_the_preview_is_not_among_them(
    tenant: Tenant, admin: Actor
) -> None:
    ada = await factories.create_user(tenant)
    bulk_id = await runs.draft(admin, DEACTIVATE, ListQuery(filters={"role": "sales_engineer"}))
    late = await factories.create_user(tenant)
    await runs.begin(admin, bulk_id, runs.BulkForm(reason="The programme has ended."))
    await bulk_worker.work_off(admin, bulk_id)
    assert [one.row_id for one in await outcomes_of(bulk_id)] == [ada.id]
    assert (await books.user_of(late.id)).active
    entry = (await books.audit_of(tenant))[-1]
    assert entry.action == BulkAction.DEACTIVATED
    assert (entry.details["changed"], entry.details["reason"]) == (1, "The programme has ended.")


async def test_an_act_on_all_is_undone_within_a_day_but_not_for_whom_others_have_changed(
    tenant: Tenant, admin: Actor
) -> None:
    users = await factories.create_users(4, tenant)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    await bulk_worker.work_off(admin, bulk_id)
    await accounts.set_active(admin, users[0].id, True)
    await accounts.set_active(admin, users[0].id, False)
    assert (await runs.get_run(admin, bulk_id)).may_undo
    undoing = await runs.undo(admin, bulk_id)
    assert await runs.undo(admin, bulk_id) == undoing  # once, however often it is asked for
    await bulk_worker.work_off(admin, undoing)
    outcomes = await outcomes_of(undoing)
    assert sorted(one.changed for one in outcomes) == [False, True, True, True]
    assert "Someone else has just changed" in next(o.result for o in outcomes if not o.changed)
    run = await runs.get_run(admin, bulk_id)
    assert (run.may_undo, run.undone_by) == (False, undoing)
    came_back = [(await books.user_of(user.id)).returned_at is not None for user in users]
    assert came_back == [True, False, False, False]  # what is undone is no return

    again = await begun(admin, DEACTIVATE, those(users[1:2]))
    await bulk_worker.work_off(admin, again)
    clock.shift(timedelta(days=1, minutes=1))
    late = await factories.sign_in(await factories.create_admin(tenant))
    with pytest.raises(ConflictError):
        await runs.undo(late, again)


async def test_it_stops_after_the_batch_at_which_it_is(tenant: Tenant, admin: Actor) -> None:
    users = await factories.create_users(BATCH + 1, tenant)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    assert await act_on_next(admin, bulk_id)
    await runs.stop(admin, bulk_id)
    assert not await act_on_next(admin, bulk_id)
    run = await run_of(bulk_id)
    assert (run.state, run.done, run.changed) == (BulkState.STOPPED, BATCH, BATCH)
    told = await results.get_results(admin, bulk_id)
    assert (told.counts["done"], told.counts["to_come"]) == (BATCH, 1)
    assert (await books.audit_of(tenant))[-1].action == BulkAction.DEACTIVATED


async def test_the_receipts_of_many_are_told_to_be_of_one_act(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    users = await factories.create_users(2, tenant)
    await factories.sign_in_all(users)

    async def close(event: SessionsEnded) -> None:
        async def closed() -> Receipt:
            return Receipt(1, 1, 10.0)

        await receipts.settle(event, closed())

    rollcall.bus.subscribe(SessionsEnded, close)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    await bulk_worker.work_off(admin, bulk_id)
    await rollcall.bus.drain()
    log = await list_entries(admin, ListQuery())
    kept = [entry for entry in log.entries if entry.action is SessionAction.PAGES_CLOSED]
    assert [entry.run for entry in kept] == [str(bulk_id)] * 2
    assert not any(str(bulk_id) in entry.summary for entry in kept)


async def test_the_receipts_of_all_add_up(rollcall: Runtime, tenant: Tenant, admin: Actor) -> None:
    users = await factories.create_users(3, tenant)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    await bulk_worker.work_off(admin, bulk_id)
    for one, pages in zip(await outcomes_of(bulk_id), (3, 1), strict=False):
        assert one.cause is not None
        await receipts.keep(one.cause, one.row_id, Receipt(pages, pages, 100.0 + pages))
    told = await results.get_results(admin, bulk_id)
    assert (told.pages, told.slowest_ms) == (4, 103.0)
    assert [(one.pages, one.slowest_ms) for one in told.people] == [
        (None, None),
        (1, 101.0),
        (3, 103.0),
    ]
    assert '"Deactivated","3","103.0"' in await results.results_csv(admin, bulk_id)


async def test_whoever_began_it_and_is_signed_out_ends_it(tenant: Tenant, admin: Actor) -> None:
    users = await factories.create_users(2, tenant)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    other = await factories.sign_in(await factories.create_admin(tenant))
    await sessions.revoke(other, admin.user_id)
    await bulk_worker.work_off(admin, bulk_id)
    run = await run_of(bulk_id)
    assert (run.state, run.why, run.changed) == (BulkState.FAILED, SIGNED_OUT, 0)
    assert (await books.user_of(users[0].id)).active
    assert (await books.audit_of(tenant))[-1].action == BulkAction.DEACTIVATED


async def test_another_organisation_has_no_part_in_it(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    stranger = await factories.sign_in(await factories.create_admin(other_tenant))
    users = await factories.create_users(2, tenant)
    with pytest.raises(InvalidInputError):
        await runs.draft(stranger, DEACTIVATE, those(users))
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    calls = (runs.get_run, preview.preview, results.get_results, runs.stop, runs.undo, act_on_next)
    for call in calls:
        with pytest.raises(NotFoundError):
            await call(stranger, bulk_id)
    assert await runs.list_runs(stranger, [USERS.noun]) == []
    assert [run.id for run in await runs.list_runs(admin, [USERS.noun])] == [bulk_id]


async def test_a_switch_by_somebody_else_goes_first(tenant: Tenant, admin: Actor) -> None:
    ada = await factories.create_user(tenant)
    second = await factories.sign_in(await factories.create_admin(tenant))
    users = await factories.create_users(BATCH * 4, tenant)
    bulk_id = await begun(admin, DEACTIVATE, those(users))
    switch = accounts.set_active(second, ada.id, active=False)
    assert await goes_between(switch, bulk_worker.BULK_ACTS, admin, bulk_id)
    assert (await run_of(bulk_id)).changed == BATCH * 4


async def test_the_pages_hear_how_far_it_is_and_drafts_are_forgotten_after_a_day(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event]
) -> None:
    users = await factories.create_users(2, tenant)
    await act_in_bulk(admin, DEACTIVATE, those(users))
    await rollcall.bus.drain()
    assert len([event for event in events if isinstance(event, BulkProgressed)]) == 2
    await runs.draft(admin, ACTIVATE, those(users))
    clock.shift(timedelta(days=2))
    async with transaction() as tx:
        await runs.remove_old(tx)
    admin = await factories.sign_in(await books.user_of(admin.user_id))
    assert [run.state for run in await runs.list_runs(admin, [USERS.noun])] == [BulkState.DONE]


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
async def test_a_draft_that_is_begun_while_old_ones_are_removed_keeps_its_rows(
    tenant: Tenant, admin: Actor
) -> None:
    users = await factories.create_users(2, tenant)
    bulk_id = await runs.draft(admin, DEACTIVATE, those(users))
    clock.shift(timedelta(days=2))
    async with transaction() as tx:
        begun_now = await tx.get_one(BulkAct, bulk_id, **LOCKED)
        begun_now.state = BulkState.RUNNING
        await tx.flush()
        async with transaction() as housekeeping:
            await runs.remove_old(housekeeping)
    async with reading() as tx:
        assert len(await preview.people_of(tx, bulk_id)) == len(users)


@pytest.mark.stress
async def test_of_two_bulk_acts_that_overlap_each_person_is_changed_by_one(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await factories.create_admin(tenant))

    async def play(_: int) -> None:
        users: list[User] = await factories.create_users(6, tenant)
        (first, other), refused = await race(
            act_in_bulk(admin, DEACTIVATE, those(users[:4])),
            act_in_bulk(second, DEACTIVATE, those(users[2:])),
        )
        assert refused == []
        changed = [one.row_id for one in (*first, *other) if one.changed]
        assert sorted(changed) == sorted(user.id for user in users)
        assert {one.result for one in (*first, *other)} <= {
            "Deactivated",
            "Skipped: inactive already",
        }

    await rounds(play, size(FEW_ROUNDS, 200))
    assert (await verify())[1] is None
