"""What people write in Markdown, as HTML that is safe to show.

markdown-it-py takes no raw HTML, and shows an image as a link to it: a reader's browser asks nobody
else's server for anything. Whatever comes out of it, nh3 lets through only what is listed here.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Collection, Sequence
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any

import nh3

from services.core.lazily import lazily

if TYPE_CHECKING:
    import markdown_it
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict
else:
    markdown_it = lazily("markdown_it")

TAGS = frozenset(
    {"a", "blockquote", "br", "code", "del", "em", "h3", "h4", "hr", "li", "ol", "p", "pre", "s"}
    | {"span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"}
)
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
ALIGNED = {"align": {"left", "center", "right"}}
"""How the words of a column stand: by this attribute, as pages allow no styles of their own."""
CLASSES = {"span": {"mention"}}
SCHEMES = {"http", "https", "mailto"}

KEPT = 512
"""For how many texts the HTML is kept: it never changes, and each page that is opened asks
for it."""
LONG = 2000
"""Texts with at least this many characters are read beside the event loop, on which everybody
waits: in the worst case each character takes some 20 µs."""

_EMPTY_LINES = re.compile(r"\n{3,}")

_own = threading.local()  # parsers: the part that finds links keeps what it looks at


def to_html(markdown: str, mentions: Collection[str] = ()) -> str:
    """The HTML of a text, in which `@Name` stands out for each name in `mentions`."""
    return _html(markdown, _longest_first(mentions))


async def htmls_of(texts: Sequence[tuple[str, Collection[str]]]) -> list[str]:
    """The HTML of each of these texts, with the names that it mentions."""

    def make() -> list[str]:
        return [to_html(text, mentions) for text, mentions in texts]

    if sum(len(text) for text, _ in texts) < LONG:
        return make()
    return await asyncio.to_thread(make)


async def plain_of(markdown: str) -> str:
    """The words of a text without its marks, for where no HTML is shown: as lines, with at most one
    empty line between two. Links are their words alone."""
    (html,) = await htmls_of([(markdown, ())])
    words = unescape(nh3.clean(html, tags=set()))
    return _EMPTY_LINES.sub("\n\n", "\n".join(map(str.strip, words.splitlines()))).strip()


async def names_in(markdown: str, names: Collection[str]) -> set[str]:
    """Which of these names a text mentions as `@Name`, outside of code."""
    if len(markdown) < LONG:
        return _names_in(markdown, names)
    return await asyncio.to_thread(_names_in, markdown, names)


@lru_cache(maxsize=KEPT)
def _html(markdown: str, names: tuple[str, ...]) -> str:
    html = _parser().render(markdown, {"mentions": names})
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        tag_attribute_values={"th": ALIGNED, "td": ALIGNED},
        allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


def _names_in(markdown: str, names: Collection[str]) -> set[str]:
    env: dict[str, Any] = {"mentions": _longest_first(names)}
    inline = [token.children or [] for token in _parser().parse(markdown, env)]
    return {
        token.content.removeprefix("@")
        for tokens in inline
        for token in tokens
        if token.type == "mention"
    }


def _longest_first(names: Collection[str]) -> tuple[str, ...]:
    # if there are “Ann” and “Ann Lee”, the longer one
    return tuple(sorted(names, key=len, reverse=True))


def _mention(state: StateInline, silent: bool) -> bool:
    before = state.src[state.pos - 1] if state.pos else " "
    if state.src[state.pos] != "@" or before.isalnum():
        return False
    for name in state.env.get("mentions", ()):
        if state.src.startswith(name, state.pos + 1):
            if not silent:
                token = state.push("mention", "span", 0)
                token.content = f"@{name}"
            state.pos += len(name) + 1
            return True
    return False


def _render_mention(
    _renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: Any
) -> str:
    return f'<span class="mention">{_escaped(tokens[at].content)}</span>'


def _render_image(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any
) -> str:
    token = tokens[at]
    words = renderer.renderInlineAsText(token.children or [], options, env)
    url = str(token.attrGet("src") or "")
    return f'<a href="{_escaped(url)}">{_escaped(words or url)}</a>'


def _render_heading(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any
) -> str:
    # The page has its own headings above.
    tokens[at].tag = "h3" if tokens[at].tag in {"h1", "h2", "h3"} else "h4"
    return renderer.renderToken(tokens, at, options, env)


def _render_cell(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Any
) -> str:
    cell = tokens[at]
    style = str(cell.attrs.pop("style", ""))  # "text-align:right", where a column says so
    if style:
        cell.attrSet("align", style.removeprefix("text-align:"))
    return renderer.renderToken(tokens, at, options, env)


def _escaped(text: str) -> str:
    return nh3.clean_text(text)


def _parser() -> markdown_it.MarkdownIt:
    """The parser of the thread that asks."""
    if not hasattr(_own, "parser"):
        _own.parser = _new_parser()
    parser: markdown_it.MarkdownIt = _own.parser
    return parser


def _new_parser() -> markdown_it.MarkdownIt:
    parser = markdown_it.MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["linkify", "strikethrough", "table"])
    parser.inline.ruler.before("link", "mention", _mention)
    parser.add_render_rule("mention", _render_mention)
    parser.add_render_rule("image", _render_image)
    parser.add_render_rule("heading_open", _render_heading)
    parser.add_render_rule("heading_close", _render_heading)
    parser.add_render_rule("th_open", _render_cell)
    parser.add_render_rule("td_open", _render_cell)
    return parser
