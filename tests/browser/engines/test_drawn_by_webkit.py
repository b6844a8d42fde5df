"""What WebKit draws, where no style tells: its driver gives no pictures, so they are read from the
virtual screen."""

import struct
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.remote.webdriver import WebDriver

from models import Tenant, User
from tests.browser.engines.screen import Screen
from tests.browser.waiting import eventually

# The inner sides of each date field, without its border and round corners, on the screen, where
# the page stands below the window's own bar.
DATE_FIELDS = """
return [...document.querySelectorAll("input[type=date]")].map((field) => {
  const { left, top, right, bottom } = field.getBoundingClientRect();
  const above = outerHeight - innerHeight;
  return [left + 6, top + above + 6, right - 6, bottom + above - 6].map(Math.round);
});
"""
CONTRAST = 60
"""Of 255: how far text is from its background at least. Greys of a border's edge are nearer."""


@pytest.fixture
def engine(webkit: WebDriver) -> WebDriver:
    """WebKit alone: the others draw an empty date field empty by themselves."""
    return webkit


async def test_a_date_field_without_a_date_is_drawn_without_one(
    screen: Screen, tenant: Tenant, grace: User, frames: Path
) -> None:
    await screen.as_user(grace, f"/t/{tenant.slug}/audit?from=2026-03-04")

    def written() -> list[bool]:
        fields = screen.driver.execute_script(DATE_FIELDS)
        drawn = _screen(frames).convert("L")
        return [_has_text(drawn.crop(tuple(field))) for field in fields]

    await eventually(lambda: written() == [True, False])


def _has_text(part: Image.Image) -> bool:
    greys = part.tobytes()
    return max(greys) - min(greys) > CONTRAST


def _screen(frames: Path) -> Image.Image:
    """What is on the virtual screen now, from the window dump (XWD, version 7) in which Xvfb
    keeps it: 25 numbers of 32 bits, a name, a table of colours, and four bytes for each pixel."""
    (file,) = frames.iterdir()
    content = file.read_bytes()
    head = struct.unpack(">25I", content[:100])
    size, across, down, line, colours = head[0], head[4], head[5], head[12], head[19]
    pixels = content[size + colours * 12 :]
    return Image.frombuffer("RGB", (across, down), pixels, "raw", "BGRX", line, 1)
