"""One-time links. A link's token is derived from the signing secret, so that only its hash is
stored, and a mail can still be written, retried, or copied by hand later."""

import base64
import hmac
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, or_, select, update

from models import LinkPurpose, OneTimeLink, User
from services.access.events import EmailLinkVoided
from services.core import clock
from services.core.errors import DeadLinkError, OperatorError
from services.core.secrets import derive, token_hash
from services.database import runtime
from services.database.transaction import Transaction

LIFETIMES = {
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.RESET: timedelta(minutes=30),
    LinkPurpose.CUSTOMER_INVITATION: timedelta(days=7),
    LinkPurpose.CUSTOMER_VISIT: timedelta(minutes=30),
    LinkPurpose.EMAIL_CONFIRM: timedelta(days=1),
    LinkPurpose.EMAIL_REVERT: timedelta(days=7),
    # It is good until the first account exists; `setup` checks that.
    LinkPurpose.SETUP: timedelta(days=3650),
}

# How many of the oldest living links say which signing secret they were made with.
SAMPLE = 100
_DEAD = {
    LinkPurpose.EMAIL_CONFIRM: (
        "This link is no longer valid: it was used, replaced by a newer one, or is older than a "
        "day. Change your email in My account once more."
    ),
    LinkPurpose.EMAIL_REVERT: (
        "This link is no longer valid: it was used, the email was set back already, or the link is "
        "older than 7 days. Ask your admin to set your email back."
    ),
    LinkPurpose.INVITATION: (
        "This invitation link is no longer valid: it was used, withdrawn, replaced by a newer "
        "one, or is older than 7 days. If you have chosen a password already, sign in. Otherwise "
        "ask the person who invited you to resend the invitation."
    ),
    LinkPurpose.RESET: (
        "This link is no longer valid: it was used, replaced by a newer one, or is older than "
        "30 minutes. Ask for a new one with “Forgot password?” on the sign-in page, or ask your "
        "admin."
    ),
    LinkPurpose.CUSTOMER_INVITATION: (
        "This link is no longer valid: it was used, replaced by a newer one, or is older than "
        "7 days. Ask for a new one with your email."
    ),
    LinkPurpose.CUSTOMER_VISIT: (
        "This link is no longer valid: it was used, replaced by a newer one, or is older than "
        "30 minutes. Ask for a new one with your email."
    ),
    LinkPurpose.SETUP: (
        "This isn't the link that sets Rollcall up. Open the one that the server printed at its "
        "last start, as a whole."
    ),
}


def issue(
    tx: Transaction,
    purpose: LinkPurpose,
    user_id: UUID | None,
    *,
    customer_id: UUID | None = None,
) -> OneTimeLink:
    """Make a new link with the lifetime of its purpose. `token_of` gives its token."""
    now = clock.now()
    link = OneTimeLink(
        user_id=user_id,
        customer_id=customer_id,
        purpose=purpose,
        token_hash=b"",
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    link.token_hash = token_hash(_derived(link))
    tx.add(link)
    return link


def token_of(link: OneTimeLink) -> str:
    """The token of a link; raises `OperatorError` if the signing secret has changed since."""
    token = _derived(link)
    if not hmac.compare_digest(token_hash(token), link.token_hash):
        raise OperatorError("The signing secret has changed since. Make a new link.")
    return token


def _derived(link: OneTimeLink) -> str:
    secret = runtime.current().secret
    value = derive(secret, f"link:{link.purpose.value}", link.id.bytes)
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def get_live(tx: Transaction, purpose: LinkPurpose, token: str) -> OneTimeLink:
    """The live link of this token and purpose; raises `DeadLinkError`, saying what to do next."""
    found = (
        await tx.exec(
            select(OneTimeLink)
            .where(OneTimeLink.token_hash == token_hash(token), OneTimeLink.purpose == purpose)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    ).first()
    if found is None or not found.is_live(clock.now()):
        raise dead(purpose)
    return found


def dead(purpose: LinkPurpose) -> DeadLinkError:
    """What is said about a link that opens nothing, whatever the reason is."""
    return DeadLinkError(_DEAD[purpose])


async def is_secret_another(tx: Transaction) -> bool:
    """Whether living links were made with another signing secret than this one. (That of the set-up
    doesn't count: nobody uses it any more, and it lives for ever.)"""
    links = await tx.exec(
        select(OneTimeLink)
        .where(
            OneTimeLink.purpose != LinkPurpose.SETUP,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
            col(OneTimeLink.expires_at) > clock.now(),
        )
        .order_by(col(OneTimeLink.id))
        .limit(SAMPLE)
    )
    return any(token_hash(_derived(link)) != link.token_hash for link in links)


async def is_any_unused(tx: Transaction, user_id: UUID, purpose: LinkPurpose) -> bool:
    """Whether a user has an unused link of this purpose, which may be too old by now."""
    found = await tx.exec(
        select(OneTimeLink.id).where(
            OneTimeLink.user_id == user_id,
            OneTimeLink.purpose == purpose,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
        )
    )
    return found.first() is not None


async def void(tx: Transaction, whose_ids: UUID | Collection[UUID], *purposes: LinkPurpose) -> int:
    """Void the unused links of these purposes, of a user or of a customer's person, or of several;
    returns how many there were."""
    ids = [whose_ids] if isinstance(whose_ids, UUID) else list(whose_ids)
    done = await tx.exec(
        update(OneTimeLink)
        .where(
            or_(
                col(OneTimeLink.user_id).in_(ids),
                col(OneTimeLink.customer_id).in_(ids),
            ),
            col(OneTimeLink.purpose).in_(purposes),
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.void_at).is_(None),
        )
        .values(void_at=clock.now())
    )
    return done.rowcount


async def void_email_change(tx: Transaction, user: User) -> None:
    """Void the link for which whoever was in the account may have asked: by the new email, they
    would come back. The user's open pages hear that it waits no more."""
    if await void(tx, user.id, LinkPurpose.EMAIL_CONFIRM):
        tx.publish(EmailLinkVoided(tenant_id=user.tenant_id, user_id=user.id))


def path_of(slug: str | None) -> str:
    """The path under which a tenant's pages live, or those above the tenants."""
    return f"/t/{slug}" if slug else "/platform"
