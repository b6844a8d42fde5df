"""The signing secret, and what is derived from it."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from services.core import folders
from services.core.errors import OperatorError

SECRET_FILE = "signing-secret"  # noqa: S105 - a file's name
SECRET_BYTES = 32


def load_secret(data_dir: Path, given: str | None, *, may_create: bool = True) -> bytes:
    """Return the signing secret: the given one, the stored one, or a new one stored now; nothing if
    there is none and it may not be made.

    The file is readable by its owner alone. Raises `OperatorError` where it can't be read or made.
    """
    if given is not None:
        return hashlib.sha256(given.encode()).digest()
    path = data_dir / SECRET_FILE
    try:
        if not may_create and not path.exists():
            return b""
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_private(path, secrets.token_hex(SECRET_BYTES), replace=False)
        stored = path.read_bytes()
    except OSError as error:
        mend = folders.trouble(data_dir) or _file_trouble(path, data_dir)
        raise OperatorError(
            f"Can't use the data folder {data_dir}: {error.strerror}. "
            f"{mend or 'Set ROLLCALL_DATA_DIR to a folder that Rollcall may write to.'}"
        ) from error
    try:
        secret = bytes.fromhex(stored.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise OperatorError(f"{path} is damaged. Restore it from a backup, or remove it.")
    return secret


def _file_trouble(path: Path, data_dir: Path) -> str:
    return folders.trouble(path, ours=data_dir) if path.exists() else ""


def write_private(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that only its owner can read, completely or not at all.

    Without `replace`, a file that exists stays as it is: of two processes that start at once, both
    use the file of the first. Raises `OSError`.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            partial.replace(path)
        else:
            with suppress(FileExistsError):
                os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def derive(secret: bytes, purpose: str, of: bytes) -> bytes:
    """A 256-bit value that nobody without the secret can compute (HMAC-SHA-256, RFC 2104). Raises
    `OperatorError` if there is no secret."""
    if not secret:
        raise OperatorError(
            f"There is no {SECRET_FILE} in the data folder. Put it back from a backup. Where it is "
            "lost, `serve` makes a new one, and says what that ends."
        )
    return hmac.digest(secret, purpose.encode() + b"\0" + of, "sha256")


def new_token() -> str:
    """A random 256-bit token, safe in a url or a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. It has 256 random bits, so that a plain SHA-256 of it can't be
    guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
