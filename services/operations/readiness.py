"""Whether this process is able to serve: named checks, each of them fine or with what to do.

`/readyz` asks `recent`, which strangers may do as often as they like; `look` makes all checks
again, for an operator.
"""

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from models import BusMessage
from services.core import clock, folders
from services.core.errors import RollcallError
from services.core.secrets import SECRET_FILE
from services.database import migrations, runtime, vault
from services.database.right_of_way import begun
from services.database.transaction import lasting_reason

log = logging.getLogger(__name__)

# How long the result of a check counts, in seconds: if it was fine, and if it wasn't. If each
# question wrote to the disk, questions could keep the disk busy.
KEEP_SECONDS = 5
KEEP_KEYS_SECONDS = 60
KEEP_FAILED_SECONDS = 2
# Nobody who asks waits longer than this, in seconds: the container's own check gives up after 4.
ANSWER_SECONDS = 3
# With less room than this (in bytes) the operator is warned; a full disk shows when it is written
# to.
LOW_DISK = 256 * 2**20


@dataclass(frozen=True)
class Check:
    """What was found.

    `sentence` may be read by anybody; `detail` (paths, ids, a library's own words) only by the
    operator. If it isn't `ok`, they say what to do. If a `vital` check fails, Rollcall isn't ready;
    if another one fails, that is a warning.
    """

    name: str
    ok: bool
    sentence: str
    detail: str = ""
    vital: bool = True


Looking = Callable[[], Awaitable[Check]]


async def look() -> list[Check]:
    """Make all checks again, whether this process serves or not. Takes seconds if something doesn't
    answer."""
    return [
        *[await check() for check in LOOKS],
        await _hearing(await runtime.current().transport.try_to_hear()),
    ]


async def look_at(name: str) -> Check:
    """Make one check again, by its name in `NAMES`."""
    return await LOOKS[NAMES.index(name)]()


async def recent() -> list[Check]:
    """What this process, which serves, found in the last seconds."""
    seen = _seen()
    if seen.looking is None or seen.looking.done():
        seen.looking = asyncio.create_task(_renew(seen))
    await asyncio.wait({seen.looking}, timeout=ANSWER_SECONDS)
    checks = [check for _, check in seen.found.values()]
    if not seen.looking.done():
        checks = [replace(check, ok=True) for check in checks if not check.vital]
        checks.append(Check("answer", False, _SLOW))
    else:
        seen.looking.result()
    return [*checks, await _hearing(runtime.current().transport.deaf_because)]


def troubles(checks: Sequence[Check]) -> list[Check]:
    """The checks because of which Rollcall isn't ready."""
    return [check for check in checks if check.vital and not check.ok]


async def tell() -> None:
    """Log what isn't fine, once each time when it begins, and when it ends."""
    seen = _seen()
    for check in LOOKS:
        _tell(seen, await check())


def _tell(seen: "_Seen", check: Check) -> None:
    if not check.ok and check.name not in seen.told:
        level = logging.ERROR if check.vital else logging.WARNING
        log.log(level, "%s", " ".join(filter(None, [check.sentence, check.detail])))
        seen.told.add(check.name)
    elif check.ok and check.name in seen.told:
        seen.told.remove(check.name)
        log.info("%s", check.sentence)


_SLOW = "The database hasn't answered for some seconds."


@dataclass
class _Seen:
    found: dict[str, tuple[float, Check]] = field(default_factory=dict)
    looking: asyncio.Task[None] | None = None
    told: set[str] = field(default_factory=set)
    file: tuple[int, int] | None = None
    """The device and the number of the database's file, as they were when it was looked at first.
    """


def _seen() -> _Seen:
    return runtime.current().part(_Seen)


async def _renew(seen: _Seen) -> None:
    for name, check in zip(NAMES, LOOKS, strict=True):
        at, before = seen.found.get(name, (-float("inf"), None))
        keep = KEEP_KEYS_SECONDS if name == "keys" else KEEP_SECONDS
        if before is not None and not before.ok:
            keep = KEEP_FAILED_SECONDS
        if time.monotonic() - at > keep:
            found = await check()
            seen.found[name] = (time.monotonic(), found)
            _tell(seen, found)  # a probe may be the first to meet it, minutes before `tell` looks


