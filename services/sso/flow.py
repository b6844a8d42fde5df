"""One single sign-on: to the provider, and back with its answer.

Between the two, what must match is in a sealed value that the browser keeps for ten minutes, and
nothing is kept here. A code works once at the provider, so an answer that is sent again begins no
second session.
"""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, exists, or_, select

from models import LinkPurpose, LoginSession, SignInMethod, SsoConnection, SsoSession, User
from services import clock, links, runtime, throttle, vault
from services.actor import Actor, authorize
from services.audit import Action, record
from services.db import Transaction, reading, transaction
from services.errors import ConflictError
from services.permissions import Permission
from services.personal_links import open_link
from services.secrets import derive, new_token
from services.sessions import Caller
from services.sign_in import SignedIn, welcome
from services.sso.connections import addresses_of, find_connection
from services.sso.errors import Refusal, SsoError, quote
from services.sso.linking import Decision, Person, Way, decide, let_in, person_of
from services.sso.outbound import get_json, post_form
from services.sso.provider import Provider, discover
from services.sso.tokens import Expected, check_id_token, is_id

# How long somebody may take at the provider.
ATTEMPT_LIFETIME = timedelta(minutes=10)
SCOPE = "openid email profile"
# How long what a provider said of a session outlives it.
KEEP_ENDED = timedelta(hours=1)
# What a provider answers at most, in characters; longer ones are nobody's honest answer.
LONGEST_CODE = 4096


class Purpose(StrEnum):
    """Why somebody was sent to the provider; an answer is good for that alone."""

    SIGN_IN = "sign_in"
    INVITATION = "invitation"
    TEST = "test"


@dataclass(frozen=True)
class Departure:
    """Where to send a browser, and the sealed value that it brings back."""

    url: str
    sealed: str = field(repr=False)


@dataclass(frozen=True)
class Attempt:
    """What must match when the browser comes back."""

    slug: str
    purpose: Purpose
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""
    client_id: str = ""
    after: str = ""
    invitation: str = field(default="", repr=False)

    @classmethod
    def begun(
        cls, slug: str, purpose: Purpose, *, after: str = "", invitation: str = ""
    ) -> "Attempt":
        """A new attempt. (The verifier's 43 characters, from 256 random bits, are the least that
        RFC 7636, section 4.1, takes.)"""
        state, nonce, verifier = new_token(), new_token(), new_token()
        return cls(slug, purpose, state, nonce, verifier, after=after, invitation=invitation)


@dataclass(frozen=True)
class Arrival:
    """A session began; `after` is the page that was wanted."""

    signed_in: SignedIn
    after: str


@dataclass(frozen=True)
class TestReport:
    """What came of a test: every claim that came, and what a real sign-in would do with them."""

    connection: str
    claims: Mapping[str, str]
    verdict: str
    would_work: bool


async def leave(
    slug: str, purpose: Purpose, caller: Caller, *, after: str = "", invitation: str = ""
) -> Departure:
    """Begin: the provider's sign-in page, with PKCE, state and nonce.

    Raises `SsoError` (which is in the audit log, and counted, but for a test), and `DeadLinkError`
    for an invitation that is over.
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
    client = OAuth2Client(
        None,
        client_id=connection.client_id,
        scope=SCOPE,
        redirect_uri=addresses_of(slug).redirect,
        code_challenge_method="S256",
    )
    url, _ = client.create_authorization_url(
        provider.authorization_endpoint,
        state=attempt.state,
        code_verifier=attempt.verifier,
        nonce=attempt.nonce,
    )
    bound = replace(attempt, issuer=connection.issuer, client_id=connection.client_id)
    return Departure(url, _seal(bound))


def purpose_of(sealed: str | None) -> Purpose | None:
    """Why the browser that brings this value was sent away; none where that isn't known."""
    try:
        return _open(sealed).purpose
    except SsoError:
        return None


