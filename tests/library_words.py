"""Messages of libraries, which users of Rollcall should never read."""

import re

_WORDS = (
    # pydantic
    "Input should be",
    "Field required",
    "Value error",
    "valid string",
    "valid integer",
    "valid list",
    "valid UUID",
    "valid date",
    "valid boolean",
    "String should",
    "pydantic",
    # email-validator
    "not a valid email address",
    "The email address is",
    "An email address must",
    "The part after the @-sign",
    "The part before the @-sign",
    "exactly one @-sign",
    # Starlette and FastAPI
    '"detail"',
    "Method Not Allowed",
    "Internal Server Error",
    "Unprocessable",
    "Request Entity Too Large",
    "There was an error parsing the body",
    "Not Found",
    "Bad Request",
    "Forbidden",
    "Unauthorized",
    # NiceGUI
    "does not support ES modules",
    "Trying to reconnect...",
    "Page not found",
    "HTTPException",
    "The client was deleted",
    # Authlib, joserfc, httpx, aiosmtplib, Pillow, calamine, webauthn
    "JoseError",
    "invalid_claim",
    "mismatching_state",
    "All connection attempts failed",
    "Errno",
    "cannot identify image",
    "Cannot detect file format",
    "Unable to decode",
    # Python itself
    "Traceback",
    "codec can't",
    "invalid literal",
    "Invalid isoformat",
    "badly formed",
    "object has no attribute",
)
_ANY = re.compile("|".join(map(re.escape, _WORDS)))


def theirs(text: str) -> list[str]:
    """The parts of a text that come from a library."""
    return _ANY.findall(text)
