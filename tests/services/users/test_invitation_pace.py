"""How many strangers can be mailed from a session: few without a fresh sign-in, and never without
an end."""

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, FreshSignInNeededError
from services.users import invitation_pace, invitations
from services.users.imports import runs
from services.users.invitation_form import InvitationForm
from services.workspace.customers import invitations as customers
from services.workspace.customers.invitations import CustomerForm
from tests.conftest import ONE_DATABASE
from tests.factories import create_user, sign_in
from tests.mail_server import MailServer
from tests.services.users.imports.importing import rows_of
from tests.services.workspace.scene import create_poc

STALE = invitation_pace.UNASKED_WITHIN / 2
"""A sign-in of then is no longer fresh, and those who were invited then are still counted."""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, mail_server: MailServer) -> None:
    monkeypatch.setattr(invitation_pace, "UNASKED", 3)
    monkeypatch.setattr(invitation_pace, "OF_ALL", 5)


@pytest.fixture
async def stale(admin_user: User) -> Actor:
    """An admin whose sign-in isn't fresh."""
    actor = await sign_in(admin_user)
    clock.shift(STALE)
    return actor


async def _invite(actor: Actor, *names: str) -> None:
    for name in names:
        await invitations.invite(
            actor,
            InvitationForm(
                first_name=name,
                last_name="Doe",
                email=f"{name}@example.com",
                role=Role.SALES_ENGINEER.value,
            ),
        )


async def test_many_strangers_are_mailed_only_after_a_fresh_sign_in(
    stale: Actor, admin_user: User
) -> None:
    await _invite(stale, "a", "b", "c")
    with pytest.raises(FreshSignInNeededError, match="3 invitations within an hour need"):
        await _invite(stale, "d")
    await _invite(await sign_in(admin_user), "d")


async def test_those_of_a_while_ago_count_no_longer(stale: Actor) -> None:
    await _invite(stale, "a", "b", "c")
    clock.shift(invitation_pace.UNASKED_WITHIN)
    await _invite(stale, "d")


@ONE_DATABASE
async def test_colleagues_have_a_pace_each(stale: Actor, tenant: Tenant) -> None:
    other = await sign_in(await create_user(tenant, role=Role.TENANT_ADMIN))
    clock.shift(STALE)
    await _invite(stale, "a", "b", "c")
    await _invite(other, "d")


async def test_imports_count_by_their_rows_from_the_moment_that_they_begin(stale: Actor) -> None:
    await runs.start(stale, "a.csv", rows_of("a@example.com", "b@example.com"))
    with pytest.raises(FreshSignInNeededError):
        await runs.start(stale, "b.csv", rows_of("c@example.com", "d@example.com"))


async def test_customers_count_as_users_do(tenant: Tenant) -> None:
    engineer = await sign_in(await create_user(tenant))
    poc = await create_poc(engineer)
    clock.shift(STALE)

    async def invite(name: str) -> None:
        form = CustomerForm(first_name=name, last_name="Doe", email=f"{name}@helvetia.example")
        await customers.invite(engineer, poc, form)

    for name in ("a", "b", "c"):
        await invite(name)
    with pytest.raises(FreshSignInNeededError):
        await invite("d")


async def test_an_organisation_invites_so_many_a_day_and_is_told_when_to_go_on(
    admin: Actor, admin_user: User
) -> None:
    await _invite(admin, "a", "b", "c")
    await runs.start(admin, "people.csv", rows_of("d@example.com", "e@example.com"))
    with pytest.raises(ConflictError, match="Invite the others tomorrow"):
        await _invite(admin, "f")
    clock.shift(invitation_pace.OF_ALL_WITHIN)
    await _invite(await sign_in(admin_user), "f")
