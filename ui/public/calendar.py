"""What ends soon, for calendars: at a url that is itself the secret."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import TooManyAttemptsError
from services.workspace.end_calendar import read_calendar
from ui.cookies import caller_of
from ui.public.allowances import Allowance

READS = Allowance("calendars", burst=60, per_second=1)
router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/ends-soon/{token}.ics")
async def ends_calendar(request: Request, slug: str, token: str) -> Response:
    """The calendar, for everybody who has its url. (A calendar asks once an hour; services that
    ask for many people do it from few networks.)"""
    if not READS.spend(caller_of(request).ip):
        raise TooManyAttemptsError(60)
    return Response(
        await read_calendar(slug, token),
        media_type="text/calendar; charset=utf-8",
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )
