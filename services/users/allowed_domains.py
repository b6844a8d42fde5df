"""Which email domains an organisation allows: in invitations, imports and changes of emails."""

from collections.abc import Collection
from uuid import UUID

from models import Tenant
from services.core.emails import checked_domains, domain_of
from services.core.names import listed
from services.database.transaction import Transaction


async def allowed_domains(tx: Transaction, tenant_id: UUID | None) -> Collection[str]:
    """The domains that a tenant allows; none: all. Above the tenants there is no such rule."""
    tenant = await tx.get(Tenant, tenant_id) if tenant_id else None
    return checked_domains(tenant.allowed_domains) if tenant else ()


def refusal(allowed: Collection[str], email: str) -> str:
    """The sentence about an email whose domain isn't allowed; empty if it is."""
    if not allowed or domain_of(email) in allowed:
        return ""
    return f"Only emails of {listed(sorted(allowed))} are allowed here (Settings, Organisation)."
