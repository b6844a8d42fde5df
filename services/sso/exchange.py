"""Exchanges a code from the provider for claims that can be believed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from models import SsoConnection
from services.core.lazily import lazily
from services.database import vault
from services.sso.attempts import Attempt
from services.sso.connections import tenant_urls
from services.sso.errors import Refusal, SsoError, quote
from services.sso.outbound import get_json, post_form
from services.sso.provider import Provider, discover
from services.sso.tokens import Expected, check_id_token

if TYPE_CHECKING:
    from authlib.oauth2 import auth as oauth2
    from authlib.oauth2.rfc6749 import parameters
else:
    oauth2 = lazily("authlib.oauth2.auth")
    parameters = lazily("authlib.oauth2.rfc6749.parameters")


async def exchange(
    attempt: Attempt, code: str, connection: SsoConnection
) -> tuple[Mapping[str, Any], str]:
    """Exchange the code for tokens; returns the checked claims, and the id token as it came. Raises
    `SsoError`."""
    provider = await discover(connection.issuer)
    tokens = await _tokens(provider, connection, attempt, code)
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


async def _tokens(
    provider: Provider, connection: SsoConnection, attempt: Attempt, code: str
) -> dict[str, Any]:
    body = parameters.prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=tenant_urls(attempt.slug).redirect,
        code_verifier=attempt.verifier,
    )
    secret = vault.unseal(connection.sealed_secret)
    method = "client_secret_post" if provider.secret_in_body else "client_secret_basic"
    auth = oauth2.ClientAuth(connection.client_id, secret, method)
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
