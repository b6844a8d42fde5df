"""Changing an account's email: by its owner, confirmed from the new mailbox, with a way back for
the old one; or by an admin. Single sign-on links by the provider's subject, so that this changes
nothing there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from models import (
    CalendarFeed,
    EmailChange,
    EndReason,
    ExternalIdentity,
    LinkPurpose,
    MailTemplate,
    OneTimeLink,
    Tenant,
    User,
)
from services.access import one_time_links
from services.access.actor import Principal, lock_users
from services.access.permissions import INVITATIONS, PASSWORD_LINKS, Permission, Secret
from services.audit.acting import acting
from services.audit.actions import AuditAction
from services.audit.writing import record
from services.core import clock
from services.core.emails import email_key
from services.core.errors import ConflictError, InvalidInputError
from services.core.forms import Form, email
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading, transaction
from services.mail import outbox
from services.sessions import known_devices
from services.sessions.sessions import Caller, end
from services.sign_in.actions import SecondFactorAction
from services.sign_in.personal_links import PLATFORM_NAME, user_of_link
from services.sign_in.second_factors import totp
from services.users import emails_elsewhere
from services.users.accounts import set_names
from services.users.actions import UserAction
from services.users.allowed_domains import allowed_domains, refusal
from services.users.emails_elsewhere import (
    IN_USE,
    InUseElsewhereError,
    active_with,
    counting_answers,
    is_taken,
)
from services.users.events import UserEdited
from services.users.invitation_links import renew, require_open

NOTHING: Mapping[str, str] = {}
NO_MAIL = (
    "No mail server is set up, so the new email can't be confirmed. An admin can change it for you."
)
TAKEN = "This email belongs to another account by now. Ask your admin."


class EmailForm(Form):
    """The email that an account gets."""

    email: str = email("New email")


@dataclass(frozen=True)
class Offered:
    """What the page of a link shows before anything is decided."""

    user_id: UUID
    first_name: str
    old_email: str
    new_email: str
    tenant_slug: str | None


@looks_first
async def request_change(actor: Principal, form: EmailForm) -> str:
    """Send a link to the new email of the actor, which confirms it; returns that email.

    Needs a fresh sign-in. Raises `InvalidInputError`, `ConflictError` without a mail server, and
    `TooManyAttemptsError` for callers who ask for emails of other organisations too often.
    """
    async with (
        counting_answers(actor),
        acting(actor, Secret.OWN_EMAIL) as act,
    ):
        tx, user = act.tx, act.own
        if not outbox.is_configured():
            raise ConflictError(NO_MAIL)
        await outbox.require_room(tx, user)
        await emails_elsewhere.check_pause(tx, actor)
        await _require_free(tx, user, form.email)
        await one_time_links.void(tx, user.id, LinkPurpose.EMAIL_CONFIRM)
        await outbox.cancel(tx, user.id, MailTemplate.EMAIL_CONFIRM)
        link = one_time_links.issue(tx, LinkPurpose.EMAIL_CONFIRM, user.id)
        await tx.flush()
        act.add(
            EmailChange(
                user_id=user.id,
                old_email=user.email,
                new_email=form.email,
                link_id=link.id,
                created_at=clock.now(),
            )
        )
        await _tell(tx, MailTemplate.EMAIL_CONFIRM, user, form.email, link)
        await act.record(UserAction.EMAIL_CHANGE_REQUESTED, user, email=form.email)
        act.publish(UserEdited.of(user))
        return form.email


@looks_first
async def cancel_change(actor: Principal) -> None:
    """Void the link that waits in the actor's new mailbox."""
    async with acting(actor, Permission.USE_OWN_ACCOUNT) as act:
        if await waiting_change(act.tx, act.own.id, clock.now()) is None:
            return
        await one_time_links.void(act.tx, act.own.id, LinkPurpose.EMAIL_CONFIRM)
        await outbox.cancel(act.tx, act.own.id, MailTemplate.EMAIL_CONFIRM)
        await act.record(UserAction.EMAIL_CHANGE_CANCELLED, act.own)
        act.publish(UserEdited.of(act.own))


