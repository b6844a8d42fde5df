"""Every address of the routing table × every role, and with another tenant's ids.

The table comes from the application itself: a new path fails here until the lists below say who may
open it.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest

from models import Role, SsoConnection, Tenant, User
from services.core import clock
from services.core.names import RESERVED_SLUGS, is_slug
from services.database.runtime import Runtime
from services.database.transaction import transaction
from tests.browser.server import Server, cookie_name
from tests.factories import create_tenant, create_user, open_session
from tests.library_words import theirs
from tests.robustness.filling import something_at_each
from tests.robustness.routing import addresses, clients_left_by_strangers, filled
from tests.services.screens.pairing_of import paired
from tests.services.workspace.rows import create_rows
from ui.headers.requests import PROBES

EVERYONE = set(Role)
MANAGERS = {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}
ABOVE = {Role.PLATFORM_ADMIN}
# Who may open each page that needs a sign-in. (Platform Admins may in every tenant.)
PAGES: Mapping[str, set[Role]] = {
    "/t/{slug}/account": EVERYONE,
    "/t/{slug}/audit": MANAGERS,
    "/t/{slug}/audit.csv": MANAGERS,
    "/t/{slug}/files/{resource_id}": EVERYONE,
    "/t/{slug}/customers": MANAGERS,
    "/t/{slug}/customers.csv": MANAGERS,
    "/t/{slug}/customers/bulk": MANAGERS,
    "/t/{slug}/customers/bulk/{bulk_id}": MANAGERS,
    "/t/{slug}/customers/bulk/{bulk_id}/results.csv": MANAGERS,
    "/t/{slug}/ends-soon": MANAGERS,
    "/t/{slug}/home": EVERYONE,
    "/t/{slug}/pocs": EVERYONE,
    "/t/{slug}/pocs.csv": EVERYONE,
    "/t/{slug}/pocs/bulk": {*MANAGERS, Role.SALES_ENGINEER},
    "/t/{slug}/pocs/bulk/{bulk_id}": {Role.SALES_ENGINEER},
    "/t/{slug}/pocs/bulk/{bulk_id}/results.csv": {Role.SALES_ENGINEER},
    "/t/{slug}/pocs/{poc_id}": EVERYONE,
    "/t/{slug}/pocs/{poc_id}/{tab}": EVERYONE,
    "/t/{slug}/review": MANAGERS,
    "/t/{slug}/review/{review_id}": MANAGERS,
    "/t/{slug}/review/{review_id}/record.csv": MANAGERS,
    "/t/{slug}/roles": EVERYONE,
    "/t/{slug}/settings": MANAGERS,
    "/t/{slug}/settings/{section}": MANAGERS,
    "/t/{slug}/sso/test": MANAGERS,
    "/t/{slug}/templates": EVERYONE,
    "/t/{slug}/templates.csv": EVERYONE,
    "/t/{slug}/templates/tasks": EVERYONE,
    "/t/{slug}/templates/tasks.csv": EVERYONE,
    "/t/{slug}/templates/{group_id}": EVERYONE,
    "/t/{slug}/templates/bulk": {Role.ADMINISTRATOR},
    "/t/{slug}/templates/bulk/{bulk_id}": {Role.ADMINISTRATOR},
    "/t/{slug}/templates/bulk/{bulk_id}/results.csv": {Role.ADMINISTRATOR},
    "/t/{slug}/users": MANAGERS,
    "/t/{slug}/users.csv": MANAGERS,
    "/t/{slug}/users/bulk": MANAGERS,
    "/t/{slug}/users/bulk/{bulk_id}": MANAGERS,
    "/t/{slug}/users/bulk/{bulk_id}/results.csv": MANAGERS,
    "/t/{slug}/users/import": MANAGERS,
    "/t/{slug}/users/imports/{import_id}": MANAGERS,
    "/t/{slug}/users/imports/{import_id}/results.csv": MANAGERS,
    "/t/{slug}/users/{user_id}": MANAGERS,
    "/t/{slug}/users/{user_id}/picture": EVERYONE,
    "/t/{slug}/dashboard": MANAGERS,
    "/t/{slug}/users/{user_id}/leaving": MANAGERS,
    "/t/{slug}/welcome": EVERYONE,
    "/platform/account": ABOVE,
    "/platform/audit": ABOVE,
    "/platform/audit.csv": ABOVE,
    "/platform/dashboard": ABOVE,
    "/platform/roles": ABOVE,
    "/platform/system": ABOVE,
    "/platform/tenants": ABOVE,
    "/platform/users": ABOVE,
    "/platform/users.csv": ABOVE,
    "/platform/tenants.csv": ABOVE,
    "/platform/users/{user_id}": ABOVE,
    "/platform/users/{user_id}/picture": ABOVE,
}
# Paths for uploads, with who may post there.
UPLOADS: Mapping[str, set[Role]] = {
    "/t/{slug}/pocs/{poc_id}/files": {Role.SALES_ENGINEER},
    "/t/{slug}/templates/{group_id}/files": {Role.ADMINISTRATOR},
}
# What anybody may ask for, signed in or not.
PUBLIC = {
    "/",
    "/audit-key.pem",
    "/doctor",
    "/healthz",
    "/readyz",
    "/pair",
    "/password/strength",
    "/platform",
    "/platform/",
    "/platform/email/confirm/{token}",
    "/platform/email/take-back/{token}",
    "/platform/invitation/{token}",
    "/platform/login",
    "/platform/login/passkey",
    "/platform/login/second-step",
    "/platform/login/second-step/passkey",
    "/platform/logout",
    "/platform/password/forgot",
    "/platform/password/reset/{token}",
    "/setup/{token}",
    "/t/{slug}",
    "/t/{slug}/",
    "/t/{slug}/brand.css",
    "/t/{slug}/email/confirm/{token}",
    "/t/{slug}/email/take-back/{token}",
    "/t/{slug}/customer",
    "/t/{slug}/customer/link/{token}",
    "/t/{slug}/customer/logout",
    "/t/{slug}/customer/passkey",
    "/t/{slug}/ends-soon/{token}.ics",
    "/t/{slug}/invitation/{token}",
    "/t/{slug}/login",
    "/t/{slug}/login/passkey",
    "/t/{slug}/login/second-step",
    "/t/{slug}/login/second-step/passkey",
    "/t/{slug}/logo",
    "/t/{slug}/logout",
    "/t/{slug}/password/forgot",
    "/t/{slug}/password/reset/{token}",
    "/t/{slug}/sso/backchannel-logout",
    "/t/{slug}/sso/callback",
    "/t/{slug}/sso/invitation/{token}",
    "/t/{slug}/sso/signed-out",
    "/t/{slug}/sso/start",
    "/wall",
    "/wall/claim",
    "/wall/code",
}
# Files with a version in their name: for everybody, and kept by browsers.
FILES = re.compile(r"/(_nicegui|static)/.*")
SECRET = re.compile(
    r".*/(setup|invitation|password/reset|email/(confirm|take-back)|customer/link|ends-soon)"
    r"/{token}(\.ics)?"
)
# What is open to a customer's people alone.
OUTSIDE = {"/t/{slug}/customer/{poc_id}", "/t/{slug}/customer/files/{resource_id}"}


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    acme = await create_tenant("Acme")
    # Pages of single sign-on answer only with a connection. This one leads nowhere: Rollcall asks
    # no host of its own network.
    connection = SsoConnection(
        tenant_id=acme.id,
        name="Identity",
        issuer="https://127.0.0.1:9",
        client_id="rollcall",
        sealed_secret=b"",
        created_at=clock.now(),
    )
    async with transaction() as tx:
        tx.add(connection)
    return acme


@pytest.fixture
async def people(tenant: Tenant) -> dict[Role, User]:
    return {
        role: await create_user(None if role is Role.PLATFORM_ADMIN else tenant, role=role)
        for role in Role
    }


@asynccontextmanager
async def _signed_in(server: Server, user: User) -> AsyncIterator[httpx.AsyncClient]:
    _, token = await open_session(user)
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    cookies = {cookie_name(server.url): token}
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, cookies=cookies, timeout=60
    ) as http:
        yield http


def _pages() -> list[str]:
    return [a.path for a in addresses() if a.method == "GET" and a.path in PAGES]


def test_no_new_organisation_is_called_as_an_address_begins() -> None:
    begins = {
        re.sub(r"^/(t/{slug}/|platform/)", "", path).partition("/")[0] for path in PUBLIC | OUTSIDE
    }
    begins |= {address.path.split("/")[1] for address in addresses()}
    begins |= {path.strip("/") for path in PROBES}
    assert {"setup", "login", "customer", "t", "platform"} <= begins
    assert {word for word in begins if is_slug(word)} - RESERVED_SLUGS == set()


def test_of_every_address_it_is_said_who_may_open_it() -> None:
    paths = {address.path for address in addresses()}
    said = PUBLIC | set(PAGES) | set(UPLOADS) | OUTSIDE
    assert {path for path in paths if not FILES.fullmatch(path)} == said
    posts = {address.path for address in addresses() if address.method == "POST"}
    assert posts <= PUBLIC | set(UPLOADS)


async def test_each_page_opens_for_the_roles_that_may_and_for_no_other(
    server: Server, people: dict[Role, User]
) -> None:
    wrong = []
    fill = await something_at_each(people)
    for role, user in people.items():
        async with _signed_in(server, user) as http:
            for path in _pages():
                answer = await http.get(fill(path))
                opened = answer.status_code not in {401, 403, 404}
                if opened is not (role in PAGES[path]) or answer.status_code >= 500:
                    wrong.append((role.value, path, answer.status_code))
    assert wrong == [], wrong


async def test_a_stranger_is_sent_to_sign_in_from_every_page(
    http: httpx.AsyncClient, tenant: Tenant
) -> None:
    for path in _pages():
        answer = await http.get(filled(path))
        assert answer.status_code == 303, path
        assert "/login" in answer.headers["location"], path


async def test_a_screens_session_opens_nothing_but_its_screen(
    server: Server, people: dict[Role, User]
) -> None:
    admin, _ = await open_session(people[Role.TENANT_ADMIN])
    _, token = await paired(admin, name="Hall")
    # Its own cookie, and the same token as if it were a user's or a customer's.
    names = ("rollcall-screen", "rollcall", "rollcall-customer")
    cookies = "; ".join(f"{cookie_name(server.url, name)}={token}" for name in names)
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    opened = []
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:
        for path, method in sorted(_gets() | {(path, "POST") for path in UPLOADS}):
            screen, stranger = [
                await http.request(method, filled(path), headers=given)
                for given in ({"Cookie": cookies}, {})
            ]
            is_page = path in PAGES and "/login" not in screen.headers.get("location", "")
            if is_page or _told(screen) != _told(stranger):
                opened.append((path, method, screen.status_code, stranger.status_code))
    assert opened == []


def _gets() -> set[tuple[str, str]]:
    """What a browser can ask for, except for files that everybody has, and the page of screens."""
    gets = {address.path for address in addresses() if address.method == "GET"}
    return {(path, "GET") for path in gets if not FILES.fullmatch(path) and path != "/wall"}


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("location", "").partition("?")[0]


async def test_another_tenants_addresses_answer_as_if_it_did_not_exist(
    server: Server, people: dict[Role, User]
) -> None:
    other = await create_tenant("Other")
    for role in EVERYONE - ABOVE:
        async with _signed_in(server, people[role]) as http:
            for path in _pages():
                if "{slug}" not in path:
                    continue
                theirs = await http.get(filled(path, slug=other.slug))
                nobodys = await http.get(filled(path, slug="nowhere"))
                assert theirs.status_code == nobodys.status_code, (role, path)
                assert _plain(theirs, other.slug) == _plain(nobodys, "nowhere"), (role, path)


async def test_another_tenants_user_answers_as_if_they_did_not_exist(
    server: Server, people: dict[Role, User]
) -> None:
    stranger = await create_user(await create_tenant("Other"))
    with_ids = [path for path in _pages() if "{user_id}" in path]
    assert with_ids
    for role in MANAGERS:
        async with _signed_in(server, people[role]) as http:
            for path in with_ids:
                if role not in PAGES[path]:
                    continue
                theirs = await http.get(filled(path, user_id=str(stranger.id)))
                nobodys = await http.get(filled(path, user_id=str(uuid4())))
                assert theirs.status_code == nobodys.status_code == 404, (role, path)
                assert _plain(theirs, str(stranger.id)) == _plain(nobodys, ""), (role, path)


async def test_another_organisations_work_answers_as_if_it_did_not_exist(
    server: Server, people: dict[Role, User]
) -> None:
    other = await create_tenant("Other")
    theirs = await create_rows(other.id, (await create_user(other)).id)
    paths = [path for path in _pages() if "{poc_id}" in path or "{group_id}" in path]
    assert len(paths) >= 3
    for user in people.values():
        async with _signed_in(server, user) as http:
            for path in paths:
                answers = [
                    await http.get(filled(path, poc_id=str(poc), group_id=str(group)))
                    for poc, group in ((theirs.poc, theirs.group_template), (uuid4(), uuid4()))
                ]
                assert {answer.status_code for answer in answers} == {404}, path
                assert len({_plain(answer, "") for answer in answers}) == 1, path


def _plain(answer: httpx.Response, own: str) -> str:
    text = answer.text.replace(own, "") if own else answer.text
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}|nonce-?\S+", "", text)


async def test_every_answer_has_the_security_headers_and_refuses_in_our_words(
    server: Server, http: httpx.AsyncClient, people: dict[Role, User]
) -> None:
    wrong = []
    async with _signed_in(server, people[Role.PLATFORM_ADMIN]) as admin:
        for asker in (http, admin):
            for address in addresses():
                # What is routed, and a method that isn't.
                for method in {address.method, "DELETE"}:
                    answer = await asker.request(method, filled(address.path))
                    lacks = _missing(address.path, answer) + _not_ours(answer)
                    if lacks or answer.status_code >= 500:
                        wrong.append((method, address.path, answer.status_code, lacks))
    assert wrong == [], wrong


def _not_ours(answer: httpx.Response) -> list[str]:
    return theirs(answer.text) if answer.is_error else []


def test_strangers_leave_nothing_behind_at_any_address() -> None:
    left = clients_left_by_strangers()
    assert len(left) >= len({address.path for address in addresses()})
    assert set(left.values()) == {0}, left


def _missing(path: str, answer: httpx.Response) -> list[str]:
    headers = answer.headers
    is_file = FILES.fullmatch(path) is not None
    expected = {
        "content-security-policy": "default-src|frame-ancestors",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer" if SECRET.fullmatch(path) else "no-referrer|same-origin",
        "permissions-policy": ".",
        "cache-control": "." if is_file else "no-store",
    }
    return [name for name, value in expected.items() if not re.search(value, headers.get(name, ""))]
