"""The pages of the users: all, one, the roles, invitations from a file, and the outsiders."""

from ui.pages.users import (
    customers,
    ends_soon,
    import_run,
    import_users,
    leaving,
    portraits,
    roles,
    user,
    users,
    welcome,
)


def register() -> None:
    """Route them all."""
    # Before the page of one user, whose path would take it for a user's id.
    for page in (
        import_users,
        import_run,
        users,
        user,
        customers,
        ends_soon,
        leaving,
        portraits,
        roles,
        welcome,
    ):
        page.register()
