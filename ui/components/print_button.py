"""A button that prints the page."""

from ui.components.component import Component


class PrintButton(Component, script="print_button.js"):
    """Prints by the browser; `90-media.css` says what goes on paper."""
