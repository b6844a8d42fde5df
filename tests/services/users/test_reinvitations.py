"""Inviting an email again whose accounts here are inactive."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from models import BulkKind, Role, Tenant, User
from services.access.actor import Actor
from services.bulk.batches import act_on_next
from services.core.errors import ConflictError
from services.database.startup import started
from services.database.transaction import transaction
from services.users import accounts, invitations, listing
from services.users.emails_elsewhere import IN_USE
from services.users.invitation_form import InvitationForm
from tests import books
from tests.browser.waiting import eventually
from tests.conftest import ONE_DATABASE, make_settings
from tests.factories import create_admin, create_tenant, create_user, new_user, sign_in
from tests.postgres import PostgresServer
from tests.services.bulk.acting_in_bulk import begun, outcomes_of, those

EMAIL = "ada@example.com"
FORM = InvitationForm(first_name="Ada", last_name="King", email=EMAIL, role="administrator")


async def test_inactive_account_gets_a_successor_and_keeps_everything(
    tenant: Tenant, admin: Actor
) -> None:
    old = await create_user(tenant, email=EMAIL, active=False)
    invited = await invitations.invite(admin, FORM)
    kept = await books.user_of(old.id)
    assert kept.successor_id == invited.user_id
    assert (kept.full_name, kept.role, kept.password_hash) == (
        old.full_name,
        old.role,
        old.password_hash,
    )
    assert not kept.active


async def test_details_link_both_accounts_to_each_other(tenant: Tenant, admin: Actor) -> None:
    old = await create_user(tenant, email=EMAIL, active=False)
    invited = await invitations.invite(admin, FORM)
    before = await listing.get_details(admin, old.id)
    after = await listing.get_details(admin, invited.user_id)
    assert (before.successor_id, before.successor_name) == (invited.user_id, "Ada King")
    assert after.predecessor_id == old.id


@ONE_DATABASE
async def test_form_says_whose_email_it_was(tenant: Tenant, admin: Actor) -> None:
    old = await create_user(tenant, email=EMAIL)
    await accounts.set_active(admin, old.id, active=False)
    wrong, note = await invitations.check_field(admin, "email", "ADA@example.com")
    assert wrong == ""
    assert note == (
        "Ada Lovelace was deactivated less than a day ago as Sales Engineer; "
        "this makes a new account. The old one keeps its data and history."
    )


async def test_reactivating_is_refused_while_the_successor_is_active(
    tenant: Tenant, admin: Actor
) -> None:
    old = await create_user(tenant, email=EMAIL, active=False)
    await invitations.invite(admin, FORM)
    with pytest.raises(ConflictError, match=r"newer active account \(Administrator\)"):
        await accounts.set_active(admin, old.id, active=True)
    assert not (await books.user_of(old.id)).active
    assert await books.actions_of(tenant) == ["user.invited", "invitation.link_copied"]


async def test_old_account_comes_back_once_the_successor_is_inactive(
    tenant: Tenant, admin: Actor
) -> None:
    old = await create_user(tenant, email=EMAIL, active=False)
    new = await invitations.invite(admin, FORM)
    await accounts.set_active(admin, new.user_id, active=False)
    assert (await accounts.set_active(admin, old.id, active=True)).changed
    with pytest.raises(ConflictError):
        await accounts.set_active(admin, new.user_id, active=True)


async def test_reactivating_is_refused_while_another_tenant_uses_the_email(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    old = await create_user(tenant, email=EMAIL, active=False)
    await create_user(other_tenant, email=EMAIL, role=Role.ADMINISTRATOR)
    with pytest.raises(ConflictError) as caught:
        await accounts.set_active(admin, old.id, active=True)
    assert str(caught.value) == f"{EMAIL} is in use by another active account."


@pytest.mark.postgresql
async def test_reactivating_says_so_where_another_account_takes_the_email_at_that_moment(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = postgres_server.create_database()
    url = postgres_server.url(name)
    watching = psycopg.connect(url, autocommit=True)
    async with started(make_settings(tmp_path, url)):
        tenant, other = await create_tenant(), await create_tenant("Other")
        admin = await sign_in(await create_admin(tenant))
        old = await create_user(tenant, email=EMAIL, active=False)
        free = await create_user(tenant, active=False)
        bulk_id = await begun(admin, BulkKind.ACTIVATE, those([old, free]))
        # Until its statement waits for a transaction that holds the address.
        waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
        backs: list[asyncio.Future[object]] = []
        counted = []
        for act in (
            lambda: accounts.set_active(admin, old.id, active=True),
            lambda: act_on_next(admin, bulk_id),
        ):
            newer = new_user(other, email=EMAIL)
            async with transaction() as tx:
                tx.add(newer)
                await tx.flush()
                backs.append(asyncio.ensure_future(act()))
                await eventually(lambda: watching.execute(waiting).fetchone())
            await asyncio.wait(backs)
            counted.append(await books.answers_about_emails(admin.user_id))
            async with transaction() as tx:  # the address is free for the next one
                (await tx.get_one(User, newer.id)).active = False
        with pytest.raises(ConflictError, match="is in use by another active account"):
            await backs[0]
        assert counted == [1, 2]
        results = {one.row_id: one.result for one in await outcomes_of(bulk_id)}
        assert results == {
            old.id: f"Failed: {EMAIL} is in use by another active account.",
            free.id: "Activated",
        }
        assert (await books.user_of(free.id)).active
    watching.close()
    postgres_server.drop_database(name)


async def test_email_of_an_active_account_here_is_not_invited_again(
    tenant: Tenant, admin: Actor
) -> None:
    await create_user(tenant, email=EMAIL, active=False)
    await create_user(tenant, email=EMAIL)
    assert await invitations.check_field(admin, "email", EMAIL) == (IN_USE, "")


async def test_third_account_succeeds_both_before_it(tenant: Tenant, admin: Actor) -> None:
    for _ in range(2):
        await create_user(tenant, email=EMAIL, active=False)
    invited = await invitations.invite(admin, FORM)
    *before, new = await books.users_with(EMAIL)
    assert new.id == invited.user_id
    assert [user.successor_id for user in before] == [new.id, new.id]
