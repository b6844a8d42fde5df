"""Signs exports of the audit log, so that they prove where they come from without a database.

Ed25519 (RFC 8032). The key is a file in the data folder, made at first use; if `ROLLCALL_SECRET` is
set, the key is derived from it, so that replicas share it. The public key is at `/audit-key.pem`.
"""

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.core.errors import OperatorError
from services.core.secrets import derive, write_private
from services.database import runtime

SIGNING_KEY_FILE = "audit-signing-key"
# Marks the signed text as an export, so that the key may one day sign other things, too.
_PURPOSE = b"rollcall audit export 1\0"


def sign(digest: bytes) -> bytes:
    """Sign an export, by its SHA-256. Raises `OperatorError`."""
    return _private_key().sign(_PURPOSE + digest)


def is_signed(digest: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether it is the signature of that export by that key."""
    try:
        key.verify(signature, _PURPOSE + digest)
    except InvalidSignature:
        return False
    return True


def public_pem() -> str:
    """The public key that exports are checked with. Raises `OperatorError`."""
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return _private_key().public_key().public_bytes(encoding, form).decode("ascii")


def read_public_key(path: Path) -> Ed25519PublicKey:
    """A public key that was fetched once. Raises `OperatorError`."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise OperatorError(f"Can't read {path}: {error.strerror}.") from error
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise OperatorError(
            f"{path} is no public key of Rollcall's. Fetch it from /audit-key.pem of your Rollcall."
        )
    return key


def fingerprint(key: Ed25519PublicKey | None = None) -> str:
    """Tells keys apart: the beginning of the public key's SHA-256, as hex."""
    key = key or _private_key().public_key()
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _private_key() -> Ed25519PrivateKey:
    current = runtime.current()
    if current.settings.secret is not None:
        return Ed25519PrivateKey.from_private_bytes(derive(current.secret, "audit signature", b""))
    path = current.settings.data_dir / SIGNING_KEY_FILE
    try:
        if not path.exists():
            write_private(path, _new_pem(), replace=False)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise OperatorError(f"Can't use {path}: {error.strerror}.") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise OperatorError(
            f"{path} is damaged. Restore it from a backup, or remove it: what was exported so far "
            "is then checked with the public key that you kept."
        )
    return key


def _new_pem() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode("ascii")
    )
