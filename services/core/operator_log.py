"""The log lines that programs read: one for each refused sign-in, one for each undeliverable mail.

Their words stay as they are: `docs/logs.md` has the patterns for fail2ban and others. They name
users and mails by their ids, and hold no email: a log is kept where its readers needn't be allowed
to see who works where.
"""

import ipaddress
import logging
import re
from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from services.core.emails import on_the_wire
from services.core.errors import BusyError, TooManyAttemptsError
from services.core.repeats import Repeats

P = ParamSpec("P")
T = TypeVar("T")

_sign_ins = logging.getLogger("rollcall.sign_in")
_mails = logging.getLogger("rollcall.mail")
# The same trouble with the mail server is logged once in this many seconds.
REPEAT = 600.0


class Refused(StrEnum):
    """Why a sign-in was refused."""

    UNKNOWN_ACCOUNT = "unknown-account"
    INACTIVE_ACCOUNT = "inactive-account"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a reason's name
    WRONG_SECOND_STEP = "wrong-second-step"
    WRONG_PASSKEY = "wrong-passkey"
    CLOSED_ORGANISATION = "closed-organisation"
    SSO = "single-sign-on"
    PAUSED = "too-many-attempts"


def sign_in_refused(ip: str, why: Refused, user_id: UUID | None = None) -> None:
    """Log a refused sign-in with the ip that it came from."""
    _sign_ins.warning(
        "Sign-in refused: ip=%s reason=%s account=%s",
        _ip(ip),
        why.value,
        user_id or "-",
    )


def noting_pauses(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Log it when a call with a parameter `caller` is refused for too many attempts."""
    parameters = signature(call)

    @wraps(call)
    async def noting(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await call(*args, **kwargs)
        except BusyError:  # many people at once: nobody is to blame
            raise
        except TooManyAttemptsError:
            caller = parameters.bind(*args, **kwargs).arguments["caller"]
            sign_in_refused(caller.ip, Refused.PAUSED)
            raise

    return noting


def _ip(told: str) -> str:
    """The ip as programs read it; nothing else that a proxy may pass on gets into the line."""
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return "-"


def mail_undeliverable(
    mail_id: UUID, user_id: UUID, template: str, attempts: int, answer: str
) -> None:
    """Log a mail that isn't tried again; `answer` went through `without_email`."""
    _mails.warning(
        "Mail undeliverable: mail=%s account=%s template=%s attempts=%d answer=%s",
        mail_id,
        user_id,
        template,
        attempts,
        answer,
    )


def without_email(words: str, email: str) -> str:
    """A mail server's answer without the recipient's email, however it wrote that."""
    for written in {email, on_the_wire(email)}:
        words = re.sub(re.escape(written), "…", words, flags=re.IGNORECASE)
    return words


class MailTrouble:
    """What keeps mail from being sent, except answers about one recipient; logged when it begins,
    and then once in a while. What broke off amid one mail, or is about its recipient's domain, says
    nothing of the others, until one of them meets the same."""

    def __init__(self) -> None:
        self._told = Repeats(REPEAT)
        self._first: dict[str, UUID] = {}  # the mail that each was logged with

    def tell(self, trouble: str, only: UUID | None = None) -> None:
        """Log it, unless it was logged a short time ago; `only` is the mail that it is about."""
        if self._told.is_news(trouble):
            if only is None:
                _mails.warning("Mail waits: %s", trouble)
            else:
                self._first[trouble] = only
                _mails.warning("One mail waits: mail=%s answer=%s", only, trouble)
        elif only != self._first.get(trouble, only) and self._told.is_news(f"Several: {trouble}"):
            _mails.warning("Several mails wait: answer=%s", trouble)
