"""A fact in a description list."""

from nicegui import ui

from ui.components.local_text import LocalText
from ui.frame import text


def fact(name: str, value: str, title: str = "", href: str = "") -> None:
    """A name and its value, with its times as local ones; `title` is shown on hover, `href` makes
    the value a link."""
    with ui.element("div").classes("fact"):
        text("dt", name)
        with ui.element("dd"):
            shown = (text("a", value) if href else LocalText("span", value)).props('dir="auto"')
            if title:
                shown.props["title"] = title
            if href:
                shown.props["href"] = href
