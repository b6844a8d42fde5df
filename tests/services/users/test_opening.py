"""The statements that opening the list's page needs, counted; and that cached parts stay true."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from models import Role, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import transaction
from services.lists import choices, keyset
from services.lists.query import from_url
from services.sessions import presence, sessions
from services.users import listing
from services.users.list import USERS
from tests.factories import CALLER, create_tenant, create_user, create_users, open_session, sign_in


class Heard:
    """The statements, and how many transactions they were in."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.transactions = 0

    def begins(self, _connection: object) -> None:
        """One more transaction."""
        self.transactions += 1

    def runs(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        """One more statement."""
        self.statements.append(statement)

    async def of(self, call: Callable[[], Awaitable[object]]) -> tuple[int, int]:
        """How many statements a call takes, and in how many transactions."""
        await call()  # what is asked once in a process is known
        self.statements, self.transactions = [], 0
        await call()
        return len(self.statements), self.transactions


@pytest.fixture
def heard() -> Iterator[Heard]:
    """What is asked of the database from here on."""
    heard = Heard()
    event.listen(Engine, "begin", heard.begins)
    event.listen(Engine, "before_cursor_execute", heard.runs)
    yield heard
    event.remove(Engine, "begin", heard.begins)
    event.remove(Engine, "before_cursor_execute", heard.runs)


async def test_a_page_of_users_is_read_by_four_statements_in_one_transaction(
    tenant: Tenant, admin: Actor, heard: Heard
) -> None:
    await create_users(60, tenant)
    assert await heard.of(lambda: listing.open_users(admin, {})) == (4, 1)


async def test_whoever_is_here_or_invited_takes_a_statement_more(
    tenant: Tenant, admin: Actor, heard: Heard
) -> None:
    await create_users(3, tenant, invited=True)
    presence.page_opened(admin.user_id, tenant.id)
    # The mails of who is invited, and the links of those who got none.
    assert await heard.of(lambda: listing.open_users(admin, {})) == (7, 1)


async def test_a_visitor_and_a_socket_are_recognised_by_one_statement_each(
    tenant: Tenant, heard: Heard
) -> None:
    _, token = await open_session(await create_user(tenant))
    page = await heard.of(lambda: sessions.recognise(token, tenant.slug, CALLER))
    assert page == await heard.of(lambda: sessions.find_session_id(token)) == (1, 1)


async def test_a_page_begins_with_what_its_list_would_show(tenant: Tenant, admin: Actor) -> None:
    await create_users(3, tenant)
    await create_user(tenant, invited=True)
    await choices.keep_rows(admin, USERS, size=25, compact=True)
    await choices.keep_columns(admin, USERS, ["email", "joined"])
    url = {"sort": "email", "dir": "desc"}
    opened = await listing.open_users(admin, url)
    assert opened.chosen == await choices.find_choices(admin, USERS)
    assert opened.query == from_url(USERS, {**url, "size": 25, "columns": "joined"})
    assert opened.first == await listing.list_users(admin, opened.query)
    assert [row.name for row in opened.first.rows]


async def test_rows_of_a_page_are_those_that_open_pages_are_told(
    tenant: Tenant, admin: Actor
) -> None:
    await create_users(3, tenant)
    await create_user(tenant, invited=True)
    rows = (await listing.open_users(admin, {})).first.rows
    assert list(rows) == [await listing.find_row(row.id) for row in rows]


async def test_organisations_share_a_statement_and_no_rows(tenant: Tenant, admin: Actor) -> None:
    other = await create_user(await create_tenant("other"), role=Role.TENANT_ADMIN)
    keyset._kept_statement.cache_clear()
    mine = await listing.open_users(admin, {})
    theirs = await listing.open_users(await sign_in(other), {})
    assert keyset._kept_statement.cache_info().currsize == 1
    assert [row.id for row in mine.first.rows] == [admin.user_id]
    assert [row.id for row in theirs.first.rows] == [other.id]


@pytest.mark.parametrize("asked", [{"seen": "7"}, {"here": "1"}, {"q": "ada"}])
async def test_what_depends_on_the_moment_is_asked_anew(
    tenant: Tenant, admin: Actor, asked: dict[str, Any]
) -> None:
    ada = await create_user(tenant)
    async with transaction() as tx:
        (await tx.get_one(User, ada.id)).last_active_at = clock.now() - timedelta(days=6)
    presence.page_opened(ada.id, tenant.id)

    async def names() -> list[str]:
        return [row.name for row in (await listing.open_users(admin, asked)).first.rows]

    assert "Ada Lovelace" in await names()
    presence.page_closed(ada.id, tenant.id)
    async with transaction() as tx:
        user = await tx.get_one(User, ada.id)
        user.last_active_at, user.search_key = clock.now() - timedelta(days=8), "grace"
    assert "Ada Lovelace" not in await names()


async def test_no_more_statements_are_kept_than_there_is_room_for(
    tenant: Tenant, admin: Actor
) -> None:
    keyset._kept_statement.cache_clear()
    asked = [{"sort": sort, "dir": way} for sort in ("name", "role") for way in ("asc", "desc")]
    for url in [*asked, *asked]:
        await listing.open_users(admin, url)
    info = keyset._kept_statement.cache_info()
    assert (info.currsize, info.maxsize) == (len(asked), keyset.MOST_KEPT)
