"""The signed-in pages, by noun. Importing one does nothing; `register` routes them all."""

from ui.pages import account, audit, dashboard, reviews, settings, system, tenants, users, workspace


def register() -> None:
    """Route every page."""
    for page in (users, reviews, audit, settings, account, tenants, system, dashboard, workspace):
        page.register()
