"""Why a review asks about somebody: each reason is a filter of the list of users, so that what is
counted here is what the list shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, or_
from sqlmodel import col, func, select

from models import CustomerPerson, PocCustomer, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.database.transaction import Transaction
from services.lists.matches import condition_of
from services.users.list import USERS

# The numbers of days without a sign of life that can be asked for.
DAYS = (30, 60, 90)


class Reason(StrEnum):
    """Why a review asks about somebody."""

    NOT_SEEN = "not_seen"
    NEVER = "never"
    NO_END = "no_end"
    ADMIN = "admin"
    NO_FACTOR = "no_factor"
    CAME_BACK = "came_back"
    CUSTOMER = "customer"

    @property
    def label(self) -> str:
        """The reason as a heading."""
        return _LABELS[self]

    def words(self, days: int) -> str:
        """The reason beside a name."""
        return f"not for {days} days" if self is Reason.NOT_SEEN else _WORDS[self]

    def filters(self, days: int) -> Mapping[str, str]:
        """What narrows the list of users to these."""
        if self is Reason.NOT_SEEN:
            return {"status": "active", "seen": f"not-{days}"}
        return _FILTERS[self]


_LABELS = {
    Reason.NOT_SEEN: "Not signed in",
    Reason.NEVER: "Never signed in",
    Reason.NO_END: "Contractors without an end date",
    Reason.ADMIN: "Tenant Admins",
    Reason.NO_FACTOR: "No second factor",
    Reason.CAME_BACK: "Came back after a deactivation",
    Reason.CUSTOMER: "People of customers",
}
_WORDS = {
    Reason.NEVER: "never signed in",
    Reason.NO_END: "contractor without an end date",
    Reason.ADMIN: "Tenant Admin",
    Reason.NO_FACTOR: "no second factor",
    Reason.CAME_BACK: "came back",
    Reason.CUSTOMER: "at a customer’s",
}
_FILTERS: Mapping[Reason, Mapping[str, str]] = {
    Reason.NEVER: {"status": "invited"},
    Reason.NO_END: {"status": "active", "contractor": "yes", "end": "none"},
    Reason.ADMIN: {"status": "active", "role": "tenant_admin"},
    Reason.NO_FACTOR: {"status": "active", "factor": "none"},
    Reason.CAME_BACK: {"status": "active", "back": "year"},
}


OF_USERS = tuple(reason for reason in Reason if reason is not Reason.CUSTOMER)
"""The reasons that are filters of the list of users."""


@dataclass(frozen=True)
class Looked:
    """How many people there are for each reason, and how many of them are customers' people."""

    people: int
    not_seen: Mapping[int, int]
    """By days without a sign of life."""
    counts: Mapping[Reason, int]
    admins_without_factor: int
    customers: int
    customer_pocs: int


async def count_reasons(principal: Principal) -> Looked:
    """How many people there are to look at right now."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        tenant_id = view.tenant_id
        others = [reason for reason in OF_USERS if reason is not Reason.NOT_SEEN]
        asked = [conditions(Reason.NOT_SEEN, days) for days in DAYS]
        asked += [conditions(reason, DAYS[-1]) for reason in others]
        any_of = or_(*(_all(one) for one in asked[-len(others) - 1 :]))
        both = [*conditions(Reason.ADMIN, DAYS[-1]), *conditions(Reason.NO_FACTOR, DAYS[-1])]
        counting: Any = sqlalchemy.select(
            func.count().filter(any_of),
            func.count().filter(*both),
            *(func.count().filter(*one) for one in asked),
        ).select_from(User)
        counted = await view.tx.exec(counting.where(USERS.within(tenant_id)))
        people, admins_without_factor, *counts = counted.one()
        customers, pocs = await _count_customers(view.tx, tenant_id)
    return Looked(
        people,
        dict(zip(DAYS, counts, strict=False)),
        dict(zip(others, counts[len(DAYS) :], strict=True)),
        admins_without_factor,
        customers,
        pocs,
    )


def conditions(reason: Reason, days: int) -> list[ColumnElement[bool]]:
    """The reason in SQL."""
    matches = USERS.matches(reason.filters(days))
    return [one for match in matches for one in condition_of(USERS.fields, match)]


def _all(some: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *more = some
    for one in more:
        first = first & one
    return first


async def _count_customers(tx: Transaction, tenant_id: UUID | None) -> tuple[int, int]:
    people = await tx.exec(
        select(func.count())
        .select_from(CustomerPerson)
        .where(CustomerPerson.tenant_id == tenant_id, CustomerPerson.active)
    )
    pocs = await tx.exec(
        select(func.count(func.distinct(PocCustomer.poc_id))).where(
            PocCustomer.tenant_id == tenant_id, col(PocCustomer.removed_at).is_(None)
        )
    )
    return people.one(), pocs.one()
