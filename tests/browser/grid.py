"""The Users page, in the words of its users."""

import re

from playwright.async_api import Locator, Page, expect


class Grid:
    """The grid of users on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator("tbody").get_by_role("row")
        self.search = page.get_by_role("searchbox", name="Search users")
        self.counts = page.locator(".counts")
        self.names = page.locator("tbody .name-link")

    def row(self, name: str) -> Locator:
        """The row of this user."""
        return self.rows.filter(has=self.page.get_by_role("link", name=name, exact=True))

    def chip(self, name: str, text: str) -> Locator:
        """A chip in this user's row."""
        return self.row(name).locator(".chip").get_by_text(text, exact=True)

    def online(self, name: str) -> Locator:
        """The text for screen readers that says that this user has Rollcall open."""
        return self.row(name).get_by_text("online now", exact=True)

    def switch(self, name: str) -> Locator:
        """This user's switch."""
        pattern = re.compile(f"^(Deactivate|Activate) {re.escape(name)}$")
        return self.page.get_by_role("switch", name=pattern)

    async def expect_active(self, name: str) -> None:
        """Wait for this user's row to say Active in every way."""
        await expect(self.switch(name)).to_be_checked()
        await expect(self.switch(name)).to_have_accessible_name(f"Deactivate {name}")
        await expect(self.chip(name, "Active")).to_be_visible()

    async def expect_inactive(self, name: str) -> None:
        """Wait for this user's row to say Inactive in every way."""
        await expect(self.switch(name)).not_to_be_checked()
        await expect(self.switch(name)).to_have_accessible_name(f"Activate {name}")
        await expect(self.chip(name, "Inactive")).to_be_visible()

    async def mark(self) -> None:
        """Mark the page and the table, to know them again."""
        await self.page.evaluate(
            "() => { window.marked = true; document.querySelector('tbody').marked = true; }"
        )

    async def expect_the_same(self) -> None:
        """Neither the page was loaded again since it was marked, nor the table built again."""
        marks = "() => [window.marked, document.querySelector('tbody')?.marked]"
        assert await self.page.evaluate(marks) == [True, True]


async def choose_more(page: Page, label: str) -> None:
    """Choose an item of the list's own menu, beside its main button."""
    await page.get_by_role("button", name="More", exact=True).first.click()
    await page.get_by_role("menuitem", name=label, exact=True).click()


def dialog(page: Page) -> Locator:
    """The open dialog."""
    return page.get_by_role("dialog")


def toast(page: Page, text: str | re.Pattern[str]) -> Locator:
    """A message at the bottom of the page."""
    return page.locator(".toast").filter(has_text=text)
