"""The signed-in pages. Importing one does nothing; `register` routes them all."""

from ui.pages import account, audit, roles, settings, tenants, user, users


def register() -> None:
    """Route every page."""
    for page in (users, user, roles, audit, settings, account, tenants):
        page.register()
