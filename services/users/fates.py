"""What an act on many users means for each of them: told before the act, and decided again when it
comes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkKind, Role, User
from services.access.actor import IS_ACTIVE
from services.access.permissions import may_invite
from services.audit.acting import View
from services.bulk.kinds import Fate
from services.database.transaction import Transaction
from services.users.ends import End, end_of
from services.users.stays import Stays, stays_of

OUT = Fate(
    "out", "loses their access at once", "lose their access at once", "Deactivated", changes=True
)
WITHDRAWN = Fate(
    "withdrawn",
    "invitation is withdrawn",
    "invitations are withdrawn",
    "Invitation withdrawn",
    changes=True,
    note="Their links stop working.",
    results="Invitations withdrawn",
)
INACTIVE = Fate(
    "inactive", "is inactive already", "are inactive already", "Skipped: inactive already", False
)
ONESELF = Fate(
    "self", "is skipped", "are skipped", "Skipped: yourself", note="You can’t do this to yourself."
)
LAST_ADMIN = Fate(
    "last_admin",
    "is skipped",
    "are skipped",
    "Skipped: the last Tenant Admin",
    note="The last active Tenant Admin stays: nobody else could manage the users.",
)
BACK = Fate("back", "may sign in again", "may sign in again", "Activated", changes=True)
UNINVITED = Fate(
    "uninvited",
    "is activated, and needs a new invitation",
    "are activated, and need a new invitation",
    "Activated: resend the invitation",
    changes=True,
    note="Their old links stay dead.",
    results="Activated: resend the invitations",
)
ACTIVE = Fate("active", "is active already", "are active already", "Skipped: active already")
NEWER = Fate(
    "newer",
    "has a newer active account",
    "have a newer active account",
    "Skipped: has a newer active account",
    note="Deactivate the newer one first.",
)
RENEWED = Fate(
    "renewed",
    "gets a new invitation",
    "get a new invitation",
    "Invitation renewed",
    changes=True,
    note="The old links stop working.",
    results="Invitations renewed",
)
LINK = Fate(
    "link",
    "has a link to hand over",
    "have a link to hand over",
    "Link copied",
    changes=True,
    results="Links copied",
)
JOINED = Fate(
    "joined",
    "has signed in already",
    "have signed in already",
    "Skipped: has signed in already",
    note="They can use “Forgot password?” themselves.",
)
OUT_OF_REACH = Fate(
    "out_of_reach",
    "is a Tenant Admin",
    "are Tenant Admins",
    "Skipped: a Tenant Admin’s invitation",
    note="Platform Admins invite Tenant Admins.",
)
DATED = Fate(
    "dated",
    "gets this end date",
    "get this end date",
    "End date set",
    changes=True,
    results="End dates set",
)
SAME_DATE = Fate(
    "same_date",
    "has this end date already",
    "have this end date already",
    "Skipped: has it already",
)

TOO_LONG = Fate(
    "too_long",
    "is skipped",
    "are skipped",
    "Skipped: longer than the organisation allows",
    note="Only Tenant Admins have access for so long (Settings, Reviews and end dates).",
)

_CHANGED = (OUT, WITHDRAWN, BACK, UNINVITED, RENEWED, LINK, DATED)
_SKIPPED = (INACTIVE, ACTIVE, SAME_DATE, TOO_LONG, JOINED, NEWER, OUT_OF_REACH, LAST_ADMIN, ONESELF)
FATES = {fate.key: fate for fate in (*_CHANGED, *_SKIPPED)}
"""All fates by their keys, in the order in which they are shown."""


@dataclass
class Facts:
    """What a fate depends on besides the person: who acts, which Tenant Admins are left, whose
    emails have an active account here, and how long people may stay."""

    own_id: UUID | None
    role: Role
    admins: set[UUID]
    taken: set[str]
    stays: Stays


async def read_facts(view: View, users: Sequence[User]) -> Facts:
    """What holds right now for these people."""
    taken = await view.tx.exec(
        select(User.email_key).where(
            col(User.email_key).in_([user.email_key for user in users if not user.active]),
            User.active,
            User.tenant_id == view.tenant_id,
        )
    )
    return Facts(
        view.principal.user_id,
        view.user.role if view.user else Role.PLATFORM_ADMIN,
        set(await admin_ids(view.tx, view.tenant_id)),
        set(taken),
        await stays_of(view.tx, view.tenant_id),
    )


async def admin_ids(tx: Transaction, tenant_id: UUID | None) -> Sequence[UUID]:
    """The active Tenant Admins of a tenant. Whether another one would remain can only be decided
    with all of them locked."""
    found = await tx.exec(
        select(User.id).where(
            User.tenant_id == tenant_id, User.role == Role.TENANT_ADMIN, IS_ACTIVE
        )
    )
    return found.all()


def fate_of(run: BulkAct, person: Mapping[str, Any], user: User, facts: Facts) -> Fate:
    """What the act means for one person, after those before them."""
    if run.kind is BulkKind.DEACTIVATE:
        return _deactivated(user, facts)
    if run.kind is BulkKind.ACTIVATE:
        return _activated(user, facts)
    if run.kind is not BulkKind.END_DATE:
        return _invited(run.kind, user, facts)
    if user.id == facts.own_id:
        return ONESELF
    end = end_for(run, person)
    if end_of(user) == end:
        return SAME_DATE
    # What is being undone was allowed when it was done.
    return TOO_LONG if not run.undoes_id and facts.stays.refusal(user.role, end) else DATED


def end_for(run: BulkAct, person: Mapping[str, Any]) -> End | None:
    """The end that the act gives a person: the act's own; or, if it undoes another act, the one
    that the person had before that."""
    return end_of_values(person.get("end", run.chosen))


def values_of_end(end: End | None) -> dict[str, Any] | None:
    """An end as it is stored with an act."""
    if end is None:
        return None
    at = f"{end.at:%H:%M}" if end.at else None
    return {"day": end.day.isoformat(), "at": at, "zone": end.zone}


def end_of_values(values: Mapping[str, Any] | None) -> End | None:
    """The same, read back."""
    if values is None:
        return None
    at = time.fromisoformat(values["at"]) if values["at"] else None
    return End(date.fromisoformat(values["day"]), at, values["zone"])


def _deactivated(user: User, facts: Facts) -> Fate:
    if not user.active:
        return INACTIVE
    if user.id == facts.own_id:
        return ONESELF
    if facts.admins == {user.id}:
        return LAST_ADMIN
    facts.admins.discard(user.id)  # one less for the people after this one
    return WITHDRAWN if user.invited else OUT


def _activated(user: User, facts: Facts) -> Fate:
    if user.active:
        return ACTIVE
    if user.email_key in facts.taken:
        return NEWER
    return UNINVITED if user.invited else BACK


def _invited(kind: BulkKind, user: User, facts: Facts) -> Fate:
    if not user.active:
        return INACTIVE
    if not user.invited:
        return JOINED
    if not may_invite(facts.role, user.role):
        return OUT_OF_REACH
    return RENEWED if kind is BulkKind.RESEND else LINK