async def arrive(
    slug: str, sealed: str | None, answer: Mapping[str, str], caller: Caller
) -> Arrival:
    """Check the provider's answer, and begin a session for whom it proves.

    Raises `SsoError` (which is in the audit log, and counted), `TooManyAttemptsError`, and
    `DeadLinkError` for an invitation that is over by now.
    """
    async with _noted(slug, caller):
        async with reading() as tx:
            _, connection = await find_connection(tx, slug)
        attempt = _matching(slug, sealed, answer, connection)
        if attempt.purpose is Purpose.TEST:
            raise _forged()
        claims, id_token = await _claims(attempt, answer, connection)
        return Arrival(await _admit(attempt, claims, id_token, caller), attempt.after)


@asynccontextmanager
async def _noted(slug: str, caller: Caller) -> AsyncIterator[None]:
    """Count and log what is refused; an address that fails too often has to wait."""
    counters = {"address": throttle.keys("", caller.address)["address"]}
    async with reading() as tx:
        tenant, _ = await find_connection(tx, slug)
        await throttle.check(tx, counters)
    try:
        yield
    except SsoError as error:
        async with transaction() as tx:
            await throttle.count_failure(tx, counters)
            await record(
                tx,
                Action.SSO_REFUSED,
                actor=None,
                tenant_id=tenant.id,
                address=caller.address,
                reason=error.reason.value,
            )
        raise


async def finish_test(
    actor: Actor, slug: str, sealed: str | None, answer: Mapping[str, str]
) -> TestReport:
    """Check the provider's answer to a test, and tell what a real sign-in would do.

    Raises `SsoError`, whose sentence says what to check.
    """
    async with reading() as tx:
        await authorize(tx, actor, Permission.MANAGE_SIGN_IN)
        tenant, connection = await find_connection(tx, slug)
    if tenant.id != actor.tenant_id:
        raise _forged()
    attempt = _matching(slug, sealed, answer, connection)
    if attempt.purpose is not Purpose.TEST:
        raise _forged()
    claims, _ = await _claims(attempt, answer, connection)
    person = person_of(claims)
    async with transaction() as tx:
        by = await authorize(tx, actor, Permission.MANAGE_SIGN_IN, lock=(actor.user_id,))
        _, connection = await find_connection(tx, slug)
        try:
            verdict, works = _verdict(await decide(tx, connection, person), person), True
        except SsoError as error:
            verdict, works = str(error), False
        if (connection.issuer, connection.client_id) == (attempt.issuer, attempt.client_id):
            connection.tested_at = clock.now() if works else connection.tested_at
        await record(tx, Action.SSO_TESTED, actor=actor, by=by, tenant_id=tenant.id, works=works)
    shown = {name: _shown(value) for name, value in sorted(claims.items())}
    return TestReport(connection.name, shown, verdict, works)


