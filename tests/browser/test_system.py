"""The System page: what the doctor found, live, and what becomes of a check that fails."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from pydantic import SecretStr

from models import Tenant, User
from services.access.actor import COMMAND_LINE
from services.core.settings import Settings
from services.database.startup import started
from services.users import accounts
from tests import factories
from tests.browser.browsers import Browsers, connected
from tests.browser.conftest import watched
from tests.browser.looks import look
from tests.browser.patient import PATIENT
from tests.browser.server import Server, serving
from tests.postgres import PostgresServer

PATIENCE = 60_000
LIVE = re.compile(r"^live, \d\d:\d\d:\d\d$")
SECRET = "the same secret, thirty-two characters or more"
# The checks are repeated by themselves, within the patience of a test.
OFTEN = "from ui import figures\nfigures.ROUND = 1.0\n"


async def opened(browsers: Browsers, robin: User) -> Page:
    """The page, with all checks made."""
    page = await browsers.as_user(robin, "/platform/system")
    await connected(page)
    await expect(page.get_by_text("Version", exact=True)).to_be_visible(timeout=PATIENCE)
    return page


def figure(page: Page, label: str) -> Locator:
    return page.locator(".figure", has_text=label).locator(".figure-value")


def card(page: Page, heading: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("heading", name=heading))


async def _change(user: User) -> None:
    """Something changes all the time."""
    for number in count():
        await accounts.rename(COMMAND_LINE, user.id, "Ada", f"Number {number}")
        await asyncio.sleep(0.2)


async def test_figures_move_while_somebody_watches(
    browsers: Browsers, robin: User, tenant: Tenant, ada: User
) -> None:
    page = await opened(browsers, robin)
    # Others have left; of one that went without a word the server learns within a minute.
    await expect(figure(page, "open pages")).to_have_text("1", timeout=2 * PATIENCE)
    await browsers.as_user(robin, "/platform/tenants")
    await expect(figure(page, "open pages")).to_have_text("2")
    await expect(page.get_by_text(LIVE)).to_be_visible()
    changing = asyncio.create_task(_change(ada))
    await expect(figure(page, "changes a second")).not_to_have_text("0.0")
    changing.cancel()
    with suppress(asyncio.CancelledError):
        await changing
    await expect(page.get_by_role("img", name="open pages: from")).to_be_visible()


async def test_a_check_that_fails_crosses_over_on_every_page_and_back_when_it_is_mended(
    browsers: Browsers, robin: User, server: Server
) -> None:
    page, other = await opened(browsers, robin), await opened(browsers, robin)
    await expect(card(page, "In order").get_by_text("Secret files")).to_be_visible()
    secret = server.data_dir / "signing-secret"
    server.data_dir.chmod(0o755)
    secret.chmod(0o644)
    try:
        await page.get_by_role("button", name="Run all checks again").click()
        for shown in (page, other):
            needed = card(shown, "Need you")
            await expect(
                needed.get_by_text("Others on this machine can read 1 secret file")
            ).to_be_visible(timeout=PATIENCE)
            await expect(needed.get_by_text(f"chmod go-rwx {secret}")).to_be_visible()
            await expect(card(shown, "In order").get_by_text("Secret files")).to_have_count(0)
        await expect(page.get_by_role("status").filter(has_text="checks warn")).to_be_visible()
        await look(page, "system-needs-you")
    finally:
        secret.chmod(0o600)
        server.data_dir.chmod(0o700)
    await other.get_by_role("button", name="Try now: Secret files").click()
    for shown in (page, other):
        await expect(card(shown, "In order").get_by_text("Secret files")).to_be_visible(
            timeout=PATIENCE
        )


@asynccontextmanager
async def _on_postgresql(
    url: str, data_dir: Path, request: pytest.FixtureRequest, chromium: Browser
) -> AsyncIterator[tuple[Browsers, User]]:
    """Browsers of a server of its own, whose checks are made each second, and a Platform Admin."""
    given = {"ROLLCALL_DATABASE_URL": url, "ROLLCALL_SECRET": SECRET}
    async with serving(data_dir, settings=given, before=PATIENT + OFTEN) as server:
        ours = Settings(
            _env_file=None,
            data_dir=data_dir,
            database_url=SecretStr(url),
            secret=SecretStr(SECRET),
            public_url=server.url,
        )
        async with started(ours), watched(request, chromium, server) as browsers:
            yield browsers, await factories.create_user(None)


async def test_a_postgresql_that_can_only_be_read_is_shown_until_it_can_be_written_to(
    request: pytest.FixtureRequest,
    chromium: Browser,
    postgres_server: PostgresServer,
    postgres_database: str,
    tmp_path: Path,
) -> None:
    url = postgres_server.url(postgres_database)
    async with _on_postgresql(url, tmp_path / "data", request, chromium) as (browsers, robin):
        page = await opened(browsers, robin)
        await expect(card(page, "In order").get_by_text("Writing")).to_be_visible()
        postgres_server.set_read_only(postgres_database, True)
        needed = card(page, "Need you")
        await expect(needed.get_by_text("The database can only be read now")).to_be_visible(
            timeout=PATIENCE
        )
        await expect(needed.get_by_text("that it is no standby")).to_be_visible()
        await expect(card(page, "In order").get_by_text("Writing")).to_have_count(0)
        await expect(page.get_by_text(LIVE)).to_be_visible()
        postgres_server.set_read_only(postgres_database, False)
        await expect(card(page, "In order").get_by_text("Writing")).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_text(LIVE)).to_be_visible()


async def test_the_report_is_copied_as_the_command_prints_it(
    browsers: Browsers, robin: User
) -> None:
    page = await opened(browsers, robin)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy report").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    text = await page.evaluate("() => navigator.clipboard.readText()")
    assert "ok       Database" in text
    assert "of 19 checks" in text
