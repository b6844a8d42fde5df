"""What a passkey signs: a sealed challenge, which isn't stored.

It says its purpose, for whom or where it holds, and when it was made. A signature proves that
somebody holds the key now. `passkeys` makes sure that a challenge counts only once.
"""

import base64
import json
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.fernet import Fernet, InvalidToken

from services.core import clock
from services.core.errors import PasskeyRefusedError
from services.core.secrets import derive
from services.database import runtime

# WebAuthn Level 2, section 15.1, recommends five to ten minutes for a ceremony.
LIFETIME = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a challenge is good for; a challenge for one purpose proves nothing for another."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    SECOND_STEP = "second-step"
    CUSTOMER_REGISTER = "customer-register"
    CUSTOMER_SIGN_IN = "customer-sign-in"


def issue(purpose: Purpose, about: str) -> bytes:
    """A challenge for this purpose, about this session, user or tenant's slug."""
    now = clock.now()
    said = json.dumps([purpose.value, about, now.isoformat()]).encode()
    return _fernet().encrypt_at_time(said, int(now.timestamp()))


def read(challenge: bytes, purpose: Purpose, about: str) -> datetime:
    """When this challenge was made for this purpose. Raises `PasskeyRefusedError`."""
    try:
        said = _fernet().decrypt_at_time(
            challenge, int(LIFETIME.total_seconds()), int(clock.now().timestamp())
        )
    except InvalidToken as error:
        raise PasskeyRefusedError from error
    was_for, was_about, at = json.loads(said)
    if (was_for, was_about) != (purpose.value, about):
        raise PasskeyRefusedError
    return datetime.fromisoformat(at)


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(runtime.current().secret, "passkey", b"")))
