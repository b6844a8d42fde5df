"""The doctor's check of names that were stored before today's rules."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from models import SsoConnection, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.operations import doctor, doctor_names
from services.operations.checks import Check, State
from services.users import accounts
from tests import factories
from tests.services.workspace.rows import create_rows

TURNED = "Ada \N{RIGHT-TO-LEFT OVERRIDE}nimda"


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await factories.create_user(tenant)


async def test_names_of_today_are_well(rollcall: Runtime, tenant: Tenant, ada: User) -> None:
    await create_rows(tenant.id, ada.id)
    check = await _names()
    assert check.state is State.OK, check


async def test_names_that_are_refused_today_are_told_with_the_pages_that_change_them(
    rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    await _write(rollcall, "user_account", ada.id, first_name=TURNED)
    await _write(rollcall, "tenant", tenant.id, name="Ac\u200bme")
    await _write(rollcall, "poc", rows.poc, title="\u0301Pilot")
    check = await _names()
    assert check.state is State.WARNING
    assert "1 organisation, 1 user and 1 POC" in check.words
    base = f"/t/{tenant.slug}"
    for page in (f"{base}/users/{ada.id}", f"{base}/settings", f"{base}/pocs/{rows.poc}"):
        assert page in check.remedy
    assert "\u202e" not in check.as_json().encode().decode("unicode_escape")


async def test_a_name_that_is_typed_anew_is_told_no_more(
    rollcall: Runtime, tenant: Tenant, ada: User, admin: Actor
) -> None:
    await _write(rollcall, "user_account", ada.id, last_name=TURNED)
    assert (await _names()).state is State.WARNING
    await accounts.rename(admin, ada.id, "Ada", "Lovelace")
    assert (await _names()).state is State.OK


async def test_names_are_read_once_an_hour_also_where_some_are_refused(
    rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    await _write(rollcall, "user_account", ada.id, last_name=TURNED)
    found = await _names(anew=False)
    await _write(rollcall, "tenant", tenant.id, name="Ac\u200bme")
    assert await _names(anew=False) == found
    anew = await _names()
    assert "1 organisation and 1 user" in anew.words
    assert await _names(anew=False) == anew


async def test_names_of_customers_people_resources_and_single_sign_on_are_looked_at(
    rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    rows = await create_rows(tenant.id, ada.id)
    await _write(rollcall, "customer_person", rows.customer, title=TURNED)
    await _write(rollcall, "resource", rows.resource, title=TURNED)
    await _write(rollcall, "resource", rows.template_resource, title=TURNED)
    async with transaction() as tx:
        tx.add(
            SsoConnection(
                tenant_id=tenant.id,
                name=TURNED,
                issuer="https://idp.example",
                client_id="rollcall",
                sealed_secret=b"",
                created_at=clock.now(),
            )
        )
    check = await _names()
    assert "2 resources, 1 customer’s person and 1 single sign-on connection" in check.words
    base = f"/t/{tenant.slug}"
    pages = (f"pocs/{rows.poc}", f"templates/{rows.group_template}", "customers")
    for page in (*pages, "settings/sign-in"):
        assert f"{base}/{page}" in check.remedy


async def test_all_names_are_looked_at_however_many_there_are(
    rollcall: Runtime, tenant: Tenant
) -> None:
    users = await factories.create_users(doctor_names.SLICE + 1, tenant)
    await _write(rollcall, "user_account", max(user.id for user in users), first_name=TURNED)
    assert "1 user" in (await _names()).words


async def test_names_of_a_closed_organisation_are_nobodys_to_change(
    rollcall: Runtime, tenant: Tenant, ada: User
) -> None:
    await _write(rollcall, "user_account", ada.id, first_name=TURNED)
    await _write(rollcall, "tenant", tenant.id, closed_at="2026-01-01 00:00:00+00:00")
    assert (await _names()).state is State.OK


async def _names(*, anew: bool = True) -> Check:
    (check,) = await doctor.examine([doctor_names.NAMES], anew=anew)
    return check


async def _write(rollcall: Runtime, table: str, row_id: UUID, **values: Any) -> None:
    """As it was stored before there were rules, past all of them."""
    columns = ", ".join(f"{column} = :{column}" for column in values)
    key = row_id.hex if rollcall.database.is_sqlite else row_id
    async with rollcall.database.writer.begin() as connection:
        done = await connection.execute(
            text(f"UPDATE {table} SET {columns} WHERE id = :id"),  # noqa: S608 - names of columns
            {**values, "id": key},
        )
        assert done.rowcount == 1
