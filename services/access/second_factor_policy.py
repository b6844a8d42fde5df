"""Of whom a tenant requires a second factor, and who lacks one.

Somebody who lacks a required one can only use their own account, to set one up:
`services.access.actor` checks this with every call.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, exists
from sqlmodel import col, or_, select

from models import Authenticator, Passkey, Role, SecondFactorPolicy, SignInMethod, User
from services.access.permissions import Permission
from services.database.transaction import Transaction

WITHOUT = frozenset({Permission.USE_OWN_ACCOUNT})
"""What is permitted without the second factor that is required."""


def concerns(policy: SecondFactorPolicy | None, user: User) -> bool:
    """Whether a second factor is required of this user of the tenant with this policy."""
    return policy is SecondFactorPolicy.EVERYONE or (
        policy is SecondFactorPolicy.ADMINS and user.role is Role.TENANT_ADMIN
    )


async def lacks(
    tx: Transaction, user: User, method: SignInMethod, policy: SecondFactorPolicy | None
) -> bool:
    """Whether a second factor is required of this user, who signed in in this way and has none.

    `policy` is that of the user's own tenant; above the tenants there is none. Somebody who comes
    by single sign-on is asked for no second factor: that is the provider's business.
    """
    if method is SignInMethod.SSO or not concerns(policy, user):
        return False
    return not await has_one(tx, user.id)


async def has_one(tx: Transaction, user_id: UUID) -> bool:
    """Whether a sign-in of this user needs a second step."""
    return bool((await tx.exec(select(there_is_one(user_id)))).one())


def there_is_one(user_id: UUID | BindParameter[Any]) -> ColumnElement[bool]:
    """The same, as a part of a query."""
    app = exists().where(
        col(Authenticator.user_id) == user_id, col(Authenticator.confirmed_at).is_not(None)
    )
    return or_(app, exists().where(col(Passkey.user_id) == user_id))
