"""How the users of a tenant may sign in: what its admins require."""

from dataclasses import dataclass

from sqlalchemy import Boolean, ColumnElement, and_, bindparam
from sqlmodel import col, select

from models import LoginSession, Role, SecondFactorPolicy, SsoConnection, Tenant, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.access.second_factor_policy import has_one, lacks, there_is_one
from services.audit.acting import acting, viewing
from services.core.errors import OwnSecondFactorMissingError
from services.database.looking import looks_first
from services.database.prepared import Prepared
from services.database.transaction import Transaction
from services.sign_in.actions import SecondFactorAction
from services.tenants.events import TenantChanged


@dataclass(frozen=True)
class SignInPolicy:
    """What a tenant's Settings page shows beside single sign-on."""

    second_factor: SecondFactorPolicy


async def get_policy(actor: Actor) -> SignInPolicy:
    """The policy of the tenant in which the actor works."""
    async with viewing(actor, Permission.MANAGE_SIGN_IN) as view:
        return SignInPolicy((await view.get_tenant()).second_factor_policy)


@looks_first
async def require_second_factor(actor: Actor, policy: SecondFactorPolicy) -> None:
    """Require a second factor from nobody, from Tenant Admins, or from everyone.

    From their next click on, people without one can only set one up; nobody is signed out. Needs a
    fresh sign-in. Before it asks for anything else, it raises `OwnSecondFactorMissingError` for an
    admin who would lock themselves out.
    """
    async with acting(actor, Permission.MANAGE_SIGN_IN) as act:
        tx, own = act.tx, act.own
        tenant = await act.get_tenant(lock=True)
        if tenant.second_factor_policy is policy:
            return
        session = await tx.get_one(LoginSession, actor.session_id)
        if own.tenant_id == tenant.id and await lacks(tx, own, session.method, policy):
            raise OwnSecondFactorMissingError
        await act.require(Permission.MANAGE_SIGN_IN, fresh=True)
        before, tenant.second_factor_policy = tenant.second_factor_policy, policy
        await act.record(SecondFactorAction.POLICY_SET, before=before.value, after=policy.value)
        act.publish(TenantChanged(tenant_id=tenant.id))


@dataclass(frozen=True)
class Standing:
    """What decides whether a user is let in, and how.

    `provider` is the identity provider with which they must sign in, if there is one.
    """

    is_open: bool
    provider: str | None
    has_second_factor: bool


async def get_standing(tx: Transaction, user: User) -> Standing:
    """A user's standing; their tenant stays as it is until the transaction ends."""
    if user.tenant_id is None:
        return Standing(True, None, await has_one(tx, user.id))
    ((closed_at, provider, has_second_factor),) = await _STANDING.rows(
        tx, tenant_id=user.tenant_id, user_id=user.id, may_be_bound=_may_be_bound(user)
    )
    return Standing(closed_at is None, provider, bool(has_second_factor))


async def required_provider(tx: Transaction, user: User) -> str | None:
    """The name of the provider that the user must sign in with, if there is one."""
    asked = {"tenant_id": user.tenant_id, "may_be_bound": _may_be_bound(user)}
    return (await tx.exec(select(SsoConnection.name).where(_BINDING), params=asked)).first()


def _may_be_bound(user: User) -> bool:
    """Whether single sign-on can be required of the user.

    Tenant Admins may always sign in another way, so that a broken provider locks nobody out for
    good.
    """
    return user.role is not Role.TENANT_ADMIN


_BINDING: ColumnElement[bool] = and_(
    col(SsoConnection.tenant_id) == bindparam("tenant_id"),
    col(SsoConnection.required),
    bindparam("may_be_bound", type_=Boolean),
)
"""The single sign-on that a user must use."""
# Built once: every sign-in asks it.
_STANDING = Prepared(
    select(
        Tenant.closed_at,
        SsoConnection.name,
        there_is_one(bindparam("user_id")).label("has_second_factor"),
    )
    .join(SsoConnection, _BINDING, isouter=True)
    .where(Tenant.id == bindparam("tenant_id"))
    .with_for_update(read=True, of=Tenant),
    sees_changes=True,
)
