"""People's pictures, for people who are signed in at their organisation."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response
from nicegui import app

from services.access.permissions import Permission
from services.core.errors import NotFoundError
from services.sessions.sessions import Visit
from services.users.profile import get_portrait
from ui.identity import require
from ui.input import as_uuid
from ui.public.looks import picture_answer

MaySelect = Annotated[Visit, Depends(require(Permission.SELECT_USERS))]
# The visitor's browser may cache it; proxies may not.
OWN = "private, max-age=31536000, immutable"


def register() -> None:
    """Route the pictures."""
    app.get("/t/{slug}/users/{user_id}/picture", include_in_schema=False)(picture)
    app.get("/platform/users/{user_id}/picture", include_in_schema=False)(picture)


async def picture(request: Request, visit: MaySelect, user_id: str) -> Response:
    """Somebody's picture."""
    wanted = as_uuid(user_id)
    if wanted is None:
        raise NotFoundError("This user doesn't exist.")
    return picture_answer(request, await get_portrait(visit.actor, wanted), OWN)
