"""For programs that watch the process."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.operations import readiness

router = APIRouter(include_in_schema=False)


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> PlainTextResponse:
    """Answers while the process lives."""
    return PlainTextResponse("ok")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz() -> PlainTextResponse:
    """Answers 200 only when this process is able to serve; otherwise with the reasons, a line
    each."""
    troubles = readiness.troubles(await readiness.recent())
    if not troubles:
        return PlainTextResponse("ready")
    return PlainTextResponse("\n".join(check.sentence for check in troubles), 503)