async def _schema() -> Check:
    try:
        revision, newest = await migrations.schema()
    except (SQLAlchemyError, OSError) as error:
        return Check("schema", False, "The database doesn't answer.", _words(error))
    if migrations.is_too_old(revision):
        sentence = "The database isn't migrated: run `python main.py migrate`, or restart."
        return Check("schema", False, sentence, f"Its schema is {revision}, not {newest}.")
    if revision != newest:
        sentence = "A newer Rollcall has migrated the database: upgrade this one, too."
        return Check("schema", True, sentence, f"Its schema is {revision}, not {newest}.")
    return Check("schema", True, "The database answers and is migrated.")


async def _file() -> Check:
    """Whether the embedded database is still the file that this process has open: one that was
    moved, removed or copied over takes all that is written, and nobody finds it there."""
    if not (files := _database_files()):
        return Check("file", True, "The database is a server's.")
    try:
        found = files[0].stat()
        identity = (found.st_dev, found.st_ino)
    except OSError:
        identity = None
    seen = _seen()
    seen.file = seen.file or identity
    if identity is None or identity != seen.file:
        sentence = "The database's file was replaced or removed while Rollcall serves: restart it."
        detail = f"What people do isn't in {files[0]}. Where that was moved, put it back first."
        return Check("file", False, sentence, detail)
    return Check("file", True, "The database's file is in its place.")


async def _writing() -> Check:
    """A message that says nothing, to all processes: on SQLite every change writes one."""
    current = runtime.current()
    row = {"origin": current.process_id, "payload": "[]", "at": clock.now()}
    try:
        # It has SQLite's only connection that writes: an act that is given way waits for it.
        with begun():
            async with current.database.writer.begin() as connection:
                await connection.execute(insert(BusMessage).values(row))
    except (SQLAlchemyError, OSError) as error:
        reason = lasting_reason(error) or "Nothing can be written to the database now."
        return Check("writing", False, f"{reason} What people change is refused.", _words(error))
    return Check("writing", True, "The database takes what is written.")


async def _keys() -> Check:
    try:
        lost = await vault.lost()
    except RollcallError as error:
        return Check("keys", False, "The database doesn't answer.", str(error))
    if lost:
        return Check("keys", False, vault.LOST, vault.how_to_mend())
    if not vault.seals():
        restart = "Nothing is sealed yet: a restart makes a new one."
        return Check("keys", False, vault.NO_KEY, f"{restart} {vault.how_to_mend()}", vital=False)
    return Check("keys", True, "What is sealed can be opened.")


async def _folder() -> Check:
    settings, database = runtime.current().settings, runtime.current().database
    if settings.secret is not None and not database.is_sqlite:
        return Check("folder", True, "Nothing is kept in the data folder.", vital=False)
    told = folders.troubles(settings.data_dir)
    secrets = [settings.data_dir / name for name in (SECRET_FILE, vault.KEYS_FILE)]
    told += folders.open_to_others([*secrets, *_database_files()])
    if told:
        sentence = "The data folder's owner or rights aren't right."
        return Check("folder", False, sentence, " ".join(told), vital=False)
    return Check("folder", True, "The data folder is Rollcall's own.", vital=False)


async def _disk() -> Check:
    folder = _existing(next(iter(_database_files()), runtime.current().settings.data_dir))
    free = shutil.disk_usage(folder).free
    detail = f"{free // 2**20:,} MiB are free in {folder}."
    if free < LOW_DISK:
        sentence = "Little room is left on the disk: make room, or what people do will be refused."
        return Check("disk", False, sentence, detail, vital=False)
    return Check("disk", True, "The disk has room.", detail, vital=False)


async def _hearing(deaf_because: str) -> Check:
    if deaf_because:
        sentence = "This process doesn't hear the others, which may run on the same database."
        return Check("hearing", False, sentence, deaf_because)
    return Check("hearing", True, "This process hears the others.")


def _database_files() -> list[Path]:
    database = runtime.current().database
    return [Path(database.url.database)] if database.is_sqlite and database.url.database else []


def _existing(path: Path) -> Path:
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _words(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


LOOKS: tuple[Looking, ...] = (_schema, _file, _writing, _keys, _folder, _disk)
NAMES = ("schema", "file", "writing", "keys", "folder", "disk")
