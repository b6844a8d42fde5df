"""What comes in, and what every answer says; NiceGUI's pages through `tests.ui.live.harness`."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.ui.live.client import Person, harness
from ui.headers import BODY_LIMIT, harden, origin_of

PUBLIC = "https://rollcall.example"


async def echo(request: Request) -> Response:
    client = request.client.host if request.client else None
    forwarded = [name for name in request.headers if name.startswith("x-forwarded")]
    body = await request.body()
    return JSONResponse(
        {"client": client, "scheme": request.url.scheme, "forwarded": forwarded, "body": len(body)}
    )


async def fail(_request: Request) -> Response:
    raise RuntimeError("a bug")


async def secret(_request: Request) -> Response:
    return PlainTextResponse("x", headers={"Referrer-Policy": "no-referrer"})


def browser(
    public_url: str,
    *proxies: str,
    in_turn: Callable[[ASGIApp], ASGIApp] | None = None,
    ip: str = "10.0.0.1",
) -> httpx.AsyncClient:
    app = Starlette(
        routes=[
            Route("/", echo, methods=["GET", "POST"]),
            Route("/fail", fail),
            Route("/secret", secret),
            Route("/healthz", secret),
            Route("/t/acme/invitation/{token}", echo, methods=["POST"]),
        ]
    )
    harden(app, public_url=public_url, trusted_proxies=proxies, in_turn=in_turn)
    transport = httpx.ASGITransport(app=app, client=(ip, 1))
    return httpx.AsyncClient(transport=transport, base_url=public_url)


@pytest.fixture
async def people() -> AsyncIterator[httpx.AsyncClient]:
    async with browser(PUBLIC) as client:
        yield client


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Rollcall.Example:443", "https://rollcall.example"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_an_origin_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("path", ["/", "/fail", "/nowhere"])
async def test_every_answer_has_its_headers(people: httpx.AsyncClient, path: str) -> None:
    headers = (await people.get(path)).headers
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["cache-control"] == "no-store"


async def test_a_stricter_referrer_policy_is_kept(people: httpx.AsyncClient) -> None:
    assert (await people.get("/secret")).headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": PUBLIC}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": PUBLIC}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "none", "Origin": PUBLIC}, 200),
    ],
)
async def test_only_our_own_pages_may_post(
    people: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await people.post("/", headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {"Host": "evil.example"}), ("POST", {}), ("GET", {"Content-Length": "much"})],
)
async def test_what_is_refused_waits_for_its_turn_and_comes_from_whom_the_proxy_says(
    method: str, headers: dict[str, str]
) -> None:
    waited: list[str] = []

    def in_turn(app: ASGIApp) -> ASGIApp:
        async def wait(scope: Scope, receive: Receive, send: Send) -> None:
            waited.append(scope["client"][0])
            await app(scope, receive, send)

        return wait

    async with browser(PUBLIC, "10.0.0.0/8", in_turn=in_turn) as people:
        headers = {"X-Forwarded-For": "203.0.113.7", **headers}
        assert (await people.request(method, "/", headers=headers)).is_client_error
    assert waited == ["203.0.113.7"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": "null"}, 200), ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403)],
)
async def test_a_page_whose_address_is_a_secret_may_post_without_saying_where_it_is(
    people: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    address = "/t/acme/invitation/Kln_tk6199E3vu1UvAUd9mIWkQ7tMOUGIm51dE7xa4Q"
    assert (await people.post(address, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("rollcall.example", 200),
        ("ROLLCALL.example:443", 200),
        ("localhost", 400),
        ("evil.example", 400),
        ("rollcall.example.evil.example", 400),
        ("", 400),
    ],
)
async def test_only_our_own_names_are_answered(
    people: httpx.AsyncClient, host: str, status: int
) -> None:
    assert (await people.get("/", headers={"Host": host})).status_code == status


async def test_over_plain_http_the_local_names_are_ours_too() -> None:
    async with browser("http://rollcall.example") as people:
        for host in ("localhost:8080", "127.0.0.1", "[::1]:8080"):
            assert (await people.get("/", headers={"Host": host})).status_code == 200


async def test_probes_are_answered_under_any_name(people: httpx.AsyncClient) -> None:
    assert (await people.get("/healthz", headers={"Host": "10.1.2.3"})).status_code == 200


async def test_a_long_body_is_refused_announced_or_not(people: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * BODY_LIMIT

    for body in (b"x" * (BODY_LIMIT + 1), stream()):
        answer = await people.post("/", headers={"Origin": PUBLIC}, content=body)
        assert (answer.status_code, "64 KiB" in answer.text) == (413, True)
    answer = await people.post("/", headers={"Origin": PUBLIC}, content=b"x" * BODY_LIMIT)
    assert answer.json()["body"] == BODY_LIMIT


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.7",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Host": "evil.example",
}


async def test_forwarded_headers_of_strangers_are_dropped(people: httpx.AsyncClient) -> None:
    seen = (await people.get("/", headers=FORWARDED)).json()
    assert seen == {"client": "10.0.0.1", "scheme": "https", "forwarded": [], "body": 0}


async def test_whoever_comes_over_a_socket_of_both_kinds_is_known_by_the_ipv4_address() -> None:
    async with browser(PUBLIC, ip="::ffff:203.0.113.7") as people:
        assert (await people.get("/")).json()["client"] == "203.0.113.7"


async def test_a_trusted_proxy_tells_the_client_and_the_scheme() -> None:
    async with browser(PUBLIC, "10.0.0.0/8") as people:
        seen = (await people.get("/", headers=FORWARDED)).json()
    assert seen == {"client": "203.0.113.9", "scheme": "http", "forwarded": [], "body": 0}


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("6.6.6.6:1, 203.0.113.7:51234, 10.0.0.7:80", "203.0.113.7"),
        ("_hidden", "_hidden"),
        ("6.6.6.6, unknown", "10.0.0.1"),
        ("6.6.6.6, unknown, 10.0.0.7:99", "10.0.0.7"),
        ("6.6.6.6, <script>", "10.0.0.1"),
        (" , ,203.0.113.7, ", "203.0.113.7"),
    ],
)
async def test_a_hop_is_read_however_its_proxy_writes_it(hops: str, client: str) -> None:
    async with browser(PUBLIC, "10.0.0.0/8") as people:
        assert (await people.get("/", headers={"X-Forwarded-For": hops})).json()["client"] == client


@pytest.mark.parametrize(
    ("forwarded", "client", "scheme"),
    [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", "http"),
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17", "https"),
        ('for=6.6.6.6, for="192.0.2.60:1234";Proto=HTTP', "192.0.2.60", "http"),
        ('for=192.0.2.60;by="x,for=6.6.6.6"', "192.0.2.60", "https"),
        ('for="_SEVKISEK"', "_SEVKISEK", "https"),
        ("for=6.6.6.6, for=unknown", "10.0.0.1", "https"),
        (";;,=,for", "10.0.0.1", "https"),
    ],
)
async def test_the_standard_header_is_read_too(forwarded: str, client: str, scheme: str) -> None:
    async with browser(PUBLIC, "10.0.0.0/8") as people:
        seen = (await people.get("/", headers={"Forwarded": forwarded})).json()
    assert (seen["client"], seen["scheme"]) == (client, scheme)


async def test_a_proxy_s_own_list_goes_before_a_header_that_it_may_have_passed_on() -> None:
    headers = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=6.6.6.6"}
    async with browser(PUBLIC, "10.0.0.0/8") as people:
        assert (await people.get("/", headers=headers)).json()["client"] == "203.0.113.9"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with harness(tmp_path_factory.mktemp("live") / "log") as address:
        yield address


@pytest.fixture
async def person(base: str) -> AsyncIterator[Person]:
    async with Person(base) as person:
        yield person


async def test_a_live_page_s_scripts_carry_the_policy_s_nonce(person: Person) -> None:
    answers = [await person.http.get("/page") for _ in range(2)]
    nonces = []
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        found = re.search(r"'nonce-([^']+)'", policy)
        assert found, policy
        nonces.append(found[1])
        scripts = re.findall(r"<script[^>]*>", answer.text)
        # Our own script has its url, which the policy allows.
        scripts = [script for script in scripts if 'src="/static/' not in script]
        assert len(scripts) > 5
        assert all(f'nonce="{found[1]}"' in script for script in scripts)
    assert nonces[0] != nonces[1]


async def test_a_script_that_came_with_the_content_has_no_nonce(person: Person) -> None:
    page = (await person.http.get("/hostile")).text
    hostile = re.findall(r"<script[^>]*>hostile", page)
    assert hostile == ["<script>hostile"] * 3
    assert "<script nonce" in page


async def test_a_text_that_looks_like_the_template_s_is_left_alone(person: Person) -> None:
    page = (await person.http.get("/hostile")).text
    assert "{{ request.scope }}" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/page", 303),
        ("/broken-sync", 500),
        ("/forbidden", 403),
        ("/number/x", 422),
        ("/fail", 500),
    ],
)
async def test_a_stranger_s_request_leaves_no_client(base: str, path: str, status: int) -> None:
    async with httpx.AsyncClient(base_url=base, timeout=60) as client:
        before = (await client.get("/control/state")).json()["clients"]
        answer = await client.get(path)
        assert answer.status_code == status
        assert "x-nicegui-content" not in answer.headers
        assert (await client.get("/control/state")).json()["clients"] == before


async def test_a_page_s_own_bug_is_logged_once_and_leaves_no_client(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with harness(log) as base:
        async with Person(base) as person:
            answer = await person.http.get("/broken")
            assert (answer.status_code, "logged" in answer.text) == (500, True)
            assert (await person.state())["clients"] == 0
    assert log.read_text().count("\\nRuntimeError: the page's own bug") == 1
