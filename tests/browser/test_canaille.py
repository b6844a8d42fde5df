"""Single sign-on with a real identity server that we didn't write, and its own pages: Canaille.

It never sends `email_verified`, so it shows the strict side of the rules, too.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from models import Tenant, User
from services.sso import connections
from services.sso.connections import ConnectionForm, tenant_urls
from tests import books, factories
from tests.browser.browsers import Browsers, connected
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv-canaille" / "bin" / "python"
PROGRAM = ROOT / "tests" / "services" / "sso" / "canaille_server.py"
PASSWORD = "the password at the identity server"
SECRET = "rollcall's secret there"


@asynccontextmanager
async def _canaille(tenant: Tenant, *people: User) -> AsyncIterator[str]:
    """A Canaille that knows Rollcall and these people; its url."""
    if not PYTHON.exists():
        pytest.fail(
            "Run scripts/setup tests/services/sso/canaille-requirements.txt .venv-canaille first."
        )
    port = free_port()
    urls = tenant_urls(tenant.slug)
    given = {
        "port": port,
        "people": [
            {
                "user_name": f"person-{user.first_name.lower()}",
                "given_name": user.first_name,
                "family_name": user.last_name,
                "formatted_name": user.full_name,
                "emails": [user.email],
                "password": PASSWORD,
            }
            for user in people
        ],
        "client": {
            "client_id": "rollcall",
            "client_secret": SECRET,
            "client_name": "Rollcall",
            "client_uri": "https://rollcall.example.com",
            "redirect_uris": [urls.redirect],
            "post_logout_redirect_uris": [urls.after_logout],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": ["openid", "email", "profile"],
            "token_endpoint_auth_method": "client_secret_basic",
        },
    }
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(given).encode())
    process.stdin.close()
    url = f"http://localhost:{port}"
    try:
        await _until_ready(process, url)
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, url: str) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(timeout=60) as http:
        while True:
            assert process.returncode is None, "Canaille ended by itself"
            try:
                await http.get(f"{url}/.well-known/openid-configuration")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


async def _sign_in_there(page: Page, user: User) -> None:
    """On Canaille's own pages: the name, and the password."""
    await page.get_by_label("Login").fill(f"person-{user.first_name.lower()}")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def test_people_sign_in_with_a_real_identity_server_and_out_of_both(
    browsers: Browsers, tenant: Tenant, grace: User, ada: User
) -> None:
    ivy = await factories.create_user(tenant, first_name="Ivy", invited=True)
    async with _canaille(tenant, ada, ivy) as url:
        browsers.allow(url)  # errors of its own pages don't matter here
        form = ConnectionForm(
            name="Canaille",
            discovery=f"{url}/.well-known/openid-configuration",
            client_id="rollcall",
            client_secret=SECRET,
            domains="example.com",
            new_people="nobody",
        )
        await connections.connect(await factories.sign_in(grace), form)

        # It doesn't vouch for emails, so an email alone links nobody ...
        page = await browsers.stranger(f"/t/{tenant.slug}/login")
        await page.get_by_role("link", name="Sign in with Canaille").click()
        await _sign_in_there(page, ada)
        await page.get_by_role("button", name="Accept").click()  # its consent page
        refusal = "Canaille doesn't vouch for your email"
        await expect(page.get_by_role("alert")).to_contain_text(refusal)
        assert await books.identities_of(ada.id) == []

        # ... but an invitation, which only its recipient has, does: once, and from then on.
        invitation = await factories.token_of(ivy)
        page = await browsers.stranger(f"/t/{tenant.slug}/invitation/{invitation}")
        await page.get_by_role("link", name="Accept with Canaille").click()
        await _sign_in_there(page, ivy)
        await expect(page.get_by_role("heading", name=re.compile("^Welcome to "))).to_be_visible()
        await connected(page)
        await page.locator(".user-menu-button").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("status").filter(has_text="You signed out.")).to_be_visible()
        await page.get_by_role("link", name="Sign in with Canaille").click()
        await expect(page.get_by_label("Login")).to_be_visible()  # it has signed them out, too