async def _admit(
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
                link = await links.get_live(tx, LinkPurpose.INVITATION, attempt.invitation)
                link.used_at = clock.now()
            user = await let_in(tx, connection, tenant, person, decision, caller)
            if user.invited:
                await _accepted(tx, user, caller)
            signed_in = await welcome(tx, user, caller, tenant, SignInMethod.SSO)
            await _forget_ended(tx, tenant.id)
            sid = claims.get("sid")
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


async def _forget_ended(tx: Transaction, tenant_id: UUID) -> None:
    """Id tokens are kept for signing out, and not for longer."""
    over = select(LoginSession.id).where(
        LoginSession.id == SsoSession.session_id,
        or_(
            col(LoginSession.ended_at) < clock.now() - KEEP_ENDED,
            col(LoginSession.expires_at) < clock.now() - KEEP_ENDED,
        ),
    )
    await tx.exec(delete(SsoSession).where(col(SsoSession.tenant_id) == tenant_id, exists(over)))


async def _twice(call: Callable[[], Awaitable[SignedIn]]) -> SignedIn:
    """Try again where the same person came in by another door at this very moment: the second
    time they are found."""
    try:
        return await call()
    except IntegrityError:
        try:
            return await call()
        except IntegrityError as error:
            raise ConflictError("Someone else was faster. Sign in again.") from error


async def _accepted(tx: Transaction, user: User, caller: Caller) -> None:
    await record(
        tx,
        Action.INVITATION_ACCEPTED,
        actor=None,
        by=user,
        subject=user,
        address=caller.address,
        by_sso=True,
    )


def _matching(
    slug: str, sealed: str | None, answer: Mapping[str, str], connection: SsoConnection
) -> Attempt:
    """The attempt that this answer belongs to. Raises `SsoError`."""
    attempt = _open(sealed)
    given = answer.get("state", "")
    if attempt.slug != slug or not hmac.compare_digest(given.encode(), attempt.state.encode()):
        raise _forged()
    _same_client(attempt, connection)
    issuer = answer.get("iss", "")  # RFC 9207; not every provider says it
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


async def _claims(
    attempt: Attempt, answer: Mapping[str, str], connection: SsoConnection
) -> tuple[Mapping[str, Any], str]:
    """Change the code for tokens; returns the checked claims, and the id token as it came."""
    provider = await discover(connection.issuer)
    tokens = await _exchange(provider, connection, attempt, answer["code"])
    id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(id_token, str):
        raise SsoError(
            Refusal.TOKEN_MISSING,
            f"{connection.name} sent no id token. Check that the client there is one for OpenID "
            "Connect.",
        )
    bearer = access_token if isinstance(access_token, str) and access_token.isascii() else ""
    expected = Expected(provider, connection.client_id)
    claims = await check_id_token(
        expected, id_token, nonce=attempt.nonce, access_token=bearer or None
    )
    if "email" not in claims and provider.userinfo_endpoint and bearer:
        more = await get_json(provider.userinfo_endpoint, bearer=bearer)
        if more.get("sub") != claims["sub"]:  # OpenID Connect Core 1.0, section 5.3.2
            raise SsoError(
                Refusal.TOKEN_CLAIM, f"{connection.name} describes someone else than it signed in."
            )
        claims = {**more, **claims}
    return claims, id_token


async def _exchange(
    provider: Provider, connection: SsoConnection, attempt: Attempt, code: str
) -> dict[str, Any]:
    body = prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=addresses_of(attempt.slug).redirect,
        code_verifier=attempt.verifier,
    )
    secret = vault.unseal(connection.sealed_secret)
    method = "client_secret_post" if provider.secret_in_body else "client_secret_basic"
    auth = ClientAuth(connection.client_id, secret, method)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    url, headers, body = auth.prepare("POST", provider.token_endpoint, headers, body)
    status, tokens = await post_form(url, headers, body)
    if status != 200 or "error" in tokens:
        said = tokens.get("error_description") or tokens.get("error") or f"status {status}"
        raise SsoError(
            Refusal.PROVIDER_REFUSED,
            f"{connection.name} doesn't take Rollcall's word: {quote(said)}. Start again; if it "
            "stays so, have your admin check the client ID, the client secret and the redirect "
            "address.",
        )
    return tokens


def _verdict(decision: Decision, person: Person) -> str:
    if decision.way is Way.NEW:
        return f"A new account would be made for {person.first_name} {person.last_name}."
    name = decision.user.full_name if decision.user else ""
    if decision.way is Way.BY_EMAIL:
        return f"{name} would be let in, and linked from then on."
    return f"{name} would be let in: they are linked already."


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:500]


def _forged() -> SsoError:
    return SsoError(
        Refusal.FORGED_STATE,
        "This answer doesn't belong to a sign-in that was begun in this browser. Start again.",
    )


def _seal(attempt: Attempt) -> str:
    data = json.dumps(asdict(attempt)).encode()
    return _fernet().encrypt_at_time(data, _time()).decode()


def _open(sealed: str | None) -> Attempt:
    try:
        data = _fernet().decrypt_at_time(
            (sealed or "").encode(), int(ATTEMPT_LIFETIME.total_seconds()), _time()
        )
    except (InvalidToken, UnicodeError) as error:
        raise SsoError(
            Refusal.NO_STATE,
            "This browser doesn't know of a sign-in that was begun in the last ten minutes. Start "
            "again, and have your browser accept cookies.",
        ) from error
    values = json.loads(data)
    return Attempt(**{**values, "purpose": Purpose(values["purpose"])})


def _fernet() -> Fernet:
    key = derive(runtime.current().secret, "sso-attempt", b"")
    return Fernet(base64.urlsafe_b64encode(key))


def _time() -> int:
    return int(clock.now().timestamp())
