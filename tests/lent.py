"""A database of PostgreSQL, and sessions in it, that one test after the other uses.

A new database and its first sessions would take half of a short test's time. So a test is lent one
that is emptied after it, and a session that Rollcall has closed serves its next start. A database
in which a test did more than write rows isn't lent again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import psycopg
from psycopg import pq, sql

from services.core import postgresql_url
from services.database import postgresql
from tests.postgres import PostgresServer

USES = 25
"""So many tests use a database: what they deleted stays in its files."""
KEPT = 4
"""So many of Rollcall's sessions are kept."""
PATIENCE = 10_000
"""Milliseconds for the end of a session that a test left behind."""
PREPARE = (
    "CREATE SCHEMA kept",
    "CREATE SEQUENCE kept.definitions",
    # A sequence moves on even where the transaction is rolled back.
    """CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql
    AS $$ BEGIN PERFORM nextval('kept.definitions'); END $$""",
    # All rows are deleted, whatever refers to them.
    "SET session_replication_role = replica",
)
WATCH = "CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION kept.note()"
TABLES = (
    "SELECT relname, pg_relation_size(oid) > 0 FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
RESTART = (
    "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)
END_OTHERS = (
    "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL (%s)"
)
# What deleting rows doesn't undo: definitions, settings of the database, large objects, and what
# VACUUM and ANALYZE noted for the planner (`reltuples` is -1 before them).
SPOILT = (
    "SELECT (SELECT is_called FROM kept.definitions)"
    " OR EXISTS (SELECT FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase"
    " WHERE d.datname = current_database())"
    " OR EXISTS (SELECT FROM pg_largeobject_metadata)"
    " OR EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND reltuples >= 0"
    " AND relnamespace = 'public'::regnamespace)"
)


class LentDatabase:
    """A database that is emptied after each test, and Rollcall's sessions in it."""

    current: "ClassVar[LentDatabase | None]" = None
    """The one that a test has now."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.arguments = postgresql_url.arguments(url)
        self._uses = 0
        self._closed: list[pq.abc.PGconn] = []
        self._ready: list[pq.abc.PGconn] = []
        self._own = psycopg.connect(url, autocommit=True)
        for statement in PREPARE:
            self._own.execute(statement)
        self._empty = self._how_to_empty()
        self._own.execute(WATCH)

    def _how_to_empty(self) -> sql.Composed:
        statements: list[sql.Composable] = [sql.SQL(RESTART)]
        for name, has_rows in self._own.execute(TABLES).fetchall():
            table = sql.Identifier(name)
            statements.append(sql.SQL("DELETE FROM public.{}").format(table))
            if has_rows:
                self._own.execute(
                    sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(table)
                )
                statements.append(sql.SQL("INSERT INTO public.{0} TABLE kept.{0}").format(table))
        return sql.SQL("BEGIN; {}; COMMIT").format(sql.SQL("; ").join(statements))

    def keep(self, connection: postgresql.Connection) -> bool:
        """Take the session of a connection that Rollcall closes; returns False if it is busy."""
        session = connection.pgconn
        if session.transaction_status != pq.TransactionStatus.IDLE:
            return False
        connection.pgconn = pq.PGconn()  # one that is closed
        self._closed.append(session)
        return True

    def session(self) -> pq.abc.PGconn | None:
        """A session that an earlier test used, as new; None if there is none."""
        return self._ready.pop() if self._ready else None

    def is_there(self) -> bool:
        """Whether it can be used: a test may have stopped the server."""
        try:
            self._own.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def empty(self) -> bool:
        """Make it as new, and end the sessions that the test left behind.

        Returns False if that can't be: the database has to be dropped then.
        """
        self._uses += 1
        for session in self._closed:
            self._begin_again(session)
        self._closed.clear()
        if self._uses == USES or not self.is_there():
            return False
        own = [session.backend_pid for session in self._ready]
        self._own.execute(END_OTHERS, [PATIENCE, own])
        if self._own.execute(SPOILT).fetchone() != (False,):
            return False
        self._own.execute(self._empty)
        return True

    def _begin_again(self, session: pq.abc.PGconn) -> None:
        if len(self._ready) < KEPT and session.status == pq.ConnStatus.OK:
            done = session.exec_(b"DISCARD ALL")  # settings, statements and locks
            if done.status == pq.ExecStatus.COMMAND_OK:
                self._ready.append(session)
                return
        session.finish()

    def close(self) -> None:
        """Close every session."""
        for session in (*self._closed, *self._ready):
            session.finish()
        self._closed.clear()
        self._ready.clear()
        self._own.close()


class Lender:
    """Lends the databases of one server, one at a time."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._spare: LentDatabase | None = None

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The url of a migrated and empty database, for one test."""
        lent, self._spare = self._spare, None
        if lent is not None and not lent.is_there():
            self._drop(lent)
            lent = None
        if lent is None:
            name = self._server.create_database()
            lent = LentDatabase(name, self._server.url(name))
        LentDatabase.current = lent
        try:
            yield lent.url
        finally:
            LentDatabase.current = None
        if lent.empty():
            self._spare = lent
        else:
            self._drop(lent)

    def _drop(self, lent: LentDatabase) -> None:
        lent.close()
        self._server.drop_database(lent.name)

    def close(self) -> None:
        """Close every session; the server's end removes the database."""
        if self._spare is not None:
            self._spare.close()


def keep_sessions() -> None:
    """Let Rollcall's connections begin with sessions that are kept, and keep theirs at the end:
    from here on, wherever a database is lent."""
    connect, close = postgresql.Server.connect, postgresql.Connection.close

    def lent_by(server: postgresql.Server | None) -> LentDatabase | None:
        lent = LentDatabase.current
        return lent if lent and server and server.arguments == lent.arguments else None

    async def connect_or_take(server: postgresql.Server) -> postgresql.Connection:
        lent = lent_by(server)
        session = lent.session() if lent else None
        if session is None:
            return await connect(server)
        connection = postgresql.Connection(session)
        connection.server = server
        return connection

    async def close_or_keep(connection: postgresql.Connection) -> None:
        lent = lent_by(connection.server)
        if lent is None or not lent.keep(connection):
            await close(connection)

    postgresql.Server.connect = connect_or_take  # type: ignore[assignment, method-assign]  # for all tests
    postgresql.Connection.close = close_or_keep  # type: ignore[assignment, method-assign]  # for all tests
