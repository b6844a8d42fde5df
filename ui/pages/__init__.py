"""The signed-in pages, by noun. Importing one does nothing; `register` routes them all."""

from ui.pages import (
    account,
    audit,
    bulk,
    dashboard,
    reviews,
    settings,
    system,
    tenants,
    users,
    workspace,
)

PAGES = (bulk, users, reviews, audit, settings, account, tenants, system, dashboard, workspace)


def register() -> None:
    """Route every page. (A bulk act's comes before that of one user or one template, whose path has
    an id where this one has a word.)"""
    for page in PAGES:
        page.register()
