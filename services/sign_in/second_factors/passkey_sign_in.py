"""Signing in with a passkey instead of the password."""

from models import SignInMethod, Tenant, User
from services.access.actor import is_open, lock_users
from services.audit.writing import record
from services.core import operator_log
from services.core.errors import PasskeyRefusedError
from services.core.operator_log import Refused, noting_pauses
from services.database.transaction import reading, transaction
from services.sessions.sessions import Caller
from services.sign_in import throttle
from services.sign_in.actions import SignInAction
from services.sign_in.second_factors import passkeys
from services.sign_in.sign_in import SignedIn, start_session


@noting_pauses
async def sign_in(slug: str | None, answer: str, caller: Caller) -> SignedIn:
    """Sign in under a tenant's slug, or without a slug as a Platform Admin, by the browser's answer
    to `passkeys.sign_in_options`.

    The device has asked its owner for a finger, a face or a PIN, so nothing else is asked for.
    Raises `PasskeyRefusedError` for everything that doesn't let a person in, `TooManyAttemptsError`
    and `SsoRequiredError`.
    """
    counters = throttle.ip_key(caller.ip, throttle.FromIp.PASSKEY)
    await throttle.claim(counters)
    async with reading() as tx:
        user_id = await passkeys.find_owner(tx, answer)
    if user_id is None:
        operator_log.sign_in_refused(caller.ip, Refused.WRONG_PASSKEY)
        raise PasskeyRefusedError
    async with transaction() as tx:
        await lock_users(tx, [user_id])
        user = await tx.get_one(User, user_id)
        tenant = await tx.get(Tenant, user.tenant_id) if user.tenant_id else None
        here = (tenant.slug if tenant else None) == slug
        refusal: PasskeyRefusedError | None = PasskeyRefusedError()
        open_here = await is_open(tx, user.tenant_id)
        if here and user.active and open_here:
            refusal = await passkeys.refusal_of_sign_in(tx, user, slug, answer)
        if refusal is None:
            await throttle.forget(tx, counters)
            return await start_session(tx, user, caller, tenant, SignInMethod.PASSKEY)
        await record(tx, SignInAction.FAILED, actor=None, subject=user, ip=caller.ip)
        why = Refused.WRONG_PASSKEY if open_here else Refused.CLOSED_ORGANISATION
        operator_log.sign_in_refused(
            caller.ip, why if user.active else Refused.INACTIVE_ACCOUNT, user_id
        )
    raise refusal
