"""The pictures that are stored: organisations' logos, and people's pictures."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, delete, select

from models import Picture, Tenant
from services.core import clock
from services.core.names import is_slug
from services.database.transaction import Transaction, reading
from services.tenants.images import Encoded


@dataclass(frozen=True)
class Served:
    """A picture as it is served."""

    media_type: str
    digest: str
    content: bytes


async def keep(
    tx: Transaction, tenant_id: UUID | None, user_id: UUID | None, image: Encoded | None
) -> None:
    """Store this picture in this transaction, instead of the one before; or none."""
    await tx.exec(delete(Picture).where(_whose(tenant_id, user_id)))
    if image is not None:
        tx.add(
            Picture(
                tenant_id=tenant_id,
                user_id=user_id,
                media_type=image.media_type,
                digest=image.digest,
                content=image.content,
                created_at=clock.now(),
            )
        )


async def find_logo(slug: str) -> Served | None:
    """The logo of the tenant of this slug, which anybody may see: sign-in pages show it."""
    if not is_slug(slug):
        return None
    async with reading() as tx:
        found = await tx.exec(
            select(Picture)
            .join(Tenant, col(Tenant.id) == col(Picture.tenant_id))
            .where(Tenant.slug == slug, col(Picture.user_id).is_(None))
        )
        picture = found.first()
    return served(picture) if picture else None


def _whose(tenant_id: UUID | None, user_id: UUID | None) -> ColumnElement[bool]:
    if user_id is not None:
        return col(Picture.user_id) == user_id
    return (col(Picture.tenant_id) == tenant_id) & col(Picture.user_id).is_(None)


def served(picture: Picture) -> Served:
    """The picture, as it is served."""
    return Served(picture.media_type, picture.digest, picture.content)
