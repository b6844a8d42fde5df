"""Errors in the look of the plain pages: what happened, and what to do next."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from services.core import errors, logs
from ui.live.errors import sentence_for
from ui.paths import home_path
from ui.public.answers import page, paused

# The HTTP status of each refusal; a derived type has its base's.
STATUSES: dict[type[Exception], int] = {
    errors.SessionEndedError: 401,
    errors.NotAllowedError: 403,
    errors.FreshSignInNeededError: 403,
    errors.NotFoundError: 404,
    errors.ConflictError: 409,
    errors.DeadLinkError: 410,
    errors.InvalidInputError: 422,
    errors.SignInFailedError: 400,
    errors.TooManyAttemptsError: 429,
    errors.DatabaseUnavailableError: 503,
    errors.RollcallError: 400,
}

TITLES = {
    400: "That didn't work",
    401: "You are signed out",
    403: "Not yours to open",
    404: "Not found",
    405: "That didn't work",
    409: "That didn't work",
    410: "This link is no longer valid",
    413: "Too large",
    422: "That didn't work",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Rollcall can't answer now",
}


def title_of(status: int) -> str:
    """The heading of an error's page."""
    return TITLES.get(status, "That didn't work")


def status_of(error: Exception) -> int:
    """The HTTP status of a refusal."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def _way_on(request: Request, status: int) -> tuple[str, str]:
    """Where to go from here, and what the link is called."""
    slug = request.path_params.get("slug")
    if status == 410 and slug and request.url.path.startswith(f"{home_path(slug)}/customer/"):
        return f"{home_path(slug)}/customer", "Ask for a new link"
    return "/", "To the start page"


def render_error(request: Request, status: int, sentence: str) -> Response:
    """The plain page of an error; if the operator may look into it, with its request's id."""
    request_id = logs.request_id() if status >= 500 else None
    way_on, way_on_label = _way_on(request, status)
    return page(
        "error.html",
        status=status,
        token=True,
        title=title_of(status),
        sentence=sentence,
        request_id=request_id,
        way_on=way_on,
        way_on_label=way_on_label,
    )


def handle_errors(app: FastAPI) -> None:
    """Answer what the plain pages' routes raise."""

    async def refused(request: Request, error: Exception) -> Response:
        answer = render_error(request, status_of(error), str(error))
        return paused(answer, error) if isinstance(error, errors.TooManyAttemptsError) else answer

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code < 400:
            return Response(status_code=error.status_code, headers=error.headers)
        sentence = str(error.detail)
        if sentence == HTTPException(error.status_code).detail:
            sentence = sentence_for(error.status_code)
        answer = render_error(request, error.status_code, sentence)
        answer.headers.update(error.headers or {})
        return answer

    async def invalid(request: Request, _error: Exception) -> Response:
        return render_error(request, 422, sentence_for(422))

    app.add_exception_handler(errors.RollcallError, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
