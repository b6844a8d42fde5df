"""What ends soon, for calendars: at a url that is itself the secret."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import TooManyAttemptsError
from services.workspace.end_calendar import find_ends, write_calendar
from ui.cookies import caller_of
from ui.public.allowances import Allowance
from ui.public.looks import is_known

READS = Allowance("calendars", burst=60, per_second=1)
router = APIRouter(include_in_schema=False)


@router.get("/t/{slug}/ends-soon/{token}.ics")
async def ends_calendar(request: Request, slug: str, token: str) -> Response:
    """The calendar, for everybody who has its url. (A calendar asks once an hour; services that
    ask for many people do it from few networks.) One that sends back the tag of what it has isn't
    sent the same again. The tag is a weak one: each copy says when it was written."""
    if not READS.spend(caller_of(request).ip):
        raise TooManyAttemptsError(60)
    ends = await find_ends(slug, token)
    etag = f'W/"{ends.digest[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    text = await write_calendar(ends)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)
