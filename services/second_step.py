"""The second step of a sign-in: a code of the app, or a recovery code."""

from models import Tenant, User
from services import known_devices, second_factors, second_step_ticket, throttle
from services.actor import lock_users
from services.audit import Action, record
from services.db import reading, transaction
from services.errors import InvalidInputError, SecondStepOverError
from services.sessions import Caller
from services.sign_in import SignedIn, welcome


def check(slug: str | None, ticket: str | None) -> None:
    """Check that a second step waits in this browser. Raises `SecondStepOverError`."""
    second_step_ticket.read(ticket, slug)


async def finish(slug: str | None, ticket: str | None, code: str, caller: Caller) -> SignedIn:
    """Begin the session of somebody who has shown a ticket of `sign_in.admit`, and a code.

    Each try is counted before it is compared, so that a stolen password doesn't buy guesses; from
    a browser that the account knows, only its own failures slow it down. Raises
    `SecondStepOverError`, `InvalidInputError`, `TooManyAttemptsError` and `SsoRequiredError`.
    """
    user_id, method, mark = second_step_ticket.read(ticket, slug)
    async with reading() as tx:
        user = await tx.get(User, user_id)
        known = await known_devices.is_known(tx, user, caller.device)
    counters = throttle.device_key(caller.device) if known else throttle.second_step_key(user_id)
    await throttle.claim(counters)
    async with transaction() as tx:
        await lock_users(tx, [user_id])
        user = await tx.get(User, user_id)
        tenant = await tx.get(Tenant, user.tenant_id) if user and user.tenant_id else None
        # Whatever happened since the first step, the database has the last word.
        if user is None or not user.active or second_step_ticket.mark_of(user) != mark:
            raise SecondStepOverError
        used = await second_factors.take(tx, user, code)
        if used is not None:
            await throttle.forget(tx, counters)
            if used is not Action.SIGNED_IN:
                await record(tx, used, actor=None, by=user, subject=user, address=caller.address)
            return await welcome(tx, user, caller, tenant, method)
        await record(
            tx, Action.SECOND_FACTOR_FAILED, actor=None, subject=user, address=caller.address
        )
    raise InvalidInputError(
        {"code": "This code doesn't work, or was used. Enter the one that the app shows now."}
    )
