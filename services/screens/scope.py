"""The organisations that the views show."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from models import Tenant
from services.core.days import today_in


@dataclass(frozen=True)
class Scope:
    """One organisation, or all of them (`tenant_id` is none); and the time zone of their days."""

    tenant_id: UUID | None
    zone: str = ""

    @classmethod
    def of(cls, tenant: Tenant) -> "Scope":
        """This organisation."""
        return cls(tenant.id, tenant.time_zone)

    def holds(self, tenant_id: Any) -> ColumnElement[bool]:
        """Whether a row belongs to it, by the column that names the row's organisation."""
        if self.tenant_id is None:
            return tenant_id.is_not(None)  # type: ignore[no-any-return] # a column, whatever its type
        return tenant_id == self.tenant_id  # type: ignore[no-any-return]  # as above

    def today(self) -> date:
        """The present day there."""
        return today_in(self.zone)


EVERYBODY = Scope(None)
"""All organisations together."""
