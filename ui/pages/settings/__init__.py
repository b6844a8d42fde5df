"""The page of an organisation's settings."""

from ui.pages.settings import settings


def register() -> None:
    """Route it."""
    settings.register()
