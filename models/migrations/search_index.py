"""The index of trigrams beside `user_account`, by which users are found by any part of their name
or email without reading them all.

PostgreSQL has an index of its extension pg_trgm, SQLite (3.34 or newer, with FTS5) a full-text
table of trigrams. It isn't a revision: it is made when Rollcall starts, if the database can.
Without it every search finds the same users, only more slowly.
"""

import logging

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

INDEX = "ix_user_account_search"
# PostgreSQL's manual, Error Codes: read_only_sql_transaction.
READ_ONLY = "25006"

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
    """Make the missing parts of the index, if this database can; returns whether there is an
    index."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # Words that are too short for a trigram are searched in this index: it has all columns that
        # counting needs.
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
            "This SQLite is too old, or lacks FTS5." if on_sqlite else _advice(connection, error),
        )
        return False
    return True


def _advice(connection: Connection, error: DBAPIError) -> str:
    """What mends it on PostgreSQL."""
    if getattr(error.orig, "sqlstate", "") == READ_ONLY:
        return "Restart Rollcall once the database can be written to."
    query = "SELECT installed_version FROM pg_available_extensions WHERE name = 'pg_trgm'"
    found = connection.execute(text(query)).all()
    if found and found[0].installed_version is not None:
        return "Mend that, then restart."
    first = "" if found else "Install PostgreSQL's additional modules (contrib) on its server. "
    return (
        f'{first}Have an administrator of the database run "CREATE EXTENSION pg_trgm" in it, then '
        "restart."
    )


def _build_on_sqlite(connection: Connection) -> None:
    wanted = {"user_search", *_TRIGGERS}
    found = connection.execute(
        text("SELECT name FROM sqlite_master WHERE name LIKE 'user_search%'")
    )
    there = set(found.scalars())
    if wanted <= there:
        return
    # A migration that copies a table drops its triggers. Changes since then aren't in the index.
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
    # Users change seldom and are searched often, so no list of pending changes, which each search
    # would have to read.
    connection.execute(
        text(
            f"CREATE INDEX {INDEX} ON user_account USING gin (search_key gin_trgm_ops) "
            "WITH (fastupdate = off)"
        )
    )
