"""What the acts that people make most ask the database."""

from datetime import timedelta

import pytest

from models import BulkKind, Role, Tenant
from services.access.actor import Actor
from services.bulk import runs
from services.bulk.batches import act_on_next
from services.core import clock
from services.database.runtime import Runtime
from services.users import accounts, invitations
from services.users.invitation_form import PersonalInvitation
from services.users.many import USER_ACTS
from tests.factories import create_users, sign_in_all
from tests.mail_server import MailServer
from tests.services.bulk.acting_in_bulk import begun, run_of, those
from tests.statements import heard

SOON = clock.now().date() + timedelta(days=30)
ADA = {"first_name": "Ada", "last_name": "Lovelace", "role": "sales_engineer"}
MOST = {"deactivate": 7, "activate": 9, "invite": 12}
"""Statements of each. What can tell that an email is used elsewhere, an activation and an
invitation, first asks whether its actor has to pause. On PostgreSQL, users are locked before the
session is read, and the other processes are notified."""


async def test_an_act_takes_no_more_statements_than_it_needs(
    rollcall: Runtime, tenant: Tenant
) -> None:
    # Whoever has just acted looks first: each of them acts once.
    admins = await create_users(6, tenant, role=Role.TENANT_ADMIN)
    actors = iter(await sign_in_all(admins))
    people = await create_users(2, tenant)
    told = 0 if rollcall.database.is_sqlite else 3
    found = {}
    for user in people:  # the first of anything asks more
        with heard(here=True) as statements:
            await accounts.set_active(next(actors), user.id, active=False)
        found["deactivate"] = len(statements)
        with heard(here=True) as statements:
            await accounts.set_active(next(actors), user.id, active=True)
        found["activate"] = len(statements)
        form = PersonalInvitation(**ADA, email=f"{user.id}@example.com")
        with heard(here=True) as statements:
            await invitations.invite(next(actors), form)
        found["invite"] = len(statements)
    assert {act: count for act, count in found.items() if count > MOST[act] + told} == {}


async def test_a_deactivation_writes_its_rows_together_when_it_has_read_everything(
    tenant: Tenant, admin: Actor
) -> None:
    (user,) = await create_users(1, tenant)
    await sign_in_all([user])
    with heard(here=True) as statements:
        await accounts.set_active(admin, user.id, active=False)
    asked = [sql for sql, _ in statements]
    written = next(n for n, sql in enumerate(asked) if sql.startswith("UPDATE user_account"))
    assert [sql for sql in asked[written:] if " FROM " in sql] == []


@pytest.mark.usefixtures("others_write")
@pytest.mark.parametrize("kind", [act.kind for act in USER_ACTS])
async def test_a_batch_takes_as_many_statements_however_many_people_are_in_it(
    tenant: Tenant,
    admin: Actor,
    mail_server: MailServer,
    kind: BulkKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    invited = kind in (BulkKind.RESEND, BulkKind.COPY_LINKS)
    for people in (2, 2, 6):  # the first of anything asks more
        monkeypatch.setattr(runs, "BATCH", people)
        active = kind is not BulkKind.ACTIVATE
        users = await create_users(people, tenant, active=active, invited=invited)
        await sign_in_all(users)
        bulk_id = await begun(admin, kind, those(users), end_date=SOON)
        with heard(here=True) as statements:
            assert not await act_on_next(admin, bulk_id)
        found.append(len(statements))
        assert (await run_of(bulk_id)).changed == people
    assert found[1] == found[2]
