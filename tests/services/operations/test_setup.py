"""The first start: a link that works once, and only while no account exists."""

import pytest
from sqlmodel import select

from models import LinkPurpose, OneTimeLink, Role, Tenant, User
from services.core.errors import DeadLinkError, InvalidInputError, OperatorError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.operations import setup
from services.sessions import sessions
from services.sign_in.sign_in import sign_in
from services.tenants.events import TenantChanged
from services.users.events import UserInvited
from tests import books
from tests.factories import CALLER, PASSWORD, create_user, token_of

FORM = {
    "organisation": "Analytical Engines",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "password": PASSWORD,
}


@pytest.fixture
async def token(rollcall: Runtime) -> str:
    """The token of the set-up link."""
    url = await setup.setup_url()
    assert url is not None
    assert url.startswith(f"{rollcall.settings.public_url}/setup/")
    return url.rpartition("/")[2]


async def test_set_up_makes_the_platform_admin_and_the_first_tenant_and_signs_in(
    rollcall: Runtime, token: str, events: list[Event]
) -> None:
    result = await setup.set_up(token, FORM, CALLER)
    visit = await sessions.recognise(result.token, "analytical-engines", CALLER)
    assert (visit.name, visit.role, visit.tenant_name, result.tenant_slug) == (
        "Ada Lovelace",
        Role.PLATFORM_ADMIN,
        "Analytical Engines",
        "analytical-engines",
    )
    (user,) = await books.users_with("ada@example.com")
    assert user.tenant_id is None
    assert not user.invited
    assert await setup.is_set_up()
    await rollcall.bus.drain()
    assert any(isinstance(event, TenantChanged) for event in events)


async def test_set_up_is_in_the_log(token: str) -> None:
    await setup.set_up(token, FORM, CALLER)
    (user,) = await books.users_with("ada@example.com")
    async with reading() as tx:
        tenant = (await tx.exec(select(Tenant))).one()
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.actor_id, entry.ip) == (
        "rollcall.set_up",
        user.id,
        CALLER.ip,
    )
    assert await books.actions_of(None) == ["tenant.created", "session.signed_in"]


async def test_link_stays_the_same_until_it_is_used(token: str) -> None:
    for _ in range(2):
        url = await setup.setup_url()
        assert url is not None
        assert url.endswith(token)
        await setup.open_setup(token)
    assert await books.count(OneTimeLink) == 1


async def test_set_up_works_once(token: str) -> None:
    await setup.set_up(token, FORM, CALLER)
    with pytest.raises(DeadLinkError, match="set up already"):
        await setup.open_setup(token)
    with pytest.raises(DeadLinkError):
        await setup.set_up(token, FORM, CALLER)
    assert await setup.setup_url() is None
    assert await books.count(User) == 1


async def test_link_is_dead_once_any_account_exists(token: str) -> None:
    await create_user(None)
    with pytest.raises(DeadLinkError, match="set up already"):
        await setup.open_setup(token)
    with pytest.raises(DeadLinkError):
        await setup.set_up(token, FORM, CALLER)
    assert await setup.setup_url() is None


@pytest.mark.parametrize("forged", ["", "x" * 43, "\0", "\ud800"])
async def test_forged_link_sets_nothing_up(token: str, forged: str) -> None:
    with pytest.raises(DeadLinkError):
        await setup.set_up(forged, FORM, CALLER)
    assert await books.count(User) == 0


async def test_a_wrong_link_doesn_t_say_that_rollcall_is_set_up_before_it_is(token: str) -> None:
    with pytest.raises(DeadLinkError, match="the one that the server printed"):
        await setup.open_setup(token[:-1])


async def test_link_of_another_purpose_sets_nothing_up(tenant: Tenant) -> None:
    invited = await create_user(tenant, invited=True)
    with pytest.raises(DeadLinkError):
        await setup.open_setup(await token_of(invited, LinkPurpose.INVITATION))


async def test_every_wrong_field_is_told_and_uses_nothing_up(token: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await setup.set_up(
            token,
            {
                "organisation": " ",
                "first_name": "",
                "last_name": "x" * 201,
                "email": "ada",
                "password": "short",
            },
            CALLER,
        )
    assert set(caught.value.fields) == set(FORM)
    assert await books.count(User) == 0
    await setup.open_setup(token)


async def test_organisation_that_cannot_be_a_name_leaves_nothing_behind(token: str) -> None:
    bad = FORM | {"organisation": "Acme\r\nInc"}
    with pytest.raises(InvalidInputError) as caught:
        await setup.set_up(token, bad, CALLER)
    assert set(caught.value.fields) == {"organisation"}
    assert await books.count(User) == 0
    await setup.open_setup(token)


async def test_password_of_the_persons_own_words_is_refused(token: str) -> None:
    bad = FORM | {"password": "Lovelace@example.com"}
    with pytest.raises(InvalidInputError) as caught:
        await setup.set_up(token, bad, CALLER)
    assert set(caught.value.fields) == {"password"}


async def test_unattended_start_makes_the_admin_and_their_tenant(
    rollcall: Runtime, token: str, events: list[Event]
) -> None:
    tenant = await setup.create_platform_admin(
        "ada@example.com", PASSWORD, tenant_name="Acme", only_first=True
    )
    assert tenant is not None
    assert tenant.slug == "acme"
    assert (await sign_in(None, "ada@example.com", PASSWORD, CALLER)).role is Role.PLATFORM_ADMIN
    (entry, *_) = await books.audit_of(None)
    assert (entry.action, entry.actor_name) == ("user.invited", "Command line")
    with pytest.raises(DeadLinkError):
        await setup.open_setup(token)
    await rollcall.bus.drain()
    (user,) = await books.users_with("ada@example.com")
    assert UserInvited(tenant_id=None, user_id=user.id) in events


async def test_second_unattended_start_changes_nothing(rollcall: Runtime) -> None:
    await setup.create_platform_admin("ada@example.com", PASSWORD, only_first=True)
    assert (
        await setup.create_platform_admin(
            "eve@example.com", PASSWORD, tenant_name="Other", only_first=True
        )
        is None
    )
    assert (await books.count(User), await books.count(Tenant)) == (1, 0)


async def test_command_line_makes_more_platform_admins(rollcall: Runtime) -> None:
    for name in ("ada", "grace"):
        await setup.create_platform_admin(f"{name}@example.com", PASSWORD)
    assert await books.count(User) == 2
    with pytest.raises(OperatorError, match=r"has the email ADA@example\.com already"):
        await setup.create_platform_admin("ADA@example.com", PASSWORD)


@pytest.mark.parametrize(
    ("email", "password"), [("ada", PASSWORD), ("ada@example.com", "short"), ("", "")]
)
async def test_unfit_platform_admin_is_refused_in_words(
    rollcall: Runtime, email: str, password: str
) -> None:
    with pytest.raises(OperatorError, match=r"^Can't create the Platform Admin: "):
        await setup.create_platform_admin(email, password)
    assert await books.count(User) == 0
