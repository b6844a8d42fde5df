"""A button that prints the page."""

from ui.components.component import Component


class PrintButton(Component, script="print_button.js"):
    """The browser's own print, of what `90-media.css` leaves on paper."""
