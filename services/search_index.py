"""Finds users by any part of their name or address without reading them all.

What the database can decides how: PostgreSQL by an index of its extension pg_trgm, SQLite by a
full-text table of trigrams (3.34 or newer, with FTS5). Both are made from `user_account` when
Rollcall starts. Without them every search still finds the same users, and takes longer.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, Uuid, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from models import User
from services import runtime
from services.db import Transaction
from services.user_query import contain, in_tenant

log = logging.getLogger(__name__)

FEW = 1000
"""Users that a search may find and still have them all looked up by id. Where it finds more, a page
is filled soon by reading in the page's order."""

SHORTEST = 3
"""Characters of a word that has a trigram."""

INDEX = "ix_user_account_search"

# SQLite renumbers rows whose number isn't a key of its own (SQLite, VACUUM), so users get one here.
# The table of trigrams keeps no text and no positions: what it finds is compared with the text.
_TABLES = """
CREATE TABLE user_search_row (number INTEGER PRIMARY KEY, user_id CHAR(32) NOT NULL UNIQUE);
CREATE VIRTUAL TABLE user_search
  USING fts5(search_key, content='', detail=none, tokenize='trigram case_sensitive 1');
INSERT INTO user_search_row (user_id) SELECT id FROM user_account;
INSERT INTO user_search (rowid, search_key)
  SELECT number, search_key FROM user_search_row JOIN user_account ON id = user_id;
"""
_NUMBER = "INSERT INTO user_search_row (user_id) VALUES (new.id);"
_FORGET = "DELETE FROM user_search_row WHERE user_id = old.id;"
_ADD = """
INSERT INTO user_search (rowid, search_key)
  SELECT number, new.search_key FROM user_search_row WHERE user_id = new.id;
"""
_REMOVE = """
INSERT INTO user_search (user_search, rowid, search_key)
  SELECT 'delete', number, old.search_key FROM user_search_row WHERE user_id = old.id;
"""
_TRIGGERS = {
    "user_search_insert": ("AFTER INSERT ON user_account", _NUMBER + _ADD),
    "user_search_update": (
        "AFTER UPDATE OF search_key ON user_account WHEN new.search_key <> old.search_key",
        _REMOVE + _ADD,
    ),
    "user_search_delete": ("AFTER DELETE ON user_account", _REMOVE + _FORGET),
}


def build(connection: Connection) -> bool:
    """Make what is missing of the index, if this database can; returns whether there is one."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # Words without a trigram are looked for in this one: it has all that counting needs.
        connection.execute(
            text(f"CREATE INDEX IF NOT EXISTS {INDEX} ON user_account (tenant_id, search_key, id)")
        )
    elif any(index["name"] == INDEX for index in inspect(connection).get_indexes("user_account")):
        return True
    try:
        with connection.begin_nested():
            (_build_on_sqlite if on_sqlite else _build_on_postgresql)(connection)
    except DBAPIError as error:
        log.warning(
            "Searches read every user of a tenant, as an index of trigrams can't be made: %s. %s",
            str(error.orig).strip().splitlines()[0],
            "This SQLite is too old, or lacks FTS5."
            if on_sqlite
            else 'Have an administrator of the database run "CREATE EXTENSION pg_trgm" in it, '
            "then restart.",
        )
        return False
    return True


def _build_on_sqlite(connection: Connection) -> None:
    wanted = {"user_search", *_TRIGGERS}
    found = connection.execute(
        text("SELECT name FROM sqlite_master WHERE name LIKE 'user_search%'")
    )
    there = set(found.scalars())
    if wanted <= there:
        return
    # A trigger is lost where a migration copies its table. What happened since, nobody indexed.
    for name in _TRIGGERS:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
    for name in ("user_search", "user_search_row"):
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    for statement in _TABLES.strip().split(";\n"):
        connection.execute(text(statement))
    for name, (event, statements) in _TRIGGERS.items():
        connection.execute(text(f"CREATE TRIGGER {name} {event} BEGIN {statements} END"))


def _build_on_postgresql(connection: Connection) -> None:
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    # Users change seldom and are searched often: no list of changes that each search has to read.
    connection.execute(
        text(
            f"CREATE INDEX {INDEX} ON user_account USING gin (search_key gin_trgm_ops) "
            "WITH (fastupdate = off)"
        )
    )


async def find_few(
    tx: Transaction, tenant_id: UUID | None, words: Sequence[str]
) -> list[UUID] | None:
    """The users among whom are all that these folded words find in a tenant; none where they are
    more than a few. Who is found here by trigrams has still to be compared with the words."""
    long = [word for word in words if len(word) >= SHORTEST]
    if long and runtime.current().database.has_trigram_table:
        few = await _find_by_trigrams(tx, long)
        if few is not None:
            return few
    found = await tx.exec(
        select(User.id).where(in_tenant(tenant_id), *contain(words)).limit(FEW + 1)
    )
    return _if_few(found.all())


async def _find_by_trigrams(tx: Transaction, words: Sequence[str]) -> list[UUID] | None:
    trigrams = {word[at : at + 3] for word in words for at in range(len(word) - 2)}
    quoted = ('"' + trigram.replace('"', '""') + '"' for trigram in sorted(trigrams))
    statement = text(
        "SELECT user_id FROM user_search_row WHERE number IN "
        "(SELECT rowid FROM user_search WHERE user_search MATCH :trigrams LIMIT :most)"
    )
    connection = await tx.connection()
    found = await connection.execute(
        statement.columns(user_id=Uuid()), {"trigrams": " AND ".join(quoted), "most": FEW + 1}
    )
    return _if_few(found.scalars().all())


def _if_few(ids: Sequence[UUID]) -> list[UUID] | None:
    return list(ids) if len(ids) <= FEW else None
