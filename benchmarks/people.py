"""Made-up tenants of any size, the same ones each time."""

import random
from collections.abc import Sequence

from models import Role, Tenant, User, new_id
from services.core import clock
from services.core.emails import email_key
from services.database.transaction import transaction
from services.operations.demo_names import FIRST_NAMES, LAST_NAMES
from services.sign_in.passwords import hash_password
from services.tenants.tenants import add_tenant
from services.users.accounts import set_names

# Users written by one transaction.
AT_ONCE = 2000
# Fifty have this last name, in every tenant of fifty or more.
RARE_NAME = "Fiftieth"


async def create_tenant(slug: str, users: int, password: str = "") -> list[User]:
    """A tenant of so many users. The first is its only Tenant Admin; of the others each fourth is
    an Administrator, each eleventh is inactive, and each seventeenth has never signed in."""
    hashed = await hash_password(password) if password else None
    chance = random.Random(users)
    async with transaction() as tx:
        tenant = await add_tenant(tx, slug, slug)
    people = [_user(tenant, number, chance, hashed) for number in range(users)]
    for user in people[: users // 50 * 50 : max(1, users // 50)]:
        set_names(user, user.first_name, RARE_NAME)
    for first in range(0, users, AT_ONCE):
        await _add(people[first : first + AT_ONCE])
    return people


def person(tenant: Tenant, role: Role) -> User:
    """One more user of a tenant, of this role, who has signed in before."""
    now = clock.now()
    email = f"{new_id().hex}@{tenant.slug}.example"
    user = User(
        tenant_id=tenant.id,
        first_name="One",
        last_name="More",
        email=email,
        email_key=email_key(email),
        role=role,
        created_at=now,
        first_sign_in_at=now,
        last_sign_in_at=now,
        last_active_at=now,
    )
    set_names(user, "One", "More")
    return user


async def _add(people: Sequence[User]) -> None:
    async with transaction() as tx:
        tx.add_all(people)


def _user(tenant: Tenant, number: int, chance: random.Random, hashed: str | None) -> User:
    email = f"user{number:06}@{tenant.slug}.example"
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    role = Role.ADMINISTRATOR if number % 4 == 0 else Role.SALES_ENGINEER
    now = clock.now()
    user = User(
        tenant_id=tenant.id,
        first_name=first,
        last_name=last,
        email=email,
        email_key=email_key(email),
        role=role if number else Role.TENANT_ADMIN,
        password_hash=hashed,
        created_at=now,
        first_sign_in_at=None if number % 17 == 16 else now,
        last_sign_in_at=None if number % 17 == 16 else now,
        last_active_at=None if number % 17 == 16 else now,
    )
    set_names(user, first, last)
    if number % 11 == 10:
        user.deactivate(now, None)
    return user
