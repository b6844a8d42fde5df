"""Sets the scene: tenants, users and sessions put straight into the database.

Tests call the services for what they are about. What they only need comes from here, without the
tens of milliseconds of a password's hash.
"""

from collections.abc import Collection
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import pyotp
from sqlmodel import col, select, update

from models import (
    CustomerPerson,
    LinkPurpose,
    LoginSession,
    OneTimeLink,
    PocCustomer,
    Role,
    SignInMethod,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import Actor
from services.access.outsiders import CustomerActor
from services.core import clock
from services.core.emails import email_key
from services.core.names import fold
from services.database.transaction import reading, transaction
from services.sessions.sessions import Caller, begin
from services.sign_in import passwords
from services.sign_in.second_factors import totp
from services.tenants.tenants import add_tenant
from services.users.accounts import set_names

PASSWORD = "correct horse battery staple"
IP = "192.0.2.7"  # of TEST-NET-1 (RFC 5737)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CALLER = Caller(IP, FIREFOX)

_numbers = count(1)


@cache
def password_hash() -> str:
    """The hash of `PASSWORD`, computed once."""
    return passwords._hasher.hash(PASSWORD)


async def create_tenant(name: str = "Acme", slug: str = "") -> Tenant:
    """A tenant, with the beginning of its audit chain."""
    async with transaction() as tx:
        return await add_tenant(tx, name, slug)


async def create_user(
    tenant: Tenant | None,
    *,
    role: Role | None = None,
    first_name: str = "Ada",
    last_name: str = "Lovelace",
    email: str | None = None,
    active: bool = True,
    invited: bool = False,
) -> User:
    """A user with `PASSWORD`; one who is `invited` has none yet, but a live link.

    Without a role: a Sales Engineer in a tenant, a Platform Admin above them.
    """
    user = new_user(
        tenant,
        role=role,
        first_name=first_name,
        last_name=last_name,
        email=email,
        active=active,
        invited=invited,
    )
    await _add([user])
    return user


async def create_users(
    count: int,
    tenant: Tenant | None,
    *,
    role: Role | None = None,
    active: bool = True,
    invited: bool = False,
) -> list[User]:
    """So many users as `create_user` makes them, all in one transaction."""
    users = [new_user(tenant, role=role, active=active, invited=invited) for _ in range(count)]
    await _add(users)
    return users


def new_user(
    tenant: Tenant | None,
    *,
    role: Role | None = None,
    first_name: str = "Ada",
    last_name: str = "Lovelace",
    email: str | None = None,
    active: bool = True,
    invited: bool = False,
) -> User:
    """A user as `create_user` makes them, in no database yet."""
    own_email = email or f"user{next(_numbers)}@example.com"
    now = clock.now()
    user = User(
        tenant_id=tenant.id if tenant else None,
        first_name=first_name,
        last_name=last_name,
        email=own_email,
        email_key=email_key(own_email),
        role=role or (Role.SALES_ENGINEER if tenant else Role.PLATFORM_ADMIN),
        password_hash=None if invited else password_hash(),
        created_at=now,
        first_sign_in_at=None if invited else now,
        last_sign_in_at=None if invited else now,
    )
    set_names(user, first_name, last_name)
    if not active:
        user.deactivate(now, None)
    return user


async def _add(users: Collection[User]) -> None:
    async with transaction() as tx:
        tx.add_all(users)
        await tx.flush()
        for user in users:
            if user.password_hash is None and user.active:
                one_time_links.issue(tx, LinkPurpose.INVITATION, user.id)


async def create_admin(tenant: Tenant, **given: Any) -> User:
    """A Tenant Admin."""
    return await create_user(tenant, role=Role.TENANT_ADMIN, **given)


async def open_session(user: User) -> tuple[Actor, str]:
    """Sign the user in, without a password; returns the actor and the cookie's token."""
    async with transaction() as tx:
        session, token = begin(tx, user, CALLER, SignInMethod.PASSWORD)
    return Actor(session.id, user.id, user.tenant_id, CALLER.ip), token


async def expire_sessions(user: User) -> None:
    """The user's sessions are over from now on, without any event."""
    async with transaction() as tx:
        await tx.exec(
            update(LoginSession)
            .where(col(LoginSession.user_id) == user.id)
            .values(expires_at=clock.now())
        )


async def create_customer(
    tenant: Tenant,
    poc_id: UUID | None = None,
    *,
    first_name: str = "Reto",
    last_name: str = "Bianchi",
    email: str | None = None,
    active: bool = True,
) -> CustomerPerson:
    """Somebody at a customer's; of a POC, where one is given."""
    own_email = email or f"customer{next(_numbers)}@example.com"
    person = CustomerPerson(
        tenant_id=tenant.id,
        first_name=first_name,
        last_name=last_name,
        name_key=fold(f"{first_name} {last_name}"),
        email=own_email,
        email_key=email_key(own_email),
        active=active,
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(person)
    if poc_id is not None:
        await show_poc(person, poc_id)
    return person


async def show_poc(person: CustomerPerson, poc_id: UUID) -> None:
    """Show somebody at a customer's another POC."""
    async with transaction() as tx:
        tx.add(
            PocCustomer(
                tenant_id=person.tenant_id,
                poc_id=poc_id,
                customer_id=person.id,
                added_at=clock.now(),
            )
        )


async def open_customer_session(person: CustomerPerson) -> tuple[CustomerActor, str]:
    """Begin a session of somebody at a customer's; returns the actor and the cookie's token."""
    async with transaction() as tx:
        session, token = begin(tx, person, CALLER, SignInMethod.LINK)
    actor = CustomerActor(session.id, person.id, person.tenant_id, person.full_name, CALLER.ip)
    return actor, token


async def sign_in(user: User, tenant: Tenant | None = None) -> Actor:
    """Sign the user in, without a password. A Platform Admin may be at work in a tenant."""
    actor, _ = await open_session(user)
    if tenant is not None:
        return Actor(actor.session_id, actor.user_id, tenant.id, actor.ip)
    return actor


async def sign_in_all(users: Collection[User]) -> list[Actor]:
    """Sign them all in, without passwords, in one transaction."""
    async with transaction() as tx:
        sessions = [begin(tx, user, CALLER, SignInMethod.PASSWORD)[0] for user in users]
    return [
        Actor(session.id, user.id, user.tenant_id, CALLER.ip)
        for session, user in zip(sessions, users, strict=True)
    ]


async def token_of(user: User, purpose: LinkPurpose = LinkPurpose.INVITATION) -> str:
    """The token of the user's latest link of this purpose, as their mail would have it."""
    return (await tokens_of([user], purpose))[0]


async def tokens_of(
    users: Collection[User], purpose: LinkPurpose = LinkPurpose.INVITATION
) -> list[str]:
    """The token of each user's latest link of this purpose, an unused one before any other."""
    async with reading() as tx:
        found = await tx.exec(
            select(OneTimeLink)
            .where(
                col(OneTimeLink.user_id).in_([user.id for user in users]),
                OneTimeLink.purpose == purpose,
            )
            .order_by(
                col(OneTimeLink.used_at).is_(None) & col(OneTimeLink.void_at).is_(None),
                col(OneTimeLink.created_at),
                col(OneTimeLink.id),
            )
        )
        latest = {link.user_id: link for link in found}
    assert latest.keys() == {user.id for user in users}, f"no {purpose} link"
    return [one_time_links.token_of(latest[user.id]) for user in users]


async def issue_links(users: Collection[User], purpose: LinkPurpose) -> list[str]:
    """Give each user a link of this purpose; returns their tokens."""
    async with transaction() as tx:
        for user in users:
            one_time_links.issue(tx, purpose, user.id)
    return await tokens_of(users, purpose)


def wrong_code(secret: str) -> str:
    """A code that an authenticator app shows neither now nor a few minutes before or after."""
    app, now = pyotp.TOTP(secret), clock.now()
    shown = {app.at(now, counter_offset=steps) for steps in range(-10, 11)}
    return next(code for code in map("{:06}".format, range(100)) if code not in shown)


async def enrol_app(actor: Actor) -> tuple[str, tuple[str, ...]]:
    """Enrol an authenticator app; returns its secret and the recovery codes. A minute and a half
    later, which is now, none of its codes is used up."""
    secret = (await totp.begin(actor)).secret
    code = pyotp.TOTP(secret).at(clock.now())
    codes = await totp.finish(actor, code)
    clock.shift(timedelta(seconds=3 * totp.STEP))
    return secret, codes
