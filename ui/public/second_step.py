"""The second step of a sign-in: one field for a code, and a button for a passkey."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import (
    InvalidInputError,
    PasskeyRefusedError,
    SecondStepOverError,
    SignInFailedError,
    SsoRequiredError,
    TooManyAttemptsError,
)
from services.sign_in.second_factors import second_step
from services.sign_in.sign_in import SignedIn
from ui.cookies import caller_of, second_step_of, set_second_step
from ui.paths import home_path
from ui.public.answers import form_of, json_answer, page, paused, signed_in_answer
from ui.public.sign_in import local_path, looks_of, sign_in_page

router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/login/second-step")
@router.get("/platform/login/second-step")
async def second_step_page(request: Request, slug: str | None = None) -> Response:
    """Ask for a code or a passkey, if a right password was given a short while ago."""
    target = local_path(request.query_params.get("next", ""), slug)
    return await _page(request, slug, target)


@router.get("/t/{slug}/login/second-step/passkey")
@router.get("/platform/login/second-step/passkey")
async def passkey_options(request: Request, slug: str | None = None) -> Response:
    """What the browser needs to ask its user for one of their passkeys."""
    return json_answer(await second_step.passkey_options(slug, second_step_of(request.cookies)))


@router.post("/t/{slug}/login/second-step")
@router.post("/platform/login/second-step")
async def finish(request: Request, slug: str | None = None) -> Response:
    """Sign in with the code."""
    values = await form_of(request, "code", "next")
    ticket = second_step_of(request.cookies)

    async def step() -> SignedIn:
        return await second_step.finish(slug, ticket, values["code"], caller_of(request))

    return await _finish(request, slug, values["next"], step)


@router.post("/t/{slug}/login/second-step/passkey")
@router.post("/platform/login/second-step/passkey")
async def finish_with_passkey(request: Request, slug: str | None = None) -> Response:
    """Sign in with what the browser answered."""
    values = await form_of(request, "credential", "next")
    ticket = second_step_of(request.cookies)

    async def step() -> SignedIn:
        caller = caller_of(request)
        return await second_step.finish_with_passkey(slug, ticket, values["credential"], caller)

    return await _finish(request, slug, values["next"], step)


async def _finish(
    request: Request,
    slug: str | None,
    to: str,
    step: Callable[[], Awaitable[SignedIn]],
) -> Response:
    target = local_path(to, slug)
    try:
        signed_in = await step()
    except InvalidInputError as error:
        return await _page(request, slug, target, status=422, errors=error.fields)
    except PasskeyRefusedError as error:
        return await _page(request, slug, target, status=400, alert=str(error))
    except TooManyAttemptsError as error:
        return paused(await _page(request, slug, target, status=429, alert=str(error)), error)
    except (SecondStepOverError, SignInFailedError, SsoRequiredError) as error:
        return await _over(slug, error, target)
    answer = await signed_in_answer(request, signed_in, target)
    set_second_step(answer, home_path(slug), "")
    return answer


async def _page(request: Request, slug: str | None, target: str, **shown: Any) -> Response:
    looks = await looks_of(slug)
    try:
        choices = await second_step.get_choices(slug, second_step_of(request.cookies))
    except SecondStepOverError as error:
        return await _over(slug, error, target)
    return page(
        "second_step.html",
        look=(slug, looks),
        base=home_path(slug),
        name=looks.name,
        next=target,
        choices=choices,
        **shown,
    )


async def _over(slug: str | None, error: Exception, target: str) -> Response:
    answer = await sign_in_page(slug, status=400, alert=str(error), next=target)
    set_second_step(answer, home_path(slug), "")
    return answer
