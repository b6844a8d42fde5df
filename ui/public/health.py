"""For whoever watches the process."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.migrations import is_ready

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> PlainTextResponse:
    """Answers while the process lives."""
    return PlainTextResponse("ok")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz() -> PlainTextResponse:
    """Answers well only when the database answers and has this version's schema, or a newer."""
    if await is_ready():
        return PlainTextResponse("ready")
    return PlainTextResponse("the database doesn't answer, or isn't migrated", 503)
