"""The pages of the users: all, one, the roles, and invitations from a file."""

from ui.pages.users import import_run, import_users, leaving, roles, user, users


def register() -> None:
    """Route them all."""
    # Before the page of one user, whose address would take it for a user's id.
    for page in (import_users, import_run, users, user, leaving, roles):
        page.register()
