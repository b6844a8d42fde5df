"""The password meter's estimate: the very judgement that decides later."""

import time
from collections import OrderedDict

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from services.core import runtime
from services.core.errors import BusyError
from services.sign_in.passwords import MAX_LENGTH, Strength, estimate, slot

router = APIRouter(include_in_schema=False)

# Estimates that one ip may ask for at once, and how many a second come back.
BURST = 40
PER_SECOND = 4
MOST_IPS = 10_000


class _Buckets(OrderedDict[str, tuple[float, float]]):
    """What is left to each ip, and when that was counted; the one seen last is at the end."""


class Question(BaseModel):
    """A password as it is typed, and the person's own words, which it must not be built from."""

    password: str = Field(max_length=MAX_LENGTH, repr=False)
    own_words: list[str] = Field(default=[], max_length=6)


@router.post("/password/strength")
async def strength(request: Request) -> JSONResponse:
    """Judge a password, without keeping it."""
    try:
        question = Question.model_validate_json(await request.body())
    except ValidationError:
        return JSONResponse({"message": "This question isn't understood."}, 422)
    if not _may_ask(request.client.host if request.client else ""):
        return JSONResponse({"message": "Too many estimates. Type on."}, 429)
    words = [word[:MAX_LENGTH] for word in question.own_words]
    try:
        with slot(known=False):
            judged: Strength = await estimate(question.password, words)
    except BusyError as error:
        return JSONResponse({"message": str(error)}, 429)
    return JSONResponse(judged.model_dump())


def _may_ask(ip: str) -> bool:
    """A token bucket per ip, in this process: it spares the processor, and guards nothing."""
    now, buckets = time.monotonic(), runtime.current().part(_Buckets)
    left, counted = buckets.pop(ip, (float(BURST), now))
    left = min(BURST, left + (now - counted) * PER_SECOND) - 1
    buckets[ip] = (max(left, 0), now)
    if len(buckets) > MOST_IPS:
        buckets.popitem(last=False)
    return left >= 0
