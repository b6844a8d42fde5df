"""Somebody who is shut out while their password is hashed does nothing more in their own name."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest

from models import Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core.errors import SessionEndedError
from services.sign_in import passwords
from services.sign_in.confirmation import confirm_password
from services.sign_in.password_change import change_password
from services.users import accounts
from tests import books
from tests.browser.waiting import eventually


@dataclass
class Hash:
    """A password that is compared: it begins, and takes until it may end."""

    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slow_hash(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hash]:
    """Each password's comparison takes until the test has it end."""
    hashing, verify = Hash(), passwords._verify

    def verify_slowly(password: str, stored: str | None) -> bool:
        hashing.begun.set()
        hashing.may_end.wait()
        return verify(password, stored)

    monkeypatch.setattr(passwords, "_verify", verify_slowly)
    yield hashing
    hashing.may_end.set()


async def _confirm(actor: Actor) -> None:
    await confirm_password(actor, "a guess")


async def _change(actor: Actor) -> None:
    await change_password(actor, "a guess", "an entirely different sentence")


@pytest.mark.parametrize("say", [_confirm, _change], ids=["confirm", "change"])
async def test_a_wrong_password_of_somebody_who_is_out_by_then_is_not_logged_as_theirs(
    tenant: Tenant,
    admin_user: User,
    admin: Actor,
    slow_hash: Hash,
    say: Callable[[Actor], Awaitable[None]],
) -> None:
    saying = asyncio.ensure_future(say(admin))
    await eventually(slow_hash.begun.is_set)
    await accounts.set_active(COMMAND_LINE, admin_user.id, active=False)
    slow_hash.may_end.set()
    with pytest.raises(SessionEndedError):
        await saying
    assert await books.actions_of(tenant) == ["user.deactivated"]
