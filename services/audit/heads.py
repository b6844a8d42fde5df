"""The heads of the audit chains: noted in the platform's chain, sent out, and read again.

A head is a chain's last number and hash. Whoever can write to the database can compute a chain
again, but can't take back a head that is kept elsewhere: it has to lie on the chain for good. So
the platform's chain has the heads of all others (each day, and whenever an organisation is created,
closed or reopened), and all heads leave the machine (`workers`, `audit_telling`).
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import AuditEvent, AuditHead, NotedHead, Tenant, User
from services.access.actor import ROLLCALL, Principal
from services.audit.actions import HeadAction
from services.audit.writing import PLATFORM_CHAIN, record
from services.core import clock
from services.core.errors import OperatorError
from services.database.transaction import (
    LOCKED,
    Transaction,
    insert_if_missing,
    reading,
    transaction,
)

PLATFORM = "platform"
# How often the growth of the chains is noted in the platform's chain. The worker looks each hour:
# it is a little less than a day, so that a round isn't put off by an hour because of a second.
ROUND = timedelta(hours=23, minutes=30)
# How many heads one entry of the platform's chain has: some 15 KB.
HEADS_PER_ENTRY = 100
# No chain gets as long; `_WRITTEN` reads as many digits.
MOST_ENTRIES = 10**9
# A line may stand in a log, in a mail that was quoted or folded, or in a CSV file.
_WRITTEN = re.compile(
    r"audit-head[\s>]+([a-z0-9-]+)[\s>]+([0-9]{1,9})[\s>]+([0-9a-f]{64})"
    r"[\s>]+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[\s>]+([0-9a-f]{8}-[0-9a-f-]{27})"
)
_BEGUN = re.compile(r"audit-head[\s>]")
# An export has names that people gave themselves: only one of its lines is a head.
_EXPORT = '\ufeff"number",'
_EXPORTED = re.compile(r'^"head",.*$', re.MULTILINE)


@dataclass(frozen=True)
class Head:
    """The end of a chain, as it was at the moment `at`. `name` is an organisation's slug."""

    chain_id: UUID
    name: str
    number: int
    hash: str
    at: datetime

    def __str__(self) -> str:
        """The line that is sent out, and that `read_heads` finds."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"audit-head {self.name} {self.number} {self.hash} {at} {self.chain_id}"


def read_heads(text: str) -> list[Head]:
    """The heads in a text, whatever else is in it: a log, a mail, an export, or those of several
    days.

    Raises `OperatorError` if there is none, or one that can't be read: a file that was cut off must
    not look like one that agrees with the log.
    """
    if text.startswith(_EXPORT):
        text = "\n".join(_EXPORTED.findall(text))
    try:
        heads = [
            Head(UUID(chain), name, int(number), hashed, datetime.fromisoformat(at))
            for name, number, hashed, at, chain in _WRITTEN.findall(text)
        ]
    except ValueError:  # no such id, or no such day
        heads = []
    if len(heads) != len(_BEGUN.findall(text)):
        raise OperatorError("A line with an audit head is cut off, or was changed.")
    if not heads:
        raise OperatorError("There is no audit head in it: lines that begin with “audit-head”.")
    return heads


def read_heads_of(file: Path) -> list[Head]:
    """The same of a file; an `OperatorError` names it."""
    try:
        return read_heads(file.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise OperatorError(f"Can't read {file}: {error.strerror}.") from error
    except OperatorError as error:
        raise OperatorError(f"{file}: {error}") from error


async def list_heads() -> list[Head]:
    """The heads of all chains as they are now, the platform's first."""
    async with reading() as tx:
        return await _heads(tx)


async def note_tenant(
    tx: Transaction,
    action: HeadAction,
    tenant: Tenant,
    *,
    actor: Principal | None,
    by: User | None = None,
    ip: str = "",
) -> None:
    """Write into the platform's chain, too, what happened to an organisation, and its head.

    Call this last: the platform's head is locked after the organisation's.
    """
    await tx.flush()
    heads = await _heads(tx, [tenant.id])
    await record(
        tx,
        action,
        actor=actor,
        by=by,
        ip=ip,
        name=tenant.name,
        slug=tenant.slug,
        heads=_written(heads),
    )


async def note_heads() -> bool:
    """Once a `ROUND`, for all replicas together: note in the platform's chain how far the others
    have grown. Returns whether this call did it."""
    now = clock.now()
    async with reading() as tx:  # most calls find that it isn't time yet, and take no write lock
        if not _is_due(await tx.get(NotedHead, PLATFORM_CHAIN), now):
            return False
    async with transaction() as tx:
        await insert_if_missing(tx, NotedHead(chain_id=PLATFORM_CHAIN, number=0, at=now - ROUND))
        latest = await tx.get_one(NotedHead, PLATFORM_CHAIN, **LOCKED)
        if not _is_due(latest, now):
            return False
        latest.at = now
        grown = await _grown(tx)
        for first in range(0, len(grown), HEADS_PER_ENTRY):
            written = _written(grown[first : first + HEADS_PER_ENTRY])
            await record(tx, HeadAction.NOTED, actor=ROLLCALL, heads=written)
        for head in grown:
            await tx.merge(NotedHead(chain_id=head.chain_id, number=head.number, at=now))
        return True


def heads_in(entry: AuditEvent) -> Iterator[Head]:
    """The heads that an entry of the platform's chain has noted.

    Raises `ValueError` and `TypeError` if somebody wrote something else there.
    """
    for chain, name, number, hashed in dict(entry.details).get("heads", ()):
        if not isinstance(number, int) or not 0 <= number < MOST_ENTRIES:
            raise ValueError(number)  # no database would look for it
        yield Head(UUID(str(chain)), name, number, hashed, entry.at)


def _is_due(latest: NotedHead | None, now: datetime) -> bool:
    # A round in the future was noted before the clock stepped back.
    return latest is None or abs(now - latest.at) >= ROUND


async def _grown(tx: Transaction) -> list[Head]:
    noted = await tx.exec(select(NotedHead.chain_id, NotedHead.number))
    known = dict(noted.all())
    return [
        head
        for head in await _heads(tx)
        if head.chain_id != PLATFORM_CHAIN and head.number > known.get(head.chain_id, 0)
    ]


async def _heads(tx: Transaction, chains: Collection[UUID] | None = None) -> list[Head]:
    query = select(AuditHead, Tenant.slug).join(
        Tenant, col(Tenant.id) == col(AuditHead.chain_id), isouter=True
    )
    if chains is not None:
        query = query.where(col(AuditHead.chain_id).in_(chains))
    now = clock.now()
    return [
        Head(head.chain_id, name_of(head.chain_id, slug), head.number, head.hash, now)
        for head, slug in await tx.exec(query.order_by(col(AuditHead.chain_id)))
    ]


def name_of(chain_id: UUID, slug: str | None) -> str:
    """What a chain is called: its organisation's slug, "platform", or the id if it is neither."""
    return PLATFORM if chain_id == PLATFORM_CHAIN else slug or str(chain_id)


def _written(heads: Sequence[Head]) -> list[list[Any]]:
    return [[str(head.chain_id), head.name, head.number, head.hash] for head in heads]
