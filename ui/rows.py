"""A user as the grids know them: few bytes, as each change goes to every open grid."""

from typing import Any

from services.sessions import presence
from services.users.row import UserRow
from ui.words import mixed_letters


def row_values(row: UserRow) -> dict[str, Any]:
    """A grid's row as plain values. What isn't there is what `complete` in `user_rows.js` says."""
    values: dict[str, Any] = {
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "role": row.role.value,
        "active": row.active,
        "version": row.version,
    }
    if row.key != f"{row.name} {row.email}".lower() or not row.key.isascii():
        values["key"] = row.key
    if row.invited:
        values["invited"] = True
    if row.mail is not None:
        values["mail"] = (row.mail_progress or row.mail).value
    if row.mail_answer:
        values["mail_answer"] = row.mail_answer
    if presence.is_online(row.id):
        values["online"] = True
    if row.last_sign_in is not None:
        values["last_sign_in"] = f"{row.last_sign_in:%Y-%m-%dT%H:%MZ}"
    if row.end_date is not None:
        values["end_date"] = row.end_date.isoformat()
    if row.mixed:
        values["mixed"] = mixed_letters(row.mixed)
    return values


def patch_values(row: UserRow, was: dict[str, Any] | None) -> dict[str, Any]:
    """What a changed row is now, and what of it was otherwise; `was` is none for a new user."""
    return {"was": was, "now": row_values(row)}
