"""Second factors: what a person has, an authenticator app (TOTP, RFC 6238), and the reset of all.

Passkeys have a module of their own, and so do the recovery codes that go with both.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
from sqlmodel import col, delete, or_, select

from models import Authenticator, MailTemplate, Passkey, RecoveryCode, Tenant, User
from services.access.actor import COMMAND_LINE, Actor, Principal
from services.access.permissions import Permission, Secret
from services.access.second_factor_policy import concerns, has_one
from services.audit.acting import acting, viewing
from services.audit.actions import AuditAction
from services.audit.writing import record
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError
from services.database import vault
from services.database.looking import looks_first
from services.database.transaction import Transaction
from services.mail import outbox
from services.sessions import known_devices
from services.sessions.actions import SessionAction
from services.sign_in.actions import SecondFactorAction
from services.sign_in.personal_links import PLATFORM_NAME
from services.sign_in.second_factors import recovery_codes
from services.sign_in.second_factors.events import SecondFactorsChanged
from services.sign_in.second_factors.passkey_host import works_here
from services.sign_in.second_factors.typed_codes import plain_code

ISSUER = "Rollcall"
# How many seconds a code is shown (RFC 6238, section 5.2, recommends 30).
STEP = 30
DIGITS = 6
# A code of the step before or after still counts, because clocks differ and fingers are slow. (RFC
# 6238, section 5.2, allows one step back for the delay; phones' clocks may also be ahead.)
WINDOW = 1


@dataclass(frozen=True)
class OwnPasskey:
    """A passkey in the list of its owner, or of an admin."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    host: str
    works_here: bool
    counter_went_back_at: datetime | None


@dataclass(frozen=True)
class SecondFactors:
    """What a person has: an app and since when, which passkeys, and how many recovery codes."""

    since: datetime | None
    passkeys: tuple[OwnPasskey, ...]
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether a sign-in with the password needs a second step."""
        return self.since is not None or bool(self.passkeys)


@dataclass(frozen=True)
class Enrolment:
    """What the app takes in: the secret as text, and as the url in the QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    begun_at: datetime


async def get_own(actor: Actor) -> SecondFactors:
    """The second factors of the person at work here."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        return await find(view.tx, actor.user_id)


async def get_of(actor: Principal, user_id: UUID) -> SecondFactors:
    """The second factors of another user, for people who manage users."""
    async with viewing(actor, Permission.VIEW_USERS) as view:
        return await find(view.tx, (await view.get(User, user_id)).id)


async def find(tx: Transaction, user_id: UUID) -> SecondFactors:
    """The second factors of a user, in this transaction."""
    app = await tx.get(Authenticator, user_id)
    rows = await tx.exec(
        select(Passkey).where(Passkey.user_id == user_id).order_by(col(Passkey.created_at))
    )
    passkeys = tuple(_shown(passkey) for passkey in rows)
    since = app.confirmed_at if app else None
    return SecondFactors(since, passkeys, await recovery_codes.left(tx, user_id))


def _shown(passkey: Passkey) -> OwnPasskey:
    return OwnPasskey(
        passkey.id,
        passkey.name,
        passkey.created_at,
        passkey.last_used_at,
        passkey.host,
        works_here(passkey),
        passkey.counter_went_back_at,
    )


@looks_first
async def begin(actor: Actor) -> Enrolment:
    """A new secret for an app; it counts once `finish` has got a code.

    Needs a fresh sign-in. Raises `ConflictError` if there is an app already.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        app = await tx.get(Authenticator, user.id)
        if app is not None and app.confirmed_at is not None:
            raise ConflictError("There is an authenticator app already. Remove it first.")
        secret = pyotp.random_base32()
        if app is None:
            app = Authenticator(user_id=user.id, sealed_secret=b"", created_at=clock.now())
            tx.add(app)
        app.sealed_secret, app.created_at = vault.seal(secret), clock.now()
        uri = pyotp.TOTP(secret, interval=STEP).provisioning_uri(
            name=user.email, issuer_name=ISSUER
        )
        return Enrolment(secret, uri, app.created_at)


