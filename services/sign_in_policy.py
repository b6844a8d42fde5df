"""How the users of a tenant sign in: what its admins may require."""

from dataclasses import dataclass

from models import Role, SecondFactorPolicy, SignInMethod, SsoConnection, Tenant, User
from services.actor import Actor, authorize
from services.audit import Action, record
from services.db import Transaction, reading, transaction
from services.errors import InvalidInputError, NotFoundError, SsoRequiredError
from services.events import TenantChanged
from services.permissions import Permission


@dataclass(frozen=True)
class SignInPolicy:
    """What a tenant's Settings page shows."""

    second_factor: SecondFactorPolicy


async def get_policy(actor: Actor) -> SignInPolicy:
    """The policy of the tenant in which the actor works."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.MANAGE_SIGN_IN)
        tenant = await tx.get(Tenant, actor.tenant_id) if actor.tenant_id else None
        if tenant is None:
            raise NotFoundError
        return SignInPolicy(tenant.second_factor_policy)


async def require_second_factor(actor: Actor, of: str) -> None:
    """Require a second factor of nobody, of Tenant Admins, or of everyone (`SecondFactorPolicy`).

    Whoever has none is led to set one up, from their next click on; nobody is signed out. Needs a
    fresh sign-in. Raises `InvalidInputError`.
    """
    try:
        policy = SecondFactorPolicy(of)
    except ValueError as error:
        raise InvalidInputError({"second_factor": "Choose one of the list."}) from error
    async with transaction() as tx:
        by = await authorize(
            tx, actor, Permission.MANAGE_SIGN_IN, lock=(actor.user_id,), fresh=True
        )
        tenant = (
            await tx.get(Tenant, actor.tenant_id, with_for_update=True) if actor.tenant_id else None
        )
        if tenant is None:
            raise NotFoundError
        if tenant.second_factor_policy is policy:
            return
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
