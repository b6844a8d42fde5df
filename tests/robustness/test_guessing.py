"""Guessing from outside, by forms and cookies alone, from a browser that the server knows."""

import httpx
import pytest

from models import Tenant, User
from services.database.runtime import Runtime
from services.sign_in import throttle
from tests import factories
from tests.browser.server import Server, cookie_name
from tests.factories import PASSWORD, create_tenant, create_user

# More than any pause lets through, and fewer than a test has patience for.
GUESSES = 16


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    return await create_tenant("Acme")


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await create_user(tenant, email="ada@example.com")


async def _password(http: httpx.AsyncClient, user: User, password: str = PASSWORD) -> int:
    form = {"email": user.email, "password": password}
    return (await http.post("/t/acme/login", data=form)).status_code


async def _code(http: httpx.AsyncClient, code: str) -> int:
    return (await http.post("/t/acme/login/second-step", data={"code": code})).status_code


def _assert_stopped(answers: list[int], wrong: int, free: int) -> None:
    """After the free guesses each one leads to a longer pause; a slow machine may take longer than
    two of them."""
    *tried, last = answers
    assert (set(tried), last) == ({wrong}, 429)
    assert free < len(tried) <= free + 3


async def test_codes_are_not_guessed_from_a_known_browser_by_a_right_password(
    http: httpx.AsyncClient, ada: User
) -> None:
    secret, codes = await factories.enrol_app(await factories.sign_in(ada))
    assert await _password(http, ada) == 303
    assert await _code(http, codes[0]) == 303
    answers = []
    for _ in range(GUESSES):
        assert await _password(http, ada) == 303
        answers.append(await _code(http, factories.wrong_code(secret)))
        if answers[-1] == 429:
            break
    _assert_stopped(answers, 422, throttle.FREE_FAILURES["person"])


async def test_passwords_are_not_guessed_from_a_browser_between_own_sign_ins(
    http: httpx.AsyncClient, tenant: Tenant, ada: User
) -> None:
    eve = await create_user(tenant, email="eve@example.com")
    for user in (ada, eve):
        assert await _password(http, user) == 303
    answers = []
    for _ in range(GUESSES):
        answers.append(await _password(http, ada, "a guess"))
        if answers[-1] == 429:
            break
        assert await _password(http, eve) == 303
    _assert_stopped(answers, 400, throttle.FREE_FAILURES["device"])


async def test_a_planted_device_cookie_is_replaced(
    http: httpx.AsyncClient, server: Server, ada: User
) -> None:
    planted = "x" * 43
    name = cookie_name(server.url, "rollcall-device")
    http.cookies.set(name, planted, domain="127.0.0.1")
    assert await _password(http, ada) == 303
    kept = [cookie.value or "" for cookie in http.cookies.jar if cookie.name == name]
    assert kept
    assert kept[-1].partition(".")[0] != planted
