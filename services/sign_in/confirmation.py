"""Proving again who one is, before a sensitive act."""

from models import LoginSession
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.core import clock
from services.core.errors import InvalidInputError, SessionEndedError
from services.database.looking import looks_first
from services.sign_in import throttle
from services.sign_in.actions import SignInAction
from services.sign_in.passwords import slot, verify_password


async def require_fresh(actor: Actor) -> None:
    """Raise `FreshSignInNeededError` if the last proof is too old for a sensitive act."""
    async with viewing(actor, Permission.USE_OWN_ACCOUNT, fresh=True):
        pass


async def confirm_password(actor: Actor, password: str) -> None:
    """Prove by the password who is at work here; for a while, sensitive acts are allowed again.

    Raises `InvalidInputError` for a wrong password, and `TooManyAttemptsError` for guessing.
    """
    async with viewing(actor, Permission.USE_OWN_ACCOUNT) as view:
        user = view.own
        counters = throttle.person_key(throttle.Purpose.CONFIRMATION, user.id)
        await throttle.check(view.tx, counters)
    stored = user.password_hash
    with slot():
        await throttle.claim(counters)
        matches = await verify_password(password, stored)
    if not matches:
        await note_failure(actor)
        raise InvalidInputError({"password": "This isn't your password."})
    async with acting(actor, Permission.USE_OWN_ACCOUNT) as act:
        if act.own.password_hash != stored:
            raise SessionEndedError
        await throttle.forget(act.tx, counters)
        session = await act.tx.get_one(LoginSession, actor.session_id)
        session.authenticated_at = clock.now()


@looks_first
async def note_failure(actor: Actor) -> None:
    """Log that somebody who is signed in said a wrong password.

    Raises `SessionEndedError`, and logs nothing in their name, if they were shut out while the
    password was hashed.
    """
    async with acting(actor, Permission.USE_OWN_ACCOUNT) as act:
        await act.record(SignInAction.CONFIRMATION_FAILED, act.own)
