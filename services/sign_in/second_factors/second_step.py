"""The second step of a sign-in: a code of the app, a recovery code, or a passkey."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models import Tenant, User
from services.access.actor import lock_users
from services.audit.actions import AuditAction
from services.audit.writing import record
from services.core import operator_log
from services.core.errors import (
    InvalidInputError,
    NotFoundError,
    PasskeyRefusedError,
    SecondStepOverError,
)
from services.core.operator_log import Refused, noting_pauses
from services.database.transaction import Transaction, reading, transaction
from services.sessions import known_devices
from services.sessions.actions import SessionAction
from services.sessions.sessions import Caller
from services.sign_in import second_step_ticket, throttle
from services.sign_in.actions import SignInAction
from services.sign_in.second_factors import passkeys, totp
from services.sign_in.second_factors.passkey_host import are_offered
from services.sign_in.sign_in import SignedIn, start_session

# What is to be logged of a proof, or none if it is wrong. The user is locked.
_Prove = Callable[[Transaction, User], Awaitable[AuditAction | None]]


@dataclass(frozen=True)
class Choices:
    """What the second step's page offers.

    A recovery code is always one of them. If the user's passkeys can't be used here and there are
    no others, `old_host` is the host that they belong to.
    """

    app: bool
    passkey: bool
    old_host: str = ""


async def get_choices(slug: str | None, ticket: str | None) -> Choices:
    """What can be shown in this browser, if a second step waits for it. Raises
    `SecondStepOverError`."""
    user_id, _, _ = second_step_ticket.read(ticket, slug)
    async with reading() as tx:
        factors = await totp.find(tx, user_id)
    usable = any(passkey.works_here for passkey in factors.passkeys)
    old_hosts = [passkey.host for passkey in factors.passkeys if not passkey.works_here]
    return Choices(
        factors.since is not None,
        usable and are_offered(),
        old_hosts[-1] if old_hosts and not usable else "",
    )


async def passkey_options(slug: str | None, ticket: str | None) -> str:
    """What the browser needs to answer with a passkey, as JSON.

    Raises `SecondStepOverError`, and `NotFoundError` if there is no passkey.
    """
    user_id, _, _ = second_step_ticket.read(ticket, slug)
    async with reading() as tx:
        options = await passkeys.second_step_options(tx, user_id)
    if options is None:
        raise NotFoundError
    return options


@noting_pauses
async def finish(slug: str | None, ticket: str | None, code: str, caller: Caller) -> SignedIn:
    """Begin the session of somebody who has shown a ticket (`sign_in.start_session_or_second_step`)
    and a code.

    Each try is counted before it is compared, so that a stolen password doesn't buy guesses, and
    only a right code of the same kind clears the count. In a browser that the account knows, only
    failures in this browser slow it down. Raises `SecondStepOverError`, `InvalidInputError`,
    `TooManyAttemptsError` and `SsoRequiredError`.
    """

    async def prove(tx: Transaction, user: User) -> AuditAction | None:
        return await totp.take(tx, user, code)

    by_app = totp.is_app_code(code)
    purpose = throttle.Purpose.APP_CODE if by_app else throttle.Purpose.RECOVERY_CODE
    signed_in = await _finish(slug, ticket, caller, purpose, prove)
    if signed_in is None:
        raise InvalidInputError(
            {"code": "This code doesn't work, or was used. Enter the one that the app shows now."}
        )
    return signed_in


@noting_pauses
async def finish_with_passkey(
    slug: str | None, ticket: str | None, answer: str, caller: Caller
) -> SignedIn:
    """The same with the browser's answer to `passkey_options`.

    Raises `PasskeyRefusedError` instead of `InvalidInputError`.
    """
    refusal: PasskeyRefusedError | None = None

    async def prove(tx: Transaction, user: User) -> AuditAction | None:
        nonlocal refusal
        refusal = await passkeys.refusal_of_second_step(tx, user, answer)
        return SessionAction.SIGNED_IN if refusal is None else None

    signed_in = await _finish(slug, ticket, caller, throttle.Purpose.PASSKEY, prove)
    if signed_in is None:
        raise refusal or PasskeyRefusedError()
    return signed_in


async def _finish(
    slug: str | None,
    ticket: str | None,
    caller: Caller,
    purpose: throttle.Purpose,
    prove: _Prove,
) -> SignedIn | None:
    user_id, method, mark = second_step_ticket.read(ticket, slug)
    async with reading() as tx:
        user = await tx.get(User, user_id)
        device = await known_devices.find(tx, user, caller.device)
    counters = throttle.person_key(purpose, user_id, device)
    await throttle.claim(counters)
    async with transaction() as tx:
        await lock_users(tx, [user_id])
        user = await tx.get(User, user_id)
        tenant = await tx.get(Tenant, user.tenant_id) if user and user.tenant_id else None
        # Whatever has happened since the first step, the database decides.
        if user is None or not user.active or second_step_ticket.mark_of(user) != mark:
            raise SecondStepOverError
        used = await prove(tx, user)
        if used is not None:
            await throttle.forget(tx, counters)
            if used is not SessionAction.SIGNED_IN:
                await record(tx, used, actor=None, by=user, subject=user, ip=caller.ip)
            return await start_session(tx, user, caller, tenant, method)
        await record(tx, SignInAction.SECOND_FACTOR_FAILED, actor=None, subject=user, ip=caller.ip)
        operator_log.sign_in_refused(caller.ip, Refused.WRONG_SECOND_STEP, user.id)
    return None
