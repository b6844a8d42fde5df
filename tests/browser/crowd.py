"""A tenant with more users than a page shows."""

from models import Role, Tenant, User
from services.core import clock
from services.core.emails import email_key
from services.database.transaction import transaction
from services.users.accounts import set_names

SIZE = 250
NOTABLE = (("Zoë", "Ångström"), ("Øystein", "Łukasz"), ("אדה", "לאבלייס"))


async def create_crowd(tenant: Tenant) -> None:
    """250 users: Person 000 to Person 246, every tenth inactive and every seventh an
    Administrator, and three of names that need care."""
    names = [("Person", f"{number:03}") for number in range(SIZE - len(NOTABLE))]
    async with transaction() as tx:
        for number, (first, last) in enumerate([*names, *NOTABLE]):
            email = f"person{number:03}@{tenant.slug}.example.com"
            user = User(
                tenant_id=tenant.id,
                first_name=first,
                last_name=last,
                email=email,
                email_key=email_key(email),
                role=Role.SALES_ENGINEER if number % 7 else Role.ADMINISTRATOR,
                created_at=clock.now(),
                first_sign_in_at=clock.now(),
                last_sign_in_at=clock.now(),
            )
            set_names(user, first, last)
            if number % 10 == 0:
                user.deactivate(clock.now(), None)
            tx.add(user)
