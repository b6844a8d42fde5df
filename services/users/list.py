"""The list of users: its columns, filters and order, declared once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import ColumnElement, bindparam, case, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from models import (
    INVITING,
    Authenticator,
    LinkPurpose,
    OneTimeLink,
    OutgoingMail,
    Passkey,
    Role,
    User,
)
from services.database.prepared import Prepared
from services.database.transaction import Transaction
from services.lists.declaration import (
    Column,
    IndexRange,
    LiveList,
    Option,
    TextSearch,
    ages,
    by,
    by_groups,
    by_optional,
    check,
    choice,
    dates,
    person,
)
from services.lists.matches import Given, Within
from services.sessions import presence
from services.users.counts import count_here, find_counts
from services.users.row import SecondFactorKind, UserRow, row_of

# What a row shows of a mail, and `OutgoingMail.progress` looks at.
_MAIL: tuple[Any, ...] = (
    *(OutgoingMail.user_id, OutgoingMail.state, OutgoingMail.last_answer),
    *(OutgoingMail.maybe_arrived, OutgoingMail.handed_over_at, OutgoingMail.leased_until),
)
# Each page of the list asks for them.
_INVITATIONS = Prepared(
    sqlalchemy.select(*_MAIL, col(OneTimeLink.expires_at))
    .where(
        col(OutgoingMail.user_id).in_(bindparam("waiting", expanding=True)),
        col(OutgoingMail.template).in_(INVITING),
    )
    .join(OneTimeLink, col(OneTimeLink.id) == col(OutgoingMail.link_id), isouter=True)
    # The invitation whose link is good, else the latest: the times may be wrong, the link isn't.
    .order_by(col(OneTimeLink.void_at).is_(None), col(OutgoingMail.created_at)),
    sees_changes=True,
)
_LINKS = Prepared(
    select(OneTimeLink.user_id, OneTimeLink.expires_at)
    .where(
        col(OneTimeLink.user_id).in_(bindparam("waiting", expanding=True)),
        OneTimeLink.purpose == LinkPurpose.INVITATION,
        col(OneTimeLink.void_at).is_(None),
    )
    .order_by(col(OneTimeLink.created_at)),
    sees_changes=True,
)


async def _rows(tx: Transaction, users: Sequence[User]) -> list[UserRow]:
    waiting = [user.id for user in users if user.first_sign_in_at is None]
    mails: dict[UUID, Any] = {}
    ends: dict[UUID, datetime] = {}
    if waiting:
        for mail in await _INVITATIONS.rows(tx, waiting=waiting):  # the last one of each wins
            mails[mail.user_id], ends[mail.user_id] = mail, mail.expires_at
    if without_mail := [user_id for user_id in waiting if user_id not in mails]:
        links = await _LINKS.rows(tx, waiting=without_mail)
        ends |= {user_id: end for user_id, end in links if user_id}
    return [row_of(user, mails.get(user.id), ends.get(user.id)) for user in users]


async def _with_second_factor(tx: Transaction, rows: Sequence[UserRow]) -> list[UserRow]:
    asked = select(User.id, _SECOND_FACTOR).where(col(User.id).in_([row.id for row in rows]))
    kinds = {user_id: SecondFactorKind(kind) for user_id, kind in await tx.exec(asked)}
    return [replace(row, second_factor=kinds[row.id]) for row in rows]


async def _with_joined(tx: Transaction, rows: Sequence[UserRow]) -> list[UserRow]:
    asked = select(User.id, User.first_sign_in_at).where(col(User.id).in_([r.id for r in rows]))
    times = dict((await tx.exec(asked)).all())
    return [replace(row, joined=times[row.id]) for row in rows]


async def _with_inviter(tx: Transaction, rows: Sequence[UserRow]) -> list[UserRow]:
    asked = (
        select(User.id, _inviter)
        .join(_inviter, col(_inviter.id) == col(User.invited_by_id))
        .where(col(User.id).in_([row.id for row in rows]))
    )
    names = {user_id: by.full_name for user_id, by in await tx.exec(asked)}
    return [replace(row, invited_by=names.get(row.id, "")) for row in rows]


def _beside(row: UserRow) -> Mapping[str, object]:
    mail = row.mail_progress or row.mail
    return {
        "mail": mail.value if mail else None,
        "online": presence.is_online(row.id) or None,
        "mixed": row.mixed or None,
    }


def _status(row: UserRow) -> str:
    if not row.active:
        return INACTIVE.label
    return INVITED.label if row.invited else ACTIVE.label


ACTIVE = Option("active", "Active", {"active": True, "invited": False})
INVITED = Option("invited", "Invited", {"active": True, "invited": True}, rare=True)
INACTIVE = Option("inactive", "Inactive", {"active": False})
CONTRACTOR = Option("yes", "Yes", {"contractor": "yes"})
HERE = Option("here", "Here now", {"online": True})


def _is_online() -> ColumnElement[bool]:
    return col(User.id).in_(presence.online_ids())


_SECOND_FACTOR: ColumnElement[str] = case(
    (exists().where(col(Passkey.user_id) == col(User.id)), SecondFactorKind.PASSKEY.value),
    (
        exists().where(
            col(Authenticator.user_id) == col(User.id), col(Authenticator.confirmed_at).is_not(None)
        ),
        SecondFactorKind.APP.value,
    ),
    else_=SecondFactorKind.NONE.value,
)
_inviter = aliased(User)
_INVITER_KEY: ColumnElement[str] = func.coalesce(
    select(_inviter.name_key)
    .where(col(_inviter.id) == col(User.invited_by_id))
    .correlate(User)
    .scalar_subquery(),
    "",
)
PASSKEY, APP, NOTHING = (
    Option(kind.value, kind.label, {"second_factor": kind.value}) for kind in SecondFactorKind
)


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
        Column(
            "last_active",
            "Last active",
            sort=by_optional("last_active", User.last_active_at, User.name_key),
            cell="seen",
        ),
        Column(
            "second_factor",
            "Second factor",
            sort=by_groups([PASSKEY.match, APP.match, NOTHING.match], User.name_key),
            cell="words",
            shown=False,
            export=lambda row: row.second_factor.label,
        ),
        Column(
            "joined",
            "Joined",
            sort=by_optional("joined", User.first_sign_in_at, User.name_key),
            cell="date",
            shown=False,
        ),
        Column(
            "invited_by",
            "Invited by",
            sort=(
                IndexRange({"invited_by_id": None}, (User.name_key,)),
                IndexRange({"invited_by_id": Given()}, (_INVITER_KEY, User.name_key)),
            ),
            cell="inviter",
            shown=False,
        ),
        Column(
            "contractor",
            "Contractor",
            cell="choice",
            shown=False,
            export=lambda row: row.contractor,
        ),
    ),
    fields={
        "role": col(User.role),
        "active": col(User.active),
        "invited": col(User.first_sign_in_at).is_(None),
        "online": _is_online,
        "last_active": col(User.last_active_at),
        "joined": col(User.first_sign_in_at),
        "invited_by_id": col(User.invited_by_id),
        "end_date": col(User.end_date),
        "contractor": case((col(User.contractor), CONTRACTOR.key), else_=""),
        "returned": col(User.returned_at),
        "second_factor": _SECOND_FACTOR,
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
        choice("seen", "Last active", *ages("last_active"), everything="Any time", quiet=True),
        choice("factor", "Second factor", PASSKEY, APP, NOTHING, everything="Any", quiet=True),
        dates("joined", "Joined", quiet=True),
        person("inviter", "Invited by", field="invited_by_id", quiet=True),
        choice(
            "end",
            "End date",
            Option("none", "None", {"end_date": None}),
            Option("set", "With an end date", {"end_date": Given()}),
            everything="Any",
            quiet=True,
        ),
        choice("contractor", "Contractor", CONTRACTOR, everything="Any", quiet=True),
        choice(
            "back",
            "Came back",
            Option("year", "In the last year", {"returned": Within(365)}),
            everything="Any time",
            quiet=True,
        ),
    ),
    search=TextSearch(User.search_key, trigrams=("user_search", "user_search_row", "user_id")),
    breakdown=(ACTIVE, INVITED, INACTIVE),
    counters=find_counts,
    tallies={"here": count_here},
    rows=_rows,
    more={
        "second_factor": _with_second_factor,
        "joined": _with_joined,
        "invited_by": _with_inviter,
    },
    beside=_beside,
    reads=(
        User.id,
        User.first_name,
        User.last_name,
        User.name_key,
        User.email,
        User.email_key,
        User.search_key,
        User.role,
        User.active,
        User.version,
        User.first_sign_in_at,
        User.last_sign_in_at,
        User.last_active_at,
        User.contractor,
        User.end_date,
        User.end_time,
        User.end_zone,
        User.invited_by_id,
        User.returned_at,
        User.successor_id,
        User.picture,
    ),
)
