"""One single sign-on: to the provider, and back with its answer.

A code works once at the provider, so an answer that is sent again begins no second session.
"""

import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, exists, or_, select

from models import (
    LinkPurpose,
    LoginSession,
    SeenLogoutToken,
    SignInMethod,
    SsoConnection,
    SsoSession,
    User,
)
from services.access import one_time_links
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit.acting import acting, viewing
from services.audit.writing import record
from services.core import clock, operator_log
from services.core.emails import email_key, tried
from services.core.errors import ConflictError
from services.core.lazily import lazily
from services.core.names import with_hidden_named
from services.core.operator_log import Refused, noting_pauses
from services.database import vault
from services.database.transaction import Transaction, reading, transaction
from services.sessions.sessions import Caller
from services.sign_in import throttle
from services.sign_in.personal_links import open_link
from services.sign_in.sign_in import SignedIn, start_session
from services.sso.actions import SsoAction
from services.sso.attempts import Attempt, Purpose, forged, key_of, open_attempt, seal_attempt
from services.sso.connections import find_connection, tenant_urls
from services.sso.errors import ElsewhereError, Refusal, SsoError, quote
from services.sso.exchange import exchange
from services.sso.linking import Decision, Person, Way, decide, link_identity, person_of
from services.sso.provider import discover
from services.sso.tokens import is_id, seen_key_of

if TYPE_CHECKING:
    from authlib.oauth2 import client as oauth2
else:
    oauth2 = lazily("authlib.oauth2.client")
from services.tenants.events import TenantChanged
from services.users import emails_elsewhere
from services.users.invitations import mark_accepted

SCOPE = "openid email profile"
# For how long what a provider said of a session is kept after the session's end.
KEEP_ENDED = timedelta(hours=1)
# The most characters of a code; no provider sends a longer one.
LONGEST_CODE = 4096


@dataclass(frozen=True)
class Departure:
    """Where to send a browser, and the sealed value that it brings back, with its key."""

    url: str
    sealed: str = field(repr=False)
    key: str


@dataclass(frozen=True)
class Arrival:
    """A session began; `after` is the page that was wanted."""

    signed_in: SignedIn
    after: str


@dataclass(frozen=True)
class TestReport:
    """The result of a test: every claim that came, and what a real sign-in would do with them."""

    connection: str
    claims: Mapping[str, str]
    verdict: str
    would_work: bool


@noting_pauses
async def leave(
    slug: str, purpose: Purpose, caller: Caller, *, after: str = "", invitation: str = ""
) -> Departure:
    """Begin: the provider's sign-in page, with PKCE, state and nonce.

    Raises `SsoError` (which is in the audit log, and counted, except in a test), and
    `DeadLinkError` for an invitation that is over.
    """
    if purpose is Purpose.INVITATION:
        await open_link(LinkPurpose.INVITATION, slug, invitation)
    if purpose is Purpose.TEST:
        return await _depart(slug, Attempt.begun(slug, purpose), anew=True)
    async with _noted(slug, caller):
        attempt = Attempt.begun(slug, purpose, after=after, invitation=invitation)
        return await _depart(slug, attempt)


async def _depart(slug: str, attempt: Attempt, *, anew: bool = False) -> Departure:
    async with reading() as tx:
        _, connection = await find_connection(tx, slug)
    provider = await discover(connection.issuer, anew=anew)
    client = oauth2.OAuth2Client(
        None,
        client_id=connection.client_id,
        scope=SCOPE,
        redirect_uri=tenant_urls(slug).redirect,
        code_challenge_method="S256",
    )
    url, _ = client.create_authorization_url(
        provider.authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
    )
    bound = replace(attempt, issuer=connection.issuer, client_id=connection.client_id)
    return Departure(url, seal_attempt(bound), key_of(bound.state))


def purpose_of(sealed: str | None) -> Purpose | None:
    """Why the browser that brings this value was sent away; none if that isn't known."""
    try:
        return open_attempt(sealed).purpose
    except SsoError:
        return None


