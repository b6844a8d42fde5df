"""What would become of each row of a file, before anything is sent."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import col, select

from models import Role, User
from services.access.actor import Acting
from services.access.permissions import Permission, may_invite
from services.audit.acting import View, viewing
from services.core.emails import email_key
from services.users.imports.columns import ImportRow
from services.users.invitation_form import CheckedForm, check_form

# Emails that one query asks for.
CHUNK = 500


class Fate(StrEnum):
    """What happens to a row."""

    INVITE = "invite"
    CORRECT = "correct"
    SKIP = "skip"


@dataclass(frozen=True)
class JudgedRow:
    """A row with its fate; `why` says more of it, or what to correct."""

    row: ImportRow
    fate: Fate
    why: str = ""


async def judge(actor: Acting, rows: Sequence[ImportRow]) -> list[JudgedRow]:
    """The fate of each row, as far as this organisation's own people tell.

    Whether another organisation has an email is told only at the sending
    (`services.users.emails_elsewhere`).
    """
    checked = await asyncio.to_thread(_check, actor, rows)
    async with viewing(actor, Permission.INVITE_USERS) as view:
        here = await _here(view, list({key for key, _ in checked}))
        role = view.user.role if view.user else None
    first: dict[str, int] = {}
    judged = []
    for row, (key, form) in zip(rows, checked, strict=True):
        fate, why = _judge(row, form, role, here.get(key), first.get(key))
        if fate is Fate.INVITE:
            first[key] = row.line
        judged.append(JudgedRow(row, fate, why))
    return judged


def _check(actor: Acting, rows: Sequence[ImportRow]) -> list[tuple[str, CheckedForm]]:
    forms = [check_form(actor, row.form) for row in rows]
    return [(email_key(form.email) if form.email else "", form) for form in forms]


def _judge(
    row: ImportRow, form: CheckedForm, by: Role | None, here: User | None, first: int | None
) -> tuple[Fate, str]:
    if here is not None and here.active:
        return Fate.SKIP, "Invited already" if here.invited else "Active user already"
    if first is not None:
        return Fate.SKIP, f"Same as line {first}"
    wrong = dict(form.wrong)
    if form.role is None and row.written_role:
        wrong["role"] = f"The role “{row.written_role[:60]}” isn’t known."
    if form.role is not None and by is not None and not may_invite(by, form.role):
        wrong["role"] = f"You can’t invite a {form.role.label}."
    if wrong:
        return Fate.CORRECT, " ".join(wrong.values())
    if here is not None:
        return Fate.INVITE, "A new account beside an inactive one"
    return Fate.INVITE, ""


async def _here(view: View, keys: Sequence[str]) -> Mapping[str, User]:
    """The users of the organisation with these emails; of several, the one that is active."""
    found: dict[str, User] = {}
    for at in range(0, len(keys), CHUNK):
        users = await view.tx.exec(
            select(User)
            .where(
                User.tenant_id == view.tenant_id,
                col(User.email_key).in_(keys[at : at + CHUNK]),
            )
            .order_by(col(User.active))
        )
        found |= {user.email_key: user for user in users}
    return found
