"""What ends soon, for calendars: at a url that is itself the secret."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.workspace.end_calendar import read_calendar

router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/ends-soon/{token}.ics")
async def ends_calendar(slug: str, token: str) -> Response:
    """The calendar, for everybody who has its url."""
    return Response(
        await read_calendar(slug, token),
        media_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