@looks_first
async def finish(actor: Actor, code: str, *, begun_at: datetime | None = None) -> tuple[str, ...]:
    """Activate the app with its first code; if it is the first second factor, returns the recovery
    codes, which are shown this once.

    `begun_at` belongs to the secret that the page showed. Needs a fresh sign-in. Raises
    `InvalidInputError` for a wrong code, and `ConflictError` if nothing was begun, or something
    else was begun since.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        app = await tx.get(Authenticator, user.id)
        if app is None:
            raise ConflictError("Nothing waits for a code here. Reload the page.")
        if app.confirmed_at is not None:
            raise ConflictError("An app was set up already, in another tab. Reload the page.")
        if begun_at is not None and app.created_at != begun_at:
            raise ConflictError(
                "The set-up was begun once more, in another tab: this secret doesn't count. Enter "
                "the code there, or cancel and begin again here."
            )
        if not _takes(app, code):
            raise InvalidInputError(
                {"code": "This isn't the code that the app shows now. Check your phone's clock."}
            )
        is_first = not await has_one(tx, user.id)
        app.confirmed_at = clock.now()
        await act.record(SecondFactorAction.AUTHENTICATOR_ADDED, user)
        return await added(tx, MailTemplate.AUTHENTICATOR_ADDED, user, is_first=is_first)


@looks_first
async def renew_codes(actor: Actor) -> tuple[str, ...]:
    """Ten new recovery codes instead of the old; needs a fresh sign-in."""
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        if not await has_one(tx, user.id):
            raise ConflictError("There is no second factor. Set one up first.")
        await act.record(SecondFactorAction.RECOVERY_CODES_RENEWED, user)
        _changed(tx, user)
        return await recovery_codes.issue(tx, user)


@looks_first
async def remove(actor: Actor) -> None:
    """Remove one's authenticator app; needs a fresh sign-in.

    Raises `ConflictError` for the last factor if the organisation requires one.
    """
    async with acting(actor, Secret.OWN_SECOND_FACTOR) as act:
        tx, user = act.tx, act.own
        app = await tx.get(Authenticator, user.id)
        if app is None or app.confirmed_at is None:
            return
        await tx.delete(app)
        await act.record(SecondFactorAction.AUTHENTICATOR_REMOVED, user)
        await removed(tx, MailTemplate.AUTHENTICATOR_REMOVED, user)


async def lose_app(tx: Transaction, user: User, app: Authenticator) -> None:
    """Remove an authenticator app whose codes can't be checked any more, even if a factor is
    required."""
    await tx.delete(app)
    if app.confirmed_at is None:
        return
    await tx.flush()
    if not await has_one(tx, user.id):
        await recovery_codes.forget(tx, user)
    await record(tx, SecondFactorAction.AUTHENTICATOR_REMOVED, actor=COMMAND_LINE, subject=user)
    await _tell(tx, MailTemplate.AUTHENTICATOR_REMOVED, user)


@looks_first
async def reset(actor: Principal, user_id: UUID) -> None:
    """Remove another user's factors, so that their password alone lets them in again.

    Never one's own: otherwise somebody with a stolen session could get rid of the second factor.
    Needs a fresh sign-in; the user is told by mail. Raises `ConflictError`.
    """
    async with acting(actor, Permission.RESET_SECOND_FACTORS, lock=(user_id,), fresh=True) as act:
        tx, user = act.tx, await act.get(User, user_id)
        if user.id == actor.user_id:
            raise ConflictError(
                "You can't reset your own second factor. Remove it in My account, or ask another "
                "admin."
            )
        if not await has_one(tx, user.id):
            raise ConflictError("This user has no second factor.")
        await recovery_codes.forget(tx, user)
        await tx.exec(delete(Authenticator).where(col(Authenticator.user_id) == user.id))
        await tx.exec(delete(Passkey).where(col(Passkey.user_id) == user.id))
        await act.record(SecondFactorAction.RESET, user)
        await known_devices.forget(tx, user)
        await _tell(tx, MailTemplate.SECOND_FACTORS_RESET, user)


async def forget_since(tx: Transaction, user: User, since: datetime) -> bool:
    """Remove the factors that were added since then, and the recovery codes that were shown: since
    then somebody else may have had the account. Returns whether there were any."""
    app = col(Authenticator.created_at) >= since, col(Authenticator.confirmed_at) >= since
    ways = (
        delete(Authenticator).where(col(Authenticator.user_id) == user.id, or_(*app)),
        delete(Passkey).where(col(Passkey.user_id) == user.id, col(Passkey.created_at) >= since),
    )
    removed = sum([(await tx.exec(way)).rowcount for way in ways])
    shown = col(RecoveryCode.created_at) >= since
    codes = await tx.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id, shown))
    if not await has_one(tx, user.id):
        await recovery_codes.forget(tx, user)
    _changed(tx, user)
    return bool(removed or codes.rowcount)


async def take(tx: Transaction, user: User, code: str) -> AuditAction | None:
    """Use up a code of a user who is locked; returns what is to be logged, or none if it is wrong.

    Six digits are the app's; anything else is a recovery code, in whatever form it was typed.
    """
    if not is_app_code(code):
        return (
            SecondFactorAction.RECOVERY_CODE_USED
            if await recovery_codes.take(tx, user, code)
            else None
        )
    app = await tx.get(Authenticator, user.id, populate_existing=True)
    counts = app is not None and app.confirmed_at is not None and _takes(app, code)
    return SessionAction.SIGNED_IN if counts else None


def is_app_code(code: str) -> bool:
    """Whether somebody typed an app's code: six digits, in any script."""
    digits = plain_code(code)
    return len(digits) == DIGITS and digits.isascii() and digits.isdigit()


async def added(
    tx: Transaction, template: MailTemplate, user: User, *, is_first: bool
) -> tuple[str, ...]:
    """What follows a new factor: a mail, and recovery codes with the first one."""
    await _tell(tx, template, user)
    return await recovery_codes.issue(tx, user) if is_first else ()


async def removed(tx: Transaction, template: MailTemplate, user: User) -> None:
    """What follows when an owner removes a factor: a mail, and with the last factor the end of the
    recovery codes. Raises `ConflictError` if the last factor is required."""
    await tx.flush()
    if not await has_one(tx, user.id):
        tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
        if tenant is not None and concerns(tenant.second_factor_policy, user):
            raise ConflictError(
                "Your organisation requires a second factor. Add another one first."
            )
        await recovery_codes.forget(tx, user)
    await _tell(tx, template, user)


def _takes(app: Authenticator, code: str) -> bool:
    digits = plain_code(code)
    now = int(clock.now().timestamp()) // STEP
    totp = pyotp.TOTP(vault.unseal(app.sealed_secret), interval=STEP)
    for step in range(now - WINDOW, now + WINDOW + 1):
        if step > app.last_step and secrets.compare_digest(
            totp.at(step * STEP).encode(), digits.encode()
        ):
            app.last_step = step
            return True
    return False


async def _tell(tx: Transaction, template: MailTemplate, user: User) -> None:
    tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    outbox.enqueue(tx, template, user, tenant_name=tenant.name if tenant else PLATFORM_NAME)
    _changed(tx, user)


def _changed(tx: Transaction, user: User) -> None:
    tx.publish(SecondFactorsChanged(tenant_id=user.tenant_id, user_id=user.id))
