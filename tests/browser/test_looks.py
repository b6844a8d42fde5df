"""A look at a page finds what is wrong in one width or scheme alone."""

import pytest

from tests.browser.browsers import Browsers
from tests.browser.looks import WIDTHS, look

# Each is wrong where it says, and nowhere else.
FAULTS = {
    "tablet, light": "(400px < width < 900px) { .long { overflow: scroll } }",
    "tablet, dark": "(400px < width < 900px) and (prefers-color-scheme: dark)"
    " { main { background: #ccc } }",
    "narrow": "(350px < width < 400px) { .long { width: 500px } }",
    "narrow, light": "(350px < width < 400px) and (prefers-color-scheme: light)"
    " { p { color: #ccc } }",
    "zoomed, light": "(width < 350px) { button { display: block } }",
    "zoomed, dark": "(width < 350px) and (prefers-color-scheme: dark) { p { color: #345 } }",
}
PAGE = """<!doctype html><html lang="en"><title>A page</title>
<style>
  body { color: #222; background: #fff; margin: 0 }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } }
  button { display: none }
  .long { height: 20px; overflow: hidden }
</style>
<main><h1>A page</h1><p>Some text</p><button></button>
<div class="long">Much<br>more<br>text</div></main>"""


async def test_what_is_wrong_in_one_width_or_scheme_alone_is_found(browsers: Browsers) -> None:
    page = await (await browsers.new()).new_page()
    await page.set_content(PAGE)
    await look(page, "no-fault")
    faults = "".join(f"@media {fault}" for fault in FAULTS.values())
    await page.set_content(PAGE.replace("</style>", f"{faults}</style>"))
    with pytest.raises(AssertionError) as found:
        await look(page, "faults")
    told = {line.split(":")[0] for line in str(found.value).splitlines()}
    places = {f"{width}{scheme}" for width in WIDTHS for scheme in ("", ", light", ", dark")}
    assert told & places == set(FAULTS)
