"""Secrets that Rollcall must be able to read again, encrypted at rest.

Fernet (AES-128-CBC with HMAC-SHA-256) with a ring of keys: the first one seals, and all can open.
The ring is `ROLLCALL_ENCRYPTION_KEYS` if it is set. Otherwise it is derived from `ROLLCALL_SECRET`
if that is set, so that replicas share it. Otherwise it is a file in the data folder. The file is
made at the first start, and never if something is sealed already: its new keys couldn't open it.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from models import Authenticator, SsoConnection, SsoSession
from services.core import folders
from services.core.errors import OperatorError
from services.core.secrets import derive, write_private
from services.database import runtime
from services.database.transaction import Transaction, reading, transaction

log = logging.getLogger(__name__)

KEYS_FILE = "encryption-keys"
# What is sealed where: the table, and its column. `rotate` seals all of it with the newest key.
SEALED = (
    (SsoConnection, "sealed_secret"),
    (SsoSession, "sealed_id_token"),
    (Authenticator, "sealed_secret"),
)


# How many of a table's first and last rows `lost` opens.
SAMPLE = 20


Beside = Callable[[Callable[[], int]], Awaitable[int]]


async def prepare(*, may_create: bool = True) -> None:
    """Make the file of keys, if it may be made, keys are kept in one and nothing is sealed yet.
    Logs an error if something is sealed that the keys can't open."""
    try:
        if await lost():
            log.error("%s %s", LOST, how_to_mend())
        elif may_create and _is_file() and not _path().exists():
            write_private(_path(), Fernet.generate_key().decode() + "\n", replace=False)
    except OSError as error:
        log.warning("Can't write %s: %s. No secret can be sealed.", _path(), error.strerror)


async def lost(beside: Beside = asyncio.to_thread, *, everything: bool = False) -> int:
    """How many sealed secrets the keys can't open: among the first and last rows of each table, or
    among all. The keys are read and tried `beside` the event loop. Raises
    `DatabaseUnavailableError`."""
    async with reading() as tx:
        sealed = [
            row for table, name in SEALED for row in await _sealed(tx, table, name, everything)
        ]
    return await beside(lambda: _count_lost(sealed)) if sealed else 0


def _count_lost(sealed: Sequence[bytes]) -> int:
    try:
        ring = _ring()
    except OperatorError:
        return len(sealed)
    return sum(not _opens(ring, token) for token in sealed)


async def _sealed(
    tx: Transaction, table: type[SQLModel], name: str, everything: bool
) -> Sequence[bytes]:
    (key,) = inspect(table).primary_key
    rows = select(getattr(table, name))
    if everything:
        return (await tx.exec(rows)).all()
    first = (await tx.exec(rows.order_by(key).limit(SAMPLE))).all()
    return list({*first, *(await tx.exec(rows.order_by(key.desc()).limit(SAMPLE))).all()})


def opens(sealed: bytes) -> bool:
    """Whether the keys can open this."""
    try:
        return _opens(_ring(), sealed)
    except OperatorError:
        return False


def seals() -> bool:
    """Whether there is a key to seal a secret with."""
    try:
        _ring()
    except OperatorError:
        return False
    return True


def _opens(ring: MultiFernet, token: bytes) -> bool:
    try:
        ring.decrypt(token)
    except InvalidToken:
        return False
    return True


NO_KEY = (
    "There is no key to seal a secret with, such as an authenticator app's: nobody can add one."
)
LOST = "The keys that open what is sealed (for single sign-on and authenticator apps) are lost."


def how_to_mend() -> str:
    """What to do if the keys are lost."""
    settings = runtime.current().settings
    if settings.encryption_keys is not None:
        return "Set ROLLCALL_ENCRYPTION_KEYS to all keys that were in use, the newest first."
    if settings.secret is not None:
        return (
            "They follow from ROLLCALL_SECRET: set it to what it was, or ROLLCALL_ENCRYPTION_KEYS "
            "to all keys that were in use."
        )
    if _path().exists() and (told := folders.trouble(_path(), ours=settings.data_dir)):
        return told  # they are there, and may not be read
    return (
        f"Restore {KEYS_FILE} in the data folder from a backup, or set ROLLCALL_ENCRYPTION_KEYS to "
        "all keys that were in use."
    )


def _lost_error(more: str = "") -> OperatorError:
    return OperatorError(f"{LOST} {how_to_mend()} {more}".rstrip())


def seal(secret: str) -> bytes:
    """Seal a secret for the database. Raises `OperatorError` if there is no key."""
    return _ring().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Open what `seal` made. Raises `OperatorError` if its key is gone."""
    try:
        return _ring().decrypt(sealed).decode()
    except InvalidToken as error:
        raise _lost_error() from error


async def rotate() -> int:
    """Seal every secret with the newest key; returns how many.

    If the ring is the file, a new key is put first. The one before it stays in the file for what
    another process is sealing at this moment; the next rotation removes it. This is safe while
    Rollcall serves. Raises `OperatorError` if a secret can't be opened, and changes nothing then.
    """
    if count := await lost(everything=True):
        raise _lost_error(
            f"Nothing was changed. Secrets that can't be opened: {count:,}. Where their keys are "
            "gone for good, `rotate-keys --give-up-lost` forgets them."
        )
    if _is_file():
        kept = _file_keys() if _path().exists() else []  # none if nothing is sealed
        _write_keys([Fernet.generate_key().decode(), *kept])
    ring, count = _ring(), 0
    async with transaction() as tx:
        for table, name in SEALED:
            # An act that changes a row at this moment comes before or after this, never between.
            for row in await tx.exec(
                select(table).order_by(col(table.created_at)).with_for_update(key_share=True)
            ):
                try:
                    setattr(row, name, ring.rotate(getattr(row, name)))
                except InvalidToken as error:  # sealed meanwhile, by a process with other keys
                    raise _lost_error("Nothing was changed.") from error
                count += 1
    if _is_file():
        _write_keys(_file_keys()[:2])
    return count


def _ring() -> MultiFernet:
    current = runtime.current()
    given = current.settings.encryption_keys
    if given is not None:
        keys = [key for key in given.get_secret_value().replace(",", " ").split() if key]
    elif current.settings.secret is not None:
        keys = [base64.urlsafe_b64encode(derive(current.secret, "vault", b"")).decode()]
    else:
        # Read again each time: another process may have rotated the keys.
        keys = _file_keys()
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        where = "ROLLCALL_ENCRYPTION_KEYS" if given is not None else str(_path())
        raise OperatorError(
            f"{where} holds a malformed key. A key is 32 random bytes in URL-safe Base64."
        ) from error


def _is_file() -> bool:
    settings = runtime.current().settings
    return settings.encryption_keys is None and settings.secret is None


def _path() -> Path:
    return runtime.current().settings.data_dir / KEYS_FILE


def _file_keys() -> list[str]:
    path = _path()
    try:
        return path.read_text(encoding="ascii", errors="replace").split()
    except FileNotFoundError as error:
        raise _lost_error() from error
    except OSError as error:
        raise OperatorError(f"Can't use {path}: {error.strerror}.") from error


def _write_keys(keys: list[str]) -> None:
    path = _path()
    try:
        write_private(path, "".join(f"{key}\n" for key in keys), replace=True)
    except OSError as error:
        raise OperatorError(f"Can't write {path}: {error.strerror}.") from error
