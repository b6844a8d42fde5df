"""Reminders of ends: by mail, seven days and one day before, to the person who invited and to the
admins who want them; each is sent once, by any process."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlmodel import and_, col, or_, select

from models import EndReminder, MailTemplate, Role, Tenant, User
from services.access import one_time_links
from services.access.actor import IS_ACTIVE, ROLLCALL, Principal
from services.access.permissions import Permission, may
from services.audit.acting import acting
from services.core import clock
from services.core.errors import ConflictError
from services.database import runtime
from services.database.looking import looks_first
from services.database.transaction import Transaction, insert_missing, reading, transaction
from services.mail import outbox
from services.sign_in.personal_links import PLATFORM_NAME
from services.users.actions import UserAction
from services.users.ends import end_of

DISTANCES = (7, 1)
"""How many days before an end, the furthest first."""
READ_AT_ONCE = 500
BATCH = 10
"""How many reminders one transaction has: others who want to write wait for some milliseconds."""
_ADMINS = tuple(role for role in Role if may(role, Permission.EDIT_USERS))


@looks_first
async def want_reminders(actor: Principal, wanted: bool) -> None:
    """Have this admin reminded of everybody's end in their organisation, or not any more.

    Raises `ConflictError` for a user who isn't of the organisation.
    """
    async with acting(actor, Permission.EDIT_USERS) as act:
        if act.own.tenant_id is None or act.own.tenant_id != act.tenant_id:
            raise ConflictError("Reminders are for the organisation's own admins.")
        if act.own.wants_end_reminders is wanted:
            return
        act.own.wants_end_reminders = wanted
        await act.record(UserAction.END_REMINDERS_SET, act.own, wanted=wanted)


async def send_due() -> int:
    """Send the reminders that are due, some at a time; returns for how many ends."""
    if not outbox.is_configured():
        return 0
    count = 0
    for days in DISTANCES:
        while due := await _find_due(days):
            for at in range(0, len(due), BATCH):
                begun = time.monotonic()
                count += await _send(days, due[at : at + BATCH])
                # The other half of the time is left to others.
                await asyncio.sleep(time.monotonic() - begun)
            if len(due) < READ_AT_ONCE:
                break
    return count


async def _find_due(days: int) -> Sequence[UUID]:
    """The users whose end is near and about whom no reminder was sent, the nearest first. An end
    within the shorter distance gets the reminder of that distance."""
    now = clock.now()
    nearer = max((other for other in DISTANCES if other < days), default=0)
    reminded = select(EndReminder.user_id).where(
        col(EndReminder.user_id) == col(User.id),
        col(EndReminder.ends_at) == col(User.ends_at),
        EndReminder.days == days,
    )
    async with reading() as tx:
        found = await tx.exec(
            select(User.id)
            .where(
                User.active,
                col(User.ends_at) > now + timedelta(days=nearer),
                col(User.ends_at) <= now + timedelta(days=days),
                ~reminded.exists(),
            )
            .order_by(col(User.ends_at), col(User.id))
            .limit(READ_AT_ONCE)
        )
        return found.all()


async def _send(days: int, ids: Sequence[UUID]) -> int:
    """Note these reminders, and promise their mails, in one transaction; another process may have
    been faster with some."""
    now, count = clock.now(), 0
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        found = await tx.exec(select(User).where(col(User.id).in_(ids)).order_by(col(User.id)))
        users = [user for user in found if user.active and user.ends_at and user.ends_at > now]
        readers, tenants = await _readers(tx, users), await _tenants(tx, users)
        reminders = [
            EndReminder(user_id=user.id, ends_at=user.ends_at, days=days, sent_at=now)
            for user in users
            if user.ends_at is not None
        ]
        inserted = {reminder.user_id for reminder in await insert_missing(tx, reminders)}
        for user in users:
            assert user.ends_at is not None
            # Somebody who set the end a moment ago needn't be reminded that it is near.
            late = user.end_set_at is not None and user.end_set_at > user.ends_at - timedelta(days)
            if user.id not in inserted or late:
                continue
            tenant = tenants.get(user.tenant_id)
            for reader in _readers_of(user, readers):
                _promise(tx, reader, user, tenant)
            count += 1
    return count


async def _readers(tx: Transaction, users: Sequence[User]) -> Sequence[User]:
    """Everybody who may be reminded of one of these ends."""
    inviters = {user.invited_by_id for user in users if user.invited_by_id}
    tenants = {user.tenant_id for user in users if user.tenant_id}
    found = await tx.exec(
        select(User).where(
            IS_ACTIVE,
            or_(
                and_(col(User.id).in_(inviters), col(User.role).in_(_ADMINS)),
                and_(col(User.tenant_id).in_(tenants), col(User.role).in_(_ADMINS)),
            ),
        )
    )
    return found.all()


def _readers_of(user: User, readers: Sequence[User]) -> Sequence[User]:
    """The person who invited them, and the admins who want reminders; if there is nobody, all
    admins."""
    others = [reader for reader in readers if reader.id != user.id]
    admins = [reader for reader in others if reader.tenant_id == user.tenant_id]
    chosen = [
        reader
        for reader in others
        if reader.id == user.invited_by_id or (reader in admins and reader.wants_end_reminders)
    ]
    return chosen or admins


async def _tenants(tx: Transaction, users: Sequence[User]) -> Mapping[UUID | None, Tenant]:
    ids = {user.tenant_id for user in users if user.tenant_id}
    return {
        tenant.id: tenant for tenant in await tx.exec(select(Tenant).where(col(Tenant.id).in_(ids)))
    }


def _promise(tx: Transaction, reader: User, user: User, tenant: Tenant | None) -> None:
    end = end_of(user)
    base = runtime.current().settings.public_url
    base += one_time_links.path_of(tenant.slug if tenant else None)
    outbox.enqueue(
        tx,
        MailTemplate.END_REMINDER,
        reader,
        tenant_name=tenant.name if tenant else PLATFORM_NAME,
        person=user.full_name,
        person_email=user.email,
        ends=end.words if end else "",
        page_url=f"{base}/{'ends-soon' if tenant else 'users'}",
    )
