"""Two at the same moment, where accounts and tenants begin."""

import asyncio

import pytest

from models import LinkPurpose, Tenant, User
from services import invitations, links, passwords, setup, tenants
from services.actor import Actor
from services.db import transaction
from services.invitations import InvitationForm
from services.runtime import Runtime
from services.setup import SetupForm
from tests import books, factories
from tests.factories import CALLER, PASSWORD, create_user
from tests.racing import ROUNDS, SLOW_ROUNDS, delayed, race


def _setup_form(number: int) -> SetupForm:
    return SetupForm(f"Acme {number}", "Ada", "Lovelace", f"ada{number}@example.com", PASSWORD)


def _meet_after_hashing(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Let all go on together once the last one's password is hashed: hashing takes turns."""
    barrier = asyncio.Barrier(parties)

    async def hash_and_wait(password: str) -> str:
        hashed = await passwords.hash_password(password)
        await barrier.wait()
        return hashed

    monkeypatch.setattr(setup, "hash_password", hash_and_wait)


async def test_of_several_set_ups_one_wins(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meet_after_hashing(monkeypatch, 4)
    url = await setup.setup_url()
    assert url is not None
    token = url.rpartition("/")[2]
    done, refused = await race(
        *(setup.set_up(token, _setup_form(number), CALLER) for number in range(4))
    )
    assert (len(done), len(refused)) == (1, 3)
    assert await books.count(User) == 1
    assert await books.count(Tenant) == 1


async def test_of_several_set_ups_with_a_link_each_one_wins(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two replicas that start at once may print a link each.
    _meet_after_hashing(monkeypatch, 4)
    async with transaction() as tx:
        issued = [links.issue(tx, LinkPurpose.SETUP, None) for _ in range(4)]
        tokens = [links.token_of(link) for link in issued]
    done, refused = await race(
        *(setup.set_up(token, _setup_form(n), CALLER) for n, token in enumerate(tokens))
    )
    assert (len(done), len(refused)) == (1, 3)
    assert await books.count(User) == 1


async def test_set_up_against_an_unattended_start_makes_one_account(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meet_after_hashing(monkeypatch, 2)
    url = await setup.setup_url()
    assert url is not None
    await race(
        setup.set_up(url.rpartition("/")[2], _setup_form(1), CALLER),
        setup.create_platform_admin("robin@example.com", PASSWORD, only_first=True),
    )
    assert await books.count(User) == 1


async def test_of_two_unattended_starts_one_makes_the_account(
    rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meet_after_hashing(monkeypatch, 2)
    _, refused = await race(
        *(
            setup.create_platform_admin(
                "robin@example.com", PASSWORD, tenant_name="Acme", only_first=True
            )
            for _ in range(2)
        )
    )
    assert refused == []
    assert await books.count(User) == 1
    assert await books.count(Tenant) == 1


async def test_of_two_platform_admins_with_one_address_one_is_made(rollcall: Runtime) -> None:
    done, refused = await race(
        *(setup.create_platform_admin("robin@example.com", PASSWORD) for _ in range(2))
    )
    assert (len(done), len(refused)) == (1, 1)


def _form(email: str) -> InvitationForm:
    return InvitationForm(
        first_name="Ada", last_name="Lovelace", email=email, role="sales_engineer"
    )


async def test_command_line_against_an_invitation_of_the_same_address_makes_one_account(
    tenant: Tenant, admin: Actor
) -> None:
    for number in range(SLOW_ROUNDS):
        email = f"robin{number}@example.com"
        await race(
            setup.create_platform_admin(email, PASSWORD),
            delayed(15 + number * 5, invitations.invite(admin, _form(email))),
        )
        assert len(await books.users_with(email)) == 1


async def test_two_tenants_of_one_name_get_an_address_each(rollcall: Runtime) -> None:
    actors = [await factories.sign_in(await create_user(None)) for _ in range(2)]
    for number in range(ROUNDS):
        done, refused = await race(
            *(tenants.create_tenant(actor, f"Acme {number}") for actor in actors)
        )
        assert refused == []
        assert len({tenant.slug for tenant in done}) == 2


async def test_of_two_tenants_at_one_address_one_is_made(rollcall: Runtime) -> None:
    actors = [await factories.sign_in(await create_user(None)) for _ in range(2)]
    for number in range(ROUNDS):
        done, refused = await race(
            *(tenants.create_tenant(actor, "Acme", f"acme-{number}") for actor in actors)
        )
        assert (len(done), len(refused)) == (1, 1)
        assert f"The address /t/acme-{number} is taken" in str(refused[0])
