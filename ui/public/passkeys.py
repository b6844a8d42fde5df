"""Signing in with a passkey alone."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import (
    NotFoundError,
    PasskeyRefusedError,
    SsoRequiredError,
    TooManyAttemptsError,
)
from services.sign_in.second_factors import passkeys
from services.sign_in.second_factors.passkey_host import are_offered
from services.sign_in.second_factors.passkey_sign_in import sign_in
from ui.cookies import caller_of
from ui.public.answers import form_of, json_answer, signed_in_answer
from ui.public.sign_in import local_path, looks_of, refused_page

router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/login/passkey")
@router.get("/platform/login/passkey")
async def options(slug: str | None = None) -> Response:
    """What the browser needs to ask its user for a passkey."""
    await looks_of(slug)
    if not are_offered():
        raise NotFoundError
    return json_answer(passkeys.sign_in_options(slug))


@router.post("/t/{slug}/login/passkey")
@router.post("/platform/login/passkey")
async def finish(request: Request, slug: str | None = None) -> Response:
    """Sign in with what the browser answered."""
    await looks_of(slug)
    values = await form_of(request, "credential", "next")
    target = local_path(values["next"], slug)
    try:
        signed_in = await sign_in(slug, values["credential"], caller_of(request))
    except (PasskeyRefusedError, SsoRequiredError, TooManyAttemptsError) as error:
        return await refused_page(slug, error, next=target)
    return await signed_in_answer(request, signed_in, target)