@looks_first
async def change_email(actor: Principal, user_id: UUID, form: EmailForm) -> User:
    """Give somebody another email, as their admin; both mailboxes are told.

    A user who is still invited gets a new invitation at the new email. Needs a fresh sign-in, and
    for an admin's account the same as making them a password link. Raises what `request_change`
    raises.
    """
    try:
        async with (
            counting_answers(actor),
            acting(actor, Secret.EMAIL, lock=(user_id,)) as act,
        ):
            user = await act.get(User, user_id)
            if user.id == actor.user_id:
                raise ConflictError("Change your own email in My account.")
            await act.require((INVITATIONS if user.invited else PASSWORD_LINKS)[user.role])
            await emails_elsewhere.check_pause(act.tx, actor)
            await _require_free(act.tx, user, form.email)
            before = user.email
            await _set(act.tx, user, form.email)
            await act.record(UserAction.EMAIL_CHANGED, user, before=before, after=user.email)
            if user.active and user.invited:
                await require_open(act.tx, user.tenant_id)
                await renew(act, [user])
            elif user.active:
                by = act.user.full_name if act.user else PLATFORM_NAME
                for recipient in (before, user.email):
                    told = {"old_email": before, "new_email": user.email, "by": by}
                    await _tell(act.tx, MailTemplate.EMAIL_CHANGED, user, recipient, told=told)
            return user
    except IntegrityError as error:  # another account took the email at this very moment
        if not is_taken(error):
            raise
        raise InvalidInputError({"email": IN_USE}) from error


async def open_confirmation(slug: str | None, token: str) -> Offered:
    """What the page shows that confirms a change; it doesn't use the link up. Raises
    `DeadLinkError`."""
    return await _open(LinkPurpose.EMAIL_CONFIRM, slug, token)


async def open_way_back(slug: str | None, token: str) -> Offered:
    """What the page shows that takes a change back; it doesn't use the link up. Raises
    `DeadLinkError`."""
    return await _open(LinkPurpose.EMAIL_REVERT, slug, token)


async def confirm(slug: str | None, token: str, caller: Caller) -> Offered:
    """Change the email, on behalf of the reader of the new mailbox. The old mailbox is told, with a
    way back.

    Raises `DeadLinkError`, and `ConflictError` if somebody else has the email by now.
    """
    offered = await open_confirmation(slug, token)
    try:
        async with transaction() as tx:
            await lock_users(tx, [offered.user_id])
            link, user, change = await _use(tx, LinkPurpose.EMAIL_CONFIRM, slug, token)
            await _require_still_free(tx, user, change.new_email)
            before = change.old_email = user.email
            await _set(tx, user, change.new_email)
            change.confirmed_at = link.used_at
            back = one_time_links.issue(tx, LinkPurpose.EMAIL_REVERT, user.id)
            await tx.flush()
            change.revert_link_id = back.id
            told = {"old_email": before, "new_email": user.email, "by": ""}
            await _tell(tx, MailTemplate.EMAIL_CHANGED, user, before, back, told=told)
            await _log(tx, UserAction.EMAIL_CHANGED, user, caller, before=before, after=user.email)
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise ConflictError(TAKEN) from error
    return offered


async def take_back(slug: str | None, token: str, caller: Caller) -> Offered:
    """Give the account its old email again, on behalf of the owner of that mailbox, and end all its
    sessions.

    The person who changed it may know the password, too: it stops working, and so do the second
    factors and the provider's accounts that were added since. The address of the account's calendar
    stops, however old it is, since whoever was in could read it. Raises what `confirm` raises.
    """
    offered = await open_way_back(slug, token)
    try:
        async with transaction(urgent=True) as tx:
            await lock_users(tx, [offered.user_id])
            link, user, change = await _use(tx, LinkPurpose.EMAIL_REVERT, slug, token)
            before = user.email
            await _require_still_free(tx, user, change.old_email, any_domain=True)
            await _set(tx, user, change.old_email)
            change.reverted_at = link.used_at
            await one_time_links.void(tx, user.id, LinkPurpose.EMAIL_REVERT)
            user.password_hash = None
            await _forget_ways_in(tx, user, change.created_at, caller)
            cause = await _log(
                tx,
                UserAction.EMAIL_CHANGE_TAKEN_BACK,
                user,
                caller,
                before=before,
                after=user.email,
            )
            await end(tx, user, EndReason.REVOKED, cause=cause)
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise ConflictError(TAKEN) from error
    return offered


