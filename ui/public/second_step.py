"""The second step of a sign-in: one field for a code."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services import second_step
from services.errors import (
    InvalidInputError,
    SecondStepOverError,
    SignInFailedError,
    SsoRequiredError,
    TooManyAttemptsError,
)
from ui.cookies import caller_of, second_step_of, set_second_step
from ui.identity import home_path
from ui.public.answers import form_of, page, signed_in_answer
from ui.public.sign_in import local_path, name_of, sign_in_page

router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/login/second-step")
@router.get("/platform/login/second-step")
async def second_step_page(request: Request, slug: str | None = None) -> Response:
    """Ask for a code, where a right password was given a short while ago."""
    name = await name_of(slug)
    target = local_path(request.query_params.get("next", ""), slug)
    try:
        second_step.check(slug, second_step_of(request.cookies))
    except SecondStepOverError as error:
        return await _over(slug, error, target)
    return _page(slug, name=name, next=target)


@router.post("/t/{slug}/login/second-step")
@router.post("/platform/login/second-step")
async def finish(request: Request, slug: str | None = None) -> Response:
    """Sign in with the code."""
    name = await name_of(slug)
    values = await form_of(request, "code", "next")
    target = local_path(values["next"], slug)
    ticket = second_step_of(request.cookies)
    try:
        signed_in = await second_step.finish(slug, ticket, values["code"], caller_of(request))
    except InvalidInputError as error:
        return _page(slug, status=422, name=name, next=target, errors=error.fields)
    except TooManyAttemptsError as error:
        answer = _page(slug, status=429, name=name, next=target, alert=str(error))
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    except (SecondStepOverError, SignInFailedError, SsoRequiredError) as error:
        return await _over(slug, error, target)
    answer = await signed_in_answer(request, signed_in, target)
    set_second_step(answer, home_path(slug), "")
    return answer


def _page(slug: str | None, **shown: Any) -> Response:
    return page("second_step.html", base=home_path(slug), **shown)


async def _over(slug: str | None, error: Exception, target: str) -> Response:
    answer = await sign_in_page(slug, status=400, alert=str(error), next=target)
    set_second_step(answer, home_path(slug), "")
    return answer
