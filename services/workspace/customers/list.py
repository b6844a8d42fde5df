"""The list of everybody from outside: its columns, filters and order, declared once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import CLOSED_STATUSES, CustomerPerson, MailProgress, Poc, PocCustomer
from services.core import clock
from services.core.lookalikes import mixed_letters
from services.database.transaction import Transaction
from services.lists.declaration import (
    Column,
    LiveList,
    Option,
    TextSearch,
    ages,
    by,
    by_groups,
    by_optional,
    check,
    choice,
)
from services.lists.wire import UNSENT
from services.sessions import presence
from services.workspace.customers.people import ShownPoc, link_ends_of, mails_to, pocs_of


@dataclass(frozen=True)
class OutsiderRow:
    """What the list shows of a customer's person; `listed` says whether they are on any POC, and
    `shown` whether on one that is open. Of somebody who is invited, `link_ends` is when their link
    ends; without it, no link lets them in."""

    id: UUID
    version: int
    name: str
    email: str
    key: str
    active: bool
    invited: bool
    listed: bool
    shown: bool = False
    title: str = ""
    last_active: datetime | None = None
    mail: MailProgress | None = None
    link_ends: datetime | None = None
    mixed: str = ""
    """What `lookalikes.mixed_letters` says of them."""
    pocs: Sequence[ShownPoc] = field(default=(), metadata=UNSENT)


async def _rows(tx: Transaction, people: Sequence[CustomerPerson]) -> list[OutsiderRow]:
    pocs = await pocs_of(tx, [person.id for person in people])
    waiting = [person.id for person in people if person.invited]
    mails, ends = await mails_to(tx, waiting), await link_ends_of(tx, waiting)
    now = clock.now()
    return [
        OutsiderRow(
            id=person.id,
            version=person.version,
            name=person.full_name,
            email=person.email,
            key=f"{person.name_key} {person.email_key}",
            active=person.active,
            invited=person.invited,
            listed=person.id in pocs,
            shown=any(poc.is_open for poc in pocs.get(person.id, ())),
            title=person.title,
            last_active=person.last_active_at,
            mail=mails[person.id].progress(now) if person.id in mails else None,
            link_ends=ends.get(person.id),
            mixed=mixed_letters(person.full_name, person.email),
            pocs=pocs.get(person.id, ()),
        )
        for person in people
    ]


def _beside(row: OutsiderRow) -> Mapping[str, object]:
    """The POCs as plain values, and whether the person is here."""
    pocs = [
        [str(poc.id), poc.title, poc.customer, poc.status.label if poc.status.is_closed else ""]
        for poc in row.pocs
    ]
    return {"pocs": pocs or None, "online": presence.is_online(row.id) or None}


def _standing(row: OutsiderRow) -> str:
    if not row.active:
        return INACTIVE.label
    return INVITED.label if row.invited else ACTIVE.label


def _is_listed() -> ColumnElement[bool]:
    present = select(PocCustomer.customer_id).where(col(PocCustomer.removed_at).is_(None))
    return col(CustomerPerson.id).in_(present)


def is_shown_any() -> ColumnElement[bool]:
    """Of customers' people: those who are on a POC that is open, whether they are active or not."""
    shown = (
        select(PocCustomer.customer_id)
        .join(Poc, col(Poc.id) == PocCustomer.poc_id)
        .where(
            col(PocCustomer.removed_at).is_(None),
            col(Poc.archived_at).is_(None),
            col(Poc.status).not_in(CLOSED_STATUSES),
        )
    )
    return col(CustomerPerson.id).in_(shown)


def _is_online() -> ColumnElement[bool]:
    return col(CustomerPerson.id).in_(presence.online_ids())


ACTIVE = Option("active", "Active", {"active": True, "invited": False})
INVITED = Option("invited", "Invited", {"active": True, "invited": True})
INACTIVE = Option("inactive", "Inactive", {"active": False})
WITH_ACCESS = Option("1", "With access", {"active": True, "shown": True})

OUTSIDERS = LiveList[OutsiderRow](
    noun="customer",
    plural="customers",
    model=CustomerPerson,
    columns=(
        Column(
            "name",
            "Name",
            sort=by(CustomerPerson.name_key),
            cell="outsider",
            search=True,
            opens=True,
        ),
        Column("email", "Email", sort=by(CustomerPerson.email_key), cell="muted", search=True),
        Column(
            "pocs",
            "Sees",
            cell="sees",
            export=lambda row: ", ".join(f"{poc.title} ({poc.customer})" for poc in row.pocs),
        ),
        Column(
            "last_active",
            "Last here",
            sort=by_optional("last_active", CustomerPerson.last_active_at, CustomerPerson.name_key),
            cell="seen",
        ),
        Column(
            "status",
            "Status",
            sort=by_groups([ACTIVE.match, INVITED.match, INACTIVE.match], CustomerPerson.name_key),
            cell="standing",
            export=_standing,
        ),
    ),
    fields={
        "active": col(CustomerPerson.active),
        "invited": col(CustomerPerson.first_here_at).is_(None),
        "listed": _is_listed,
        "shown": is_shown_any,
        "online": _is_online,
        "last_active": col(CustomerPerson.last_active_at),
    },
    belongs={"listed": True},
    filters=(
        choice("status", "Status", ACTIVE, INVITED, INACTIVE),
        check("here", "Here now", {"online": True}),
        choice("seen", "Last here", *ages("last_active"), everything="Any time", quiet=True),
        choice("access", "Access", WITH_ACCESS, quiet=True),
    ),
    search=TextSearch(col(CustomerPerson.name_key) + " " + col(CustomerPerson.email_key)),
    breakdown=(ACTIVE, INVITED, INACTIVE),
    rows=_rows,
    beside=_beside,
)
