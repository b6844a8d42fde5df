"""The list of the log's entries: its columns, filters and search, declared once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from models import AuditEvent
from services.audit.actions import AuditAction, declared, find_action
from services.audit.search import search_key
from services.audit.subjects import NOTHING_KNOWN, Subjects, subjects_of
from services.audit.words import in_a_row
from services.audit.writing import NOBODY, PLATFORM_CHAIN
from services.database.transaction import Transaction
from services.lists.declaration import (
    Column,
    LiveList,
    Option,
    TextSearch,
    by,
    choice,
    since,
    until,
)
from services.lists.wire import UNSENT


@dataclass(frozen=True)
class AuditEntry:
    """An entry as it is shown.

    `actor` is empty if nobody was signed in. The paths lead to the pages of who acted and of what
    it was about, below the organisation's path; a path is empty if there is no page. The emails are
    those of people whose names need a close look: what `lookalikes.mixed_letters` says of them, or
    somebody else of the organisation is called alike. Entries with the same `run` are of one act on
    many.
    """

    id: UUID
    number: int
    at: datetime
    action: AuditAction | None
    action_label: str
    hash: str
    search_key: str
    actor: str = ""
    actor_path: str = ""
    actor_email: str = ""
    actor_mixed: str = ""
    subject_id: UUID | None = field(default=None, metadata=UNSENT)
    subject: str = ""
    subject_path: str = ""
    subject_email: str = ""
    subject_mixed: str = ""
    ip: str = ""
    summary: str = ""
    run: str = ""

    @property
    def version(self) -> int:
        """An entry never changes."""
        return 0


def entry_of(row: AuditEvent, subjects: Subjects = NOTHING_KNOWN) -> AuditEntry:
    """An entry as it is shown, with what is known of those whom it names."""
    action = find_action(row.action)
    actor = subjects.acting(row.actor_id, row.actor_name)
    subject = subjects.named(row.subject_id, row.subject_name)
    return AuditEntry(
        id=row.id,
        number=row.number,
        at=row.at,
        action=action,
        action_label=action.label if action else row.action,
        hash=row.hash,
        search_key=row.search_key or search_key(row),
        actor="" if row.actor_id is None and row.actor_name == NOBODY else row.actor_name,
        actor_path=actor.path,
        actor_email=actor.email,
        actor_mixed=actor.mixed,
        subject_id=row.subject_id,
        subject=row.subject_name,
        subject_path=subject.path,
        subject_email=subject.email,
        subject_mixed=subject.mixed,
        ip=row.ip,
        summary=action.summary(row.details) if action else in_a_row(row.details),
        run=str(row.details.get("run") or ""),
    )


async def entries_of(tx: Transaction, rows: Sequence[AuditEvent]) -> list[AuditEntry]:
    """Entries of one chain as they are shown, with what is known of those whom they name."""
    subjects = await subjects_of(tx, rows)
    return [entry_of(row, subjects) for row in rows]


def _of_chain(tenant_id: UUID | None) -> ColumnElement[bool]:
    """The entries of a tenant's chain, or of the platform's."""
    return col(AuditEvent.chain_id) == (tenant_id or PLATFORM_CHAIN)


def _beside(entry: AuditEntry) -> Mapping[str, Any]:
    """Its time to the second, which the log shows."""
    return {"at": entry.at.isoformat()}


def _actions() -> list[Option]:
    return [Option(each.value, each.label, {"action": each.value}) for each in declared()]


ENTRIES = LiveList[AuditEntry](
    noun="audit",
    plural="entries",
    model=AuditEvent,
    columns=(
        Column("when", "When", sort=by(AuditEvent.number), opens=True),
        Column("who", "Who"),
        Column("what", "What"),
        Column("whom", "Whom"),
        Column("from", "IP address"),
        Column("details", "Details"),
    ),
    fields={
        "action": col(AuditEvent.action),
        "at": col(AuditEvent.at),
        "subject_id": col(AuditEvent.subject_id),
    },
    filters=(
        choice("action", "What", later=_actions),
        since("from", "When, from", field="at"),
        until("to", "When, to", field="at"),
    ),
    search=TextSearch(AuditEvent.search_key),
    rows=entries_of,
    beside=_beside,
    scope=_of_chain,
)
