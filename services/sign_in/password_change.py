"""Changing one's password: from My account, or by a link when it was forgotten."""

import asyncio
import time

from sqlmodel import select

from models import EndReason, LinkPurpose, MailTemplate, Role, SignInMethod, Tenant, User
from services.access import one_time_links
from services.access.actor import Actor, find_open_tenant, lock_users
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.audit.writing import record
from services.core import clock
from services.core.emails import email_key, tried
from services.core.errors import InvalidInputError, SessionEndedError
from services.core.operator_log import noting_pauses
from services.database.transaction import Transaction, reading, transaction
from services.mail import outbox
from services.sessions import known_devices
from services.sessions.sessions import Caller, end
from services.sign_in import confirmation, throttle
from services.sign_in.actions import PasswordAction
from services.sign_in.passwords import (
    Strength,
    check_password,
    estimate,
    hash_password,
    slot,
    verify_password,
)
from services.sign_in.personal_links import (
    PLATFORM_NAME,
    LinkView,
    open_link,
    own_words,
    user_of_link,
)
from services.sign_in.policy import required_provider
from services.sign_in.sign_in import SignedIn, require_started, start_session_or_second_step

# A request for a link takes at least this many seconds, whether the account exists or not: far
# longer than the work behind it.
REQUEST_SECONDS = 0.3


@noting_pauses
async def request_reset(slug: str | None, email: str, caller: Caller) -> None:
    """Send a link for a new password, if an active account has this email here.

    Says and does the same for any email. Raises `TooManyAttemptsError`.
    """
    started = time.monotonic()
    try:
        account = f"reset:{email_key(email)}"
        counters = throttle.keys(account, caller.ip, throttle.FromIp.RESET)
        async with reading() as tx:
            await throttle.check(tx, counters)
        async with transaction(patient=True) as tx:
            await throttle.claim_in(tx, counters)
            user, tenant = await _find(tx, slug, email)
            await record(
                tx,
                PasswordAction.RESET_REQUESTED,
                actor=None,
                subject=user,
                tenant_id=tenant.id if tenant else None,
                ip=caller.ip,
                email=tried(email),
            )
            if user is not None and await required_provider(tx, user) is None:
                await one_time_links.void(tx, user.id, LinkPurpose.RESET)
                await outbox.cancel(tx, user.id, MailTemplate.RESET)
                link = one_time_links.issue(tx, LinkPurpose.RESET, user.id)
                await tx.flush()
                outbox.enqueue(
                    tx,
                    MailTemplate.RESET,
                    user,
                    link,
                    tenant_name=tenant.name if tenant else PLATFORM_NAME,
                )
    finally:
        await asyncio.sleep(max(0.0, REQUEST_SECONDS - (time.monotonic() - started)))


async def open_reset(slug: str | None, token: str) -> LinkView:
    """What the page of a reset link shows; it doesn't use the link up. Raises `DeadLinkError`."""
    return await open_link(LinkPurpose.RESET, slug, token)


async def reset(slug: str | None, token: str, password: str, caller: Caller) -> SignedIn:
    """Set a new password by a link: ends every session of the user, and begins a new one.

    Raises `DeadLinkError`, `InvalidInputError`, and, after the password is set,
    `SecondStepNeededError` if the user has a second factor.
    """
    before = await open_reset(slug, token)
    await check_password(password, before.own_words)
    hashed = await hash_password(password)
    async with transaction(urgent=True) as tx:
        await lock_users(tx, [before.user_id])
        link = await one_time_links.get_live(tx, LinkPurpose.RESET, token)
        user, tenant = await user_of_link(tx, link, slug)
        link.used_at = clock.now()
        await one_time_links.void(tx, user.id, LinkPurpose.INVITATION, LinkPurpose.RESET)
        await one_time_links.void_email_change(tx, user)
        user.password_hash = hashed
        entry = await record(
            tx, PasswordAction.RESET, actor=None, by=user, subject=user, ip=caller.ip
        )
        await end(tx, user, EndReason.PASSWORD_CHANGED, cause=entry.id)
        await known_devices.forget(tx, user)
        started = await start_session_or_second_step(tx, user, caller, tenant, SignInMethod.LINK)
    return require_started(started)


async def judge_new_password(actor: Actor, password: str) -> Strength:
    """How good a new password is, while it is typed."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        user = view.own
        tenant = await view.tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    return await estimate(password, own_words(user, tenant))


async def change_password(actor: Actor, current: str, new: str) -> int:
    """Change one's own password, which ends one's other sessions; returns how many.

    Raises `InvalidInputError` for a wrong current or a bad new password, and `TooManyAttemptsError`
    for guessing the current one.
    """
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        user = view.own
        counters = throttle.person_key(throttle.Purpose.PASSWORD_CHANGE, user.id)
        await throttle.check(view.tx, counters)
        tenant = await view.tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    stored = user.password_hash
    # Checked before the current password: a bad choice is not a guess at that.
    await check_password(new, own_words(user, tenant), field="new")
    with slot():
        await throttle.claim(counters)
        matches = await verify_password(current, stored)
    if not matches:
        await confirmation.note_failure(actor)
        raise InvalidInputError({"current": "This isn't your current password."})
    hashed = await hash_password(new)
    async with acting(actor, Permission.USE_OWN_ACCOUNT, urgent=True) as act:
        fresh = act.own
        if fresh.password_hash != stored:
            raise SessionEndedError
        fresh.password_hash = hashed
        await throttle.forget(act.tx, counters)
        await one_time_links.void(act.tx, fresh.id, LinkPurpose.RESET)
        await one_time_links.void_email_change(act.tx, fresh)
        cause = await act.record(PasswordAction.CHANGED, fresh)
        return await end(
            act.tx, fresh, EndReason.PASSWORD_CHANGED, cause=cause, keep=actor.session_id
        )


async def _find(tx: Transaction, slug: str | None, email: str) -> tuple[User | None, Tenant | None]:
    tenant = await find_open_tenant(tx, slug)
    user = (
        await tx.exec(
            select(User)
            .where(User.email_key == email_key(email), User.active)
            .with_for_update(key_share=True)
        )
    ).first()
    here = user is not None and (
        user.role is Role.PLATFORM_ADMIN
        if slug is None
        else tenant is not None and user.tenant_id == tenant.id
    )
    return (user if here else None), tenant
