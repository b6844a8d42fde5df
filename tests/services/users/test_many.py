"""The acts on many users: each as one alone, and nobody is left without an admin."""

from datetime import timedelta

import pytest

from models import BulkKind, EndReason, Role, Tenant
from services.access.actor import Actor
from services.audit.check import verify
from services.bulk import results, runs
from services.bulk.batches import BATCH
from services.core import clock
from services.core.errors import InvalidInputError
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.sessions.events import SessionsEnded
from services.users import accounts
from services.users.actions import BulkAction, InvitationAction, UserAction
from services.users.events import UserDeactivated
from services.users.fates import OUT, WITHDRAWN
from services.users.forms import EndDate
from services.workspace import bulk_worker
from tests import books, factories
from tests.mail_server import MailServer
from tests.racing import FEW_ROUNDS, race, rounds
from tests.services.bulk.acting_in_bulk import act_in_bulk, begun, outcomes_of, run_of, those
from tests.sizes import size

DEACTIVATE, ACTIVATE = BulkKind.DEACTIVATE, BulkKind.ACTIVATE
ALL = ListQuery()


async def test_each_of_many_is_deactivated_and_cut_as_one_alone(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event]
) -> None:
    users = await factories.create_users(BATCH + 5, tenant)
    for user in users[:3]:
        await factories.open_session(user)
    outcomes = await act_in_bulk(admin, DEACTIVATE, ALL)
    await rollcall.bus.drain()
    assert [one.result for one in outcomes].count("Deactivated") == BATCH + 5
    assert not any([(await books.user_of(user.id)).active for user in users])
    (session,) = await books.sessions_of(users[0].id)
    assert session.end_reason is EndReason.DEACTIVATED
    ended = [event for event in events if isinstance(event, SessionsEnded)]
    causes = {one.row_id: one.cause for one in outcomes}
    assert {event.user_id: event.cause for event in ended} == {
        user.id: causes[user.id] for user in users[:3]
    }
    assert len([event for event in events if isinstance(event, UserDeactivated)]) == BATCH + 5
    actions = await books.actions_of(tenant)
    assert actions.count(UserAction.DEACTIVATED) == BATCH + 5
    assert actions.count(BulkAction.DEACTIVATED) == 1
    assert (await verify())[1] is None


def test_what_became_of_several_is_said_of_several() -> None:
    assert WITHDRAWN.result_of(1) == "invitation withdrawn"
    assert WITHDRAWN.result_of(2) == "invitations withdrawn"
    assert OUT.result_of(2) == "deactivated"


async def test_the_last_tenant_admin_stays_and_so_does_whoever_acts(tenant: Tenant) -> None:
    first, second = [await factories.create_admin(tenant) for _ in range(2)]
    platform = await factories.sign_in(await factories.create_user(None), tenant)
    outcomes = await act_in_bulk(platform, DEACTIVATE, ALL)
    assert [one.result for one in outcomes] == ["Deactivated", "Skipped: the last Tenant Admin"]
    third = await factories.create_admin(tenant)
    actor = await factories.sign_in(third)
    (left,) = [user for user in (first, second) if (await books.user_of(user.id)).active]
    outcomes = await act_in_bulk(actor, DEACTIVATE, those([left, third]))
    assert {one.row_id: one.result for one in outcomes} == {
        left.id: "Deactivated",
        third.id: "Skipped: yourself",
    }


async def test_who_is_refused_holds_up_no_other(
    tenant: Tenant, other_tenant: Tenant, admin: Actor, events: list[Event], rollcall: Runtime
) -> None:
    elsewhere = await factories.create_user(tenant, email="taken@example.com", active=False)
    await factories.create_user(other_tenant, email="taken@example.com")
    free = await factories.create_user(tenant, active=False)
    bulk_id = await begun(admin, ACTIVATE, those([elsewhere, free]))
    await bulk_worker.work_off(admin, bulk_id)
    run = await run_of(bulk_id)
    assert (run.changed, run.failed) == (1, 1)
    failed = next(one for one in await outcomes_of(bulk_id) if one.fate == "failed")
    assert (failed.row_id, "is in use by another" in failed.result) == (elsewhere.id, True)
    assert not (await books.user_of(elsewhere.id)).active
    assert (await books.user_of(free.id)).active


async def test_invitations_are_renewed_and_their_links_told_to_whoever_asked(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    waiting, joined = (
        await factories.create_user(tenant, invited=True),
        await factories.create_user(tenant),
    )
    outcomes = await act_in_bulk(admin, BulkKind.RESEND, those([waiting, joined]))
    assert {one.result for one in outcomes} == {
        "Invitation renewed",
        "Skipped: has signed in already",
    }
    assert len(await books.mails_of(waiting.id)) == 1
    bulk_id = await begun(admin, BulkKind.COPY_LINKS, those([waiting]))
    await bulk_worker.work_off(admin, bulk_id)
    (mine,) = (await results.get_results(admin, bulk_id)).people
    assert "/invitation/" in mine.link
    assert "invitation/" not in repr(mine)
    other = await factories.sign_in(await factories.create_admin(tenant))
    (theirs,) = (await results.get_results(other, bulk_id)).people
    assert theirs.link == ""
    assert "/invitation/" not in await results.results_csv(other, bulk_id)
    assert (await books.actions_of(tenant)).count(InvitationAction.LINK_COPIED) == 1


async def test_an_end_date_is_set_for_all_and_what_was_before_comes_back(
    tenant: Tenant, admin: Actor
) -> None:
    users = await factories.create_users(2, tenant)
    soon, later = [clock.now().date() + timedelta(days=days) for days in (7, 30)]
    await accounts.set_end_date(admin, users[0].id, soon)
    with pytest.raises(InvalidInputError):
        await runs.draft(
            admin, BulkKind.END_DATE, those(users), EndDate(end_date=clock.now().date())
        )
    bulk_id = await begun(admin, BulkKind.END_DATE, those(users), end_date=later)
    await bulk_worker.work_off(admin, bulk_id)
    assert [(await books.user_of(user.id)).end_date for user in users] == [later, later]
    undoing = await runs.undo(admin, bulk_id)
    await bulk_worker.work_off(admin, undoing)
    assert [(await books.user_of(user.id)).end_date for user in users] == [soon, None]


@pytest.mark.stress
async def test_two_bulk_acts_never_deactivate_every_tenant_admin(rollcall: Runtime) -> None:
    async def play(number: int) -> None:
        tenant = await factories.create_tenant(f"Race {number}")
        admins = [await factories.create_admin(tenant) for _ in range(2)]
        one, other = [
            await factories.sign_in(await factories.create_user(None), tenant) for _ in range(2)
        ]
        await race(
            act_in_bulk(one, DEACTIVATE, those(admins[:1])),
            act_in_bulk(other, DEACTIVATE, those(admins[1:])),
        )
        left = [user.id for user in admins if (await books.user_of(user.id)).active]
        assert len(left) == 1
        assert (await books.user_of(left[0])).role is Role.TENANT_ADMIN

    await rounds(play, size(FEW_ROUNDS, 200))
