"""The password meter's estimate: the same judgement that decides later."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from services.core.errors import BusyError
from services.sign_in.passwords import MAX_LENGTH, Strength, estimate, slot
from ui.cookies import caller_of
from ui.public.allowances import Allowance

router = APIRouter(include_in_schema=False)

ESTIMATES = Allowance("estimates of passwords", burst=40, per_second=4)


class Question(BaseModel):
    """A password while it is typed, and the person's own words, which it must not be built from."""

    password: str = Field(max_length=MAX_LENGTH, repr=False)
    own_words: list[str] = Field(default=[], max_length=6)


@router.post("/password/strength")
async def strength(request: Request) -> JSONResponse:
    """Judge a password, without keeping it."""
    try:
        question = Question.model_validate_json(await request.body())
    except ValidationError:
        return JSONResponse({"message": "This question isn't understood."}, 422)
    if not ESTIMATES.spend(caller_of(request).ip):
        return JSONResponse({"message": "Too many estimates. Type on."}, 429)
    words = [word[:MAX_LENGTH] for word in question.own_words]
    try:
        with slot(known=False):
            judged: Strength = await estimate(question.password, words)
    except BusyError as error:
        return JSONResponse({"message": str(error)}, 429)
    return JSONResponse(judged.model_dump())
