"""The public key that exports of the audit log are checked with."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.audit.signature import public_pem

router = APIRouter(include_in_schema=False)


@router.api_route("/audit-key.pem", methods=["GET", "HEAD"])
async def audit_key() -> PlainTextResponse:
    """The key, for people who are given an export: it is no secret."""
    return PlainTextResponse(public_pem())
