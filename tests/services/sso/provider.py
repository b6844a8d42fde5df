"""An OpenID provider of the tests' own: strict where others are lax (PKCE, codes that work once,
exact redirect urls). It can end sessions by back-channel, and do any single thing wrong."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey

from services.sso.outbound import tls
from services.sso.tokens import LOGOUT_EVENT
from tests.ports import free_port

CLIENT_ID = "rollcall"
CLIENT_SECRET = "a secret: of 30 characters/+"
LIFETIME = 300


@cache
def key(kid: str) -> RSAKey:
    """A signing key, made once."""
    return RSAKey.generate_key(2048, {"kid": kid, "alg": "RS256", "use": "sig"})


@dataclass
class Faults:
    """What the provider does wrong. Everything is right at first."""

    discovery: Mapping[str, Any] = field(default_factory=dict)
    """Instead of what the description would say."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """Instead of what the id token would say; a value of None leaves the claim out."""
    tokens: Mapping[str, Any] = field(default_factory=dict)
    """Instead of what the token answer would say."""
    algorithm: str = "RS256"
    signed_with: Key | None = None
    clock_ahead: float = 0.0
    html_at: frozenset[str] = frozenset()
    slow_at: frozenset[str] = frozenset()
    more_keys: Sequence[Any] = ()
    """What stands in the key set before the key that signs."""
    without_key: bool = False
    """Whether the key that signs is missing from the set."""
    huge_at: frozenset[str] = frozenset()
    redirect_at: frozenset[str] = frozenset()


@dataclass
class _Code:
    challenge: str
    redirect_uri: str
    nonce: str
    subject: str
    sid: str


class TestProvider:
    """The provider. `person` is who is signed in there now: the claims about them."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        self.issuer = url
        self.faults = Faults()
        self.kid = "first"
        self.redirect_uris: set[str] = set()
        self.person: dict[str, Any] = {}
        self.sid = ""
        self.denied: tuple[str, str] | None = None
        self.claims_at_userinfo = False
        self.asked: list[str] = []
        self._codes: dict[str, _Code] = {}
        self._people: dict[str, dict[str, Any]] = {}
        self._bearers: dict[str, str] = {}
        self.listeners: list[asyncio.Server] = []
        self.app = self._routes()

    def stop(self) -> None:
        """Take no connections any more."""
        for listener in self.listeners:
            listener.close()

    def sign_in(self, email: str | None, *, verified: bool | None = True, **claims: Any) -> str:
        """Somebody signs in at the provider; returns their subject."""
        subject = claims.pop("sub", None) or f"subject of {email}"
        self.person = {"sub": subject, "email": email, "email_verified": verified, **claims}
        self._people[subject] = self.person
        self.sid = secrets.token_urlsafe(8)
        return str(subject)

    async def visit(self, url: str) -> dict[str, str]:
        """Send a browser to the sign-in page, and return what it would bring back."""
        async with httpx.AsyncClient(verify=tls(), timeout=60) as http:
            answer = await http.get(url)
        assert answer.is_redirect, f"{answer.status_code}: {answer.text}"
        where = urlsplit(answer.headers["location"])
        return dict(parse_qsl(where.query, keep_blank_values=True))

    def logout_token(
        self,
        *,
        sid: str | None = None,
        sub: str | None = None,
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A logout token; `claims` replace its own, and leave out those that are None."""
        now = int(time.time() + self.faults.clock_ahead)
        all_claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(),
            "events": {LOGOUT_EVENT: {}},
            "sid": sid,
            "sub": sub,
            **claims,
        }
        return self._sign(all_claims, {"typ": "logout+jwt", **(header or {})})

    def _sign(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> str:
        said = {name: value for name, value in claims.items() if value is not None}
        algorithm = self.faults.algorithm
        whole = {"alg": algorithm, "kid": self.kid, **header}
        if algorithm in {"none", "HS256"}:
            return self._forged(whole, said)
        signing = self.faults.signed_with or key(self.kid)
        return jwt.encode(whole, said, signing, algorithms=[algorithm])

    def _forged(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        """A token without a signature, or with one by the public key as a shared secret. (By hand:
        no library that the tests use makes such a thing.)"""
        parts = (_base64(json.dumps(part).encode()) for part in (header, claims))
        signed = ".".join(parts)
        if header["alg"] == "none":
            return f"{signed}."
        public = key(self.kid).as_pem(private=False)
        return f"{signed}.{_base64(hmac.digest(public, signed.encode(), 'sha256'))}"

    def _routes(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.middleware("http")
        async def misbehave(request: Request, call_next: Any) -> Response:
            path = request.url.path
            self.asked.append(path)
            if path in self.faults.slow_at:
                await asyncio.sleep(30)
            if path in self.faults.html_at:
                return HTMLResponse("<h1>Sign in to the network</h1>")
            if path in self.faults.huge_at:
                return JSONResponse({"padding": "x" * 1_000_000})
            if path in self.faults.redirect_at:
                return RedirectResponse(f"{self.url}/elsewhere")
            answer: Response = await call_next(request)
            return answer

        app.get("/.well-known/openid-configuration")(self._describe)
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        app.get("/jwks")(self._jwks)
        app.get("/userinfo")(self._userinfo)
        return app

    async def _describe(self) -> JSONResponse:
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "backchannel_logout_supported": True,
        }
        return JSONResponse({**described, **self.faults.discovery})

    async def _jwks(self) -> JSONResponse:
        own = [] if self.faults.without_key else [key(self.kid)]
        listed = KeySet(list(own)).as_dict(private=False)["keys"]
        return JSONResponse({"keys": [*self.faults.more_keys, *listed]})

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        known = asked["client_id"] == CLIENT_ID and asked["redirect_uri"] in self.redirect_uris
        scope = set(asked["scope"].split())
        if not known or asked["response_type"] != "code" or "openid" not in scope:
            return HTMLResponse("unknown client, redirect address, type or scope", 400)
        if asked["code_challenge_method"] != "S256" or not asked["code_challenge"]:
            return HTMLResponse("no PKCE", 400)
        answer = {"state": asked["state"], "iss": self.issuer}
        if self.denied:
            answer |= {"error": self.denied[0], "error_description": self.denied[1]}
        else:
            answer["code"] = secrets.token_urlsafe()
            self._codes[answer["code"]] = _Code(
                asked["code_challenge"],
                asked["redirect_uri"],
                asked["nonce"],
                self.person["sub"],
                self.sid,
            )
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 302)

    async def _token(self, request: Request) -> JSONResponse:
        form = dict(parse_qsl((await request.body()).decode()))
        if not self._is_client(request):
            return _error("invalid_client", "Invalid client or Invalid client credentials", 401)
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = _base64(digest)
        if (
            code is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != code.redirect_uri
            or not secrets.compare_digest(proof, code.challenge)
        ):
            return _error("invalid_grant", "Code not valid", 400)
        bearer = secrets.token_urlsafe()
        self._bearers[bearer] = code.subject
        now = int(time.time() + self.faults.clock_ahead)
        person = {"sub": code.subject} if self.claims_at_userinfo else self._people[code.subject]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + LIFETIME,
            "nonce": code.nonce,
            "sid": code.sid,
            **person,
            **self.faults.claims,
        }
        answer = {
            "access_token": bearer,
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "id_token": self._sign(claims, {}),
            **self.faults.tokens,
        }
        return JSONResponse({name: value for name, value in answer.items() if value is not None})

    def _is_client(self, request: Request) -> bool:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        name, _, secret = base64.b64decode(given).decode().partition(":")
        return (kind, name, secret) == ("Basic", CLIENT_ID, CLIENT_SECRET)

    async def _userinfo(self, request: Request) -> JSONResponse:
        subject = self._bearers.get(
            request.headers.get("authorization", "").removeprefix("Bearer ")
        )
        if subject is None:
            return _error("invalid_token", "unknown", 401)
        return JSONResponse(self._people[subject])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _error(error: str, description: str, status: int) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)


@asynccontextmanager
async def providing() -> AsyncIterator[TestProvider]:
    """A provider at a free port, until the block ends."""
    port = free_port()
    provider = TestProvider(f"http://127.0.0.1:{port}")
    config = uvicorn.Config(
        provider.app, host="127.0.0.1", port=port, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), "the provider didn't start"
        await asyncio.sleep(0.005)
    provider.listeners = server.servers
    yield provider
    server.should_exit = server.force_exit = True
    await serving
