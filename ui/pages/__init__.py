"""The signed-in pages. Importing one does nothing; `register` routes them all."""

from ui.pages import (
    account,
    audit,
    import_run,
    import_users,
    roles,
    settings,
    system,
    tenants,
    user,
    users,
    workspace,
)


def register() -> None:
    """Route every page."""
    # Before the page of one user, whose address would take it for a user's id.
    for page in (
        import_users,
        import_run,
        users,
        user,
        roles,
        audit,
        settings,
        account,
        tenants,
        system,
    ):
        page.register()
    workspace.register()
