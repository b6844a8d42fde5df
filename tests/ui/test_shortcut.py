"""The shortcut to the pages leads where the long way leads."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Mount, Route
from starlette.types import Scope

from ui.shortcut import Shortcut, add_shortcut

PLAIN = ("/", "/wall", "/t/{slug}", "/t/{slug}/login", "/t/{slug}/customer", "/platform/login")
PAGES = (
    "/t/{slug}/users",
    "/t/{slug}/users/{user_id}",
    "/t/{slug}/customer/{poc_id}",
    "/platform/users",
    "/files/{key:path}",
)
asked: list[str] = []


class _Noting(Route):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        asked.append(self.path)
        return super().matches(scope)


def _app(*, shortcut: bool) -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    router = APIRouter()

    @router.get("/t/{slug}/logo")
    def logo(slug: str) -> str:
        return slug

    app.include_router(router)
    app.router.routes.extend(_Noting(path, _says("plain", path)) for path in PLAIN)
    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inner.router.routes.extend(Route(path, _says("page", path)) for path in PAGES)
    app.mount("/", inner)
    if shortcut:
        add_shortcut(app)
    return app


def _says(kind: str, path: str) -> Any:
    async def endpoint(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"{kind} {path} {sorted(request.path_params.items())}")

    return endpoint


async def _answer(app: FastAPI, path: str) -> tuple[int, str]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answer = await client.get(path)
        return answer.status_code, answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/wall",
        "/t/acme",
        "/t/acme/",
        "/t/acme/login",
        "/t/acme/logo",
        "/t/acme/customer",
        "/t/acme/customer/7",
        "/t/acme/users",
        "/t/acme/users/",
        "/t/acme/users/7",
        "/t/acme/users/7/nothing",
        "/t/ac%2Fme/users",
        "/t/%2E%2E/users",
        "/t//users",
        "//t/acme/users",
        "/platform/login",
        "/platform/users",
        "/platform",
        "/files/a/b/c",
        "/files",
        "/nowhere",
        "/t/acme/nowhere",
    ],
)
async def test_every_address_is_answered_as_without_it(path: str) -> None:
    assert await _answer(_app(shortcut=True), path) == await _answer(_app(shortcut=False), path)


async def test_a_page_is_held_against_no_plain_route() -> None:
    app = _app(shortcut=True)
    asked.clear()
    status, text = await _answer(app, "/t/acme/users/7")
    assert (status, text.split()[0]) == (200, "page")
    assert asked == []


def test_what_a_plain_route_may_have_is_no_shortcut() -> None:
    shortcut = _app(shortcut=True).routes[0]
    assert isinstance(shortcut, Shortcut)
    assert shortcut.marks == {("t", "users"), ("platform", "users"), ("files",)}


def test_a_plain_route_that_takes_any_address_is_refused_at_the_start() -> None:
    app = FastAPI()
    app.router.routes.extend([_Noting("/t/{slug}/{anything}", _says("plain", "")), Mount("/", app)])
    with pytest.raises(AssertionError):
        add_shortcut(app)
