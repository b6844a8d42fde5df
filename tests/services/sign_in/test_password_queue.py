"""The queue before the password hashes: limited, the same for everybody, and with room for people
who are no strangers."""

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI

from models import AttemptCounter, Tenant, User
from services.core.errors import BusyError, RollcallError
from services.database.runtime import Runtime
from services.sessions.sessions import Caller
from services.sign_in import passwords
from services.sign_in.passwords import QUEUE
from services.sign_in.sign_in import sign_in
from tests import books
from tests.browser.waiting import eventually
from tests.conftest import ONE_DATABASE, PUBLIC_URL
from tests.factories import PASSWORD, create_user
from ui import public

EMAIL = "ada@example.com"
pytestmark = [
    pytest.mark.long,
    ONE_DATABASE,
]


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    """A user."""
    return await create_user(tenant, email=EMAIL)


@pytest.fixture
async def device(ada: User) -> str:
    """The token of a browser that Ada has used."""
    return (await sign_in("acme", EMAIL, PASSWORD, Caller("203.0.113.2"))).device


@pytest.fixture
def standstill() -> Iterator[threading.Event]:
    """All threads are busy until this is set."""
    ended = threading.Event()
    for _ in range(passwords.THREADS):
        passwords._threads.submit(ended.wait)
    yield ended
    ended.set()


async def _attempt(number: int, email: str) -> str:
    try:
        await sign_in("acme", email, "a guess", Caller(f"198.51.100.{number}"))
    except RollcallError as error:
        return type(error).__name__
    return "signed in"


async def _fill() -> list[asyncio.Task[str]]:
    """Let strangers take all slots, and as many more be refused."""
    tasks = [
        asyncio.create_task(_attempt(number, f"user{number}@example.com"))
        for number in range(QUEUE * 2)
    ]
    await eventually(lambda: sum(task.done() for task in tasks) == QUEUE)
    return tasks


async def test_a_full_queue_refuses_at_once_and_serves_who_is_in_it(
    tenant: Tenant, standstill: threading.Event
) -> None:
    tasks = await _fill()
    refused = [task.result() for task in tasks if task.done()]
    assert refused == ["BusyError"] * QUEUE
    standstill.set()
    outcomes = await asyncio.gather(*tasks)
    assert outcomes.count("SignInFailedError") == QUEUE
    assert passwords._slots == 0
    # Refused attempts weren't counted: each of the others has a counter of an account and one of an
    # ip.
    assert await books.count(AttemptCounter) == 2 * QUEUE
    assert len(await books.audit_of(tenant)) == QUEUE


async def test_an_unknown_account_is_refused_like_a_known_one(
    ada: User, standstill: threading.Event
) -> None:
    tasks = await _fill()
    told = []
    for email in (EMAIL, "nobody@example.com"):
        with pytest.raises(BusyError) as caught:
            await sign_in("acme", email, PASSWORD, Caller("203.0.113.1"))
        told.append((str(caught.value), caught.value.retry_after))
    assert (
        told[0]
        == told[1]
        == (
            "Many people are signing in right now. Try again in 5 seconds.",
            passwords.COME_AGAIN,
        )
    )
    standstill.set()
    await asyncio.gather(*tasks)


async def test_strangers_leave_room_for_a_known_device(
    ada: User, device: str, standstill: threading.Event
) -> None:
    tasks = await _fill()
    owner = asyncio.create_task(sign_in("acme", EMAIL, PASSWORD, Caller("203.0.113.1", "", device)))
    await eventually(lambda: passwords._slots == QUEUE + 1)
    standstill.set()
    assert (await owner).token
    await asyncio.gather(*tasks)


async def test_the_answer_is_429_with_the_time_to_come_again(
    rollcall: Runtime, ada: User, standstill: threading.Event
) -> None:
    app = FastAPI()
    public.register(app)
    tasks = await _fill()
    transport = httpx.ASGITransport(app, client=("203.0.113.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as http:
        form = {"email": EMAIL, "password": PASSWORD}
        answers = [
            await http.post("/t/acme/login", data=form),
            await http.post("/password/strength", json={"password": PASSWORD}),
        ]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert answers[0].headers["retry-after"] == "5"
    assert "Many people are signing in right now" in answers[0].text
    standstill.set()
    await asyncio.gather(*tasks)
