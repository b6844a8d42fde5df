"""The signing secret, and what is derived from it."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from services.errors import OperatorError

SECRET_FILE = "signing-secret"  # noqa: S105 - a file's name
SECRET_BYTES = 32


def load_secret(data_dir: Path, given: str | None) -> bytes:
    """Return the signing secret: the given one, the stored one, or a new one stored now.

    The file is readable by its owner alone. Raises `OperatorError` where it can't be read or made.
    """
    if given is not None:
        return hashlib.sha256(given.encode()).digest()
    path = data_dir / SECRET_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        try:
            # Whoever creates the file wins; a second process that starts now reads it.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(SECRET_BYTES))
        except FileExistsError:
            pass
        stored = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise OperatorError(
            f"Can't use the data folder {data_dir}: {error.strerror}. "
            "Set ROLLCALL_DATA_DIR to a folder that Rollcall may write to."
        ) from error
    if len(stored) != 2 * SECRET_BYTES:
        raise OperatorError(f"{path} is damaged. Restore it from a backup, or remove it.")
    return bytes.fromhex(stored)


def derive(secret: bytes, purpose: str, of: bytes) -> bytes:
    """A 256-bit value that nobody without the secret can compute (HMAC-SHA-256, RFC 2104)."""
    return hmac.digest(secret, purpose.encode() + b"\0" + of, "sha256")


def new_token() -> str:
    """A random 256-bit token, safe in an address or a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token: with 256 random bits, a plain SHA-256 can't be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
