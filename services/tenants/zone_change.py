"""Another time zone for an organisation. Everybody's access still ends at the very moment that was
decided; its day and its time are told in the new zone from now on, wherever they are shown."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select, update

from models import Tenant, User
from services.access.actor import Principal
from services.core.days import told_in
from services.database.transaction import Transaction


async def lock_users(zone: str, actor: Principal, tx: Transaction) -> Collection[UUID]:
    """If this zone is a new one, lock those whose access has an end and whoever acts, in the order
    of their ids, as every act on several people does.

    Returns no rows: there may be tens of thousands, and they aren't needed yet.
    """
    tenant = await tx.get(Tenant, actor.tenant_id) if actor.tenant_id else None
    if tenant is not None and tenant.time_zone != zone:
        await tx.exec(
            select(User.id)
            .where(
                (col(User.tenant_id) == tenant.id) & col(User.ends_at).is_not(None)
                | (col(User.id) == actor.user_id)
            )
            .order_by(col(User.id))
            .with_for_update(key_share=True)
        )
    return ()


async def tell_ends_in(tx: Transaction, tenant_id: UUID, zone: str) -> None:
    """Have the ends of a tenant's people read as clocks in this zone show them."""
    found = await tx.exec(
        select(User.id, User.ends_at, User.version).where(
            User.tenant_id == tenant_id, col(User.ends_at).is_not(None)
        )
    )
    values = []
    for user_id, moment, version in found:
        assert moment is not None
        day, at = told_in(moment, zone)
        values.append({"user": user_id, "day": day, "at": at, "seen": version + 1})
    if values:
        table = User.__table__  # type: ignore[attr-defined]  # SQLModel makes it
        statement = update(table).where(table.c.id == bindparam("user"))
        connection = await tx.connection()
        await connection.execute(
            statement.values(
                end_date=bindparam("day"),
                end_time=bindparam("at"),
                end_zone=zone,
                version=bindparam("seen"),
            ),
            values,
        )