@noting_pauses
async def arrive(
    slug: str, sealed: str | None, answer: Mapping[str, str], caller: Caller
) -> Arrival:
    """Check the provider's answer, and begin a session for the person whom it proves.

    Raises `SsoError` (which is in the audit log, and counted), `TooManyAttemptsError`, and
    `DeadLinkError` for an invitation that is over by now.
    """
    async with _noted(slug, caller):
        async with reading() as tx:
            _, connection = await find_connection(tx, slug)
        attempt = _matching(slug, sealed, answer, connection)
        if attempt.purpose is Purpose.TEST:
            raise forged()
        claims, id_token = await exchange(attempt, answer["code"], connection)
        try:
            signed_in = await _start_session(attempt, claims, id_token, caller)
        except SsoError as error:
            error.email = person_of(claims).email
            raise
        return Arrival(signed_in, attempt.after)


@asynccontextmanager
async def _noted(slug: str, caller: Caller) -> AsyncIterator[None]:
    """Count and log what is refused; an ip that fails too often has to wait."""
    counters = throttle.ip_key(caller.ip, throttle.FromIp.SSO)
    async with reading() as tx:
        tenant, _ = await find_connection(tx, slug)
        await throttle.check(tx, counters)
    try:
        yield
    except SsoError as error:
        user = await _asked_for(tenant.id, error.email)
        operator_log.sign_in_refused(caller.ip, Refused.SSO, user.id if user else None)
        async with transaction() as tx:
            await throttle.count_failure(tx, counters)
            await record(
                tx,
                SsoAction.REFUSED,
                actor=None,
                subject=user,
                tenant_id=tenant.id,
                ip=caller.ip,
                reason=error.reason.value,
                email=tried(error.email),
            )
        raise


async def _asked_for(tenant_id: UUID, email: str) -> User | None:
    """Whose account a refused sign-in asked for: the newest with this email."""
    if not tried(email):
        return None
    async with reading() as tx:
        found = await tx.exec(
            select(User)
            .where(User.email_key == email_key(email), User.tenant_id == tenant_id)
            .order_by(col(User.active).desc(), col(User.created_at).desc())
        )
        return found.first()


async def finish_test(
    actor: Actor, slug: str, sealed: str | None, answer: Mapping[str, str]
) -> TestReport:
    """Check the provider's answer to a test, and say what a real sign-in would do.

    Raises `SsoError`, whose sentence says what to check, and `TooManyAttemptsError` for callers who
    ask for emails of other organisations too often: somebody's own provider vouches for any email.
    """
    async with viewing(actor, Permission.MANAGE_SIGN_IN) as view:
        tenant, connection = await find_connection(view.tx, slug)
    if tenant.id != actor.tenant_id:
        raise forged()
    attempt = _matching(slug, sealed, answer, connection)
    if attempt.purpose is not Purpose.TEST:
        raise forged()
    claims, _ = await exchange(attempt, answer["code"], connection)
    person = person_of(claims)
    async with acting(actor, Permission.MANAGE_SIGN_IN) as act:
        tx = act.tx
        await emails_elsewhere.check_pause(tx, actor)
        _, connection = await find_connection(tx, slug)
        try:
            verdict, works = _verdict(await decide(tx, connection, person), person), True
        except SsoError as error:
            verdict, works = str(error), False
            if isinstance(error, ElsewhereError):
                await emails_elsewhere.count_answer(tx, actor)
        if (connection.issuer, connection.client_id) == (attempt.issuer, attempt.client_id):
            connection.tested_at = clock.now() if works else connection.tested_at
        await act.record(SsoAction.TESTED, works=works)
        act.publish(TenantChanged(tenant_id=tenant.id))
    shown = {_shown(name): _shown(value) for name, value in sorted(claims.items())}
    return TestReport(connection.name, shown, verdict, works)


