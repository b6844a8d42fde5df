"""The signed-in pages. Importing one does nothing; `register` routes them all."""

from ui.pages import account, audit, roles, tenants, user, users


def register() -> None:
    """Route every page."""
    for page in (users, user, roles, audit, account, tenants):
        page.register()
