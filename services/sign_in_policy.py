"""How the users of a tenant may sign in: what its admins require."""

from models import Role, SignInMethod, SsoConnection, User
from services.db import Transaction
from services.errors import SsoRequiredError


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
