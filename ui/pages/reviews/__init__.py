"""The pages of reviews: the people to look at, one review while it is decided, and its record."""

from ui.pages.reviews import review, reviews


def register() -> None:
    """Route them all."""
    for page in (reviews, review):
        page.register()