async def _forget_ways_in(tx: Transaction, user: User, since: datetime, caller: Caller) -> None:
    linked = col(ExternalIdentity.linked_at) >= since
    await tx.exec(delete(ExternalIdentity).where(col(ExternalIdentity.user_id) == user.id, linked))
    await tx.exec(delete(CalendarFeed).where(col(CalendarFeed.user_id) == user.id))
    if await totp.forget_since(tx, user, since):
        await _log(tx, SecondFactorAction.RESET, user, caller)
    await known_devices.forget(tx, user)


async def waiting_change(tx: Transaction, user_id: UUID, now: datetime) -> EmailChange | None:
    """The change that a user has asked for and not confirmed, while its link lives."""
    found = await tx.exec(
        select(EmailChange)
        .join(OneTimeLink, col(OneTimeLink.id) == col(EmailChange.link_id))
        .where(
            EmailChange.user_id == user_id,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
            col(OneTimeLink.expires_at) > now,
        )
    )
    return found.first()


async def _open(purpose: LinkPurpose, slug: str | None, token: str) -> Offered:
    async with reading() as tx:
        link = await one_time_links.get_live(tx, purpose, token)
        user, _ = await user_of_link(tx, link, slug)
        change = await _change_of(tx, link)
        old = change.old_email if purpose is LinkPurpose.EMAIL_REVERT else user.email
        new = user.email if purpose is LinkPurpose.EMAIL_REVERT else change.new_email
        return Offered(user.id, user.first_name, old, new, slug)


async def _use(
    tx: Transaction, purpose: LinkPurpose, slug: str | None, token: str
) -> tuple[OneTimeLink, User, EmailChange]:
    link = await one_time_links.get_live(tx, purpose, token)
    user, _ = await user_of_link(tx, link, slug)
    link.used_at = clock.now()
    return link, user, await _change_of(tx, link)


async def _change_of(tx: Transaction, link: OneTimeLink) -> EmailChange:
    own = (
        EmailChange.link_id
        if link.purpose is LinkPurpose.EMAIL_CONFIRM
        else EmailChange.revert_link_id
    )
    return (await tx.exec(select(EmailChange).where(col(own) == link.id))).one()


async def _require_free(tx: Transaction, user: User, wanted: str) -> None:
    """Raise if this user can't have this email."""
    if wanted == user.email:
        raise InvalidInputError({"email": "This is the email already."})
    refused = refusal(await allowed_domains(tx, user.tenant_id), wanted)
    if refused:
        raise InvalidInputError({"email": refused})
    if not user.active:
        return
    other = await active_with(tx, wanted)
    if other is None or other.id == user.id:
        return
    if other.tenant_id == user.tenant_id:
        raise InvalidInputError({"email": IN_USE})
    raise InUseElsewhereError


async def _require_still_free(
    tx: Transaction, user: User, wanted: str, *, any_domain: bool = False
) -> None:
    allowed = () if any_domain else await allowed_domains(tx, user.tenant_id)
    refused = refusal(allowed, wanted)
    if refused:
        raise ConflictError(refused)
    other = await active_with(tx, wanted)
    if other is not None and other.id != user.id:
        raise ConflictError(TAKEN)


async def _set(tx: Transaction, user: User, email: str) -> None:
    """Give the user this email; links and mails that are on their way to the old one are void."""
    old_key = user.search_key
    user.email, user.email_key = email, email_key(email)
    set_names(user, user.first_name, user.last_name)
    user.changed()
    await tx.flush()
    await one_time_links.void(tx, user.id, LinkPurpose.RESET, LinkPurpose.EMAIL_CONFIRM)
    await outbox.cancel(
        tx, user.id, MailTemplate.RESET, MailTemplate.EMAIL_CONFIRM, MailTemplate.MENTIONED
    )
    tx.publish(UserEdited.of(user, old_key))


async def _tell(
    tx: Transaction,
    template: MailTemplate,
    user: User,
    recipient: str,
    link: OneTimeLink | None = None,
    *,
    told: Mapping[str, str] = NOTHING,
) -> None:
    tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    name = tenant.name if tenant else PLATFORM_NAME
    mail = outbox.enqueue(tx, template, user, link, tenant_name=name)
    if mail is not None:
        mail.recipient = recipient
        mail.params = {**mail.params, **told}


async def _log(
    tx: Transaction, action: AuditAction, user: User, caller: Caller, **details: Any
) -> UUID:
    entry = await record(tx, action, actor=None, by=user, subject=user, ip=caller.ip, **details)
    return entry.id
