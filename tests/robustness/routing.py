"""The routing table of the real application, read in a process of its own, a fork that prints it.

(NiceGUI's routes live in the process, so a test process must not make them its own.)
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import httpx
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from services.core.settings import Settings
from services.database.startup import started
from tests.browser import forks
from tests.browser.server import PATIENCE, ROOT
from ui.public import NOT_ALLOWED

ROUTES, LEFT = "routes", "left"


@dataclass(frozen=True, order=True)
class Address:
    """A path as it was routed, with its parameters in braces, and a method."""

    path: str
    method: str


@cache
def addresses() -> tuple[Address, ...]:
    """Every path and method that the application answers, without mounted folders and sockets."""
    return tuple(sorted(Address(path, method) for path, method in _printed(ROUTES)))


def clients_left_by_strangers() -> dict[str, int]:
    """For each path, how many of NiceGUI's clients there are once strangers have asked for it."""
    return dict(_printed(LEFT))


def _printed(what: str) -> Any:
    before = f"from tests.robustness.routing import tell\ntell({what!r})"
    ran = forks.run((), str(ROOT), os.environ, "", PATIENCE, before)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def filled(path: str, **values: str) -> str:
    """A path with its parameters filled in. A parameter that is new has to be told of here."""
    known = {
        "slug": "acme",
        "user_id": str(UUID(int=1)),
        "import_id": str(UUID(int=1)),
        "bulk_id": str(UUID(int=1)),
        "review_id": str(UUID(int=1)),
        "poc_id": str(UUID(int=1)),
        "group_id": str(UUID(int=1)),
        "resource_id": str(UUID(int=1)),
        "tab": "board",
        "section": "sign-in",
        "token": "a" * 43,
        "key": "nothing",
        "name": "nothing",
        "key:path": "nothing",
        "path:path": "nothing",
    }
    return re.sub(r"{([^}]*)}", lambda found: (known | values)[found[1]], path)


def _walk(routes: list[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    for route in routes:
        included = getattr(route, "original_router", None)  # FastAPI's own kind
        if isinstance(route, Mount):
            yield from _walk(list(route.routes), before + route.path)
        elif isinstance(route, WebSocketRoute):
            continue  # the one of screens: tests/browser/test_wall.py
        elif isinstance(route, Route) and route.name == NOT_ALLOWED:
            continue
        elif isinstance(route, Route):
            for method in route.methods or {"GET"}:
                yield before + route.path, method
        elif included is not None:
            yield from _walk(included.routes, before)
        else:
            raise TypeError(f"A kind of route that this walk doesn't know: {route!r}")


def tell(what: str) -> NoReturn:
    """Print it, and end the process."""
    asyncio.run(_print(what))
    raise SystemExit


async def _print(what: str) -> None:
    from ui.server import create_app  # noqa: PLC0415 - only in the process that prints

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder))
        async with started(settings):
            app = create_app(settings)
            routes = sorted(set(_walk(app.routes)))
            printed = routes if what == ROUTES else await _left(app, settings, routes)
    sys.stdout.write(json.dumps(printed))


async def _left(app: FastAPI, settings: Settings, routes: list[tuple[str, str]]) -> dict[str, int]:
    """How many of NiceGUI's clients there are after a stranger's requests to each path."""
    from nicegui import Client  # noqa: PLC0415 - as above

    paths = [*{path for path, _ in routes}, "/nowhere", "/t/acme/nowhere", "/t/nowhere/users"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url=settings.public_url,
        headers={"Origin": settings.public_url},
    ) as stranger:
        left = {}
        for path in paths:
            for method in ("GET", "POST", "DELETE"):
                await stranger.request(method, filled(path))
            left[path] = len(Client.instances)
    return left
