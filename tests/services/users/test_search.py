"""The search's index finds the same users as reading all of them, and isn't required."""

import logging
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from models import Tenant, User
from services.access.actor import Actor
from services.core.names import fold
from services.database.migrations import migrate
from services.database.runtime import Runtime
from services.database.startup import started
from services.database.transaction import transaction
from services.lists import search
from services.lists.query import ListQuery
from services.users import accounts
from services.users.listing import list_users
from tests import postgres
from tests.conftest import make_settings
from tests.factories import create_admin, create_tenant, create_user, sign_in

NAMES = ["Ann Lee", "Anna-Lena Ö", "李 小龍", "Bo", 'Q"uote', "Percy 50%", "under_score", "🦊 Fox"]
SEARCHES = [
    "ann",
    "an",
    "a",
    "lee ann",
    "李",
    "小龍",
    '"',
    'q"u',
    "50%",
    "_",
    "🦊 f",
    "x",
    "example",
]


async def _found(actor: Actor, q: str) -> list[str]:
    page = await list_users(actor, ListQuery(q=q))
    assert page.total == len(page.rows)
    return [row.name for row in page.rows]


async def _create(tenant: Tenant) -> list[User]:
    return [
        await create_user(tenant, first_name=name, last_name=str(number))
        for number, name in enumerate(NAMES)
    ]


@pytest.mark.parametrize("few", [0, 2, 1000])
async def test_every_search_finds_who_contains_each_word(
    admin: Actor, admin_user: User, tenant: Tenant, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    everyone = sorted([*await _create(tenant), admin_user], key=lambda user: user.name_key)
    for q in SEARCHES:
        words = fold(q).split()
        meant = [user for user in everyone if all(word in user.search_key for word in words)]
        assert await _found(admin, q) == [user.full_name for user in meant], q


async def test_a_search_finds_nobody_of_another_tenant(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await create_user(other_tenant, first_name="Lonely")
    assert await _found(admin, "lonely") == []


async def test_who_was_renamed_is_found_by_the_new_name_alone(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant, first_name="Before")
    await accounts.rename(admin, user.id, "After", "Wards")
    assert await _found(admin, "before") == []
    assert await _found(admin, "after wards") == ["After Wards"]


async def test_who_is_deleted_is_found_no_more(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant, first_name="Gone")
    async with transaction() as tx:
        await tx.delete(await tx.get_one(User, user.id))
    assert await _found(admin, "gone") == []


async def test_filters_hold_within_a_search(admin: Actor, tenant: Tenant) -> None:
    await create_user(tenant, first_name="Zora", active=False)
    await create_user(tenant, first_name="Zoran")
    page = await list_users(admin, ListQuery(q="zora", filters={"status": "inactive"}))
    assert [row.name for row in page.rows] == ["Zora Lovelace"]
    assert page.total == 1


async def test_an_index_that_lost_a_trigger_is_made_anew(admin: Actor, tenant: Tenant) -> None:
    async with transaction() as tx:
        connection = await tx.connection()
        if connection.dialect.name != "sqlite":
            return  # PostgreSQL keeps an index by itself
        await connection.execute(text("DROP TRIGGER user_search_insert"))
    await create_user(tenant, first_name="Unseen")
    await migrate()
    assert await _found(admin, "unseen") == ["Unseen Lovelace"]


async def test_numbers_of_the_index_survive_a_vacuum(
    rollcall: Runtime, admin: Actor, tenant: Tenant
) -> None:
    users_ = [await create_user(tenant, first_name=f"Numbered{n}") for n in range(20)]
    async with transaction() as tx:
        for user in users_[:10]:
            await tx.delete(await tx.get_one(User, user.id))
    async with rollcall.database.reader.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if connection.dialect.name == "sqlite":
            await connection.exec_driver_sql("COMMIT")
        await connection.exec_driver_sql("VACUUM")
    assert await _found(admin, "numbered15") == ["Numbered15 Lovelace"]


async def test_without_full_text_search_sqlite_reads_every_user(
    rollcall: Runtime, admin: Actor, tenant: Tenant
) -> None:
    await create_user(tenant, first_name="Findable")
    rollcall.database.has_trigram_table = False
    assert await _found(admin, "findable") == ["Findable Lovelace"]


async def test_without_rights_postgresql_reads_every_user_and_says_what_to_do(
    postgres_server: postgres.PostgresServer,
    postgres_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    role = f"{postgres_database}_tenant"
    with psycopg.connect(postgres_server.url(postgres_database), autocommit=True) as connection:
        connection.execute("DROP EXTENSION pg_trgm CASCADE")
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(
            sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(role))
        )
    url = postgres_server.url(postgres_database).replace(f"//{postgres.USER}@", f"//{role}@")
    with caplog.at_level(logging.WARNING, "models.migrations.search_index"):
        async with started(make_settings(tmp_path, url)):
            tenant = await create_tenant()
            admin = await sign_in(await create_admin(tenant))
            await create_user(tenant, first_name="Findable")
            assert await _found(admin, "findable") == ["Findable Lovelace"]
    assert "permission denied" in caplog.text
    assert "CREATE EXTENSION pg_trgm" in caplog.text


async def test_on_a_postgresql_that_can_only_be_read_the_advice_is_to_wait_for_that(
    postgres_server: postgres.PostgresServer,
    postgres_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    postgres_server.run(postgres_database, "DROP EXTENSION pg_trgm CASCADE")
    settings = make_settings(tmp_path, postgres_server.url(postgres_database))
    postgres_server.set_read_only(postgres_database, True)
    with caplog.at_level(logging.WARNING, "models.migrations.search_index"):
        async with started(settings):
            pass
        assert "Restart Rollcall once the database can be written to." in caplog.text
        assert "CREATE EXTENSION pg_trgm" not in caplog.text
        caplog.clear()
        postgres_server.set_read_only(postgres_database, False)
        async with started(settings):
            pass
    assert caplog.text == "", "as it was told, a restart made the index"


async def test_who_may_not_make_the_index_is_not_told_to_make_what_is_there(
    postgres_server: postgres.PostgresServer,
    postgres_database: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    role = f"{postgres_database}_guest"
    postgres_server.run(postgres_database, "DROP INDEX ix_user_account_search")
    with psycopg.connect(postgres_server.url(postgres_database), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        connection.execute(
            sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(role))
        )
    url = postgres_server.url(postgres_database).replace(f"//{postgres.USER}@", f"//{role}@")
    with caplog.at_level(logging.WARNING, "models.migrations.search_index"):
        async with started(make_settings(tmp_path, url)):
            pass
    assert "must be owner of table user_account. Mend that, then restart." in caplog.text
