"""The list of POCs: its columns, filters and order, declared once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import CLOSED_STATUSES, Poc, PocMember, PocStatus, User
from services.audit.acting import Act
from services.database.transaction import Transaction
from services.lists.declaration import (
    Column,
    IndexRange,
    LiveList,
    Option,
    TextSearch,
    by,
    by_groups,
    choice,
    dates,
    person,
    value,
)
from services.lists.events import RowChanged
from services.lists.matches import Given, SetOf
from services.lists.wire import UNSENT
from services.users.ends import today_of
from services.users.row import PICTURE_DIGITS
from services.workspace.people import Person, find_people
from services.workspace.poc_counts import find_poc_counts
from services.workspace.progress import Progress, find_progress, find_versions


@dataclass(frozen=True)
class PocRow:
    """What the list shows of a POC. `version` grows with each change of the POC or of one of its
    tasks; a change of the POC names the `facts_version` that its author saw. `today` is the present
    day in the organisation."""

    id: UUID
    version: int
    facts_version: int
    title: str
    customer: str
    status: PocStatus
    owner: Person = field(metadata=UNSENT)
    progress: Progress = field(metadata=UNSENT)
    start_on: date
    today: date = field(metadata=UNSENT)
    key: str
    due: date | None = None
    closed: bool = False
    closed_at: datetime | None = None
    archived: bool = False
    member_ids: tuple[UUID, ...] = ()

    @property
    def is_overdue(self) -> bool:
        """Whether it should have ended before today."""
        return self.due is not None and self.due < self.today and not self.closed


async def _rows(tx: Transaction, pocs: Sequence[Poc]) -> list[PocRow]:
    ids = [poc.id for poc in pocs]
    today = await today_of(tx, pocs[0].tenant_id if pocs else None)  # a list is of one organisation
    progress = await find_progress(tx, ids, today)
    versions = await find_versions(tx, ids)
    teams = await _teams(tx, ids)
    owners = await find_people(tx, [poc.owner_id for poc in pocs])
    return [
        PocRow(
            id=poc.id,
            version=poc.version + versions.get(poc.id, 0) + teams[poc.id].changes,
            facts_version=poc.version,
            title=poc.title,
            customer=poc.customer,
            status=poc.status,
            owner=owners[poc.owner_id],
            progress=progress[poc.id],
            start_on=poc.start_on,
            today=today,
            key=poc.search_key,
            due=poc.end_on,
            closed=poc.status.is_closed,
            closed_at=poc.closed_at,
            archived=poc.archived_at is not None,
            member_ids=tuple(teams[poc.id].ids),
        )
        for poc in pocs
    ]


@dataclass
class _Team:
    """Who works on a POC, and how often that has changed."""

    ids: list[UUID] = field(default_factory=list)
    changes: int = 0


async def _teams(tx: Transaction, poc_ids: Sequence[UUID]) -> Mapping[UUID, _Team]:
    teams = {poc_id: _Team() for poc_id in poc_ids}
    found = await tx.exec(
        select(PocMember.poc_id, PocMember.user_id, PocMember.removed_at)
        .where(col(PocMember.poc_id).in_(poc_ids))
        .order_by(col(PocMember.id))
    )
    for poc_id, user_id, removed_at in found:
        team = teams[poc_id]
        team.changes += 1 if removed_at is None else 2
        if removed_at is None:
            team.ids.append(user_id)
    return teams


def _worked_on_by(user_id: UUID) -> ColumnElement[bool]:
    """The POCs on which somebody works, found by what they work on."""
    theirs = select(PocMember.poc_id).where(
        PocMember.user_id == user_id, col(PocMember.removed_at).is_(None)
    )
    return col(Poc.id).in_(theirs)


def _beside(row: PocRow) -> Mapping[str, object]:
    """The owner and the progress as plain values: tasks done and in all, of each side."""
    team, customer = row.progress.team, row.progress.customer
    return {
        "owner": row.owner.name,
        "owner_id": str(row.owner.id),
        "owner_active": row.owner.active,
        "owner_picture": row.owner.picture[:PICTURE_DIGITS] or None,
        "team": [team.done, team.total],
        "customer_side": [customer.done, customer.total],
        "overdue_tasks": row.progress.whole.overdue or None,
    }


def _done(row: PocRow) -> str:
    """How much is done, for a file."""
    return f"{row.progress.whole.done} of {row.progress.whole.total}"


STATUSES = {status: Option(status.value, status.label, {"status": status}) for status in PocStatus}
INACTIVE_OWNER = Option("inactive", "Inactive", {"owner_active": False})
OPEN = {"closed": False}

POCS = LiveList[PocRow](
    noun="poc",
    first_sort="due",
    singular="POC",
    plural="POCs",
    model=Poc,
    columns=(
        Column("title", "Title", sort=by(Poc.title_key), cell="title", search=True, opens=True),
        Column("customer", "Customer", sort=by(Poc.customer_key, Poc.title_key), search=True),
        Column("owner", "Owner", cell="owner", export=lambda row: row.owner.name),
        Column(
            "status",
            "Status",
            cell="poc_status",
            sort=by_groups([option.match for option in STATUSES.values()], Poc.title_key),
            export=lambda row: row.status.label,
        ),
        Column("team", "Progress", cell="sides", export=_done),
        # The order at first: closed POCs come last, whenever they were to end.
        Column(
            "due",
            "Due",
            cell="due",
            sort=(
                IndexRange({**OPEN, "due": Given()}, (Poc.end_on, Poc.title_key)),
                IndexRange({**OPEN, "due": None}, (Poc.title_key,)),
                IndexRange({"closed": True}, (Poc.title_key,)),
            ),
        ),
    ),
    fields={
        "status": col(Poc.status),
        "closed": col(Poc.status).in_(CLOSED_STATUSES),
        "archived": col(Poc.archived_at).is_not(None),
        "due": col(Poc.end_on),
        "customer": col(Poc.customer),
        "owner_id": col(Poc.owner_id),
        "member_ids": SetOf(_worked_on_by),
        "owner_active": select(User.active).where(User.id == Poc.owner_id).scalar_subquery(),
    },
    belongs={"archived": False},
    filters=(
        person("owner", "Owner", field="owner_id", everything="Anyone"),
        choice("owner_is", "Owner is", INACTIVE_OWNER, quiet=True),
        person(
            "works",
            "Worked on by",
            field="member_ids",
            everything="Anyone",
            quiet=True,
            own="I work on",
        ),
        choice("status", "Status", *STATUSES.values()),
        value("customer", "Customer"),
        dates("due", "Due", quiet=True),
    ),
    search=TextSearch(Poc.search_key),
    breakdown=tuple(STATUSES.values()),
    counters=find_poc_counts,
    rows=_rows,
    beside=_beside,
)


def facts_of(poc: Poc) -> dict[str, Any]:
    """The values that the list's filters look at, as they are now, except for who works on it,
    which `members` tells when it changes."""
    return {
        "key": poc.search_key,
        "status": poc.status,
        "closed": poc.status.is_closed,
        "archived": poc.archived_at is not None,
        "due": poc.end_on,
        "customer": poc.customer,
        "owner_id": str(poc.owner_id),
    }


def tell_row(act: Act, poc: Poc, was: dict[str, Any] | None) -> None:
    """Have the open lists show a POC as it is now; `was` is none for a new one."""
    act.publish(RowChanged(noun="poc", tenant_id=poc.tenant_id, row_id=poc.id, was=was))
