"""How a screen gets its session: it shows a code, an admin types it, and the screen's browser
fetches the session by a key that only it has.

A code has two halves. The first one says which code is meant, so that guesses of the second half
are counted against that code; all guesses are counted against the person who makes them, too.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import col, delete, func, select

from models import Screen, ScreenCode, SignInMethod
from services.access.actor import Principal
from services.access.permissions import Secret
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import InvalidInputError, SessionEndedError, TooManyAttemptsError
from services.core.networks import network_of
from services.core.secrets import derive, new_token, token_hash
from services.database import runtime
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction, reading, transaction
from services.screens.actions import ScreenAction
from services.screens.events import ScreenChanged
from services.screens.forms import NewScreen
from services.sessions.sessions import Caller, begin
from services.sign_in import throttle

# Of letters and digits that look alike from 4 m, one at most: 2 for Z, 5 for S, 8 for B, and V for
# U; none of 0 and O, or of 1, I and L.
ALPHABET = "23456789ACDEFGHJKMNPQRTVWXY"
# What somebody may read instead.
READ_AS = str.maketrans("ZSBU", "258V")
HALF = 4
LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5
# Strangers may ask for codes: as many as a wall of screens in one network needs, and no more.
MOST_OF_ONE_NETWORK, MOST = 50, 2000
ADVISORY_LOCK = 7_605_116
"""As `migrations.ADVISORY_LOCK`: a number that nothing else in the database uses."""
WRONG = "No screen shows this code now. Look at the screen again: it may have a new one."


class CodeState(StrEnum):
    """The state of a code."""

    WAITS = "waits"
    TYPED = "typed"
    """An admin has typed it: its browser may fetch the session."""


@dataclass(frozen=True)
class Offer:
    """A new code, and the key of the browser that shows it."""

    code: str
    key: str = field(repr=False)
    seconds: float = LIFETIME.total_seconds()


async def offer_code(caller: Caller, key: str | None) -> Offer:
    """A new code for a browser that isn't paired; its earlier code (of `key`) is void. Raises
    `TooManyAttemptsError` if too many are shown already."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(2 * HALF))
    now, new_key, network = clock.now(), new_token(), network_of(caller.ip)
    own = token_hash(key) if key else b""
    async with reading() as tx:
        await _require_room(tx, network, own)
    async with transaction(patient=True) as tx:
        await _alone(tx)
        over = (col(ScreenCode.expires_at) <= now) | (col(ScreenCode.key_hash) == own)
        await tx.exec(delete(ScreenCode).where(over))
        await _require_room(tx, network, own)
        tx.add(
            ScreenCode(
                key_hash=token_hash(new_key),
                start_hash=_hash(code[:HALF]),
                code_hash=_hash(code),
                ip=network,
                expires_at=now + LIFETIME,
            )
        )
    return Offer(f"{code[:HALF]}-{code[HALF:]}", new_key)


async def _alone(tx: Transaction) -> None:
    """Have other codes wait until this transaction has ended, so that each is counted before the
    next one. (SQLite has one writer at a time.)"""
    if not runtime.current().database.is_sqlite:
        await tx.exec(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))


async def _require_room(tx: Transaction, network: str, own: bytes) -> None:
    """Raise `TooManyAttemptsError` if too many codes are shown besides one's own."""
    others = select(func.count()).where(
        col(ScreenCode.expires_at) > clock.now(), col(ScreenCode.key_hash) != own
    )
    same = others.where(ScreenCode.ip == network)
    if (await tx.exec(others)).one() >= MOST or (await tx.exec(same)).one() >= MOST_OF_ONE_NETWORK:
        raise TooManyAttemptsError(60)


@looks_first
async def pair_screen(actor: Principal, form: NewScreen) -> Screen:
    """Make the browser that shows this code a screen of the tenant.

    Needs a fresh sign-in. Raises `InvalidInputError` for a wrong code, and `TooManyAttemptsError`
    for guessing.
    """
    async with acting(actor, Secret.SCREEN) as act:
        tenant = await act.get_tenant()
        counters = throttle.person_key(throttle.Purpose.SCREEN_CODE, act.own.id)
        await throttle.claim_in(act.tx, counters)
        code = await _take(act.tx, form.code)
        if code is not None:
            await throttle.forget(act.tx, counters)
            screen = act.add(
                Screen(
                    tenant_id=tenant.id,
                    name=form.name,
                    options=form.set_up.options.kept(),
                    created_at=clock.now(),
                    created_by_id=act.own.id,
                )
            )
            await act.tx.flush()
            code.screen_id = screen.id
            await act.record(ScreenAction.PAIRED, screen, shows=form.set_up.options.words)
            _changed(act, screen)
            return screen
    raise InvalidInputError({"code": WRONG})


def _changed(act: Act, screen: Screen) -> None:
    act.publish(ScreenChanged(tenant_id=screen.tenant_id, screen_id=screen.id))


async def _take(tx: Transaction, typed: str) -> ScreenCode | None:
    """The code that was typed. A wrong second half counts as a try; after the last try the code is
    gone."""
    plain = "".join(char for char in typed.upper() if char.isalnum()).translate(READ_AS)
    found = await tx.exec(
        select(ScreenCode)
        .where(
            ScreenCode.start_hash == _hash(plain[:HALF]),
            col(ScreenCode.screen_id).is_(None),
            col(ScreenCode.expires_at) > clock.now(),
        )
        .order_by(col(ScreenCode.id))
        .with_for_update(key_share=True)
    )
    hashed = _hash(plain)
    for code in found.all():
        if secrets.compare_digest(code.code_hash, hashed):
            return code
        code.tries += 1
        if code.tries >= MOST_TRIES:
            await tx.delete(code)
    return None


@looks_first
async def claim_session(caller: Caller, key: str | None) -> str:
    """The token of the session for a browser whose code was typed; works once. Raises
    `SessionEndedError` if it wasn't typed, or isn't valid any more."""
    async with transaction() as tx:
        code = (
            await tx.exec(
                select(ScreenCode)
                .where(
                    ScreenCode.key_hash == token_hash(key or ""),
                    col(ScreenCode.expires_at) > clock.now(),
                )
                .with_for_update(key_share=True)
            )
        ).first()
        screen = await tx.get(Screen, code.screen_id, **LOCKED) if code and code.screen_id else None
        if screen is None or screen.revoked_at is not None:
            raise SessionEndedError
        _, token = begin(tx, screen, caller, SignInMethod.LINK)
        await tx.delete(code)
    return token


async def find_code(key: str | None) -> UUID | None:
    """The id of the code that a browser shows, by its key; none if it shows none any more."""
    if not key:
        return None
    async with reading() as tx:
        found = await tx.exec(
            select(ScreenCode.id).where(
                ScreenCode.key_hash == token_hash(key),
                col(ScreenCode.expires_at) > clock.now(),
            )
        )
        return found.first()


async def find_states(code_ids: Collection[UUID]) -> dict[UUID, CodeState]:
    """The state of these codes; codes that are void or over aren't in it."""
    if not code_ids:
        return {}
    async with reading() as tx:
        found = await tx.exec(
            select(ScreenCode.id, ScreenCode.screen_id).where(
                col(ScreenCode.id).in_(list(code_ids)), col(ScreenCode.expires_at) > clock.now()
            )
        )
        return {
            code_id: CodeState.TYPED if screen_id else CodeState.WAITS
            for code_id, screen_id in found
        }


def _hash(code: str) -> bytes:
    # With a key: there are so few codes that all could be tried.
    return derive(runtime.current().secret, "screen-code", code.encode())
