"""Invitations from a CSV file: rows a second, and the memory that they take.

The floor is SQLite alone: as many accounts, links and log entries, in as many transactions, without
any check.
"""

import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.scene import scene
from services.users.imports.batches import BATCH

TABLES = ("account", "link", "entry")
# About as long as what Rollcall writes of an invitation to each of its tables.
ROW = "x" * 300


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for rows in options.imported:
        async with scene() as stage:
            rollcall = await stage.rollcall()
            await rollcall.ask("tenant", slug="csv", users=1)
            before = (await rollcall.ask("vitals"))["memory"]
            took = await rollcall.ask("import_csv", slug="csv", rows=rows)
            after = (await rollcall.ask("vitals"))["memory"]
        bare = await asyncio.to_thread(_bare, rows)
        figures += [
            Figure("rows read a second", rows, "/s", (round(rows / took["reading"], 1),)),
            Figure(
                "rows invited a second",
                rows,
                "/s",
                (round(rows / took["inviting"], 1),),
                (round(rows / bare, 1),),
            ),
            Figure("memory left behind", rows, "KiB", (round(max(after - before, 1), 1),)),
        ]
    return Result("invitations", "Invitations from a CSV file", "rows", figures)


def _bare(rows: int) -> float:
    """Seconds to write so many rows to each table, with Rollcall's own settings of SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bare.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            for table in TABLES:
                database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, said TEXT UNIQUE)")
            begun = time.perf_counter()
            for first in range(0, rows, BATCH):
                database.execute("BEGIN IMMEDIATE")
                for number in range(first, min(rows, first + BATCH)):
                    for table in TABLES:
                        said = f"INSERT INTO {table} (said) VALUES (?)"  # noqa: S608 - our table
                        database.execute(said, (f"{number}{ROW}",))
                database.execute("COMMIT")
            return time.perf_counter() - begun
