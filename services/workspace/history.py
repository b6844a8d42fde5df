"""What happened to a POC: its entries of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import col, select

from models import AuditEvent
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.audit.list import AuditEntry, entry_of
from services.audit.reading import PAGE_SIZE
from services.audit.subjects import Subjects, people_of
from services.workspace.people import find_people
from services.workspace.rights import get_poc


@dataclass(frozen=True)
class History:
    """Some entries, the newest first, and whether there are older ones. `inactive` are the
    ids of those whose actor has been deactivated since."""

    entries: Sequence[AuditEntry]
    has_more: bool
    inactive: frozenset[UUID]


async def list_history(principal: Principal, poc_id: UUID, *, before: int | None = None) -> History:
    """What happened to a POC, the newest first; before the entry with that number, if it is given.

    People who may see the POC may see this, without the ips from which it was done.
    """
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        query = select(AuditEvent).where(
            AuditEvent.chain_id == poc.tenant_id, AuditEvent.subject_id == poc.id
        )
        if before is not None:
            query = query.where(AuditEvent.number < before)
        newest = query.order_by(col(AuditEvent.number).desc()).limit(PAGE_SIZE + 1)
        rows = (await view.tx.exec(newest)).all()
        known = await people_of(view.tx, rows)
        entries = [_entry(row, known) for row in rows[:PAGE_SIZE]]
        people = await find_people(view.tx, [row.actor_id for row in rows])
        gone = {one.id for one in people.values() if not one.active}
        inactive = frozenset(row.id for row in rows if row.actor_id in gone)
        return History(entries, len(rows) > PAGE_SIZE, inactive)


def _entry(row: AuditEvent, known: Subjects) -> AuditEntry:
    """An entry for people who work: a file's checksum says nothing to them."""
    entry = entry_of(row, known)
    details = {name: value for name, value in row.details.items() if name != "sha256"}
    return replace(entry, ip="", summary=entry.action.summary(details) if entry.action else "")
