"""How SQLite finds what acts ask for: by an index that leads to few rows, however large the
directory is. (SQLite's plans don't depend on the number of rows, which it isn't told. PostgreSQL's
do.)"""

import re
from datetime import timedelta

from models import BulkKind, Tenant
from services.access.actor import Actor
from services.bulk.batches import act_on_next
from services.core import clock
from services.database.runtime import Runtime
from services.sessions import receipts, sessions
from services.sessions.receipts import Receipt
from services.users import accounts, invitations, reminders
from services.users.invitation_form import PersonalInvitation
from services.workspace.impact import get_work_impact
from tests.conftest import ONE_DATABASE
from tests.factories import create_users, sign_in
from tests.mail_server import MailServer
from tests.services.bulk.acting_in_bulk import begun, those
from tests.statements import Statement, heard

# Columns by which alone no index leads to few rows of a large directory. (A role does: it is that
# of an organisation's admins.)
BROAD = {"tenant_id", "active", "state", "template", "ended_at", "used_at", "void_at"}
# By these few rows are found, nevertheless: the imports that haven't ended.
FEW = {"ix_user_import_ended_at"}


async def _acts(tenant: Tenant, admin: Actor) -> list[Statement]:
    user, *others = await create_users(4, tenant)
    await sign_in(user)
    form = PersonalInvitation(
        first_name="Ada", last_name="Lovelace", email="new@example.com", role="sales_engineer"
    )
    bulk_id = await begun(admin, BulkKind.DEACTIVATE, those(others))
    with heard() as statements:
        await accounts.rename(admin, user.id, "Augusta", "King")
        await accounts.set_end_date(admin, user.id, clock.now().date() + timedelta(days=5))
        await reminders.send_due()
        await sessions.revoke(admin, user.id)
        change = await accounts.set_active(admin, user.id, active=False, tell=True)
        assert change.cause is not None
        await receipts.keep(change.cause, user.id, Receipt(1, 1, 1.0))
        await accounts.set_active(admin, user.id, active=True, tell=True)
        person = await invitations.invite(admin, form)
        await invitations.resend(admin, person.user_id)
        await invitations.copy_link(admin, person.user_id)
        await act_on_next(admin, bulk_id)
    return statements


async def _broad(rollcall: Runtime, statements: list[Statement]) -> set[tuple[str, str]]:
    """Steps that read more the more there is, each with its statement."""
    wrong = set()
    async with rollcall.database.reader.connect() as connection:
        for statement, values in statements:
            one = values[0] if isinstance(values, list) else values
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)
            for *_, step in plan:
                # What an INSERT scans are tables that refer to its own: only where a reference
                # is broken already.
                if _is_broad(step) and not statement.startswith("INSERT"):
                    wrong.add((step, " ".join(statement.split())))
    return wrong


@ONE_DATABASE
async def test_no_statement_of_an_act_reads_more_the_more_there_is(
    rollcall: Runtime, tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    statements = await _acts(tenant, admin)
    assert len(statements) > 100
    assert not await _broad(rollcall, statements)


@ONE_DATABASE
async def test_what_is_asked_before_a_deactivation_reads_no_more_users_the_more_there_are(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    (user,) = await create_users(1, tenant)
    with heard() as statements:
        await accounts.get_impact(admin, user.id)
        await get_work_impact(admin, user.id)
    # Customers' people and screens are few: they are found by their organisation.
    assert not {step for step, _ in await _broad(rollcall, statements) if "user_account" in step}


def _is_broad(step: str) -> bool:
    if step.startswith("SCAN"):
        return not re.match(r"SCAN (anon_\d+|\(|CONSTANT|\d+ CONSTANT)", step)
    index = re.search(r"USING (?:COVERING )?INDEX (\w+) \((.*)\)", step)
    if not index or index[1] in FEW:
        return False
    columns = set(re.findall(r"(\w+)[=<>]", index[2]))
    return columns <= BROAD
