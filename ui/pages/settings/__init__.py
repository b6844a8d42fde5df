"""The pages of an organisation's settings."""

from ui.pages.settings import screens_page, settings


def register() -> None:
    """Route them."""
    settings.register()
    screens_page.register()
