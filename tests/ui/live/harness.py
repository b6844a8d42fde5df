"""A minimal application around `ui.live` and `ui.headers`, in a process of its own.

`main` serves it. It has no database: sessions are a dictionary
(the cookie's token is the session's id), and `/control/…` does to them what the services would.
"""

import asyncio
import logging
import sys
import time
from contextlib import ExitStack, asynccontextmanager
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, HTTPException
from nicegui import Client, core, ui
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from models import EndReason
from services.access.actor import Actor
from services.core.errors import NotAllowedError, SessionEndedError, TooManyAttemptsError
from services.core.logs import set_up_logging
from services.core.settings import Settings
from services.database import right_of_way, runtime
from services.database.right_of_way import let_go
from services.database.startup import assemble
from services.sessions import presence
from ui import assets, live
from ui.cookies import session_token
from ui.headers import Compression, harden
from ui.listener import listen, web_server

COOKIE = "rollcall"
EVERYONE = live.Room("everyone")

sessions: dict[UUID, UUID] = {}
log = logging.getLogger(__name__)
events: list[str] = []
told: list[tuple[str, bool]] = []
background: set[asyncio.Task[Any]] = set()
urgent_acts = ExitStack()


def session_of(token: str | None) -> UUID | None:
    """The live session that a cookie's token stands for."""
    try:
        session_id = UUID(token or "")
    except ValueError:
        return None
    return session_id if session_id in sessions else None


async def authenticate(token: str | None) -> UUID | None:
    """As the services do it: with a pause, for the database."""
    await asyncio.sleep(0.002)
    return session_of(token)


async def require_session(request: Request) -> Actor:
    """The dependency that every page has."""
    session_id = session_of(session_token(request.cookies))
    if session_id is None:
        raise HTTPException(303, headers={"Location": "/login"})
    live.require_calm(session_id)
    return Actor(session_id, sessions[session_id], None)


Visitor = Annotated[Actor, Depends(require_session)]


def render(_request: Request, status: int, sentence: str) -> Response:
    """A plain error page."""
    return HTMLResponse(f"<!doctype html><title>{status}</title><p>{sentence}</p>", status)


async def render_later(request: Request, status: int, sentence: str) -> Response:
    """The same, where it may take a look at the database."""
    return render(request, status, sentence)


async def note() -> None:
    """Log something, in a click's name."""
    await asyncio.sleep(0)
    log.info("An event's own line")
    events.append("logged")


async def note_way() -> None:
    """Note whether this is given way: it doesn't wait for itself then."""
    way = runtime.current().database.right_of_way
    events.append(f"given way: {way._acts}")
    await way.wait()
    let_go()
    events.append(f"let go: {way._acts}")


def page_routes() -> None:
    """The live pages."""

    @ui.page("/page")
    async def page(actor: Visitor) -> None:
        live.register(ui.context.client, actor, "/login", rooms=[EVERYONE])
        ui.label("The secret content").props("id=secret")

        async def slow() -> None:
            events.append("slow begun")
            await asyncio.sleep(1)
            label.text = "slow done"
            events.append("slow done")

        label = ui.label("idle").props("id=label")
        ui.button("Log", on_click=note)
        ui.button("Act", on_click=lambda: events.append("act"))
        ui.button("Slow", on_click=slow)
        ui.button("Send").on("submit", note_way)
        live.hurry(ui.button("End access").on("submit", note_way).on("check", note_way))
        ui.context.client.on_delete(lambda: events.append("deleted"))

    @ui.page("/unregistered")
    async def unregistered(_actor: Visitor) -> None:
        ui.label("A page that the guard doesn't know")

    @ui.page("/slow-page")
    async def slow_page(actor: Visitor) -> None:
        live.register(ui.context.client, actor, "/login")
        await asyncio.sleep(2)
        ui.label("The secret content").props("id=secret")

    @ui.page("/too-slow")
    async def too_slow(actor: Visitor) -> None:
        live.register(ui.context.client, actor, "/login")
        await asyncio.sleep(5)

    @ui.page("/broken")
    async def broken(actor: Visitor) -> None:
        live.register(ui.context.client, actor, "/login")
        raise RuntimeError("the page's own bug")

    @ui.page("/broken-sync")
    def broken_sync() -> None:
        raise RuntimeError("the page's own bug")

    @ui.page("/forbidden")
    async def forbidden() -> None:
        raise NotAllowedError

    @ui.page("/number/{number}")
    async def numbered(number: int) -> None:
        ui.label(str(number))


