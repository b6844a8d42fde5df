"""Both ways out: the provider ends our sessions, and our signing out goes on to the provider."""

import logging
from collections import defaultdict
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import and_, col, delete, or_, select

from models import EndReason, LoginSession, SeenLogoutToken, SsoConnection, SsoSession, User
from services.access.actor import Operator, lock_users
from services.audit.writing import record
from services.core import clock
from services.core.errors import OperatorError
from services.database import vault
from services.database.transaction import Transaction, insert_if_missing, reading, transaction
from services.sessions import sessions
from services.sso.actions import SsoAction
from services.sso.connections import find_connection, tenant_urls
from services.sso.errors import Refusal, SsoError
from services.sso.provider import discover
from services.sso.tokens import Expected, LogoutToken, check_logout_token, seen_key_of

log = logging.getLogger(__name__)


async def end_by_provider(slug: str, raw: str, ip: str) -> int:
    """Obey a logout token (OpenID Connect Back-Channel Logout 1.0): end the sessions that it names
    and close their pages; returns how many ended.

    Raises `SsoError`. What is refused is logged, but isn't in the audit log: anybody can send
    anything here.
    """
    async with reading() as tx:
        _, connection = await find_connection(tx, slug)
    try:
        provider = await discover(connection.issuer)
        token = await check_logout_token(Expected(provider, connection.client_id), raw)
    except SsoError as error:
        claim = f", claim {error.claim}" if error.claim else ""
        log.warning("A logout token for %s was refused: %s%s", slug, error.reason.value, claim)
        raise
    async with transaction(urgent=True) as tx:
        _, connection = await find_connection(tx, slug)
        await tx.exec(delete(SeenLogoutToken).where(col(SeenLogoutToken.expires_at) < clock.now()))
        key = seen_key_of("jti", provider.issuer, token.jti)
        if not await insert_if_missing(tx, SeenLogoutToken(key=key, expires_at=token.expires_at)):
            log.warning("A logout token for %s was refused: replayed, claim jti", slug)
            sentence = "This logout token was used already: its claim jti is known."
            raise SsoError(Refusal.REPLAYED, sentence, "jti")
        if token.sid is not None:  # a sign-in of this same session may be under way
            over = seen_key_of("sid", provider.issuer, token.sid)
            await insert_if_missing(tx, SeenLogoutToken(key=over, expires_at=token.expires_at))
        ended = 0
        by_user = await _matching(tx, connection, token)
        await lock_users(tx, list(by_user))
        for user_id, session_ids in by_user.items():
            user = await tx.get_one(User, user_id)
            entry = await record(
                tx,
                SsoAction.SESSIONS_ENDED,
                actor=Operator(connection.name, connection.tenant_id, ip),
                subject=user,
            )
            ended += await sessions.end(
                tx, user, EndReason.ORGANISATION, cause=entry.id, only=session_ids
            )
        return ended


async def provider_sign_out(session_id: UUID, slug: str) -> str | None:
    """Where to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0), after a
    session that began there has ended here.

    None if the provider has no such page, or doesn't answer: signing out works anyway.
    """
    async with reading() as tx:
        began = await tx.get(SsoSession, session_id)
        connection = await tx.get(SsoConnection, began.tenant_id) if began else None
    if began is None or connection is None or connection.issuer != began.issuer:
        return None
    try:
        provider = await discover(connection.issuer)
        hint = vault.unseal(began.sealed_id_token)
    except (SsoError, OperatorError):
        return None
    if provider.end_session_endpoint is None:
        return None
    query = urlencode(
        {
            "id_token_hint": hint,
            "client_id": connection.client_id,
            "post_logout_redirect_uri": tenant_urls(slug).after_logout,
        }
    )
    joint = "&" if "?" in provider.end_session_endpoint else "?"
    return f"{provider.end_session_endpoint}{joint}{query}"


async def _matching(
    tx: Transaction, connection: SsoConnection, token: LogoutToken
) -> dict[UUID, list[UUID]]:
    """The live sessions that a token names, by user.

    By `sid` if it has one; and by subject for sessions to which the provider gave no `sid` when
    they began.
    """
    by_subject = col(SsoSession.subject) == token.subject
    if token.sid is None:
        named = by_subject
    else:
        named = or_(
            col(SsoSession.sid) == token.sid, and_(col(SsoSession.sid).is_(None), by_subject)
        )
    rows = await tx.exec(
        select(LoginSession.user_id, LoginSession.id)
        .join(SsoSession, col(SsoSession.session_id) == col(LoginSession.id))
        .where(
            SsoSession.tenant_id == connection.tenant_id,
            SsoSession.issuer == connection.issuer,
            named,
            col(LoginSession.ended_at).is_(None),
            col(LoginSession.expires_at) > clock.now(),
        )
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for user_id, session_id in rows:
        if user_id is not None:
            found[user_id].append(session_id)
    return found
