"""Signing in and being deactivated at the same moment: many rounds, on both databases."""

import pytest

from models import LinkPurpose, Role, Tenant, User
from services.access.actor import Actor
from services.sessions import sessions
from services.sign_in import password_change, sign_in
from services.users import accounts, invitations
from tests import books, factories
from tests.factories import CALLER, PASSWORD, create_users
from tests.racing import FEW_ROUNDS, ROUNDS, duel, race, rounds

pytestmark = pytest.mark.stress

OTHER_PASSWORD = "an entirely other sentence"
# Milliseconds: with so many rounds in flight, what is raced here takes about so long.
SPREAD = 60


async def test_accepting_against_deactivation_leaves_nobody_in(
    tenant: Tenant, admin: Actor
) -> None:
    invited = await create_users(ROUNDS, tenant, invited=True)
    tokens = await factories.tokens_of(invited)

    async def play(number: int) -> bool:
        accepted, deactivated = await duel(
            number,
            SPREAD,
            invitations.accept(tenant.slug, tokens[number], PASSWORD, CALLER),
            accounts.set_active(admin, invited[number].id, active=False),
        )
        assert deactivated
        return accepted

    assert set(await rounds(play)) == {True, False}, "each was first now and then"
    await _nobody_is_in(invited)


async def test_sign_in_against_deactivation_leaves_nobody_in(tenant: Tenant, admin: Actor) -> None:
    people = await create_users(ROUNDS, tenant)

    async def play(number: int) -> bool:
        signed_in, deactivated = await duel(
            number,
            SPREAD,
            sign_in.sign_in(tenant.slug, people[number].email, PASSWORD, _caller(number)),
            accounts.set_active(admin, people[number].id, active=False),
        )
        assert deactivated
        return signed_in

    assert set(await rounds(play)) == {True, False}
    await _nobody_is_in(people)


def _caller(number: int) -> sessions.Caller:
    # Each from its own ip: failures from one ip are slowed down.
    return sessions.Caller(f"2001:db8::{number:x}", CALLER.user_agent)


async def test_a_platform_admins_sign_in_against_deactivation_leaves_nobody_in(
    platform: Actor,
) -> None:
    people = await create_users(FEW_ROUNDS, None, role=Role.PLATFORM_ADMIN)

    async def play(number: int) -> bool:
        signed_in, deactivated = await duel(
            number,
            SPREAD,
            sign_in.sign_in(None, people[number].email, PASSWORD, _caller(number)),
            accounts.set_active(platform, people[number].id, active=False),
        )
        assert deactivated
        return signed_in

    assert set(await rounds(play, FEW_ROUNDS)) == {True, False}
    await _nobody_is_in(people)


async def test_reset_against_deactivation_leaves_nobody_in(tenant: Tenant, admin: Actor) -> None:
    people = await create_users(ROUNDS, tenant)
    tokens = await factories.issue_links(people, LinkPurpose.RESET)

    async def play(number: int) -> bool:
        done, deactivated = await duel(
            number,
            SPREAD,
            password_change.reset(tenant.slug, tokens[number], OTHER_PASSWORD, CALLER),
            accounts.set_active(admin, people[number].id, active=False),
        )
        assert deactivated
        return done

    assert set(await rounds(play)) == {True, False}
    await _nobody_is_in(people)


async def test_a_password_change_against_deactivation_leaves_nobody_in(
    tenant: Tenant, admin: Actor
) -> None:
    people = await create_users(FEW_ROUNDS, tenant)
    actors = await factories.sign_in_all(people)

    async def play(number: int) -> bool:
        done, deactivated = await duel(
            number,
            SPREAD,
            password_change.change_password(actors[number], PASSWORD, OTHER_PASSWORD),
            accounts.set_active(admin, people[number].id, active=False),
        )
        assert deactivated
        return done

    assert set(await rounds(play, FEW_ROUNDS)) == {True, False}
    await _nobody_is_in(people)


async def _nobody_is_in(people: list[User]) -> None:
    ids = {user.id for user in people}
    assert [user for user in await books.active_users() if user.id in ids] == []
    assert await books.ways_in(ids) == []


async def test_of_two_uses_of_one_invitation_one_succeeds(tenant: Tenant) -> None:
    invited = await create_users(ROUNDS, tenant, invited=True)
    tokens = await factories.tokens_of(invited)

    async def play(number: int) -> None:
        done, refused = await race(
            *(invitations.accept(tenant.slug, tokens[number], PASSWORD, CALLER) for _ in range(2))
        )
        assert (len(done), len(refused)) == (1, 1)
        assert "no longer valid" in str(refused[0])

    await rounds(play)
    assert len(await books.ways_in({user.id for user in invited})) == ROUNDS


async def test_of_two_uses_of_one_reset_link_one_succeeds(tenant: Tenant) -> None:
    people = await create_users(FEW_ROUNDS, tenant)
    tokens = await factories.issue_links(people, LinkPurpose.RESET)

    async def play(number: int) -> None:
        done, refused = await race(
            *(
                password_change.reset(tenant.slug, tokens[number], OTHER_PASSWORD, CALLER)
                for _ in range(2)
            )
        )
        assert (len(done), len(refused)) == (1, 1)
        assert "no longer valid" in str(refused[0])

    await rounds(play, FEW_ROUNDS)
    assert len(await books.ways_in({user.id for user in people})) == FEW_ROUNDS


async def test_a_sign_in_with_the_old_password_never_outlives_a_reset(tenant: Tenant) -> None:
    people = await create_users(FEW_ROUNDS, tenant)
    tokens = await factories.issue_links(people, LinkPurpose.RESET)

    async def play(number: int) -> bool:
        signed_in, done = await duel(
            number,
            SPREAD,
            sign_in.sign_in(tenant.slug, people[number].email, PASSWORD, _caller(number)),
            password_change.reset(tenant.slug, tokens[number], OTHER_PASSWORD, CALLER),
        )
        assert done
        return signed_in

    assert set(await rounds(play, FEW_ROUNDS)) == {True, False}
    for user in people:
        (session,) = await books.live_sessions_of(user.id)
        assert session.ip == CALLER.ip, "the one that the reset began"


async def test_a_resent_invitation_leaves_one_link_or_none_beside_an_acceptance(
    tenant: Tenant, admin: Actor
) -> None:
    invited = await create_users(FEW_ROUNDS, tenant, invited=True)
    tokens = await factories.tokens_of(invited)

    async def play(number: int) -> tuple[bool, bool]:
        return await duel(
            number,
            SPREAD,
            invitations.accept(tenant.slug, tokens[number], PASSWORD, CALLER),
            invitations.resend(admin, invited[number].id),
        )

    assert set(await rounds(play, FEW_ROUNDS)) == {(True, False), (False, True)}
    assert len(await books.ways_in({user.id for user in invited})) == FEW_ROUNDS
