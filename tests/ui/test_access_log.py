"""The access log: an id for each request, and a line that holds no secret."""

import io
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI

from models import User
from services.core import logs
from services.database.runtime import Runtime
from tests import factories
from tests.conftest import ONE_DATABASE, PUBLIC_URL
from ui import public
from ui.headers import harden

TOKEN = "kq3-a_secret_token-kq3"
PROXY = "10.0.0.1"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """The lines that are logged from here on."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs._Line())
    handler.addFilter(lambda record: record.name != "httpx")  # the browser's own
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: stream.getvalue().splitlines()
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture(params=[(), (PROXY,)], ids=["a stranger", "a trusted proxy"])
def proxies(request: pytest.FixtureRequest) -> tuple[str, ...]:
    given: tuple[str, ...] = request.param
    return given


@pytest.fixture
async def http(rollcall: Runtime, proxies: tuple[str, ...]) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts, at the plain pages."""
    app = FastAPI()
    public.register(app)

    @app.get("/broken/{token}")
    async def broken(token: str) -> None:
        raise RuntimeError("a bug")

    harden(app, public_url=PUBLIC_URL, trusted_proxies=proxies, render=public.render_error)
    transport = httpx.ASGITransport(app, client=(PROXY, 1))
    async with httpx.AsyncClient(
        transport=transport, base_url=PUBLIC_URL, headers={"Origin": PUBLIC_URL}
    ) as client:
        yield client


pytestmark = ONE_DATABASE


async def test_an_answer_tells_its_request_s_id_and_so_does_the_log(
    http: httpx.AsyncClient, lines: Callable[[], list[str]]
) -> None:
    answer = await http.get("/platform/login")
    (line,) = lines()
    assert f" request={answer.headers['x-request-id']}: " in line
    assert re.search(r": GET /platform/login 200 \d+ ms$", line)


@pytest.mark.parametrize(
    ("given", "is_sane"),
    [
        ("01a20b93-2827-7386-aef2-2db9f23b928b", True),
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        ("short", False),
        ("a" * 65, False),
        ("12345678 forged=1", False),
        ("12345678\tforged", False),
        ("<script>alert(1)</script>", False),
        ("", False),
    ],
)
async def test_an_id_is_believed_from_a_trusted_proxy_where_it_looks_like_one(
    http: httpx.AsyncClient, proxies: tuple[str, ...], given: str, is_sane: bool
) -> None:
    answer = await http.get("/platform/login", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) == (is_sane and proxies == (PROXY,))


async def test_the_line_names_the_route_and_never_the_path(
    http: httpx.AsyncClient, lines: Callable[[], list[str]]
) -> None:
    for path in (
        f"/setup/{TOKEN}",
        f"/t/acme/invitation/{TOKEN}",
        f"/t/acme/password/reset/{TOKEN}",
        f"/{TOKEN}/nowhere",
        f"/broken/{TOKEN}",
        f"/t/acme/login?next={TOKEN}",
    ):
        await http.get(path)
        await http.request(TOKEN, path)
    written = "\n".join(lines())
    assert "GET /t/{slug}/invitation/{token} 410" in written
    assert "GET /broken/{token} failed" in written
    assert TOKEN not in written


async def test_a_failure_s_page_tells_the_id_under_which_it_was_logged(
    http: httpx.AsyncClient, lines: Callable[[], list[str]]
) -> None:
    answer = await http.get(f"/broken/{TOKEN}")
    request_id = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert f"<code>{request_id}</code>" in answer.text
    (failed,) = [line for line in lines() if "RuntimeError" in line]
    assert f" request={request_id}: " in failed
    assert "<code>" not in (await http.get("/nowhere")).text


async def test_probes_are_not_logged(
    http: httpx.AsyncClient, lines: Callable[[], list[str]]
) -> None:
    await http.get("/healthz")
    assert lines() == []


async def test_the_line_names_the_user_who_acted(
    http: httpx.AsyncClient, admin_user: User, lines: Callable[[], list[str]]
) -> None:
    form = {"email": admin_user.email, "password": "not the password at all"}
    await http.post("/t/acme/login", data=form)
    await http.post("/t/acme/login", data=form | {"password": factories.PASSWORD})
    refused, signed_in = (line for line in lines() if "rollcall.access" in line)
    assert "user=" not in refused
    assert f" user={admin_user.id}: POST /t/{{slug}}/login 303" in signed_in
