"""Links with which users choose a new password, made for them by an admin.

They are for people who have forgotten theirs and whom no mail reaches. Each link works once, and
for 30 minutes.
"""

from uuid import UUID

from models import LinkPurpose, MailTemplate, OneTimeLink, Role, Tenant, User
from services.access import one_time_links
from services.access.actor import Principal, is_open
from services.access.permissions import PASSWORD_LINKS, SECRETS, Permission, may
from services.audit.acting import Act, acting
from services.core.errors import ConflictError, TenantClosedError
from services.database import runtime
from services.database.looking import looks_first
from services.mail import outbox
from services.mail.events import MailProgressed
from services.sign_in.actions import PasswordAction
from services.sign_in.personal_links import PLATFORM_NAME
from services.sign_in.policy import required_provider


@looks_first
async def copy_link(actor: Principal, user_id: UUID) -> str:
    """The url of a new link for this user, to hand over; an earlier link is dead from now on.

    Needs a fresh sign-in, and for an admin's account the same as inviting them. Raises
    `ConflictError` if a password wouldn't let the user in.
    """
    async with acting(actor, Permission.RESET_PASSWORDS, lock=(user_id,)) as act:
        user, tenant, link = await _make(act, user_id)
        await act.record(PasswordAction.LINK_COPIED, user)
        base = runtime.current().settings.public_url
        path = one_time_links.path_of(tenant.slug if tenant else None)
        return f"{base}{path}/password/reset/{one_time_links.token_of(link)}"


@looks_first
async def mail_link(actor: Principal, user_id: UUID) -> str:
    """Send the user a new link; returns their email.

    Needs and raises the same as `copy_link`, and raises `ConflictError` if there is no mail server.
    """
    async with acting(actor, Permission.RESET_PASSWORDS, lock=(user_id,)) as act:
        user, tenant, link = await _make(act, user_id)
        await outbox.require_room(act.tx, user)
        mail = outbox.enqueue(
            act.tx,
            MailTemplate.RESET,
            user,
            link,
            tenant_name=tenant.name if tenant else PLATFORM_NAME,
            sender_name=act.user.full_name if act.user else PLATFORM_NAME,
        )
        if mail is None:
            raise ConflictError("No mail server is set up. Copy the link, and hand it over.")
        await act.record(PasswordAction.LINK_SENT, user)
        act.publish(MailProgressed(tenant_id=user.tenant_id, user_id=user.id))
        return user.email


def may_make(role: Role, of: Role) -> bool:
    """Whether somebody with this role may make a link for an account with the other role."""
    return may(role, SECRETS[PASSWORD_LINKS[of]].permission)


async def _make(act: Act, user_id: UUID) -> tuple[User, Tenant | None, OneTimeLink]:
    """A new link; the ones before it are dead."""
    tx = act.tx
    user = await act.get(User, user_id)
    await act.require(PASSWORD_LINKS[user.role])
    if act.user is not None and act.user.id == user.id:
        raise ConflictError("Change your own password in My account.")
    if not user.active:
        raise ConflictError(f"{user.full_name} is inactive. Activate the account first.")
    if user.invited and user.password_hash is None:
        raise ConflictError(
            f"{user.full_name} hasn't signed in yet. Resend the invitation, or copy its link."
        )
    if not await is_open(tx, user.tenant_id):
        raise TenantClosedError
    provider = await required_provider(tx, user)
    if provider is not None:
        raise ConflictError(f"{user.full_name} signs in with {provider}, and needs no password.")
    await one_time_links.void(tx, user.id, LinkPurpose.RESET)
    await outbox.cancel(tx, user.id, MailTemplate.RESET)
    link = one_time_links.issue(tx, LinkPurpose.RESET, user.id)
    await tx.flush()
    tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    return user, tenant, link
