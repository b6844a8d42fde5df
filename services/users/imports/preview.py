"""What would become of each row of a file, before anything is sent."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import col, select

from models import Role, User
from services.access.actor import Principal
from services.access.permissions import Permission, invitable_roles
from services.audit.acting import View, viewing
from services.core.csv_files import csv_file
from services.core.emails import email_key
from services.core.errors import InvalidInputError
from services.users.allowed_domains import allowed_domains, refusal
from services.users.ends import End
from services.users.imports.columns import ImportRow
from services.users.imports.files import ImportFile
from services.users.invitation_form import InvitationForm, read_form
from services.users.stays import Stays, stays_of

# How many emails one query asks for.
CHUNK = 500
Checked = InvitationForm | InvalidInputError


class Fate(StrEnum):
    """What happens to a row."""

    INVITE = "invite"
    CORRECT = "correct"
    SKIP = "skip"


@dataclass(frozen=True)
class JudgedRow:
    """A row with its fate; `why` says more about it, or what to correct."""

    row: ImportRow
    fate: Fate
    why: str = ""


def to_correct(file: ImportFile, judged: Sequence[JudgedRow]) -> str:
    """A file with the rows that need a correction, as they are in the first one, and the reason."""
    why = {row.row.line: row.why for row in judged if row.fate is Fate.CORRECT}
    rows = [
        # A row may have fewer cells than others; the reason stands below its own heading.
        (*row.cells, *[""] * (len(file.headings) - len(row.cells)), why[row.line])
        for row in file.rows
        if row.line in why
    ]
    return csv_file((*file.headings, "What to correct"), rows)


async def judge(actor: Principal, rows: Sequence[ImportRow]) -> list[JudgedRow]:
    """The fate of each row, judged by this organisation's own people only.

    Whether another organisation has an email is told only at the sending
    (`services.users.emails_elsewhere`).
    """
    checked = await asyncio.to_thread(_check, rows)
    async with viewing(actor, Permission.INVITE_USERS) as view:
        here = await _here(view, list({key for key, _ in checked}))
        role = view.user.role if view.user else Role.PLATFORM_ADMIN
        allowed = await allowed_domains(view.tx, view.tenant_id)
        stays = await stays_of(view.tx, view.tenant_id)
    offered = invitable_roles(role, above_tenants=False)
    first: dict[str, int] = {}
    judged = []
    for row, (key, form) in zip(rows, checked, strict=True):
        fate, why = _judge(row, form, offered, here.get(key), first.get(key))
        if fate is Fate.INVITE and (outside := refusal(allowed, row.values["email"])):
            fate, why = Fate.CORRECT, outside
        if fate is Fate.INVITE and (too_long := _too_long(form, stays)):
            fate, why = Fate.CORRECT, too_long
        if fate is Fate.INVITE:
            first[key] = row.line
        judged.append(JudgedRow(row, fate, why))
    return judged


def _check(rows: Sequence[ImportRow]) -> list[tuple[str, Checked]]:
    """Each row's email, in the form in which emails are compared, and its form."""
    return [(email_key(row.values["email"]), read_form(row.values)) for row in rows]


def _judge(
    row: ImportRow,
    form: Checked,
    offered: Collection[Role],
    here: User | None,
    first: int | None,
) -> tuple[Fate, str]:
    if here is not None and here.active:
        return Fate.SKIP, "Invited already" if here.invited else "Active user already"
    if first is not None:
        return Fate.SKIP, f"Same as line {first}"
    if isinstance(form, InvalidInputError):
        wrong = dict(form.fields)
        if "role" in wrong and row.written_role:
            wrong["role"] = f"The role “{row.written_role[:60]}” isn’t known."
        if row.end_problem:
            wrong["end_date"] = row.end_problem
        return Fate.CORRECT, " ".join(wrong.values())
    if form.role not in offered:
        return Fate.CORRECT, f"You can’t invite a {form.role.label}."
    if here is not None:
        return Fate.INVITE, "A new account beside an inactive one"
    return Fate.INVITE, ""


def _too_long(form: Checked, stays: Stays) -> str:
    """What is said about a stay that the organisation doesn't allow."""
    if isinstance(form, InvalidInputError):
        return ""
    end = End(form.end_date, form.end_time, stays.zone) if form.end_date else stays.usual_end
    return stays.refusal(form.role, end)


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
