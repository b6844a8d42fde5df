"""The engines of one database: how many may connect, and how SQLite is told to be safe."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from services.core.errors import OperatorError
from services.core.lazily import lazily
from services.database import sqlite
from services.database.reserve import Reserve
from services.database.right_of_way import RightOfWay
from services.database.write_queue import WriteQueue

if TYPE_CHECKING:
    from services.database import postgresql
else:
    postgresql = lazily("services.database.postgresql")

# How long a writer waits for another process's lock, in seconds, before it gives up.
LOCK_TIMEOUT = 30
READERS = 8
# On PostgreSQL: how many acts write at a time, out of the connections that they share with readers;
# and how many more connections there are for urgent acts only.
WRITERS, URGENT_WRITERS = 8, 4
URGENT_LOOKS = 2
URGENT_KEPT = 2
# PostgreSQL's lock_timeout in seconds: how long an act waits for a row that another act has locked.
# Acts take milliseconds, and an act that waits holds a connection that others need.
ROW_LOCK_TIMEOUT = 10


class Database:
    """The engines of one database, and the queue of those who write.

    SQLite takes one writer at a time, who begins IMMEDIATE, so that what it read can't have changed
    when it writes. On PostgreSQL rows are locked by the services; urgent acts have connections of
    their own there, so that nobody can take them all.

    On both, what only reads sees the database as it was at one moment: its first query.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self.right_of_way = RightOfWay()
        self.has_trigram_table = False
        """Whether the table of `models.migrations.search_index` exists, for SQLite."""
        if self.is_sqlite:
            try:
                self.url = make_url(url)
            except (ArgumentError, ValueError):
                raise OperatorError("ROLLCALL_DATABASE_URL is not a database address.") from None
            stretch = sqlite.Stretch()
            self.reader = self._sqlite_engine(READERS, sqlite.READING, stretch)
            self.writer = self.urgent = self._sqlite_engine(1, sqlite.WRITING, stretch)
            # What reads keeps its connection while it gives way: none would be left for a look.
            self.urgent_reader = self._sqlite_engine(URGENT_LOOKS, sqlite.READING, stretch)
            self.queue = WriteQueue(1)
            self.reserve = Reserve(self.url.database)
        else:
            self.server = postgresql.Server(url, self.right_of_way)
            self.writer = self._postgresql_engine(READERS, WRITERS)
            self.urgent = self._postgresql_engine(
                URGENT_KEPT, URGENT_WRITERS + URGENT_LOOKS - URGENT_KEPT
            )
            self.reader, self.urgent_reader = map(_at_one_moment, (self.writer, self.urgent))
            self.queue = WriteQueue(WRITERS, URGENT_WRITERS)
            self.reserve = Reserve(None)
        # Calls that only look first use at most half of the connections for reading.
        self.looks = WriteQueue(READERS // 2, URGENT_LOOKS)

    def _postgresql_engine(self, kept: int, more: int) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+psycopg://",  # the server's arguments are the whole url
            async_creator=self.server.connect,
            pool_size=kept,
            max_overflow=more,
            pool_pre_ping=True,
            hide_parameters=True,  # an error is logged, and what was to be stored is not
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
            # A plan that fits any word reads all trigrams for a short word, however small the
            # tenant is (PostgreSQL, plan_cache_mode).
            cursor = connection.cursor()
            cursor.execute("SET plan_cache_mode = force_custom_plan")
            cursor.execute(f"SET lock_timeout = '{ROW_LOCK_TIMEOUT}s'")
            cursor.close()
            connection.commit()

        return engine

    def _sqlite_engine(self, connections: int, begin: str, stretch: sqlite.Stretch) -> AsyncEngine:
        async def connect() -> sqlite.Connection:
            (path,), options = engine.dialect.create_connect_args(self.url)
            # No isolation level: we send BEGIN ourselves.
            return await sqlite.connect(
                path,
                patience=LOCK_TIMEOUT,
                stretch=stretch,
                right_of_way=self.right_of_way,
                isolation_level=None,
                **options,
            )

        engine = create_async_engine(
            self.url,
            async_creator=connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=LOCK_TIMEOUT * 2,
            hide_parameters=True,
        )

        @event.listens_for(engine.sync_engine, "connect")
        def _connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
            cursor = connection.cursor()
            # FULL: what was acknowledged survives a power cut, not just a crash (SQLite, PRAGMA
            # synchronous).
            wanted = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
            for pragma in (*wanted, f"journal_size_limit={sqlite.WAL_LIMIT}"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine.sync_engine, "invalidate")
        def _cut_off(connection: Any, _entry: Any, _error: Any) -> None:
            # SQLite keeps the connection of a cancelled call, with its lock, as long as anything
            # refers to one of its statements: the traceback of the cancellation, for example.
            connection.rollback()

        @event.listens_for(engine.sync_engine, "begin")
        def _begins(connection: Connection) -> None:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite.Connection)
            driver.begin(begin)

        return engine

    async def close(self) -> None:
        """Close every connection."""
        for engine in {self.reader, self.writer, self.urgent, self.urgent_reader}:
            await engine.dispose()


def _at_one_moment(engine: AsyncEngine) -> AsyncEngine:
    """The engine's own connections, for reading. A writer there sees in each query what was
    committed before it, which is right after a row is locked. Who locks nothing would see one
    change half: the user who was inactive, and then the same user as somebody else's rival."""
    return engine.execution_options(isolation_level="REPEATABLE READ")
