"""Proving anew who one is, before a sensitive act."""

from models import LoginSession
from services.access.actor import Actor, authorize
from services.access.permissions import Permission
from services.audit.writing import Action, record
from services.core import clock
from services.core.db import reading, transaction
from services.core.errors import InvalidInputError, SessionEndedError
from services.sign_in import throttle
from services.sign_in.passwords import place, verify_password


async def require_fresh(actor: Actor) -> None:
    """Raise `FreshSignInNeededError` where the last proof is too old for a sensitive act."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.USE_OWN_ACCOUNT, fresh=True)


async def confirm_password(actor: Actor, password: str) -> None:
    """Prove by the password who is at work here; sensitive acts are open again for a while.

    Raises `InvalidInputError` for a wrong one, and `TooManyAttemptsError` for guessing.
    """
    async with reading() as tx:
        user = await authorize(tx, actor, Permission.USE_OWN_ACCOUNT)
        if user is None:
            raise SessionEndedError
        counters = throttle.person_key(throttle.Purpose.CONFIRMATION, user.id)
        await throttle.check(tx, counters)
    stored = user.password_hash
    with place():
        await throttle.claim(counters)
        matches = await verify_password(password, stored)
    if not matches:
        async with transaction(actor=actor) as tx:
            await record(tx, Action.CONFIRMATION_FAILED, actor=actor, by=user, subject=user)
        raise InvalidInputError({"password": "This isn't your password."})
    async with transaction(actor=actor) as tx:
        fresh = await authorize(tx, actor, Permission.USE_OWN_ACCOUNT, lock=(actor.user_id,))
        if fresh is None or fresh.password_hash != stored:
            raise SessionEndedError
        await throttle.forget(tx, counters)
        session = await tx.get_one(LoginSession, actor.session_id)
        session.authenticated_at = clock.now()
