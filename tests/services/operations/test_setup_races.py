"""Two at the same moment, where accounts and tenants begin: many rounds, on both databases."""

import pytest
from sqlmodel import col, delete

from models import (
    AuditEvent,
    AuditHead,
    KnownDevice,
    LinkPurpose,
    LoginSession,
    OneTimeLink,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import Actor
from services.audit.writing import PLATFORM_CHAIN
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.operations import setup
from services.sign_in import passwords
from services.tenants import tenants
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.factories import CALLER, PASSWORD, create_users
from tests.racing import FEW_ROUNDS, ROUNDS, duel, race, rounds

pytestmark = pytest.mark.stress


@pytest.fixture(autouse=True)
def _every_password_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging a password takes longer than the whole race, and has its own tests."""
    monkeypatch.setattr(passwords, "GOOD_SCORE", 0)
    monkeypatch.setattr(passwords, "ESTIMATED_LENGTH", 1)


def _setup_form(number: int) -> dict[str, str]:
    return {
        "organisation": f"Acme {number}",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": f"ada{number}@example.com",
        "password": PASSWORD,
    }


async def _begin_again() -> None:
    """As on the first day: nobody has an account, and nothing has happened."""
    async with transaction() as tx:
        for table in (KnownDevice, LoginSession, OneTimeLink, AuditEvent, User, Tenant):
            await tx.exec(delete(table))
        await tx.exec(delete(AuditHead).where(col(AuditHead.chain_id) != PLATFORM_CHAIN))


async def _one_was_set_up() -> None:
    assert await books.count(User) == 1
    assert await books.count(Tenant) == 1


async def _setup_tokens(count: int) -> list[str]:
    async with transaction() as tx:
        return [
            one_time_links.token_of(one_time_links.issue(tx, LinkPurpose.SETUP, None))
            for _ in range(count)
        ]


async def test_of_two_set_ups_with_one_link_one_wins(rollcall: Runtime) -> None:
    for number in range(ROUNDS):
        (token,) = await _setup_tokens(1)
        ahead, behind = (
            setup.set_up(token, _setup_form(number), CALLER),
            setup.set_up(token, _setup_form(number + 1), CALLER),
        )
        assert sorted(await duel(number, 10, ahead, behind)) == [False, True]
        await _one_was_set_up()
        await _begin_again()


async def test_of_several_set_ups_with_a_link_each_one_wins(rollcall: Runtime) -> None:
    # Replicas that start at once may print a link each.
    for _ in range(FEW_ROUNDS):
        tokens = await _setup_tokens(4)
        done, refused = await race(
            *(setup.set_up(token, _setup_form(n), CALLER) for n, token in enumerate(tokens))
        )
        assert (len(done), len(refused)) == (1, 3)
        await _one_was_set_up()
        await _begin_again()


async def test_set_up_against_an_unattended_start_makes_one_account(rollcall: Runtime) -> None:
    for number in range(FEW_ROUNDS):
        (token,) = await _setup_tokens(1)
        await duel(
            number,
            10,
            setup.set_up(token, _setup_form(1), CALLER),
            setup.create_platform_admin(
                "robin@example.com", PASSWORD, tenant_name="Acme", only_first=True
            ),
        )
        await _one_was_set_up()
        await _begin_again()


async def test_of_two_unattended_starts_one_makes_the_account(rollcall: Runtime) -> None:
    for _ in range(FEW_ROUNDS):
        _, refused = await race(
            *(
                setup.create_platform_admin(
                    "robin@example.com", PASSWORD, tenant_name="Acme", only_first=True
                )
                for _ in range(2)
            )
        )
        assert refused == []
        await _one_was_set_up()
        await _begin_again()


async def test_of_two_platform_admins_with_one_email_one_is_made(rollcall: Runtime) -> None:
    async def play(number: int) -> None:
        email = f"robin{number}@example.com"
        done, refused = await race(
            *(setup.create_platform_admin(email, PASSWORD) for _ in range(2))
        )
        assert (len(done), len(refused)) == (1, 1)
        assert "has the email" in str(refused[0])

    await rounds(play)
    assert await books.count(User) == ROUNDS


def _form(email: str) -> InvitationForm:
    return InvitationForm(
        first_name="Ada", last_name="Lovelace", email=email, role="sales_engineer"
    )


async def test_command_line_against_an_invitation_of_the_same_email_makes_one_account(
    tenant: Tenant, admin: Actor
) -> None:
    async def play(number: int) -> tuple[bool, bool]:
        email = f"robin{number}@example.com"
        return await duel(
            number,
            30,
            setup.create_platform_admin(email, PASSWORD),
            invitations.invite(admin, _form(email)),
        )

    assert set(await rounds(play, FEW_ROUNDS)) == {(True, False), (False, True)}
    assert await books.count(User) == FEW_ROUNDS + 1


async def test_two_tenants_of_one_name_get_an_address_each(rollcall: Runtime) -> None:
    actors = await factories.sign_in_all(await create_users(2, None))

    async def play(number: int) -> None:
        done, refused = await race(
            *(tenants.create_tenant(actor, f"Acme {number}") for actor in actors)
        )
        assert refused == []
        assert len({tenant.slug for tenant in done}) == 2

    await rounds(play, FEW_ROUNDS)


async def test_of_two_tenants_with_one_slug_one_is_made(rollcall: Runtime) -> None:
    actors = await factories.sign_in_all(await create_users(2, None))

    async def play(number: int) -> None:
        done, refused = await race(
            *(tenants.create_tenant(actor, "Acme", f"acme-{number}") for actor in actors)
        )
        assert (len(done), len(refused)) == (1, 1)
        assert f"The address /t/acme-{number} is taken" in str(refused[0])

    await rounds(play, FEW_ROUNDS)
