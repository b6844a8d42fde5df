"""The pages that the log links to: of who acted, and of what an entry is about."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from models import AuditEvent, GroupTemplate, Poc, User
from services.audit.writing import PLATFORM_CHAIN
from services.database.transaction import Transaction


async def paths_of(tx: Transaction, rows: Sequence[AuditEvent]) -> dict[UUID | None, str]:
    """The path, below the organisation's own, of each row that these entries of one chain name and
    that has a page there. People who act from above the organisations have no page there."""
    named = {row.actor_id for row in rows} | {row.subject_id for row in rows}
    ids = [row_id for row_id in named if row_id is not None]
    if not ids:
        return {}
    chain = rows[0].chain_id
    tenant_id = None if chain == PLATFORM_CHAIN else chain
    users = await tx.exec(select(User.id).where(col(User.id).in_(ids), User.tenant_id == tenant_id))
    paths: dict[UUID | None, str] = {row_id: f"users/{row_id}" for row_id in users}
    rest = [row_id for row_id in ids if row_id not in paths]
    if rest and tenant_id is not None:
        for table, path in ((Poc, "pocs"), (GroupTemplate, "templates")):
            found = await tx.exec(
                select(table.id).where(col(table.id).in_(rest), table.tenant_id == tenant_id)
            )
            paths |= {row_id: f"{path}/{row_id}" for row_id in found}
    return paths
