"""Two admins at the same moment: real concurrency, many rounds, on both databases."""

from collections import Counter
from uuid import UUID

import pytest

from models import Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import ConflictError, InvalidInputError, SessionEndedError
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.users import accounts, invitations
from services.users.actions import UserAction
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.factories import create_admin, create_tenant, create_users
from tests.racing import FEW_ROUNDS, ROUNDS, duel, race, rounds

pytestmark = pytest.mark.stress


def form(email: str, role: str = "sales_engineer") -> InvitationForm:
    return InvitationForm(first_name="Ada", last_name="Lovelace", email=email, role=role)


async def _accounts_per_email() -> Counter[str]:
    return Counter(user.email_key for user in await books.active_users())


async def test_two_invitations_of_one_email_make_one_account(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    async def play(number: int) -> UUID:
        email = f"ada{number}@example.com"
        # New people each time: a user who asks about many emails of other organisations has to
        # pause.
        here = await factories.sign_in(await create_admin(tenant))
        elsewhere = await factories.sign_in(await create_admin(other_tenant))
        invited, refused = await race(
            invitations.invite(here, form(email)),
            invitations.invite(elsewhere, form(email.upper())),
            invitations.invite(here, form(email, "administrator")),
        )
        assert [str(error) for error in refused] == ["This email is already in use."] * 2
        (won,) = invited
        return won.user_id

    winners = set(await rounds(play))
    invited = [user for user in await books.active_users() if user.id in winners]
    assert len(invited) == len({user.email_key for user in invited}) == ROUNDS
    assert set((await _accounts_per_email()).values()) == {1}
    assert len(await books.ways_in(winners)) == ROUNDS
    entries = [*await books.actions_of(tenant), *await books.actions_of(other_tenant)]
    assert Counter(entries) == {"user.invited": ROUNDS, "invitation.link_copied": ROUNDS}


async def test_an_invitation_counts_only_where_its_sender_was_still_in(
    tenant: Tenant, admin: Actor
) -> None:
    senders = await create_users(ROUNDS, tenant, role=Role.TENANT_ADMIN)
    actors = await factories.sign_in_all(senders)

    async def play(number: int) -> bool:
        invited, _ = await duel(
            number,
            40,
            invitations.invite(actors[number], form(f"ada{number}@example.com")),
            accounts.set_active(admin, senders[number].id, active=False),
        )
        return invited

    outcomes = await rounds(play)
    assert set(outcomes) == {True, False}, "each was first now and then"
    entries = await books.audit_of(tenant)
    out = {e.subject_id: e.number for e in entries if e.action == UserAction.DEACTIVATED}
    invitations_sent = [e for e in entries if e.action == UserAction.INVITED]
    assert len(invitations_sent) == sum(outcomes)
    assert all(entry.number < out[entry.actor_id] for entry in invitations_sent)
    assert await books.ways_in([user.id for user in senders]) == []


async def test_inviting_an_email_against_deactivating_its_account_leaves_one_way_in_at_most(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await create_admin(tenant))
    holders = await create_users(ROUNDS, tenant, invited=True)

    async def play(number: int) -> bool:
        invited, deactivated = await duel(
            number,
            40,
            invitations.invite(second, form(holders[number].email)),
            accounts.set_active(admin, holders[number].id, active=False),
        )
        assert deactivated
        return invited

    outcomes = await rounds(play)
    assert set(outcomes) == {True, False}
    assert await books.ways_in([user.id for user in holders]) == []
    per_email = await _accounts_per_email()
    assert sum(per_email[user.email_key] for user in holders) == sum(outcomes)
    assert max(per_email.values()) == 1


async def test_of_two_tenant_admins_who_deactivate_each_other_exactly_one_succeeds(
    tenant: Tenant,
) -> None:
    pairs = await create_users(2 * ROUNDS, tenant, role=Role.TENANT_ADMIN)
    actors = await factories.sign_in_all(pairs)

    async def play(number: int) -> None:
        one, other = 2 * number, 2 * number + 1
        done, refused = await race(
            accounts.set_active(actors[one], pairs[other].id, active=False),
            accounts.set_active(actors[other], pairs[one].id, active=False),
        )
        assert len(done) == 1
        assert isinstance(refused[0], SessionEndedError)

    await rounds(play)
    left = {user.id for user in await books.active_users()}
    for number in range(ROUNDS):
        assert len({user.id for user in pairs[2 * number : 2 * number + 2]} & left) == 1


async def test_of_two_platform_admins_who_deactivate_each_other_one_is_left(
    rollcall: Runtime,
) -> None:
    # One pair after the other: each begins without other admins.
    for _ in range(ROUNDS):
        pair = await create_users(2, None)
        one, other = await factories.sign_in_all(pair)
        done, refused = await race(
            accounts.set_active(one, pair[1].id, active=False),
            accounts.set_active(other, pair[0].id, active=False),
        )
        assert (len(done), len(refused)) == (1, 1)
        (left,) = await books.active_users()
        await _retire(left)


async def test_of_two_platform_admins_whom_the_command_line_deactivates_one_is_left(
    rollcall: Runtime,
) -> None:
    for _ in range(FEW_ROUNDS):
        pair = await create_users(2, None)
        done, refused = await race(
            *(accounts.set_active(COMMAND_LINE, user.id, active=False) for user in pair)
        )
        assert (len(done), len(refused)) == (1, 1)
        assert "last active Platform Admin" in str(refused[0])
        (left,) = await books.active_users()
        await _retire(left)


async def _retire(*left: User) -> None:
    async with transaction() as tx:
        for user in left:
            (await tx.get_one(User, user.id)).active = False


async def test_of_three_platform_admins_in_a_circle_one_is_left(rollcall: Runtime) -> None:
    for _ in range(FEW_ROUNDS):
        three = await create_users(3, None)
        actors = await factories.sign_in_all(three)
        await race(
            *(
                accounts.set_active(actor, three[(number + 1) % 3].id, active=False)
                for number, actor in enumerate(actors)
            )
        )
        left = await books.active_users()
        assert left
        await _retire(*left)


async def test_toggles_of_two_admins_end_in_the_last_commits_state(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await create_admin(tenant))
    toggled = await create_users(FEW_ROUNDS, tenant)

    async def play(number: int) -> None:
        user = toggled[number]
        wanted = bool(number % 2)
        if wanted:
            await accounts.set_active(admin, user.id, active=False)
        seen = (await books.user_of(user.id)).version
        done, refused = await race(
            accounts.set_active(admin, user.id, wanted, seen_version=seen),
            accounts.set_active(second, user.id, wanted, seen_version=seen),
        )
        assert refused == []
        assert sorted(change.changed for change in done) == [False, True]
        assert (await books.user_of(user.id)).active is wanted

    await rounds(play, FEW_ROUNDS)
    changes = Counter(entry.subject_id for entry in await books.audit_of(tenant))
    assert [changes[user.id] for user in toggled] == [1 + n % 2 for n in range(FEW_ROUNDS)]


@pytest.mark.parametrize(
    ("elsewhere", "count"), [(False, ROUNDS), (True, FEW_ROUNDS)], ids=["here", "elsewhere"]
)
async def test_reactivating_against_reinviting_leaves_one_active_account(
    tenant: Tenant, admin: Actor, elsewhere: bool, count: int
) -> None:
    # Another admin: two acts of one person come one after the other anyway.
    theirs = await create_tenant("Other") if elsewhere else tenant
    second = await factories.sign_in(await create_admin(theirs))
    old = await create_users(count, tenant, active=False)

    async def play(number: int) -> None:
        done, refused = await race(
            _reactivate(admin, old[number].id),
            invitations.invite(second, form(old[number].email)),
        )
        assert len(done) == 1
        assert isinstance(refused[0], InvalidInputError | ConflictError), refused
        assert not elsewhere or "in use" in str(refused[0])

    await rounds(play, count)
    per_email = await _accounts_per_email()
    assert {per_email[user.email_key] for user in old} == {1}


async def _reactivate(actor: Actor, user_id: UUID) -> object:
    return await accounts.set_active(actor, user_id, active=True)


async def test_deactivating_against_reactivating_ends_as_the_log_says(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await create_admin(tenant))
    toggled = await create_users(FEW_ROUNDS, tenant)
    await factories.sign_in_all(toggled)

    async def play(number: int) -> None:
        await duel(
            number,
            20,
            accounts.set_active(admin, toggled[number].id, active=False),
            accounts.set_active(second, toggled[number].id, active=True),
        )

    await rounds(play, FEW_ROUNDS)
    last = {entry.subject_id: entry.action for entry in await books.audit_of(tenant)}
    active = {user.id for user in await books.active_users()}
    assert {user.id for user in toggled if last[user.id] == UserAction.ACTIVATED} == {
        user.id for user in toggled if user.id in active
    }
    assert await books.ways_in([user.id for user in toggled]) == []
