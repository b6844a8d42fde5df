"""Secrets that Rollcall must be able to read again, sealed at rest.

Fernet (AES-128-CBC with HMAC-SHA-256) under a ring of keys: the first seals, all open. The ring is
`ROLLCALL_ENCRYPTION_KEYS` where it is set; else it is derived from `ROLLCALL_SECRET` where that is
set, so that replicas share it; else it is a file in the data folder, made at first use.
"""

import base64
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlmodel import col, select

from models import Authenticator, SsoConnection, SsoSession
from services import runtime
from services.db import transaction
from services.errors import OperatorError
from services.secrets import derive, write_private

KEYS_FILE = "encryption-keys"
# What is sealed where: the table, and its column. `rotate` seals all of it anew.
SEALED = (
    (SsoConnection, "sealed_secret"),
    (SsoSession, "sealed_id_token"),
    (Authenticator, "sealed_secret"),
)


def seal(secret: str) -> bytes:
    """Seal a secret for the database."""
    return _ring().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Open what `seal` made. Raises `OperatorError` where its key is gone."""
    try:
        return _ring().decrypt(sealed).decode()
    except InvalidToken as error:
        raise OperatorError(
            f"A sealed secret can't be opened: its key is gone. Restore {KEYS_FILE} in the data "
            "folder from a backup, or set ROLLCALL_ENCRYPTION_KEYS to all keys that were in use."
        ) from error


async def rotate() -> int:
    """Seal every secret anew under the newest key; returns how many.

    Where the ring is the file, a new key is put first. The one before it stays in the file for
    whatever another process is sealing at this moment; it goes with the next rotation. Safe while
    Rollcall serves. Raises `OperatorError`.
    """
    if _is_file():
        _write_keys([Fernet.generate_key().decode(), *_file_keys()])
    ring, count = _ring(), 0
    async with transaction() as tx:
        for table, name in SEALED:
            # Whoever changes a row at this moment comes before or after, never between.
            for row in await tx.exec(
                select(table).order_by(col(table.created_at)).with_for_update()
            ):
                setattr(row, name, ring.rotate(getattr(row, name)))
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
        # Read anew each time: another process may have rotated the keys.
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
        if not path.exists():
            write_private(path, Fernet.generate_key().decode() + "\n", replace=False)
        return path.read_text(encoding="ascii").split()
    except OSError as error:
        raise OperatorError(f"Can't use {path}: {error.strerror}.") from error


def _write_keys(keys: list[str]) -> None:
    path = _path()
    try:
        write_private(path, "".join(f"{key}\n" for key in keys), replace=True)
    except OSError as error:
        raise OperatorError(f"Can't write {path}: {error.strerror}.") from error
