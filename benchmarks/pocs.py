"""Made-up POCs of any size, the same ones each time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from models import (
    Comment,
    CustomerPerson,
    Poc,
    PocCustomer,
    PocMember,
    PocStatus,
    SignInMethod,
    Task,
    TaskGroup,
    Tenant,
    User,
    new_id,
)
from services.core import clock
from services.database.transaction import Transaction, transaction
from services.sessions.sessions import Caller, begin

# Rows written by one transaction.
AT_ONCE = 2000
START = date(2026, 3, 2)
STATUSES = tuple(PocStatus)


async def create_pocs(owner: User, count: int) -> None:
    """So many POCs of a user, in every state; each fifth ends on no day."""
    pocs = [_poc(owner, number) for number in range(count)]
    for first in range(0, count, AT_ONCE):
        async with transaction() as tx:
            tx.add_all(pocs[first : first + AT_ONCE])


async def create_poc(owner: User, tasks: int, comments: int) -> tuple[UUID, Sequence[UUID]]:
    """A POC with so many tasks, in groups of ten, and comments; returns its id and the tasks'."""
    poc = _poc(owner, 1)

    def own() -> dict[str, Any]:
        return _stamp(owner) | {"poc_id": poc.id}

    groups = [
        TaskGroup(**own(), title=f"Group {number}", position=1024 * number)
        for number in range(1, -(-tasks // 10) + 1)
    ]
    rows = [
        Task(
            **own(),
            group_id=groups[number // 10].id,
            title=f"Enrol depot {number} in the device management",
            due_on=START + timedelta(days=number),
            position=1024 * number,
        )
        for number in range(tasks)
    ]
    said = [
        Comment(
            id=new_id(),
            tenant_id=poc.tenant_id,
            poc_id=poc.id,
            author_id=owner.id,
            body=f"Depot {number} is **enrolled**, and its printers are still to come.",
            shared=number % 2 == 0,
            created_at=clock.now(),
        )
        for number in range(comments)
    ]
    async with transaction() as tx:
        tx.add(poc)
        await tx.flush()
        member: dict[str, Any] = {"poc_id": poc.id, "user_id": owner.id, "added_at": clock.now()}
        tx.add(PocMember(tenant_id=poc.tenant_id, **member))
        tx.add_all(groups)
        await tx.flush()
        tx.add_all([*rows, *said])
    return poc.id, [task.id for task in rows]


async def show_poc(tx: Transaction, tenant: Tenant, poc_id: UUID) -> str:
    """Show a POC to somebody at the customer's; returns the token of a session of theirs."""
    email = f"{new_id().hex}@customer.example"
    person = CustomerPerson(
        tenant_id=tenant.id,
        first_name="Reto",
        last_name="Bianchi",
        name_key="reto bianchi",
        email=email,
        email_key=email,
        created_at=clock.now(),
    )
    tx.add(person)
    await tx.flush()
    shown: dict[str, Any] = {"poc_id": poc_id, "customer_id": person.id, "added_at": clock.now()}
    tx.add(PocCustomer(tenant_id=tenant.id, **shown))
    return begin(tx, person, Caller(), SignInMethod.LINK)[1]


def _poc(owner: User, number: int) -> Poc:
    title, customer = f"Offline scanning {number:06}", f"Customer {number % 100:03}"
    status = STATUSES[number % len(STATUSES)]
    return Poc(
        **_stamp(owner),
        title=title,
        title_key=title.lower(),
        customer=customer,
        customer_key=customer.lower(),
        search_key=f"{title} {customer}".lower(),
        owner_id=owner.id,
        start_on=START,
        end_on=START + timedelta(days=number % 400) if number % 5 else None,
        status=status,
        closed_at=clock.now() if status.is_closed else None,
    )


def _stamp(owner: User) -> dict[str, Any]:
    now = clock.now()
    return {"id": new_id(), "tenant_id": owner.tenant_id, "created_at": now, "changed_at": now}
