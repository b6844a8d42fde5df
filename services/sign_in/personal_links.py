"""What the pages of a user's one-time links have in common: an invitation's, and a reset's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import LinkPurpose, OneTimeLink, Tenant, User
from services.access import one_time_links
from services.database.transaction import Transaction, reading

PLATFORM_NAME = "Rollcall"


@dataclass(frozen=True)
class LinkView:
    """What an invitation's (or a reset's) page shows before anything is decided."""

    user_id: UUID
    first_name: str
    email: str
    own_words: tuple[str, ...]
    tenant_name: str
    tenant_slug: str | None
    expires_at: datetime


async def open_link(purpose: LinkPurpose, slug: str | None, token: str) -> LinkView:
    """What the page of a user's one-time link shows. Raises `DeadLinkError`."""
    async with reading() as tx:
        link = await one_time_links.get_live(tx, purpose, token)
        user, tenant = await user_of_link(tx, link, slug)
        return LinkView(
            user_id=user.id,
            first_name=user.first_name,
            email=user.email,
            own_words=own_words(user, tenant),
            tenant_name=tenant.name if tenant else PLATFORM_NAME,
            tenant_slug=slug,
            expires_at=link.expires_at,
        )


async def user_of_link(
    tx: Transaction, link: OneTimeLink, slug: str | None
) -> tuple[User, Tenant | None]:
    """The active user of a link, under the slug of their own tenant; otherwise the link is dead."""
    user = await tx.get(User, link.user_id) if link.user_id else None
    tenant = await tx.get(Tenant, user.tenant_id) if user and user.tenant_id else None
    here = (tenant.slug if tenant else None) == slug
    if user is None or not user.active or not here or (tenant and tenant.closed_at):
        raise one_time_links.dead(link.purpose)
    return user, tenant


def own_words(user: User, tenant: Tenant | None) -> tuple[str, ...]:
    """The words that a password must not be built from."""
    return (user.first_name, user.last_name, user.email, tenant.name if tenant else PLATFORM_NAME)
