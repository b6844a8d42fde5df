"""Whether the audit chains hold: each by itself, against what the platform's chain says of the
others, and against heads that were kept elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select, tuple_

from models import AuditEvent, AuditHead, Tenant
from services.audit.actions import HeadAction
from services.audit.heads import PLATFORM, Head, heads_in, name_of
from services.audit.writing import GENESIS, PLATFORM_CHAIN, hash_of
from services.database.transaction import Transaction, reading

BATCH = 1000
# How many entries with heads are read at once, and how many heads are looked up at once.
NOTES, LOOKUPS = 50, 200


@dataclass(frozen=True)
class BrokenLink:
    """The entry at which a chain doesn't hold."""

    chain: str
    number: int
    problem: str


async def verify() -> tuple[int, BrokenLink | None]:
    """Check every chain, and that each agrees with what the platform's chain says of it. Returns
    how many entries hold, and the first problem.

    It can't see what somebody changed who also computed the platform's chain anew: for that,
    compare with a head from elsewhere (`find_missing`).
    """
    async with reading() as tx:
        checked, broken = await _check_links(tx)
        return checked, broken or await _check_notes(tx)


async def find_missing(expected: Sequence[Head]) -> list[BrokenLink]:
    """Which of these heads don't lie on the chains as they are now, and why."""
    async with reading() as tx:
        return await _missing(tx, expected)


async def _check_links(tx: Transaction) -> tuple[int, BrokenLink | None]:
    checked = 0
    heads = (await tx.exec(select(AuditHead).order_by(col(AuditHead.chain_id)))).all()
    slugs = {tenant.id: tenant.slug for tenant in await tx.exec(select(Tenant))}
    for chain_id in {PLATFORM_CHAIN, *slugs} - {head.chain_id for head in heads}:
        name = name_of(chain_id, slugs.get(chain_id))
        return checked, BrokenLink(name, 1, "the end of the chain is missing")
    for head in heads:
        number, problem = await _check_chain(tx, head)
        checked += number - 1 if problem else number
        if problem:
            name = name_of(head.chain_id, slugs.get(head.chain_id))
            return checked, BrokenLink(name, number, problem)
    return checked, None


async def _check_chain(tx: Transaction, head: AuditHead) -> tuple[int, str | None]:
    """The number of the last entry, or that of the first problem with it."""
    expected, previous = 1, GENESIS
    rows = await tx.stream_scalars(
        select(AuditEvent)
        .where(col(AuditEvent.chain_id) == head.chain_id)
        .order_by(col(AuditEvent.number))
        .execution_options(yield_per=BATCH)
    )
    async for row in rows:
        problem = _problem(row, expected, previous)
        if problem:
            return expected, problem
        expected, previous = row.number + 1, row.hash
    if (head.number, head.hash) != (expected - 1, previous):
        return expected, "entries are missing at the end"
    return expected - 1, None


def _problem(row: AuditEvent, expected: int, previous: str) -> str | None:
    if row.number != expected:
        return "an entry is missing"
    if row.previous_hash != previous:
        return "it doesn't follow from the entry before it"
    if row.hash != hash_of(row):
        return "it was changed"
    return None


async def _check_notes(tx: Transaction) -> BrokenLink | None:
    last = 0
    while True:
        notes = (
            await tx.exec(
                select(AuditEvent)
                .where(
                    col(AuditEvent.chain_id) == PLATFORM_CHAIN,
                    col(AuditEvent.action).in_([action.value for action in HeadAction]),
                    col(AuditEvent.number) > last,
                )
                .order_by(col(AuditEvent.number))
                .limit(NOTES)
            )
        ).all()
        if not notes:
            return None
        last = notes[-1].number
        heads: list[Head] = []
        for note in notes:
            try:
                heads += heads_in(note)
            except (ValueError, TypeError):
                return BrokenLink(PLATFORM, note.number, "its heads aren't what Rollcall writes")
        problems = await _missing(tx, heads)
        if problems:
            first = problems[0]
            problem = f"{first.problem}, as the platform's log has it"
            return BrokenLink(first.chain, first.number, problem)


async def _missing(tx: Transaction, expected: Sequence[Head]) -> list[BrokenLink]:
    problems = []
    ends: dict[UUID, int] = {
        head.chain_id: head.number for head in await tx.exec(select(AuditHead))
    }
    for first in range(0, len(expected), LOOKUPS):
        batch = expected[first : first + LOOKUPS]
        keys = [(head.chain_id, head.number) for head in batch]
        rows = await tx.exec(
            select(AuditEvent.chain_id, AuditEvent.number, AuditEvent.hash).where(
                tuple_(col(AuditEvent.chain_id), col(AuditEvent.number)).in_(keys)
            )
        )
        hashes = {(chain_id, number): hashed for chain_id, number, hashed in rows}
        for head in batch:
            found = hashes.get((head.chain_id, head.number), GENESIS if head.number == 0 else None)
            problem = _disagreement(head, ends.get(head.chain_id), found)
            if problem:
                problems.append(BrokenLink(head.name, head.number, problem))
    return problems


def _disagreement(head: Head, end: int | None, found: str | None) -> str | None:
    at = f"{head.at:%Y-%m-%d %H:%M} UTC"
    if end is None:
        return f"the whole chain is missing; at {at} it was there"
    if found is None:
        return f"the chain ends at entry {end}; at {at} it had this one"
    if found != head.hash:
        return f"it is another one than at {at}"
    return None
