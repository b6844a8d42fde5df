"""Sensitive acts want a recent proof of who is asking."""

from datetime import timedelta

import pytest

from models import Role, Tenant, User
from services.access.actor import FRESH_FOR, Actor
from services.audit import reading
from services.core import clock
from services.core.errors import FreshSignInNeededError, InvalidInputError, TooManyAttemptsError
from services.lists.query import ListQuery
from services.sign_in import confirmation, throttle
from services.sso import connections
from services.sso.connections import ConnectionForm
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.factories import PASSWORD


def _later(by: timedelta) -> None:
    clock.shift(by)


async def test_a_sign_in_is_fresh_for_fifteen_minutes(admin: Actor) -> None:
    _later(FRESH_FOR - timedelta(minutes=1))
    await confirmation.require_fresh(admin)
    _later(FRESH_FOR + timedelta(seconds=1))
    with pytest.raises(FreshSignInNeededError):
        await confirmation.require_fresh(admin)


async def test_the_password_opens_sensitive_acts_again(admin: Actor) -> None:
    _later(timedelta(hours=1))
    await confirmation.confirm_password(admin, PASSWORD)
    await confirmation.require_fresh(admin)


async def test_a_wrong_password_opens_nothing_and_is_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    _later(timedelta(hours=1))
    with pytest.raises(InvalidInputError, match="isn't your password"):
        await confirmation.confirm_password(admin, "not the password")
    with pytest.raises(FreshSignInNeededError):
        await confirmation.require_fresh(admin)
    assert await books.actions_of(tenant) == ["session.confirmation_failed"]


@pytest.mark.usefixtures("stopped_clock")
async def test_guessing_the_password_here_is_slowed_down_like_anywhere(admin: Actor) -> None:
    for _ in range(throttle.FREE_FAILURES["account"] + 1):
        with pytest.raises(InvalidInputError):
            await confirmation.confirm_password(admin, "not the password")
    with pytest.raises(TooManyAttemptsError):
        await confirmation.confirm_password(admin, PASSWORD)


async def test_exporting_the_log_needs_a_fresh_sign_in(admin: Actor) -> None:
    _later(timedelta(minutes=16))
    with pytest.raises(FreshSignInNeededError):
        await reading.export(admin, ListQuery())


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.ADMINISTRATOR])
async def test_only_inviting_an_admin_needs_a_fresh_sign_in(
    platform_user: User, tenant: Tenant, role: Role
) -> None:
    inside = await factories.sign_in(platform_user, tenant)
    _later(timedelta(minutes=16))
    form = InvitationForm(
        first_name="Ada", last_name="Lovelace", email="ada@example.com", role=role.value
    )
    if role is Role.ADMINISTRATOR:
        await invitations.invite(inside, form)
    else:
        with pytest.raises(FreshSignInNeededError):
            await invitations.invite(inside, form)
        assert await books.users_with("ada@example.com") == []


async def test_changing_how_people_sign_in_needs_a_fresh_sign_in(
    admin: Actor, tenant: Tenant
) -> None:
    _later(timedelta(minutes=16))
    form = ConnectionForm(
        name="Test",
        discovery="https://sso.example.com",
        client_id="rollcall",
        client_secret="secret",
        domains="example.com",
        new_people="nobody",
    )
    for change in (
        connections.connect(admin, form),
        connections.require(admin, True),
        connections.disconnect(admin),
    ):
        with pytest.raises(FreshSignInNeededError):
            await change
    assert await books.actions_of(tenant) == []
