"""What happened to organisations."""

from dataclasses import dataclass
from uuid import UUID

from services.core.events import Event


@dataclass(frozen=True, kw_only=True)
class TenantChanged(Event):
    """A tenant was created, renamed, closed or reopened."""

    tenant_id: UUID


@dataclass(frozen=True, kw_only=True)
class TimeZoneChanged(Event):
    """A tenant has another time zone: the ends of its people's access read differently."""

    tenant_id: UUID
