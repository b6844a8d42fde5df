"""The toggle, names and end dates."""

from datetime import timedelta

import pytest

from models import EndReason, LinkPurpose, MailState, Role, Tenant, User
from services.access.actor import COMMAND_LINE, ROLLCALL, Actor
from services.core import clock
from services.core.errors import (
    ConflictError,
    InvalidInputError,
    LastPlatformAdminError,
    NotFoundError,
    SelfDeactivationError,
    SessionEndedError,
)
from services.core.events import Event
from services.database.runtime import Runtime
from services.sessions import sessions
from services.sessions.events import SessionsEnded
from services.sign_in import password_change
from services.users import accounts, ends, invitations, listing
from services.users.events import UserActivated, UserDeactivated, UserSwitched
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, create_user, open_session, sign_in, token_of
from tests.mail_server import MailServer


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A Sales Engineer."""
    return await create_user(tenant)


async def test_deactivation_ends_every_session_of_the_user_and_nobody_elses(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User, events: list[Event]
) -> None:
    (first, token), (second, _) = await open_session(ada), await open_session(ada)
    change = await accounts.set_active(admin, ada.id, active=False)
    await rollcall.bus.drain()
    assert {row.end_reason for row in await books.sessions_of(ada.id)} == {EndReason.DEACTIVATED}
    assert await books.live_sessions_of(ada.id) == []
    assert len(await books.live_sessions_of(admin.user_id)) == 1
    assert await sessions.find_session_id(token) is None
    (ended,) = [event for event in events if isinstance(event, SessionsEnded)]
    assert set(ended.session_ids) == {first.session_id, second.session_id}
    assert (ended.user_id, ended.reason) == (ada.id, EndReason.DEACTIVATED)
    assert ended.cause == change.cause
    row = await listing.find_row(ada.id)
    assert UserDeactivated(tenant_id=tenant.id, user_id=ada.id, row=row) in events
    with pytest.raises(SessionEndedError) as caught:
        await sessions.recognise(token, tenant.slug, CALLER)
    assert caught.value.reason is EndReason.DEACTIVATED


async def test_deactivation_voids_unused_invitation_and_reset_links(
    mail_server: MailServer, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant, invited=True)
    await invitations.resend(admin, user.id)
    await password_change.request_reset(tenant.slug, user.email, CALLER)
    assert len(await books.live_links_of(user.id)) == 2
    reset = await token_of(user, LinkPurpose.RESET)
    await accounts.set_active(admin, user.id, active=False)
    assert await books.live_links_of(user.id) == []
    assert {mail.state for mail in await books.mails_of(user.id)} == {MailState.CANCELLED}
    with pytest.raises(ConflictError):
        await invitations.copy_link(admin, user.id)
    assert len(reset) == 43


async def test_deactivation_keeps_the_data_and_says_who_and_when(
    tenant: Tenant, admin: Actor, admin_user: User, ada: User
) -> None:
    change = await accounts.set_active(admin, ada.id, active=False)
    kept = await books.user_of(ada.id)
    assert (kept.full_name, kept.email, kept.password_hash) == (
        ada.full_name,
        ada.email,
        ada.password_hash,
    )
    assert kept.deactivated_by_id == admin_user.id
    assert kept.deactivated_at is not None
    (entry,) = await books.audit_of(tenant)
    assert (entry.id, entry.action) == (change.cause, "user.deactivated")
    assert (entry.actor_name, entry.subject_id) == ("Grace Hopper", ada.id)


async def test_undo_lets_the_user_in_again(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User, events: list[Event]
) -> None:
    change = await accounts.set_active(admin, ada.id, active=False)
    undone = await accounts.set_active(admin, ada.id, active=True, seen_version=change.version)
    assert undone.changed
    user = await books.user_of(ada.id)
    assert (user.active, user.deactivated_at, user.deactivated_by_id) == (True, None, None)
    assert await books.live_sessions_of(ada.id) == []  # nobody is signed in again by it
    assert await books.actions_of(tenant) == ["user.deactivated", "user.activated"]
    await rollcall.bus.drain()
    row = await listing.find_row(ada.id)
    assert UserActivated(tenant_id=tenant.id, user_id=ada.id, row=row) in events


@ONE_DATABASE
@pytest.mark.parametrize("active", [True, False])
async def test_wanting_what_is_so_already_changes_nothing(
    rollcall: Runtime, tenant: Tenant, admin: Actor, active: bool, events: list[Event]
) -> None:
    user = await create_user(tenant, active=active)
    change = await accounts.set_active(admin, user.id, active=active, seen_version=0)
    await rollcall.bus.drain()
    assert (change.changed, change.active, change.version) == (False, active, user.version)
    assert await books.actions_of(tenant) == []
    assert events == []


async def test_toggle_that_has_not_seen_the_last_change_is_refused(
    tenant: Tenant, admin: Actor, ada: User
) -> None:
    seen = ada.version
    await accounts.set_active(admin, ada.id, active=False, seen_version=seen)
    with pytest.raises(ConflictError, match="Someone else has just changed Ada Lovelace"):
        await accounts.set_active(admin, ada.id, active=True, seen_version=seen)
    assert not (await books.user_of(ada.id)).active
    assert await books.actions_of(tenant) == ["user.deactivated"]


async def test_toggle_minds_no_change_of_anything_else(admin: Actor, ada: User) -> None:
    await accounts.rename(admin, ada.id, "Augusta", "King")
    change = await accounts.set_active(admin, ada.id, active=False, seen_version=ada.version)
    assert change.changed


@ONE_DATABASE
async def test_nobody_deactivates_themselves(tenant: Tenant, admin: Actor, platform: Actor) -> None:
    for actor in (admin, platform):
        with pytest.raises(SelfDeactivationError, match="Contact a Platform Admin"):
            await accounts.set_active(actor, actor.user_id, active=False)
        assert await books.live_sessions_of(actor.user_id)
    assert await books.actions_of(tenant) == []


async def test_last_active_platform_admin_stays(
    rollcall: Runtime, platform: Actor, platform_user: User
) -> None:
    await create_user(None, active=False)
    with pytest.raises(LastPlatformAdminError, match="Make someone else a Platform Admin first"):
        await accounts.set_active(COMMAND_LINE, platform_user.id, active=False)
    assert (await books.user_of(platform_user.id)).active
    assert await books.actions_of(None) == []


@ONE_DATABASE
async def test_platform_admin_is_deactivated_while_another_is_left(
    platform: Actor, platform_user: User
) -> None:
    other = await create_user(None)
    assert (await accounts.set_active(platform, other.id, active=False)).changed
    with pytest.raises(LastPlatformAdminError):
        await accounts.set_active(COMMAND_LINE, platform_user.id, active=False)


@ONE_DATABASE
async def test_platform_admin_deactivates_a_tenant_admin(
    tenant: Tenant, platform_user: User, admin_user: User
) -> None:
    inside = await sign_in(platform_user, tenant)
    assert (await accounts.set_active(inside, admin_user.id, active=False)).changed


@ONE_DATABASE
async def test_impact_tells_the_devices_that_are_signed_in(admin: Actor, ada: User) -> None:
    await open_session(ada)
    gone = await sign_in(ada)
    await sessions.sign_out(gone)
    impact = await accounts.get_impact(admin, ada.id)
    assert (impact.name, impact.devices, impact.open_pages, impact.version) == (
        "Ada Lovelace",
        1,
        0,
        ada.version,
    )


async def test_rename_is_audited_with_the_name_before(
    rollcall: Runtime, tenant: Tenant, admin: Actor, ada: User, events: list[Event]
) -> None:
    renamed = await accounts.rename(admin, ada.id, " Augusta ", "King")
    assert renamed.full_name == "Augusta King"
    assert renamed.version == ada.version + 1
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.details) == ("user.renamed", {"before": "Ada Lovelace"})
    await rollcall.bus.drain()
    assert {type(event).__name__ for event in events} == {"UserEdited", "AuditWritten"}


@ONE_DATABASE
async def test_rename_to_the_same_name_is_no_change(
    tenant: Tenant, admin: Actor, ada: User
) -> None:
    await accounts.rename(admin, ada.id, "Ada", "Lovelace")
    assert (await books.user_of(ada.id)).version == ada.version
    assert await books.actions_of(tenant) == []


async def test_moving_a_word_from_one_name_to_the_other_is_a_change(
    tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant, first_name="Ana Maria", last_name="Silva")
    await accounts.rename(admin, user.id, "Ana", "Maria Silva")
    assert (await books.user_of(user.id)).last_name == "Maria Silva"
    assert await books.actions_of(tenant) == ["user.renamed"]


async def test_wrong_names_are_told_field_by_field(admin: Actor, ada: User) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await accounts.rename(admin, ada.id, " ", "x" * 201)
    assert caught.value.fields == {
        "first_name": "First Name is required.",
        "last_name": "Last Name can have 200 characters at most.",
    }


async def test_end_date_is_set_and_removed(tenant: Tenant, admin: Actor, ada: User) -> None:
    day = clock.now().date() + timedelta(days=1)
    await accounts.set_end_date(admin, ada.id, day)
    await accounts.set_end_date(admin, ada.id, day)
    assert (await books.user_of(ada.id)).end_date == day
    await accounts.set_end_date(admin, ada.id, None)
    assert (await books.user_of(ada.id)).end_date is None
    details = [entry.details for entry in await books.audit_of(tenant)]
    assert details == [{"end_date": day.isoformat()}, {"end_date": None}]


@ONE_DATABASE
@pytest.mark.parametrize("days", [0, -1, -1000])
async def test_end_date_that_has_come_already_is_refused(
    admin: Actor, ada: User, days: int
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await accounts.set_end_date(admin, ada.id, clock.now().date() + timedelta(days=days))
    assert set(caught.value.fields) == {"end_date"}


@ONE_DATABASE
async def test_nobody_sets_their_own_end_date(admin: Actor) -> None:
    with pytest.raises(SelfDeactivationError):
        await accounts.set_end_date(admin, admin.user_id, clock.now().date() + timedelta(days=3))


async def test_active_account_is_found_by_its_email(tenant: Tenant) -> None:
    await create_user(tenant, email="ada@example.com", active=False)
    active = await create_user(tenant, email="ada@example.com")
    assert await accounts.find_by_email("ADA@Example.com") == active.id
    with pytest.raises(NotFoundError, match=r"nobody@example\.com"):
        await accounts.find_by_email("nobody@example.com")


async def test_activation_after_the_end_date_forgets_it(
    tenant: Tenant, admin_user: User, ada: User
) -> None:
    day = clock.now().date() + timedelta(days=2)
    await accounts.set_end_date(await sign_in(admin_user), ada.id, day)
    clock.shift(timedelta(days=3))
    await accounts.set_active(ROLLCALL, ada.id, active=False)
    await accounts.set_active(await sign_in(admin_user), ada.id, active=True)
    assert (await books.user_of(ada.id)).end_date is None
    assert await ends.find_due() == []


@ONE_DATABASE
async def test_role_never_changes(tenant: Tenant, admin: Actor, ada: User) -> None:
    await accounts.rename(admin, ada.id, "Augusta", "King")
    await accounts.set_active(admin, ada.id, active=False)
    await accounts.set_active(admin, ada.id, active=True)
    assert (await books.user_of(ada.id)).role is Role.SALES_ENGINEER


@ONE_DATABASE
@pytest.mark.parametrize("invited", [True, False])
async def test_a_toggle_brings_its_row_along_unless_that_shows_a_mail(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event], invited: bool
) -> None:
    user = await create_user(tenant, invited=invited)
    for active in (False, True):
        await accounts.set_active(admin, user.id, active=active)
        await rollcall.bus.drain()
        event = next(event for event in reversed(events) if isinstance(event, UserSwitched))
        assert event.row == (None if invited else await listing.find_row(user.id))
