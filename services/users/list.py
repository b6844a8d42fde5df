"""The list of users: its columns, filters and order, declared once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import LinkPurpose, MailTemplate, OneTimeLink, OutgoingMail, Role, User
from services.core.db import Transaction
from services.core.names import mixed_letters
from services.lists.declaration import (
    Column,
    LiveList,
    Option,
    TextSearch,
    by,
    by_groups,
    check,
    choice,
)
from services.sessions import presence
from services.users.counts import count_here, find_counts
from services.users.row import UserRow, row_of


async def _rows(tx: Transaction, users: Sequence[User]) -> list[UserRow]:
    waiting = {user.id for user in users if user.invited}
    mails: dict[UUID, OutgoingMail] = {}
    ends: dict[UUID, datetime] = {}
    if waiting:
        found = await tx.exec(
            select(OutgoingMail, col(OneTimeLink.expires_at))
            .where(
                col(OutgoingMail.user_id).in_(waiting),
                OutgoingMail.template == MailTemplate.INVITATION,
            )
            .join(OneTimeLink, col(OneTimeLink.id) == col(OutgoingMail.link_id), isouter=True)
            # The one whose link is good, else the latest: times may lie, links don't.
            .order_by(col(OneTimeLink.void_at).is_(None), col(OutgoingMail.created_at))
        )
        for mail, end in found:  # the last of each wins
            mails[mail.user_id], ends[mail.user_id] = mail, end
    if without_mail := waiting - mails.keys():
        links = await tx.exec(
            select(OneTimeLink)
            .where(
                col(OneTimeLink.user_id).in_(without_mail),
                OneTimeLink.purpose == LinkPurpose.INVITATION,
                col(OneTimeLink.void_at).is_(None),
            )
            .order_by(col(OneTimeLink.created_at))
        )
        ends |= {link.user_id: link.expires_at for link in links if link.user_id}
    return [row_of(user, mails.get(user.id), ends.get(user.id)) for user in users]


def _beside(row: UserRow) -> Mapping[str, object]:
    mail = row.mail_progress or row.mail
    return {
        "mail": mail.value if mail else None,
        "online": presence.is_online(row.id) or None,
        "mixed": mixed_letters(row.mixed) or None,
    }


def _status(row: UserRow) -> str:
    if not row.active:
        return INACTIVE.label
    return INVITED.label if row.invited else ACTIVE.label


ACTIVE = Option("active", "Active", {"active": True, "invited": False})
INVITED = Option("invited", "Invited", {"active": True, "invited": True}, rare=True)
INACTIVE = Option("inactive", "Inactive", {"active": False})
HERE = Option("here", "Here now", {"online": True})


def _is_online() -> ColumnElement[bool]:
    return col(User.id).in_(presence.online_ids())


USERS = LiveList[UserRow](
    noun="user",
    plural="users",
    model=User,
    columns=(
        Column("name", "Name", sort=by(User.name_key), cell="person", search=True, opens=True),
        Column("email", "Email", sort=by(User.email_key), cell="muted", search=True),
        Column(
            "role",
            "Role",
            sort=by(User.role, User.name_key),
            cell="words",
            export=lambda row: row.role.label,
        ),
        Column(
            "status",
            "Status",
            sort=by_groups([ACTIVE.match, INVITED.match, INACTIVE.match], User.name_key),
            cell="status",
            export=_status,
        ),
    ),
    fields={
        "role": col(User.role),
        "active": col(User.active),
        "invited": col(User.first_sign_in_at).is_(None),
        "online": _is_online,
    },
    filters=(
        choice(
            "role",
            "Role",
            *(Option(role.value, role.label, {"role": role}) for role in Role),
            everything="All roles",
        ),
        choice("status", "Status", ACTIVE, INVITED, INACTIVE),
        check("here", "Here now", HERE.match),
    ),
    search=TextSearch(User.search_key, trigrams=("user_search", "user_search_row", "user_id")),
    breakdown=(ACTIVE, INVITED, INACTIVE),
    counters=find_counts,
    tallies={"here": count_here},
    rows=_rows,
    beside=_beside,
)
