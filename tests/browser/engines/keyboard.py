"""A browser of any engine with a keyboard alone: what has the focus is found by its spoken name."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Protocol

from playwright.async_api import Page, expect
from selenium.webdriver import ActionChains, Keys

from tests.browser.browsers import PATIENCE, connected
from tests.browser.engines.screen import LOOK_EVERY, Screen

# More than any page has to pass before what is looked for has the focus.
MOST_STEPS = 90
# What a screen reader calls what has the focus.
FOCUSED = """
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  const label = at.matches("input, select, textarea") ? at.labels?.[0] : null;
  const said = at.ariaLabel ?? (label ?? at).textContent;
  return said.trim().replace(/\\s+/g, " ").replace(" (optional)", "");
"""
NAMED = {
    "Tab": Keys.TAB,
    "Enter": Keys.ENTER,
    "Escape": Keys.ESCAPE,
}


# Fill in the date field that has the focus.
DAY = """
  const field = document.activeElement;
  field.value = arguments[0];
  for (const told of ["input", "change"]) field.dispatchEvent(new Event(told, { bubbles: true }));
"""


def typed(day: date) -> str:
    """The digits of a day in a date field; day and month are to be the same, in either order."""
    return f"{day:%d%m%Y}"


class Keyboard(Protocol):
    """What somebody has who has no mouse."""

    async def open(self, path: str) -> None:
        """Type the url of a page."""

    async def press(self, key: str) -> None:
        """Press one key."""

    async def type(self, text: str) -> None:
        """Type a text, key after key."""

    async def type_day(self, day: date) -> None:
        """Type a day into the date field that has the focus."""

    async def choose(self, path: Path) -> None:
        """Choose a file in the field that has the focus: the window for it isn't the page's."""

    async def focused(self) -> str:
        """The spoken name of what has the focus."""

    async def expect(self, text: str) -> None:
        """Wait for the page to say this."""

    async def expect_not(self, text: str) -> None:
        """Wait for the page to say this no more."""

    async def ready(self) -> None:
        """Wait until the page hears of changes."""


class DriverKeyboard:
    """The keyboard of a browser that Selenium drives."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.open = screen.open
        self.expect = screen.expect
        self.expect_not = screen.expect_not
        self.ready = screen.ready

    async def press(self, key: str) -> None:
        """Press one key, or Control with one."""
        control, _, name = key.rpartition("+")
        keys = ActionChains(self.screen.driver)
        if control:
            keys = keys.key_down(Keys.CONTROL).send_keys(name).key_up(Keys.CONTROL)
        else:
            keys = keys.send_keys(NAMED.get(key, key))
        await asyncio.to_thread(keys.perform)
        if key == "Tab":
            await asyncio.to_thread(self._come_back)

    def _come_back(self) -> None:
        # After the last thing of a page, Firefox's Tab goes on to the browser's own bar. Without a
        # window there is none, and the page never gets the focus again: Enter presses nothing.
        driver = self.screen.driver
        if driver.name != "firefox" or driver.execute_script("return document.hasFocus()"):
            return
        page = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.close()
        driver.switch_to.window(page)

    async def type_day(self, day: date) -> None:
        """Type a day into the date field that has the focus."""
        if self.screen.driver.name == "firefox":
            await self.type(typed(day))
        else:  # WebKit's driver can't reach the parts of a date field: what they would make of it
            await self.screen.run(DAY, day.isoformat())

    async def choose(self, path: Path) -> None:
        """Choose a file in the field that has the focus."""
        field = await asyncio.to_thread(lambda: self.screen.driver.switch_to.active_element)
        await asyncio.to_thread(field.send_keys, str(path))

    async def type(self, text: str) -> None:
        """Type a text, key after key."""
        await asyncio.to_thread(ActionChains(self.screen.driver).send_keys(text).perform)

    async def focused(self) -> str:
        """The spoken name of what has the focus."""
        return str(await self.screen.run(FOCUSED))


class PageKeyboard:
    """The keyboard of Chromium, which Playwright drives."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open(self, path: str) -> None:
        """Type the url of a page."""
        await self.page.goto(path)
        await self.ready()

    async def press(self, key: str) -> None:
        """Press one key."""
        await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Type a text, key after key."""
        await self.page.keyboard.type(text)

    async def type_day(self, day: date) -> None:
        """Type a day into the date field that has the focus."""
        await self.type(typed(day))

    async def choose(self, path: Path) -> None:
        """Choose a file in the field that has the focus."""
        await self.page.locator(":focus").set_input_files(path)

    async def focused(self) -> str:
        """The spoken name of what has the focus."""
        return str(await self.page.evaluate(f"() => {{ {FOCUSED} }}"))

    async def expect(self, text: str) -> None:
        """Wait for the page to say this."""
        await expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True)

    async def expect_not(self, text: str) -> None:
        """Wait for the page to say this no more."""
        await expect(self.page.locator("body")).not_to_contain_text(text, use_inner_text=True)

    async def ready(self) -> None:
        """Wait until the page hears of changes."""
        await connected(self.page)


async def tab_to(keyboard: Keyboard, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    passed = [await keyboard.focused()]
    while passed[-1] != name and len(passed) <= MOST_STEPS:
        await keyboard.press("Tab")
        passed.append(await keyboard.focused())
    if passed[-1] == name:
        return
    raise AssertionError(f"{name!r} never has the focus; passed: {passed}")


async def expect_focus(keyboard: Keyboard, name: str) -> None:
    """Wait until what has this name has the focus by itself."""
    focused = ""
    try:
        async with asyncio.timeout(PATIENCE / 1000):
            while (focused := await keyboard.focused()) != name:  # noqa: ASYNC110 - no event
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError as error:
        raise AssertionError(f"{focused!r} has the focus, not {name!r}") from error
