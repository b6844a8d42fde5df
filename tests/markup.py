"""The elements of an HTML page, to find out whether a text added any."""

from collections import Counter
from html.parser import HTMLParser


class Reader(HTMLParser):
    """The elements and attributes of a page or a mail, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[str] = Counter()
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element, and the names of its attributes."""
        self.elements[" ".join([tag, *sorted(name for name, _ in attrs)])] += 1

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)
