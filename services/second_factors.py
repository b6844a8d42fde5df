"""Second factors: an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import pyotp
from sqlmodel import col, delete, func, select

from models import Authenticator, MailTemplate, RecoveryCode, Tenant, User
from services import clock, mail, runtime, vault
from services.actor import Acting, Actor, authorize, get_user
from services.audit import Action, record
from services.db import Transaction, reading, transaction
from services.errors import ConflictError, InvalidInputError, SessionEndedError
from services.events import SecondFactorsChanged
from services.permissions import Permission
from services.personal_links import PLATFORM_NAME
from services.second_factor_policy import concerns, has_one
from services.secrets import derive

ISSUER = "Rollcall"
# Seconds that a code is shown (RFC 6238, section 5.2, recommends 30).
STEP = 30
# A code of the step before or after still counts, for clocks that are apart and slow fingers.
# (RFC 6238, section 5.2, allows one backward for the delay; phones' clocks may also be ahead.)
WINDOW = 1
CODES = 10
# Without letters and digits that look alike. Ten of 30 have 49 bits: OWASP ASVS 5.0, 6.5.3 and
# 6.5.4, ask for 20 random bits where guessing is limited, as it is in `second_step`.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 10


@dataclass(frozen=True)
class SecondFactors:
    """What a person has: since when an app, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int


@dataclass(frozen=True)
class Enrolment:
    """What the app takes in: the secret as text, and as the address in the QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


async def get_own(actor: Actor) -> SecondFactors:
    """What the person at work here has."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.USE_OWN_ACCOUNT)
        return await _of(tx, actor.user_id)


