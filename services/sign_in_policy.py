"""How the users of a tenant may sign in: what its admins require."""

from dataclasses import dataclass

from models import (
    LoginSession,
    Role,
    SecondFactorPolicy,
    SignInMethod,
    SsoConnection,
    User,
)
from services.actor import Actor, authorize, get_tenant
from services.audit import Action, record
from services.db import Transaction, reading, transaction
from services.errors import ConflictError, InvalidInputError, SsoRequiredError
from services.events import TenantChanged
from services.permissions import Permission
from services.second_factor_policy import lacks


@dataclass(frozen=True)
class SignInPolicy:
    """What a tenant's Settings page shows beside single sign-on."""

    second_factor: SecondFactorPolicy


async def get_policy(actor: Actor) -> SignInPolicy:
    """The policy of the tenant in which the actor works."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.MANAGE_SIGN_IN)
        return SignInPolicy((await get_tenant(tx, actor)).second_factor_policy)


async def require_second_factor(actor: Actor, of: str) -> None:
    """Require a second factor of nobody, of Tenant Admins, or of everyone (`SecondFactorPolicy`).

    Whoever has none may only set one up, from their next click on; nobody is signed out. Needs a
    fresh sign-in. Raises `InvalidInputError`, and `ConflictError` for an admin who would shut
    themselves out.
    """
    try:
        policy = SecondFactorPolicy(of)
    except ValueError as error:
        raise InvalidInputError({"second_factor": "Choose one of the list."}) from error
    async with transaction() as tx:
        by = await authorize(
            tx, actor, Permission.MANAGE_SIGN_IN, lock=(actor.user_id,), fresh=True
        )
        tenant = await get_tenant(tx, actor, lock=True)
        if tenant.second_factor_policy is policy:
            return
        session = await tx.get_one(LoginSession, actor.session_id)
        own = by is not None and by.tenant_id == tenant.id
        if by is not None and own and await lacks(tx, by, session.method, policy):
            raise ConflictError("Set up a second factor of your own in My account first.")
        before, tenant.second_factor_policy = tenant.second_factor_policy, policy
        await record(
            tx,
            Action.SECOND_FACTOR_POLICY_SET,
            actor=actor,
            by=by,
            tenant_id=tenant.id,
            before=before.value,
            after=policy.value,
        )
        tx.publish(TenantChanged(tenant_id=tenant.id))


async def require_method(tx: Transaction, user: User, method: SignInMethod) -> None:
    """Raise `SsoRequiredError` where the user's organisation requires single sign-on of them, and
    this isn't it."""
    provider = await required_provider(tx, user)
    if provider is not None and method is not SignInMethod.SSO:
        raise SsoRequiredError(provider)


async def required_provider(tx: Transaction, user: User) -> str | None:
    """The name of the provider that the user must sign in with, if there is one.

    Tenant Admins may always come another way: a broken provider locks nobody out for good.
    """
    if user.tenant_id is None or user.role is Role.TENANT_ADMIN:
        return None
    connection = await tx.get(SsoConnection, user.tenant_id)
    return connection.name if connection is not None and connection.required else None
