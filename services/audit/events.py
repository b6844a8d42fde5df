"""What happened to the audit log."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class AuditWritten(Event):
    """The audit log of a chain (a tenant, or the nil UUID) has a new entry, about one user or
    none."""

    chain_id: UUID
    entry_id: UUID
    subject_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class AuditGrew(Event):
    """The audit log of a chain has many new entries, about users who are new as well."""

    chain_id: UUID
