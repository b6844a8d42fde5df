"""Browsers as people use them: each with its own cookies. What goes wrong in their pages is
noted."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Frame,
    Locator,
    Page,
    WebSocket,
    expect,
)

from models import User
from tests.browser.server import cookie_name
from tests.browser.waiting import eventually
from tests.factories import open_session
from tests.mail_server import MailServer, Received

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "test-results"
# Milliseconds to wait for what is expected; generous, as the machine may be busy.
PATIENCE = 45_000
# The heading of Home, where Administrators and Sales Engineers begin.
HOME = re.compile("^Hello, ")
WELCOME = re.compile("^Welcome to ")
# Chromium's message for each answer that isn't a success. Being told of the answers themselves, of
# which each page has dozens, would take a tenth of the tests' processor time.
STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")
# What our pages never do: what the policy forbids, and what a harmful text would run.
VIOLATION = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI}`));
for (const name of ["alert", "confirm", "prompt"])
  window[name] = (text) => console.error(`A script ran: ${name}(${text})`);
"""

expect.set_options(timeout=PATIENCE)


class Browsers:
    """Every browser of a test, and what their pages complained about."""

    def __init__(self, chromium: Browser, url: str) -> None:
        self.chromium = chromium
        self.url = url
        self.complaints: list[str] = []
        self.refused: list[tuple[int, str]] = []
        self.opened: set[str] = set()
        self.allowed: list[str] = []
        self.frames: list[str] = []
        self.contexts: list[BrowserContext] = []

    async def stranger(self, path: str = "/", **options: Any) -> Page:
        """A page in a new browser where nobody is signed in."""
        return await self.tab(await self.new(**options), path)

    async def as_user(self, user: User, path: str, **options: Any) -> Page:
        """A page in a new browser where this user is signed in."""
        return await self.tab(await self.signed_in(user, **options), path)

    async def signed_in(self, user: User, **options: Any) -> BrowserContext:
        """A new browser where this user is signed in."""
        context = await self.new(**options)
        _, token = await open_session(user)
        await context.add_cookies(
            [{"name": cookie_name(self.url), "value": token, "url": self.url, "httpOnly": True}]
        )
        return context

    async def new(self, **options: Any) -> BrowserContext:
        """A new browser. It wants less motion, unless a test is about motion: what moves is drawn
        sixty times a second, a tenth of the processor time where much happens."""
        usual = {"base_url": self.url, "locale": "en-GB", "reduced_motion": "reduce"}
        options = {**usual, **options}
        context = await self.chromium.new_context(**options)
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(VIOLATION)
        context.on("page", self._watch)
        self.contexts.append(context)
        return context

    async def tab(self, context: BrowserContext, path: str) -> Page:
        """A page in one more tab of this browser, ready for use.

        Chromium draws background tabs once a second, as it does for people: they get all events,
        but clicks in them are slow.
        """
        page = await context.new_page()
        await page.goto(path)
        await connected(page)
        return page

    def allow(self, pattern: str) -> None:
        """Expect complaints that contain this text."""
        self.allowed.append(pattern)

    async def close(self) -> list[str]:
        """Close them all; returns what their pages complained about."""
        for context in self.contexts:
            await context.close()
        return self.unexpected()

    def unexpected(self) -> list[str]:
        """What their pages have complained about, except for what was allowed."""
        # A page may say that it is missing, or that it is not for everybody; a part of one may not.
        refused = [
            f"{status} for {url}"
            for status, url in self.refused
            if status >= 500 or url not in self.opened
        ]
        return [
            complaint
            for complaint in self.complaints + refused
            if not any(allowed in complaint for allowed in self.allowed)
        ]

    async def keep_evidence(self, name: str, log: str) -> None:
        """Keep what the server logged, what the pages' sockets heard, and a picture of every open
        page, to find out why a test failed."""
        (RESULTS / "failures").mkdir(parents=True, exist_ok=True)
        (RESULTS / "failures" / f"{name}.log").write_text(log, encoding="utf-8")
        (RESULTS / "failures" / f"{name}.frames").write_text(
            "\n".join(self.frames), encoding="utf-8"
        )
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            await page.screenshot(path=RESULTS / "failures" / f"{name}-{number}.png")

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("framenavigated", self._went)
        self._went(page.main_frame)  # a page that another one opened has gone somewhere already
        page.on("websocket", lambda socket: self._listen_to(page, socket))

    def _listen_to(self, page: Page, socket: WebSocket) -> None:
        def note(what: object) -> None:
            self.frames.append(f"{datetime.now(UTC):%H:%M:%S.%f} {page.url} {what!s:.300}")

        note("opens its socket")
        socket.on("framereceived", note)
        socket.on("close", lambda _: note("has its socket closed"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        url = message.location.get("url", "")
        if refused := STATUS.match(message.text):
            self.refused.append((int(refused[1]), url.partition("#")[0]))
        else:
            self.complaints.append(f"{url}: {message.text}")

    def _went(self, frame: Frame) -> None:
        self.opened.add(frame.url.partition("#")[0])


async def hear(page: Page, event: str, *messages: object) -> None:
    """Give the page these messages in this order, as if they came over its socket."""
    await connected(page)
    # Whoever missed something while the page was loading knows it by now, and reads its rows anew:
    # that would undo what is heard before.
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await page.evaluate(
        "([event, all]) => all.forEach(m => socket.listeners(event).forEach(hear => hear(m)))",
        [event, messages],
    )


async def connected(page: Page) -> None:
    """Wait until a signed-in page hears of changes; for a plain page, return at once."""
    await page.wait_for_load_state("domcontentloaded")  # before that, it isn't known which it is
    if await page.locator("#popup").count():
        await page.wait_for_function("() => window.did_handshake")


async def fill(form: Page | Locator, **values: str) -> None:
    """Fill in the fields of a plain page or a dialog: `first_name` is "First Name"."""
    for name, value in values.items():
        label = re.compile(f"^{name.replace('_', ' ')}( \\(optional\\))?$", re.IGNORECASE)
        field = form.get_by_label(label)
        if await field.evaluate("field => field.tagName") == "SELECT":
            await field.select_option(label=value)
        else:
            await field.fill(value)


async def send_and_type_on(words: Locator, more: str) -> None:
    """Send what the field holds, and type more into it before the answer can be there."""
    await words.evaluate(
        """(words, more) => {
          words.form.requestSubmit();
          words.value += more;
          words.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        more,
    )


async def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in form and send it."""
    await fill(page, email=email, password=password)
    await page.get_by_role("button", name="Sign in").click()


async def expect_signed_out(page: Page, why: str) -> None:
    """Wait for the sign-in page, with the line that says why."""
    await expect(page.get_by_role("status").filter(has_text=why)).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert urlsplit(page.url).path.endswith("/login")


async def mail_to(server: MailServer, email: str, count: int = 1) -> Received:
    """Wait for this many mails to this email; returns the last one."""
    await eventually(lambda: len(server.to(email)) >= count)
    return server.to(email)[count - 1]


def link_in(mail: Received) -> str:
    """The one-time link in a mail."""
    found = re.search(r"https?://\S+/(?:invitation|reset|link)/\S+", mail.part("plain"))
    assert found is not None, mail.part("plain")
    return found[0]
