"""The pages of the users: all, one, the roles, invitations from a file, and the outsiders."""

from ui.pages.users import customers, import_run, import_users, leaving, roles, user, users


def register() -> None:
    """Route them all."""
    # Before the page of one user, whose address would take it for a user's id.
    for page in (import_users, import_run, users, user, customers, leaving, roles):
        page.register()
