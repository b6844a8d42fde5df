"""What a browser holds between the two steps of a sign-in. It is sealed, and isn't stored here.

A ticket alone opens nothing: it says that the first factor was right a short while ago, and
`second_step` asks the database whether that still counts.
"""

import base64
import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken

from models import SignInMethod, User
from services.core import clock
from services.core.errors import SecondStepOverError
from services.core.secrets import derive, token_hash
from services.database import runtime

# How long somebody may look for their phone.
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Ticket:
    """Who took the first step, where, and a mark of the password that they have."""

    user_id: str
    slug: str | None
    method: str
    mark: str = field(repr=False)


def issue(user: User, slug: str | None, method: SignInMethod) -> str:
    """A ticket for somebody whose first factor was just proved."""
    ticket = Ticket(str(user.id), slug, method.value, mark_of(user))
    data = json.dumps(asdict(ticket)).encode()
    return _fernet().encrypt_at_time(data, _time()).decode()


def read(sealed: str | None, slug: str | None) -> tuple[UUID, SignInMethod, str]:
    """The user, the method and the password's mark of a ticket for this slug.

    Raises `SecondStepOverError`.
    """
    try:
        data = _fernet().decrypt_at_time(
            (sealed or "").encode(), int(LIFETIME.total_seconds()), _time()
        )
    except (InvalidToken, UnicodeError) as error:
        raise SecondStepOverError from error
    ticket = Ticket(**json.loads(data))
    if ticket.slug != slug:
        raise SecondStepOverError
    return UUID(ticket.user_id), SignInMethod(ticket.method), ticket.mark


def mark_of(user: User) -> str:
    """A mark that changes as soon as the user's password does."""
    return token_hash(user.password_hash or "").hex()


def _fernet() -> Fernet:
    key = derive(runtime.current().secret, "second-step", b"")
    return Fernet(base64.urlsafe_b64encode(key))


def _time() -> int:
    return int(clock.now().timestamp())
