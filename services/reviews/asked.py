"""The people whom a review asks about, as they are when it begins: users, and customers' people."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from models import CustomerPerson, Review, ReviewPerson, Tenant, User
from services.database.transaction import Transaction
from services.reviews.reasons import OF_USERS, Reason, conditions
from services.users.list import USERS


async def find_asked(
    tx: Transaction, tenant: Tenant, reasons: Sequence[Reason], days: int
) -> dict[UUID, tuple[User | CustomerPerson, list[Reason]]]:
    """The people whom a review for these reasons asks about, with the reasons of each."""
    people: dict[UUID, tuple[User | CustomerPerson, list[Reason]]] = {}
    if Reason.CUSTOMER in reasons:
        outside = await tx.exec(
            select(CustomerPerson).where(
                CustomerPerson.tenant_id == tenant.id, col(CustomerPerson.active)
            )
        )
        people |= {person.id: (person, [Reason.CUSTOMER]) for person in outside}
    for reason in (reason for reason in reasons if reason in OF_USERS):
        users = await tx.exec(
            select(User).where(USERS.within(tenant.id), *conditions(reason, days))
        )
        for user in users:
            people.setdefault(user.id, (user, []))[1].append(reason)
    return people


def asked_person(
    review: Review, holder: User | CustomerPerson, reasons: Sequence[Reason]
) -> ReviewPerson:
    """A person as they are when a review begins."""
    seen, user = holder.last_active_at, holder if isinstance(holder, User) else None
    return ReviewPerson(
        tenant_id=review.tenant_id,
        review_id=review.id,
        user_id=user.id if user else None,
        customer_id=None if user else holder.id,
        name=holder.full_name,
        name_key=holder.name_key,
        email=holder.email,
        role=user.role if user else None,
        reasons=[reason.value for reason in reasons],
        last_active_at=seen or (user.last_sign_in_at if user else None),
        status_version=holder.status_version,
    )
