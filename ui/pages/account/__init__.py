"""The page of one's own account."""

from ui.pages.account import account


def register() -> None:
    """Route it."""
    account.register()