async def get_of(actor: Acting, user_id: UUID) -> SecondFactors:
    """What another user has, for who manages users."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.VIEW_USERS)
        return await _of(tx, (await get_user(tx, actor, user_id)).id)


async def begin(actor: Actor) -> Enrolment:
    """A new secret for an app; it counts once `finish` got a code. Needs a fresh sign-in.

    Raises `ConflictError` where there is an app already.
    """
    async with transaction() as tx:
        user = await _self(tx, actor)
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
        return Enrolment(secret, uri)


async def finish(actor: Actor, code: str) -> tuple[str, ...]:
    """Put the app into force with its first code; returns the recovery codes, shown this once.

    Needs a fresh sign-in. Raises `InvalidInputError` for a wrong code, and `ConflictError` where
    nothing was begun.
    """
    async with transaction() as tx:
        user = await _self(tx, actor)
        app = await tx.get(Authenticator, user.id)
        if app is None or app.confirmed_at is not None:
            raise ConflictError("Nothing waits for a code here. Reload the page.")
        if not _takes(app, code):
            raise InvalidInputError(
                {"code": "This isn't the code that the app shows now. Check your phone's clock."}
            )
        app.confirmed_at = clock.now()
        await record(tx, Action.AUTHENTICATOR_ADDED, actor=actor, by=user, subject=user)
        await _tell(tx, MailTemplate.AUTHENTICATOR_ADDED, user)
        return await _new_codes(tx, user)


async def renew_codes(actor: Actor) -> tuple[str, ...]:
    """Ten new recovery codes instead of the old; needs a fresh sign-in."""
    async with transaction() as tx:
        user = await _self(tx, actor)
        if not await has_one(tx, user.id):
            raise ConflictError("There is no authenticator app. Set one up first.")
        await record(tx, Action.RECOVERY_CODES_RENEWED, actor=actor, by=user, subject=user)
        return await _new_codes(tx, user)


async def remove(actor: Actor) -> None:
    """Do without a second factor; needs a fresh sign-in.

    Raises `ConflictError` where the organisation requires one.
    """
    async with transaction() as tx:
        user = await _self(tx, actor)
        if not await has_one(tx, user.id):
            return
        tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
        if tenant is not None and concerns(tenant.second_factor_policy, user):
            raise ConflictError("Your organisation requires a second factor. It can't be removed.")
        await record(tx, Action.AUTHENTICATOR_REMOVED, actor=actor, by=user, subject=user)
        await _forget(tx, user)


async def reset(actor: Acting, user_id: UUID) -> None:
    """Take another user's factors away, so that their password alone lets them in again.

    Never one's own: whoever has stolen a session could else get rid of the second factor. Needs a
    fresh sign-in; the user is told by mail. Raises `ConflictError`.
    """
    async with transaction() as tx:
        by = await authorize(
            tx, actor, Permission.RESET_SECOND_FACTORS, lock=(user_id,), fresh=True
        )
        user = await get_user(tx, actor, user_id)
        if by is not None and by.id == user.id:
            raise ConflictError(
                "You can't reset your own second factor. Remove it in My account, or ask another "
                "admin."
            )
        if not await has_one(tx, user.id):
            raise ConflictError("This user has no second factor.")
        await record(tx, Action.SECOND_FACTORS_RESET, actor=actor, by=by, subject=user)
        await _forget(tx, user)


async def take(tx: Transaction, user: User, code: str) -> Action | None:
    """Use up a code of a user who is locked; what is to be logged of it, or none if it is wrong.

    Six digits are the app's; anything else is a recovery code, however it was typed.
    """
    app = await tx.get(Authenticator, user.id, populate_existing=True)
    if app is None or app.confirmed_at is None:
        return None
    if _takes(app, code):
        return Action.SIGNED_IN
    typed = "".join(c for c in code.casefold() if c.isalnum())
    row = (
        await tx.exec(
            select(RecoveryCode).where(
                RecoveryCode.user_id == user.id,
                RecoveryCode.code_hash == _code_hash(user, typed),
                col(RecoveryCode.used_at).is_(None),
            )
        )
    ).first()
    if row is None:
        return None
    row.used_at = clock.now()
    return Action.RECOVERY_CODE_USED


def _takes(app: Authenticator, code: str) -> bool:
    digits = "".join(code.split())
    now = int(clock.now().timestamp()) // STEP
    totp = pyotp.TOTP(vault.unseal(app.sealed_secret), interval=STEP)
    for step in range(now - WINDOW, now + WINDOW + 1):
        if step > app.last_step and secrets.compare_digest(
            totp.at(step * STEP).encode(), digits.encode("utf-8", "replace")
        ):
            app.last_step = step
            return True
    return False


async def _self(tx: Transaction, actor: Actor) -> User:
    user = await authorize(tx, actor, Permission.USE_OWN_ACCOUNT, lock=(actor.user_id,), fresh=True)
    if user is None:
        raise SessionEndedError
    return user


async def _of(tx: Transaction, user_id: UUID) -> SecondFactors:
    app = await tx.get(Authenticator, user_id)
    left = await tx.exec(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, col(RecoveryCode.used_at).is_(None))
    )
    return SecondFactors(app.confirmed_at if app else None, left.one())


async def _new_codes(tx: Transaction, user: User) -> tuple[str, ...]:
    await tx.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    codes = [
        "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _number in range(CODES)
    ]
    for code in codes:
        hashed = _code_hash(user, code)
        tx.add(RecoveryCode(user_id=user.id, code_hash=hashed, created_at=clock.now()))
    _changed(tx, user)
    half = CODE_LENGTH // 2
    return tuple(f"{code[:half]}-{code[half:]}" for code in codes)


def _code_hash(user: User, code: str) -> bytes:
    # Keyed: 49 bits could be found by trying them all against a stolen database.
    return derive(runtime.current().secret, "recovery-code", f"{user.id}{code}".encode())


async def _forget(tx: Transaction, user: User) -> None:
    await tx.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user.id))
    await tx.exec(delete(Authenticator).where(col(Authenticator.user_id) == user.id))
    await _tell(tx, MailTemplate.AUTHENTICATOR_REMOVED, user)
    _changed(tx, user)


def _changed(tx: Transaction, user: User) -> None:
    tx.publish(SecondFactorsChanged(tenant_id=user.tenant_id, user_id=user.id))


async def _tell(tx: Transaction, template: MailTemplate, user: User) -> None:
    tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
    mail.enqueue(tx, template, user, tenant_name=tenant.name if tenant else PLATFORM_NAME)