def odd_page_routes() -> None:
    """Live pages that come to something else than a page."""

    @ui.page("/hostile")
    async def hostile(actor: Visitor) -> None:
        live.register(ui.context.client, actor, "/login")
        ui.add_head_html("<script>hostile()</script>{{ request.scope }}")
        ui.add_body_html("<script>hostile()</script>")
        ui.page_title("<script>hostile()</script>")
        ui.add_body_html("</div><script>hostile()</script>")
        ui.label("<script>hostile()</script>")

    @ui.page("/cut-while-built/{how}")
    async def cut_while_built(actor: Visitor, how: str) -> None:
        live.register(ui.context.client, actor, "/login")
        with ui.column():
            ending = live.cut(live.pages_of_sessions([actor.session_id]), "deactivated")
            if how == "amid the cut":
                task = asyncio.create_task(ending)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            else:
                task = None
                await ending
            if how == "elements":
                ui.label("The secret content")
            if how == "refused":
                raise SessionEndedError
            if how == "failed":
                raise KeyError("what the cut took away")
        if task is not None:
            background.add(task)

    @ui.page("/ended-before")
    async def ended_before(_actor: Visitor) -> None:
        raise SessionEndedError(EndReason.DEACTIVATED)


def plain_routes(app: FastAPI) -> None:
    """Sign-in, and the handles that a test pulls."""

    @app.get("/login")
    async def login() -> HTMLResponse:
        return HTMLResponse("<!doctype html><title>Sign in</title><h1>Sign in</h1>")

    @app.get("/enter")
    async def enter(user: UUID | None = None) -> Response:
        session_id = uuid4()
        sessions[session_id] = user or uuid4()
        response = RedirectResponse("/page", 303)
        response.set_cookie(COOKIE, str(session_id), httponly=True, samesite="lax")
        response.headers["X-Session"] = str(session_id)
        return response

    @app.post("/control/end")
    async def end(session: UUID, within: float) -> dict[str, Any]:
        vars(sys.modules["ui.live.cut"])["ANSWER_WITHIN"] = within
        sessions.pop(session, None)
        committed_at = time.perf_counter()
        receipt = await live.cut(live.pages_of_sessions([session]), "deactivated", committed_at)
        took = (time.perf_counter() - committed_at) * 1000
        return {**vars(receipt), "took_ms": took}

    @app.post("/control/broadcast")
    async def broadcast() -> dict[str, Any]:
        await live.broadcast(EVERYONE, "rollcall_news", {"news": 1})
        return {}

    @app.get("/control/state")
    async def state() -> dict[str, Any]:
        return {
            "events": list(events),
            "clients": len(Client.instances),
            "pages": len(live.all_pages()),
            "sids": sum(len(page.sids) for page in live.all_pages()),
            "engine_sockets": len(core.sio.eio.sockets),
            "environs": len(core.sio.environ),
            "rooms": {
                str(room): len(sids) for room, sids in core.sio.manager.rooms.get("/", {}).items()
            },
            "presence": list(told),
            "waiting": len(runtime.current().database.right_of_way._nobody._waiters),
            "tabs": len(core.app.storage._tabs),
            "requests": [sorted(client.request.scope) for client in Client.instances.values()],
            "environments": [sorted(environ) for environ in core.sio.environ.values()],
        }

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/fail")
    async def fail() -> None:
        raise RuntimeError("a plain page's own bug")


def crowd_routes(app: FastAPI) -> None:
    """Handles for what others do meanwhile."""

    @app.post("/control/urgent")
    async def urgent(runs: bool) -> dict[str, Any]:
        way = runtime.current().database.right_of_way
        if runs:
            urgent_acts.enter_context(way.given(None))
        else:
            urgent_acts.close()
            way._whole_at.clear()  # the next test's acts are given way, however long this one took
        return {}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> Any:
    """Quiet the collector, as the server does."""
    live.quiet_gc()
    live.slow_pings()
    yield


def create_app(public_url: str) -> FastAPI:
    """Everything together, in the order that `ui.server` has it."""
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.get("/static/{name}")(assets.asset)
    plain_routes(app)
    crowd_routes(app)
    page_routes()
    odd_page_routes()
    presence.on_change(lambda user, _tenant, online: told.append((str(user), online)))
    live.install(authenticate, public_url=public_url)
    script = assets.url_of("live.js")
    ui.add_head_html(f'<script src="{script}" defer></script>', shared=True)
    ui.run_with(
        app,
        dark=None,
        tailwind=False,
        reconnect_timeout=30,
        binding_refresh_interval=None,
        storage_secret=None,
        show_welcome_message=False,
        gzip_middleware_factory=None,
    )
    live.without_middlewares()
    live.without_redirects()
    refusals = {NotAllowedError: 403, SessionEndedError: 401, TooManyAttemptsError: 429}
    live.plain_errors(render_later, refusals)
    harden(app, public_url=public_url, render=render)
    app.add_middleware(Compression, minimum_size=500)
    return app


def main(port: int) -> None:
    """Serve on this port."""
    set_up_logging("text")
    # The cookies' names depend on the settings; the database is never asked.
    runtime.use(assemble(Settings(port=port), b""))
    # A busy machine may take some seconds from a flood to what a test asks after it.
    vars(sys.modules["ui.live.flood"])["PAUSE"] = 150
    vars(right_of_way)["LONGEST"] = 3600
    app = create_app(f"http://localhost:{port}")
    asyncio.run(web_server(app).serve(sockets=[listen("127.0.0.1", port)]))
