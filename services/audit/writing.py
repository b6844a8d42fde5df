"""The audit log: written in the same transaction as the act, chained by hashes, never edited."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import bindparam, event, insert, inspect
from sqlmodel import Session, col, select, update

from models import AuditEvent, AuditHead, CustomerPerson, User
from models.base import new_id
from services.access.actor import Principal
from services.audit.actions import AuditAction
from services.audit.events import AuditGrew, AuditWritten
from services.audit.search import search_key
from services.core import clock
from services.database.prepared import Prepared
from services.database.transaction import Transaction

PLATFORM_CHAIN = UUID(int=0)
GENESIS = "0" * 64
# What an entry calls a person who acts without being signed in. The page has its own words.
NOBODY = "Nobody signed in"


@dataclass
class Entry:
    """A new entry, as `AuditEvent` has it. (Making a model, and having the session write it, takes
    several times as long, and every act makes one.)"""

    chain_id: UUID
    number: int
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    subject_id: UUID | None
    subject_name: str
    ip: str
    details: dict[str, Any]
    previous_hash: str
    hash: str = ""
    search_key: str = ""
    id: UUID = field(default_factory=new_id)


@dataclass
class _Head:
    """The end of a chain that this transaction has locked."""

    chain_id: UUID
    number: int
    hash: str


_NEW, _HEADS = "new entries", "heads"
"""Where a transaction keeps the entries that aren't written yet, as the columns have them; and the
heads of their chains, by the chains' ids."""
_WRITE = Prepared(insert(AuditEvent.__table__))  # type: ignore[attr-defined]  # SQLModel makes it
_ADVANCE = Prepared(
    update(AuditHead)
    .where(col(AuditHead.chain_id) == bindparam("chain"))
    .values(number=bindparam("number"), hash=bindparam("hash"))
)
# The columns by the names of the fields.
_COLUMNS = {one.key: one.columns[0].name for one in inspect(AuditEvent).column_attrs}


class Subject(Protocol):
    """What an entry can be about: any row with an id, a tenant, and a name for the log."""

    @property
    def id(self) -> UUID:
        """The id by which its entries are found."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in whose log the entry stands."""

    @property
    def log_name(self) -> str:
        """What the log calls it."""


async def record(
    tx: Transaction,
    action: AuditAction,
    *,
    actor: Principal | None,
    by: User | CustomerPerson | None = None,
    subject: Subject | None = None,
    tenant_id: UUID | None = None,
    ip: str = "",
    at: datetime | None = None,
    **details: Any,
) -> Entry:
    """Append an entry to the chain of the subject's tenant, and return it.

    `by` is the acting user if `authorize` returned one. `tenant_id` is for acts without a subject.
    The chain's head is locked, so entries of one chain come one after the other.
    """
    tx.writes()
    tenant = subject.tenant_id if subject is not None else tenant_id
    head = await _lock_head(tx, tenant or PLATFORM_CHAIN)
    entry = _appended(
        tx,
        head,
        action,
        subject,
        at=at or clock.now(),
        actor_id=_id_of(actor, by),
        actor_name=_name_of(actor, by),
        ip=ip or (actor.ip if actor else ""),
        details=_plain(details),
    )
    written = AuditWritten(chain_id=head.chain_id, entry_id=entry.id, subject_id=entry.subject_id)
    tx.publish(written)
    return entry


async def record_all(
    tx: Transaction,
    action: AuditAction,
    *,
    actor: Principal,
    by: User | None,
    subjects: Sequence[tuple[Subject, Mapping[str, Any]]],
) -> None:
    """Append an entry about each of these, all of one tenant, with its details, in this order."""
    if not subjects:
        return
    tx.writes()
    head = await _lock_head(tx, subjects[0][0].tenant_id or PLATFORM_CHAIN)
    for subject, details in subjects:
        _appended(
            tx,
            head,
            action,
            subject,
            at=clock.now(),
            actor_id=_id_of(actor, by),
            actor_name=_name_of(actor, by),
            ip=actor.ip,
            details=_plain(details),
        )
    tx.publish(AuditGrew(chain_id=head.chain_id))


def _appended(
    tx: Transaction,
    head: _Head,
    action: AuditAction,
    subject: Subject | None,
    **values: Any,
) -> Entry:
    """A new entry at the end of the chain whose head is locked. It is written by the next flush,
    with the head."""
    entry = Entry(
        chain_id=head.chain_id,
        number=head.number + 1,
        action=action.value,
        subject_id=subject.id if subject else None,
        subject_name=subject.log_name if subject else "",
        previous_hash=head.hash,
        **values,
    )
    entry.hash = hash_of(entry)
    entry.search_key = search_key(entry)
    columns = {_COLUMNS[name]: value for name, value in vars(entry).items()}
    if _NEW not in tx.info:
        tx.info[_NEW] = []
        tx.with_flush(partial(_write, tx))
    tx.info[_NEW].append(columns)
    head.number, head.hash = entry.number, entry.hash
    return entry


async def _write(tx: Transaction) -> None:
    entries = tx.info.pop(_NEW, None)
    if not entries:
        return  # undone to a savepoint
    await _WRITE.each(tx, entries)
    for chain_id in dict.fromkeys(entry["chain_id"] for entry in entries):
        head = tx.info[_HEADS][chain_id]
        await _ADVANCE.rows(tx, chain=chain_id, number=head.number, hash=head.hash)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _ended: Any) -> None:
    # A savepoint begins with a flush: what isn't written yet came after it, and is undone with it.
    session.info.pop(_NEW, None)
    session.info.pop(_HEADS, None)


def hash_of(entry: AuditEvent | Entry) -> str:
    """The hash that an entry must have."""
    return chained(entry.previous_hash, canonical(entry))


def chained(previous_hash: str, content: str) -> str:
    """SHA-256 over the previous entry's hash and everything that an entry says, as hex."""
    return hashlib.sha256(f"{previous_hash}{content}".encode()).hexdigest()


def canonical(entry: AuditEvent | Entry) -> str:
    """Everything that an entry says, in the one form that is hashed: JSON in ASCII."""
    content = {
        "id": str(entry.id),
        "chain": str(entry.chain_id),
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": [str(entry.actor_id), entry.actor_name],
        "action": entry.action,
        "subject": [str(entry.subject_id), entry.subject_name],
        "address": entry.ip,
        "details": entry.details,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


# It needs nothing of what the act has changed so far, which is written later, with all the rest.
_HEAD = Prepared(
    select(AuditHead.number, AuditHead.hash)
    .where(AuditHead.chain_id == bindparam("chain"))
    .with_for_update(key_share=True)
)


async def _lock_head(tx: Transaction, chain_id: UUID) -> _Head:
    heads: dict[UUID, _Head] = tx.info.setdefault(_HEADS, {})
    if chain_id not in heads:
        found = await _HEAD.rows(tx, chain=chain_id)
        if not found:
            # A chain begins with its tenant, in the transaction that creates it: no race is
            # possible.
            tx.add(AuditHead(chain_id=chain_id, number=0, hash=GENESIS))
            await tx.flush()
        heads[chain_id] = _Head(chain_id, *(found[0] if found else (0, GENESIS)))
    return heads[chain_id]


def _id_of(actor: Principal | None, by: User | CustomerPerson | None) -> UUID | None:
    if by is not None:
        return by.id
    return actor.holder_id if actor is not None and actor.user_id is None else None


def _name_of(actor: Principal | None, by: User | CustomerPerson | None) -> str:
    name = by.full_name if by is not None else actor.name if actor is not None else ""
    return name or NOBODY


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(details, default=str))
    return plain
