"""A sign-out that the database can't take at this moment: the browser forgets its session all the
same, and is told what is still true."""

from uuid import UUID

from fastapi.responses import Response

from services.core.errors import DatabaseUnavailableError
from ui.live import cut, pages_of_sessions
from ui.public.answers import page

FORGOTTEN = (
    "This browser has forgotten your session, and nobody else at it can use it. But Rollcall "
    "couldn’t write down that the session has ended. If somebody may have copied it, {} as soon as "
    "Rollcall works again."
)


async def forgotten(
    session_id: UUID | None,
    error: DatabaseUnavailableError,
    *,
    if_copied: str = "choose Sign out everywhere else in My account",
) -> Response:
    """Close the open pages of the session, as far as it is known whose they are, and say why it
    isn't ended. The caller has the browser forget its cookie."""
    if session_id is not None:
        await cut(pages_of_sessions([session_id]), "")
    return page(
        "error.html",
        status=503,
        token=True,
        title="Signed out in this browser only",
        sentence=f"{FORGOTTEN.format(if_copied)} {error.reason or 'The database doesn’t answer.'}",
        request_id=None,
        way_on="/",
        way_on_label="To the start page",
    )
