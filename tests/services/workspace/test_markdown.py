"""Markdown becomes HTML that is safe to show, whatever was written."""

import asyncio
from collections.abc import Coroutine
from html.parser import HTMLParser

import pytest

from services.core.errors import InvalidInputError
from services.workspace.comments import CommentForm
from services.workspace.markdown import ATTRIBUTES, TAGS, htmls_of, names_in, to_html
from tests.hostile import HOSTILE

SCRIPTS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![image](https://elsewhere.example/pixel.png)",
    "![image](javascript:alert(1))",
    '[a](https://example.com "x\\" onmouseover=alert(1)")',
    "```<script>alert(1)</script>",
    "<svg/onload=alert(1)>",
    "<a href='https://example.com' style='position:fixed'>x</a>",
    "[x]: https://example.com\n![x]",
    "| <b> |\n|-|\n| <i> |",
)


class Attributes(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", [*SCRIPTS, *(hostile.text for hostile in HOSTILE)])
def test_no_text_makes_anything_but_plain_elements(text: str) -> None:
    try:
        body = CommentForm(body=f"a {text}").body
    except InvalidInputError:
        return  # never kept, so never shown
    for tag, attributes in Attributes(to_html(body, ["Joan <b>Clarke</b>"])).found:
        assert tag in TAGS
        assert attributes.keys() <= {*ATTRIBUTES.get(tag, ()), "rel", "class"}
        href = attributes.get("href")
        assert href is None or href.startswith(("http://", "https://", "mailto:"))
        assert attributes.get("class") in {None, "mention"}


def test_an_image_is_a_link_so_that_nobody_elses_server_hears_of_readers() -> None:
    html = to_html("![Plan](https://elsewhere.example/plan.png)")
    assert "<img" not in html
    assert ">Plan</a>" in html


def test_a_url_becomes_a_link_that_gives_nothing_away() -> None:
    html = to_html("See https://example.com/a")
    assert 'href="https://example.com/a" rel="noopener noreferrer nofollow"' in html


def test_the_longest_name_is_the_one_that_is_mentioned() -> None:
    html = to_html("@Ann Lee, not user@Ann, nor `@Ann`", ["Ann", "Ann Lee"])
    assert '<span class="mention">@Ann Lee</span>' in html
    assert html.count("mention") == 1


async def test_who_is_mentioned_is_found_outside_of_code() -> None:
    words = "Ask @Ann Lee, not ann@Ann.example nor `@Bob`"
    assert await names_in(words, ["Ann", "Ann Lee", "Bob"]) == {"Ann Lee"}


def test_lists_code_and_tables_are_kept() -> None:
    html = to_html("# Head\n\n- one\n\n`code`\n\n| a |\n|-|\n| 1 |")
    for part in ("<h3>Head</h3>", "<li>one</li>", "<code>code</code>", "<td>1</td>"):
        assert part in html


async def _turns_of(call: Coroutine[object, object, object]) -> int:
    """How often anybody else has their turn on the event loop meanwhile."""
    turns, task = 0, asyncio.create_task(call)
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_texts_that_take_long_hold_nobody_up() -> None:
    hostile = "![" * 5000  # the most that a comment may have, and of the slowest kind
    assert await _turns_of(htmls_of([(hostile, ()), (hostile + " ", ())])) > 5
    assert await _turns_of(names_in("@Ann [" * 1500, [f"Bob {n}" for n in range(100)])) > 5


async def test_a_text_is_made_html_once() -> None:
    (html,) = await htmls_of([("Some *words*, which stay as they are.", ())])
    assert to_html("Some *words*, which stay as they are.") is html


def test_a_column_stands_as_its_writer_says() -> None:
    html = to_html("| Test | Result |\n|---|---:|\n| Sign-on | 250 |")
    assert "<td>Sign-on</td>" in html
    assert '<td align="right">250</td>' in html
