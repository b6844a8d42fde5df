"""Room on the disk that is kept for acts that end somebody's access: where the disk is full, nobody
may stay in because nothing can be written.

Beside SQLite's file stands one of zeros. Such an act, and the receipt of the pages that it closed,
has that file's room while it runs; no other act of this process runs meanwhile
(`services.database.write_queue`). Afterwards the file takes what is left. PostgreSQL's disk isn't
ours to keep room on.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 4 * 2**20
"""Bytes: as much as SQLite's write-ahead log has when it begins again from its start (1,000 pages
of 4 KiB: SQLite, PRAGMA wal_autocheckpoint), so that what is written goes round in it. A
deactivation takes some 0.1 MB of that log, and leaves the database some 2.5 KB larger, which this
file can't take back: after 700 on a full disk it had 2.3 MiB left. Two processes on one database
share the file, and one may take the room back while the other's act waits for its lock: that act is
refused then, and can be tried again."""


class Reserve:
    """The file beside a database's; none for one that isn't a file here."""

    def __init__(self, database: str | None) -> None:
        self._path = Path(f"{database}-reserve") if database else None

    def keep(self) -> None:
        """Have the file take `SIZE` bytes, or as many as there are."""
        if self._path is None:
            return
        try:
            with open(self._path, "ab", buffering=0, opener=_private) as file:
                while missing := SIZE - file.tell():
                    file.write(bytes(missing))  # a part of it, where there isn't room for all
        except OSError as error:
            log.debug("There is no room to keep for acts that end access: %s", error)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """While the block runs, a full disk has as much room as the file had."""
        gives = self._give()
        try:
            yield
        finally:
            if gives:
                self.keep()

    def _give(self) -> bool:
        if self._path is None:
            return False
        try:
            if _room_at(self._path) >= SIZE:
                return False
            os.truncate(self._path, 0)
        except OSError as error:  # it isn't there, or may not be written to
            log.debug("No room was kept for acts that end access: %s", error)
            return False
        return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _room_at(path: Path) -> int:
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize
