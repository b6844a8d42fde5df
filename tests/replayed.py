"""A new SQLite database gets its tables from what the migrations made once: all of them, one after
the other, take half a second of a processor, which would be most of a short test's time.

A database with tables is migrated as ever; so is PostgreSQL's; and so is every one in a process
that is no fork of the tests' (`tests.browser.forks`).
"""

from functools import cache

from sqlalchemy import Connection, create_engine

from services.database import migrations

_migrate = migrations._upgrade_from
_RELEASED = migrations._folder()


@cache
def statements() -> tuple[str, ...]:
    """What makes the newest schema and its first rows: as the migrations leave them."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        _migrate(connection, None)
        dumped = connection.connection.driver_connection.iterdump()  # type: ignore[union-attr]  # it is connected
        made = tuple(dumped)[1:-1]  # without BEGIN and COMMIT
    engine.dispose()
    return made


def _replay(connection: Connection, before: str | None) -> None:
    is_new = before is None and connection.dialect.name == "sqlite"
    if not is_new or migrations._folder() != _RELEASED:
        _migrate(connection, before)
        return
    for statement in statements():
        connection.exec_driver_sql(statement)


def replay() -> None:
    """Let every new SQLite database of this process get its tables so."""
    migrations._upgrade_from = _replay
