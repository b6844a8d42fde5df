"""The record of a closed review: dated, signed, and in the audit chain, where the review's last
entry has the digest of all that the record says."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import select

from models import AuditEvent, Review, ReviewPerson, Tenant
from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit.acting import View, acting, viewing
from services.audit.heads import Head, name_of
from services.audit.review_export import review_file
from services.audit.writing import hash_of, record
from services.core.errors import ConflictError
from services.database.looking import looks_first
from services.reviews.actions import ReviewAction
from services.reviews.reviews import PersonView, person_view, rows_of

NOT_CLOSED = "This review isn't closed yet."


@dataclass(frozen=True)
class ChainRange:
    """Where a closed review stands in the audit chain, and what doesn't match there."""

    first_number: int
    last_number: int
    hash: str
    problems: Sequence[str]


def digest_of(rows: Sequence[ReviewPerson]) -> str:
    """The SHA-256 of all that the record says, as hex."""
    said = [
        [
            str(row.holder_id),
            row.name,
            row.email,
            row.role.value if row.role else "customer",
            row.reasons,
            row.last_active_at.isoformat() if row.last_active_at else None,
            row.decision.value if row.decision else None,
            row.decided_by,
            row.decided_at.isoformat() if row.decided_at else None,
            row.outcome.value if row.outcome else None,
            row.note,
        ]
        for row in sorted(rows, key=lambda row: row.holder_id)
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


async def get_chain_range(principal: Principal, review_id: UUID) -> ChainRange:
    """Recompute a closed review's record, and compare it with the log. Raises `ConflictError` if it
    isn't closed."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        review = await view.get(Review, review_id)
        entry = await _last_entry(view, review)
        digest = digest_of(await rows_of(view.tx, review))
        problems = []
        if entry.hash != hash_of(entry):
            problems.append(f"Entry {entry.number} of the log was changed.")
        if entry.details.get("record") != digest:
            problems.append("The record isn't what the log has the digest of.")
        return ChainRange(review.first_number, entry.number, entry.hash, problems)


async def _last_entry(view: View, review: Review) -> AuditEvent:
    if review.last_number is None:
        raise ConflictError(NOT_CLOSED)
    found = await view.tx.exec(
        select(AuditEvent).where(
            AuditEvent.chain_id == review.tenant_id, AuditEvent.number == review.last_number
        )
    )
    return found.one()


@looks_first
async def export(principal: Principal, review_id: UUID) -> str:
    """A closed review as a signed CSV file.

    The export itself is logged; it needs a fresh sign-in. Raises `ConflictError` if the review
    isn't closed.
    """
    async with acting(principal, Secret.AUDIT_EXPORT) as act:
        review = await act.get(Review, review_id)
        last = await _last_entry(act, review)
        tenant = await act.tx.get_one(Tenant, review.tenant_id)
        rows = await rows_of(act.tx, review)
        entry = await record(
            act.tx, ReviewAction.EXPORTED, actor=principal, by=act.user, subject=review
        )
        name = name_of(entry.chain_id, tenant.slug)
        head = Head(entry.chain_id, name, entry.number, entry.hash, entry.at)
        ending = (
            review.name,
            len(rows),
            review.begun_at.isoformat(),
            review.closed_at.isoformat() if review.closed_at else "",
            f"{review.first_number} to {last.number}, {last.hash}",
            review.digest,
        )
        people = [_cells(person_view(row, review.days)) for row in rows]
        return review_file(people, ending, head)


def _cells(person: PersonView) -> Sequence[object]:
    return (
        person.name,
        person.email,
        person.role_label,
        ", ".join(person.reasons),
        person.last_active.isoformat() if person.last_active else "",
        person.decision.label if person.decision else "",
        person.decided_by,
        person.decided_at.isoformat() if person.decided_at else "",
        person.outcome.label if person.outcome else "",
        person.note,
    )
