"""What has changed about a user while a dialog about them is open."""

from services.core.words import isolated_where_needed
from services.users.listing import UserDetails


def changed_meanwhile(before: UserDetails, now: UserDetails) -> str:
    """What a dialog says that was opened about the user as they were before; empty if nothing has
    changed that matters for it."""
    changes, name = [], isolated_where_needed(now.row.name)
    if before.row.name != now.row.name:
        changes.append(f"{isolated_where_needed(before.row.name)} is called {name} now.")
    if before.row.active != now.row.active:
        changes.append(f"{name} is {'active again' if now.row.active else 'inactive'} now.")
    if before.end != now.end:
        end = now.end
        changes.append(f"The account ends on {end.words} now." if end else "No end date now.")
    if before.row.invited and not now.row.invited:
        changes.append(f"{name} has accepted the invitation.")
    return " ".join(changes)
