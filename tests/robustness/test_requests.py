"""Whatever is sent to the public pages gets a clear answer, and changes nothing else."""

import itertools
import sqlite3
import threading
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from models import AttemptCounter, Role, Tenant, User
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.sign_in import throttle
from tests.browser.server import Server, cookie_name
from tests.factories import PASSWORD, create_tenant, create_user, token_of
from tests.library_words import theirs
from tests.robustness.routing import addresses, filled

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POSTS = tuple(filled(a.path) for a in addresses() if a.method == "POST")
# Files may be this large; without a session, the body isn't read at all.
FILES = tuple(path for path in POSTS if path.endswith("/files"))


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    return await create_tenant("Acme")


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await create_user(tenant, email="ada@example.com")


async def _sign_in(http: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    form = {"email": "ada@example.com", "password": password}
    return await http.post("/t/acme/login", data=form)


def _log(server: Server) -> str:
    return (server.data_dir / "server.log").read_text(encoding="utf-8")


@pytest.mark.usefixtures("tenant")
async def test_ten_megabytes_are_refused_everywhere(http: httpx.AsyncClient) -> None:
    body = b"a=" + b"x" * 10_000_000
    for path in set(POSTS).difference(FILES):
        answer = await http.post(path, content=body, headers=FORM)
        assert answer.status_code == 413, path
        assert "more than" in answer.text
        assert not theirs(answer.text), path
    for path in FILES:
        assert (await http.post(path, content=body, headers=FORM)).status_code == 401, path
    assert (await http.get("/healthz")).text == "ok"


@pytest.mark.usefixtures("tenant")
async def test_nonsense_in_a_form_is_told_and_never_breaks(
    http: httpx.AsyncClient, server: Server
) -> None:
    for path in POSTS:
        for body in (b"", b"%ff%fe=%00&email=%ED%A0%80&email=2", b"&&&==;", b"\xff\xfe\x00"):
            for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
                answer = await http.post(path, content=body, headers={"Content-Type": kind})
                assert answer.status_code < 500, (path, body, kind)
                assert not (answer.is_error and theirs(answer.text)), (
                    path,
                    body,
                    kind,
                    answer.text,
                )
    assert "Traceback" not in _log(server)


@pytest.mark.usefixtures("ada")
async def test_another_sites_page_can_post_nothing(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as stranger:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            for path in POSTS:
                answer = await stranger.post(path, headers=headers)
                # A provider's server posts there; its signed token counts, and no cookie.
                expected = 400 if path.endswith("/sso/backchannel-logout") else 403
                assert answer.status_code == expected, (path, headers)
        for headers in ({"Origin": "null"}, {}):
            answer = await stranger.post("/t/acme/login", headers=headers)
            assert answer.status_code == 403


async def test_an_organisation_of_an_older_release_that_is_called_setup_is_like_any_other(
    server: Server, http: httpx.AsyncClient, tenant: Tenant, ada: User
) -> None:
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).slug = "setup"
    form = {"email": ada.email, "password": PASSWORD}
    async with httpx.AsyncClient(
        base_url=server.url, headers={"Origin": "null"}, timeout=60
    ) as stranger:
        assert (await stranger.post("/t/setup/login", data=form)).status_code == 403
        assert (await stranger.post("/t/setup/logout")).status_code == 403
    assert (await http.post("/t/setup/login", data=form)).status_code == 303


@pytest.mark.usefixtures("tenant")
async def test_a_forged_cookie_is_no_session(http: httpx.AsyncClient, server: Server) -> None:
    name = cookie_name(server.url)
    for token in ("", "x", "a" * 43, "Ä" * 43, "a" * 5000):
        header = {b"Cookie": f"{name}={token}".encode()}
        answer = await http.get("/t/acme/home", headers=header)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/t/acme/login")


@pytest.mark.usefixtures("ada")
async def test_a_cookie_cut_short_is_no_session(http: httpx.AsyncClient, server: Server) -> None:
    token = (await _sign_in(http)).cookies[cookie_name(server.url)]
    assert (await http.get("/t/acme/home")).status_code == 200
    http.cookies.clear()
    cut = {"Cookie": f"{cookie_name(server.url)}={token[:-1]}"}
    assert (await http.get("/t/acme/home", headers=cut)).status_code == 303


async def test_looking_at_an_invitation_uses_nothing_up_and_tells_nobody(
    http: httpx.AsyncClient, tenant: Tenant, server: Server
) -> None:
    user = await create_user(tenant, invited=True)
    token = await token_of(user)
    for _ in range(3):
        page = await http.get(f"/t/acme/invitation/{token}")
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
    used = await http.post(f"/t/acme/invitation/{token}", data={"password": "a new long sentence"})
    assert used.headers["location"] == "/t/acme/welcome"
    assert token not in _log(server)


async def test_a_token_that_isnt_quite_right_says_what_to_do(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await create_tenant("Other")
    token = await token_of(await create_user(tenant, invited=True))
    other = "B" if token[0] != "B" else "C"
    for path in (
        f"/t/acme/invitation/{token[:-1]}",  # cut short
        f"/t/acme/invitation/{other}{token[1:]}",  # changed
        f"/t/acme/password/reset/{token}",  # of another purpose
        f"/t/other/invitation/{token}",  # of another tenant
        f"/platform/invitation/{token}",
        f"/setup/{token}",
    ):
        for answer in (
            await http.get(path),
            await http.post(path, data={"password": "a new long sentence"}),
        ):
            assert answer.status_code == 410, path
            assert "no longer valid" in answer.text
            assert not answer.cookies


@pytest.mark.usefixtures("ada")
async def test_a_failed_sign_in_says_the_same_whatever_failed(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await create_user(tenant, email="gone@example.com", active=False)
    await create_user(await create_tenant("Other"), email="other@example.com")
    texts = set()
    for email in ("ada@example.com", "gone@example.com", "other@example.com", "no@example.com"):
        # The right password at another organisation has its own answer.
        is_wrong = email.startswith(("ada", "other"))
        password = "not the one" if is_wrong else PASSWORD
        answer = await http.post("/t/acme/login", data={"email": email, "password": password})
        texts.add((answer.status_code, answer.text.replace(email, "")))
    assert len(texts) == 1


async def _guess_until_refused(guesser: httpx.AsyncClient) -> httpx.Response:
    """However slow the machine is: each pause is twice the one before."""
    for number in itertools.count():
        answer = await _sign_in(guesser, f"guess number {number}")
        if answer.status_code == 429:
            return answer
    raise AssertionError


async def _have_the_pause_last() -> None:
    """As long as any pause does: the first is over in two seconds, and a machine may be slow."""
    longest = clock.now() + throttle.LONGEST_PAUSE
    paused = col(AttemptCounter.blocked_until) > col(AttemptCounter.last_failure_at)
    async with transaction() as tx:
        await tx.exec(update(AttemptCounter).where(paused).values(blocked_until=longest))


@pytest.mark.usefixtures("ada")
async def test_a_guesser_is_slowed_down_and_the_owner_at_a_known_browser_is_not(
    http: httpx.AsyncClient, server: Server
) -> None:
    assert (await _sign_in(http)).status_code == 303
    await http.post("/t/acme/logout")
    async with httpx.AsyncClient(
        base_url=server.url, headers=dict(http.headers), timeout=60
    ) as guesser:
        refused = await _guess_until_refused(guesser)
        assert int(refused.headers["retry-after"]) > 0
        assert "Too many attempts" in refused.text
        await _have_the_pause_last()
        assert (await _sign_in(guesser)).status_code == 429, "even the right one has to wait"
    assert (await _sign_in(http)).status_code == 303


async def test_a_malformed_query_in_a_url_shows_the_page(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    await create_user(tenant, email="ada@example.com", role=Role.TENANT_ADMIN)
    await _sign_in(http)
    for query in (
        "page=-1",
        "page=1e9",
        "sort=;drop",
        "role=x&status=x",
        "q=%00%ff",
        "q=" + "x" * 5000,
    ):
        for page in ("users", "audit"):
            assert (await http.get(f"/t/acme/{page}?{query}")).status_code == 200, query


@pytest.mark.usefixtures("ada")
async def test_a_database_locked_for_five_seconds_is_waited_for(
    http: httpx.AsyncClient, server: Server
) -> None:
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(Path(server.data_dir) / "rollcall.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        locked.set()
        release.wait(5)
        connection.execute("ROLLBACK")
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait()
    try:
        answer = await _sign_in(http)
    finally:
        release.set()
        holder.join()
    assert answer.status_code == 303
    assert answer.headers["location"] == "/t/acme/home"


@pytest.mark.usefixtures("tenant")
async def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(
    http: httpx.AsyncClient,
) -> None:
    for path, allowed in (
        ("/t/acme/login", "GET, POST"),
        ("/t/acme/logout", "POST"),
        ("/healthz", "GET, HEAD"),
        ("/t/acme/login/passkey", "GET, POST"),
        ("/password/strength", "POST"),
    ):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed.split(", ")):
            answer = await http.request(method, path)
            assert (answer.status_code, answer.headers.get("allow")) == (405, allowed), path
            assert "take such a request" in answer.text
    assert (await http.delete("/t/acme/nothing")).status_code == 404


@pytest.mark.usefixtures("ada")
async def test_a_forms_type_is_known_however_it_is_written(http: httpx.AsyncClient) -> None:
    body = f"email=ada@example.com&password={PASSWORD.replace(' ', '+')}"
    for kind in (
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded ; x=y",
    ):
        answer = await http.post("/t/acme/login", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 303, kind
    kind = "application/x-www-form-urlencoded-not"
    answer = await http.post("/t/acme/login", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400


async def test_the_password_meter_answers_nonsense_as_it_answers_all_else(
    http: httpx.AsyncClient,
) -> None:
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"password": 5}',
        b"\xff",
        b'{"own_words": ["x"]}',
        b"[" * 9999,
    ):
        answer = await http.post("/password/strength", content=body)
        assert answer.status_code == 422, body
        assert answer.json()["message"]


async def test_a_monitor_may_ask_by_head(http: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await http.head(path)).status_code == 200, path
