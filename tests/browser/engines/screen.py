"""A browser with its driver, in the words of its user; it waits only for things that can be
seen."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import Firefox
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from models import User
from tests.browser.browsers import PATIENCE
from tests.browser.server import cookie_name
from tests.factories import open_session

LOOK_EVERY = 0.05  # seconds
# The element that can be pressed or filled in with this accessible name; where a dialog is open,
# one of it alone, as nothing else can be reached.
FIND = """
const [selector, name] = arguments;
const spoken = (of) => (of.ariaLabel ?? of.textContent).trim().replace(/\\s+/g, " ");
const within = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document;
const seen = [...within.querySelectorAll(selector)].filter(
  (of) => of.checkVisibility() && (of.labels?.length ? [...of.labels].some(
    (label) => spoken(label).replace(" (optional)", "") === name) : spoken(of) === name));
return seen.at(-1);
"""
READY = "return !document.getElementById('popup') || window.did_handshake === true"
TEXT = "return document.body?.innerText ?? ''"
PRESSABLE = "button, a, summary, [role=switch]"
DIALOG = "return document.querySelector('dialog:modal') !== null"
# What a driver says of an element that the page took away, moved or covered after it was found:
# nothing was pressed, so one looks again.
NOT_REACHED = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
# Firefox's own service of passkeys, of which its driver knows nothing: a device with a fingerprint
# sensor, and its owner's finger on it.
PASSKEYS = (
    "const passkeys = Cc['@mozilla.org/webauthn/service;1'].getService(Ci.nsIWebAuthnService);"
)
ADD_DEVICE = f"""{PASSKEYS}
return passkeys.addVirtualAuthenticator("ctap2", "internal", true, true, true, true);
"""
REMOVE_DEVICE = f"{PASSKEYS} passkeys.removeVirtualAuthenticator(arguments[0]);"


class Screen:
    """One browser, and the tab of it that is looked at."""

    def __init__(self, driver: WebDriver, url: str) -> None:
        self.driver = driver
        self.url = url

    async def as_user(self, user: User, path: str) -> None:
        """Open this page where this user is signed in."""
        _, token = await open_session(user)
        cookie = {"name": cookie_name(self.url), "value": token, "path": "/", "httpOnly": True}
        await self.open("/healthz")  # cookies are set for the page that is shown
        await asyncio.to_thread(self.driver.delete_all_cookies)
        await asyncio.to_thread(self.driver.add_cookie, cookie)
        await self.open(path)

    async def open(self, path: str) -> None:
        """Go to a path of the server, or to a whole url; wait until the page hears of changes."""
        url = path if "://" in path else f"{self.url}{path}"
        await asyncio.to_thread(self.driver.get, url)
        await self.ready()

    async def ready(self) -> None:
        """Wait until the page hears of changes."""
        await self._until(lambda: self.driver.execute_script(READY), "The page has no connection")

    async def new_tab(self, path: str) -> str:
        """Open this page in one more tab, which is looked at from now on; returns its handle."""
        await asyncio.to_thread(self.driver.switch_to.new_window, "tab")
        await self.open(path)
        return self.driver.current_window_handle

    async def look_at(self, tab: str) -> None:
        """Look at another tab."""
        await asyncio.to_thread(self.driver.switch_to.window, tab)

    async def close_tab(self) -> None:
        """Close the tab that is looked at, for the first one."""
        await asyncio.to_thread(self.driver.close)
        await self.look_at(self.driver.window_handles[0])

    async def press(self, name: str) -> None:
        """Press the button, link or switch of this name."""
        await self._do(partial(self._found, PRESSABLE, name), WebElement.click, f"No {name!r}")

    async def dialog(self) -> None:
        """Wait until a dialog is open: from then on only what is in it is found."""
        await self._until(lambda: self.driver.execute_script(DIALOG), "No dialog opens")

    async def fill(self, **values: str) -> None:
        """Fill in the fields of these labels: `first_name` is "First Name"."""
        for name, value in values.items():
            await self._do(partial(self._field, name), partial(_fill_in, value=value), f"No {name}")

    async def field(self, name: str) -> WebElement:
        """The field of this label."""
        found: WebElement = await self._until(partial(self._field, name), f"No field {name}")
        return found

    def _field(self, name: str) -> WebElement | None:
        labels = {name.replace("_", " ").title(), name.replace("_", " ").capitalize()}
        fields = (self._found("input, select, textarea", label) for label in labels)
        return next(filter(None, fields), None)

    def _found(self, selector: str, name: str) -> WebElement | None:
        found: WebElement | None = self.driver.execute_script(FIND, selector, name)
        return found

    async def find(self, selector: str, name: str) -> WebElement:
        """Wait for the element of this name."""
        look = partial(self._found, selector, name)
        found: WebElement = await self._until(look, f"No {selector} {name!r}")
        return found

    async def expect(self, text: str) -> None:
        """Wait for the page to say this."""
        await self._until(lambda: text in self._text(), f"It never says {text}")

    async def expect_not(self, text: str) -> None:
        """Wait for the page to say this no more."""
        await self._until(lambda: text not in self._text(), f"It goes on saying {text}")

    def _text(self) -> str:
        # Between two pages Firefox says nothing at all.
        return self.driver.execute_script(TEXT) or ""

    async def run(self, script: str, *given: object) -> Any:
        """What a script of the page returns."""
        return await asyncio.to_thread(self.driver.execute_script, script, *given)

    @asynccontextmanager
    async def passkey_device(self) -> AsyncIterator[None]:
        """Have a device that makes passkeys in Firefox, until the block ends."""
        device = await asyncio.to_thread(self._of_firefox, ADD_DEVICE)
        try:
            yield
        finally:
            await asyncio.to_thread(self._of_firefox, REMOVE_DEVICE, device)

    def _of_firefox(self, script: str, *given: object) -> Any:
        assert isinstance(self.driver, Firefox)
        with self.driver.context(Firefox.CONTEXT_CHROME):
            return self.driver.execute_script(script, *given)

    async def go_back(self) -> None:
        """Press Back."""
        await asyncio.to_thread(self.driver.back)

    async def reload(self) -> None:
        """Load the page again."""
        await asyncio.to_thread(self.driver.refresh)
        await self.ready()

    async def clear(self) -> None:
        """Leave every page, and forget who was signed in."""
        await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        first, *others = self.driver.window_handles
        for tab in others:
            self.driver.switch_to.window(tab)
            self.driver.close()
        self.driver.switch_to.window(first)
        self.driver.get(f"{self.url}/healthz")
        self.driver.delete_all_cookies()
        self.driver.get("about:blank")

    async def _do(
        self,
        look: Callable[[], WebElement | None],
        act: Callable[[WebElement], None],
        otherwise: str,
    ) -> None:
        """Do this with what is looked for, once it can be reached."""
        deadline = time.monotonic() + PATIENCE / 1000
        while True:
            found = await self._until(look, otherwise)
            try:
                return await asyncio.to_thread(act, found)
            except NOT_REACHED:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(LOOK_EVERY)

    async def _until(self, look: Callable[[], Any], otherwise: str) -> Any:
        deadline = time.monotonic() + PATIENCE / 1000
        while True:
            problem: WebDriverException | None = None
            try:
                found = await asyncio.to_thread(look)
            except WebDriverException as error:  # between two pages there is none
                found, problem = None, error
            if found:
                return found
            if time.monotonic() > deadline:
                text = await self.run(TEXT)
                raise AssertionError(
                    f"{otherwise} at {self.driver.current_url}:\n{text}"
                ) from problem
            await asyncio.sleep(LOOK_EVERY)


def _fill_in(element: WebElement, *, value: str) -> None:
    if element.tag_name == "select":
        Select(element).select_by_visible_text(value)
    else:
        element.send_keys(value)
