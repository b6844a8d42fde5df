"""Looking an email up, as every invitation and activation does."""

from typing import Any

from sqlalchemy import event

from models import Tenant
from services.access.actor import Actor
from services.core.runtime import Runtime
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests.factories import create_user


async def test_an_email_is_looked_up_by_an_index_of_emails_however_many_users_there_are(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    inactive = await create_user(tenant, active=False)
    form = InvitationForm(
        first_name="Ada", last_name="Lovelace", email="ada@example.com", role="sales_engineer"
    )
    asked: list[tuple[str, Any]] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if (
            statement.startswith("SELECT")
            and "user_account.email_key" in statement.partition("WHERE")[2]
        ):
            asked.append((statement, values))

    engines = {rollcall.database.reader.sync_engine, rollcall.database.writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", hear)
    try:
        await accounts.set_active(admin, inactive.id, active=True)
        await invitations.invite(admin, form)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
    assert asked
    if not rollcall.database.is_sqlite:
        return  # what PostgreSQL plans depends on how many rows there are
    async with rollcall.database.reader.connect() as connection:
        for statement, values in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            assert "ix_user_account_email_active (email_key=?" in repr(plan.all())
