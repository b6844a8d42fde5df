"""The pages before the sign-in: plain HTML, without state on the server; a cut leads to them."""

from collections.abc import Callable, Iterable

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.routing import APIRoute

from ui.public import (
    audit_key,
    calendar,
    customers,
    doctor,
    emails,
    entrance,
    health,
    links,
    looks,
    passkeys,
    second_step,
    setup,
    sign_in,
    sso,
    strength,
    wall,
)
from ui.public.answers import page
from ui.public.errors import STATUSES, handle_errors, render_error, status_of, title_of

NOT_ALLOWED = "not allowed"
"""The name of the routes that only refuse."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

__all__ = ["STATUSES", "page", "register", "render_error", "status_of", "title_of"]


def register(app: FastAPI) -> None:
    """Route every page, and answer errors in their look."""
    pages = (health, audit_key, doctor, entrance, setup, strength, sign_in, passkeys, customers)
    others = (second_step, sso, links, looks, emails, calendar, wall)
    routers = [page.router for page in (*pages, *others)]
    for router in routers:
        app.include_router(router)
    _refuse_other_methods(app, routers)
    handle_errors(app)


def _refuse_other_methods(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Answer 405 if a path is right and the method isn't (RFC 9110, section 15.5.6).

    Otherwise what is mounted behind the plain pages would answer, as if there was no such path.
    """
    allowed: dict[str, set[str]] = {}
    for router in routers:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            allowed.setdefault(route.path, set()).update(route.methods or ())
    for path, methods in allowed.items():
        refuse = _not_allowed(", ".join(sorted(methods)))
        app.add_route(path, refuse, sorted(METHODS - methods), NOT_ALLOWED)


def _not_allowed(methods: str) -> Callable[[Request], Response]:
    def refuse(_request: Request) -> Response:
        raise HTTPException(405, headers={"Allow": methods})

    return refuse