async def _start_session(
    attempt: Attempt, claims: Mapping[str, Any], id_token: str, caller: Caller
) -> SignedIn:
    """Decide and begin the session, in one transaction."""
    invited: UUID | None = None
    if attempt.purpose is Purpose.INVITATION:
        opened = await open_link(LinkPurpose.INVITATION, attempt.slug, attempt.invitation)
        invited = opened.user_id

    async def once() -> SignedIn:
        async with transaction() as tx:
            tenant, connection = await find_connection(tx, attempt.slug)
            _same_client(attempt, connection)
            person = person_of(claims)
            decision = await decide(tx, connection, person, invited)
            if invited is not None:
                link = await one_time_links.get_live(tx, LinkPurpose.INVITATION, attempt.invitation)
                link.used_at = clock.now()
            user = await link_identity(tx, connection, tenant, person, decision, caller)
            if user.invited:
                await mark_accepted(tx, user, caller, by_sso=True)
            signed_in = await start_session(tx, user, caller, tenant, SignInMethod.SSO)
            await _forget_ended(tx, tenant.id)
            sid = claims.get("sid")
            await _refuse_ended_there(tx, person.issuer, sid)
            tx.add(
                SsoSession(
                    session_id=signed_in.session_id,
                    tenant_id=tenant.id,
                    issuer=person.issuer,
                    subject=person.subject,
                    sid=sid if is_id(sid) else None,
                    sealed_id_token=vault.seal(id_token),
                    created_at=clock.now(),
                )
            )
            return signed_in

    return await _twice(once)


async def _refuse_ended_there(tx: Transaction, issuer: str, sid: object) -> None:
    """Raise `SsoError` if the provider's logout has overtaken this sign-in."""
    if not is_id(sid):
        return
    key = seen_key_of("sid", issuer, str(sid))
    if (await tx.exec(select(SeenLogoutToken).where(SeenLogoutToken.key == key))).first():
        raise SsoError(
            Refusal.OVER_THERE, "Your organisation signed you out meanwhile. Sign in again."
        )


async def _forget_ended(tx: Transaction, tenant_id: UUID) -> None:
    """Id tokens are kept for signing out, and no longer."""
    over = select(LoginSession.id).where(
        LoginSession.id == SsoSession.session_id,
        or_(
            col(LoginSession.ended_at) < clock.now() - KEEP_ENDED,
            col(LoginSession.expires_at) < clock.now() - KEEP_ENDED,
        ),
    )
    await tx.exec(delete(SsoSession).where(col(SsoSession.tenant_id) == tenant_id, exists(over)))


async def _twice(call: Callable[[], Awaitable[SignedIn]]) -> SignedIn:
    """Try again if the same person came in by another way at this moment: the second time they are
    found."""
    try:
        return await call()
    except IntegrityError:
        try:
            return await call()
        except IntegrityError as error:
            raise ConflictError("Someone else was faster. Sign in again.") from error


def _matching(
    slug: str, sealed: str | None, answer: Mapping[str, str], connection: SsoConnection
) -> Attempt:
    """The attempt that this answer belongs to. Raises `SsoError`."""
    attempt = open_attempt(sealed)
    given = answer.get("state", "")
    if attempt.slug != slug or not hmac.compare_digest(given.encode(), attempt.state.encode()):
        raise forged()
    _same_client(attempt, connection)
    issuer = answer.get("iss", "")  # RFC 9207; not every provider sends it
    if issuer and issuer != attempt.issuer:
        raise SsoError(
            Refusal.WRONG_ISSUER, "The answer comes from another issuer than the one set up."
        )
    if answer.get("error"):
        words = quote(": ".join(filter(None, (answer["error"], answer.get("error_description")))))
        raise SsoError(Refusal.PROVIDER_REFUSED, f"{connection.name} refused: {words}.")
    if not 0 < len(answer.get("code", "")) <= LONGEST_CODE:
        raise SsoError(Refusal.PROVIDER_ANSWER, f"{connection.name} sent no code. Start again.")
    return attempt


def _same_client(attempt: Attempt, connection: SsoConnection) -> None:
    if (attempt.issuer, attempt.client_id) != (connection.issuer, connection.client_id):
        raise SsoError(
            Refusal.CONNECTION_CHANGED, "Your admin has just changed single sign-on. Start again."
        )


def _verdict(decision: Decision, person: Person) -> str:
    if decision.way is Way.NEW:
        return f"A new account would be made for {person.first_name} {person.last_name}."
    name = decision.user.full_name if decision.user else ""
    if decision.way is Way.BY_EMAIL:
        return f"{name} would be let in, and linked from then on."
    return f"{name} would be let in: they are linked already."


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return with_hidden_named(text[:500])
