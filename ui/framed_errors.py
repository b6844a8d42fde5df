"""Errors as signed-in people see them: within the app's frame, with a way on.

They are plain HTML like every error, and leave nothing on the server.
"""

from starlette.requests import Request
from starlette.responses import Response

from services.access.permissions import Permission, may
from services.core.errors import RollcallError
from services.sessions import sessions
from services.sessions.sessions import Visit
from ui import live
from ui.cookies import caller_of, session_token
from ui.frame import navigation, own_menu
from ui.paths import home_path
from ui.public import page, render_error, title_of

FRAMED = {403, 404, 422}
"""Of a GET, 422 is of an address with a part that isn't understood."""


async def render_framed(request: Request, status: int, sentence: str) -> Response:
    """The page of an error; strangers get a plain one, and so do visitors who made no mistake."""
    visit = await _find_visit(request) if status in FRAMED and request.method == "GET" else None
    if visit is None:
        return render_error(request, status, sentence)
    base = home_path(visit.tenant_slug)
    return page(
        "framed_error.html",
        status=status,
        token=True,
        title=title_of(status),
        sentence=sentence,
        visit=visit,
        base=base,
        navigation=navigation(visit),
        menu=own_menu(visit),
        roles_url=f"{base}/roles" if may(visit.role, Permission.VIEW_ROLES) else None,
        is_forbidden=status == 403,
    )


async def _find_visit(request: Request) -> Visit | None:
    """The visitor, in the organisation of the url if they may enter it, otherwise in their own."""
    token = session_token(request.cookies)
    try:
        home = await sessions.home_of(token)
        if home is None:
            return None
        _, own = home
        _, first, asked, *_ = [*request.url.path.split("/"), "", ""]
        slug = asked if own is None and first == "t" else own
        visit = await sessions.recognise(token, slug, caller_of(request))
    except RollcallError:
        return None  # the plain page says as much
    live.known_as(token, visit.actor.holder_id)
    return visit
