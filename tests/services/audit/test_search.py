"""Searches in the audit log fold letters as every search does, and its days are the searcher's."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import update

from models import AuditEvent, Tenant, User
from services.access.actor import Actor
from services.audit import search
from services.audit.check import verify
from services.audit.list import ENTRIES
from services.audit.reading import export, list_entries
from services.audit.writing import record
from services.core import clock
from services.core.days import find_zone
from services.database.transaction import transaction
from services.lists.query import from_url
from services.sessions.actions import SessionAction
from services.users import accounts
from tests.factories import create_user


async def _found(actor: Actor, **values: str) -> list[str]:
    query = from_url(ENTRIES, values)
    return [entry.subject for entry in (await list_entries(actor, query)).entries]


async def _forget_keys() -> None:
    async with transaction() as tx:
        await tx.exec(update(AuditEvent).values(search_key=None))


@pytest.fixture
async def emile(admin: Actor, tenant: Tenant) -> User:
    user = await create_user(tenant, first_name="Émile", last_name="Øster")
    await accounts.set_active(admin, user.id, active=False)
    return user


@pytest.mark.parametrize(
    "q",
    [
        "Émile",
        "émile",
        "emile",
        "EMILE",
        "E\u0301mile",
        "\uff45\uff4d\uff49\uff4c\uff45",
        "oster emi",
        "øst",
    ],
)
@pytest.mark.usefixtures("emile")
async def test_a_name_is_found_with_and_without_its_accents(admin: Actor, q: str) -> None:
    assert await _found(admin, q=q) == ["Émile Øster"]


@pytest.mark.usefixtures("emile")
async def test_what_no_entry_says_is_not_found(admin: Actor) -> None:
    assert await _found(admin, q="emil_") == []
    assert await _found(admin, q="%") == []


async def test_details_are_found_whatever_their_letters(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant, first_name="Ada", last_name="Müller")
    await accounts.rename(admin, user.id, "Ada", "King")
    assert await _found(admin, q="muller") == ["Ada King"]
    assert await _found(admin, q="before") == []  # the name of a detail isn't searched


@pytest.mark.usefixtures("emile")
async def test_entries_of_an_earlier_version_are_found_before_and_after_they_get_their_text(
    admin: Actor,
) -> None:
    await _forget_keys()
    assert await _found(admin, q="mile") == ["Émile Øster"]
    while await search.fill():
        pass
    assert await _found(admin, q="emile") == ["Émile Øster"]
    assert (await verify())[1] is None


async def test_the_text_is_no_longer_than_an_index_takes(admin: Actor, tenant: Tenant) -> None:
    async with transaction() as tx:
        long = "\U0001f600" * 2000
        await record(
            tx, SessionAction.SIGNED_IN, actor=admin, tenant_id=tenant.id, said=[long, {"x": 7}]
        )
    assert len(await _found(admin, q="\U0001f600" * 20)) == 1


async def _entry_at(actor: Actor, tenant: Tenant, at: datetime) -> None:
    user = await create_user(tenant, first_name=f"{at:%d %H:%M}", last_name="X")
    async with transaction() as tx:
        await record(tx, SessionAction.SIGNED_IN, actor=actor, subject=user, at=at)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Asia/Kolkata", "Pacific/Honolulu", "UTC"])
async def test_today_is_the_day_of_whoever_filters(admin: Actor, tenant: Tenant, zone: str) -> None:
    now = clock.now()
    await _entry_at(admin, tenant, now)
    today = now.astimezone(find_zone(zone)).date()
    for day, found in ((today, 1), (today - timedelta(days=1), 0), (today + timedelta(days=1), 0)):
        values = {"from": day.isoformat(), "to": day.isoformat(), "zone": zone}
        assert len(await _found(admin, **values)) == found


async def test_a_day_on_which_clocks_change_has_all_its_hours(admin: Actor, tenant: Tenant) -> None:
    for hour in range(-1, 27):
        start = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
        await _entry_at(admin, tenant, start + timedelta(hours=hour))
    values = {"from": "2026-10-25", "to": "2026-10-25", "zone": "Europe/Berlin"}
    assert len(await _found(admin, **values)) == 25


async def test_the_export_says_in_which_zone_its_days_are(admin: Actor) -> None:
    query = from_url(ENTRIES, {"from": "2026-11-26", "zone": "Pacific/Auckland"})
    text = "".join([piece async for piece in await export(admin, query)])
    assert "days in: Pacific/Auckland" in text
