"""How a request arrived here: for the doctor, who asks by the public url."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from services.operations.doctor_web import ECHO_PATH, PROOF_HEADER, is_proof
from ui.headers import CAME_BY

router = APIRouter(include_in_schema=False)


@router.api_route(ECHO_PATH, methods=["GET", "HEAD"])
async def doctor(request: Request) -> JSONResponse:
    """Who asked, and the headers that proxies added; for callers who have the signing secret."""
    if not is_proof(request.headers.get(PROOF_HEADER, "")):
        raise HTTPException(404)
    return JSONResponse(request.scope.get(CAME_BY, {}))
