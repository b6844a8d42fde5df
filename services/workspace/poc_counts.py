"""How many POCs a tenant has, without counting them: the database keeps the counters."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select

from models import PocCount
from services.database.transaction import Transaction
from services.lists.matches import Match


@dataclass(frozen=True)
class PocCounts:
    """A tenant's counters of the POCs that its list has."""

    counters: Sequence[PocCount]

    def matching(self, match: Match) -> int | None:
        """How many POCs match, if the match is only about their status."""
        if not match.keys() <= {"status", "closed"}:
            return None
        return sum(
            counter.pocs
            for counter in self.counters
            if match.get("status", counter.status) is counter.status
            and match.get("closed", counter.status.is_closed) is counter.status.is_closed
        )


async def find_poc_counts(tx: Transaction, tenant_id: UUID | None) -> PocCounts:
    """The counters of a tenant."""
    rows = await tx.exec(select(PocCount).where(PocCount.tenant_id == tenant_id))
    return PocCounts(rows.all())
