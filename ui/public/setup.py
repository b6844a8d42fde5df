"""The first start: an organisation, and the person who runs it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.core.errors import InvalidInputError
from services.database import runtime
from services.operations.setup import open_setup, set_up
from ui.cookies import caller_of
from ui.public.answers import form_of, page, signed_in_answer

router = APIRouter(include_in_schema=False)

FIELDS = ("organisation", "first_name", "last_name", "email")


@router.get("/setup/{token}")
async def setup_page(token: str) -> Response:
    """The form; opening the page doesn't use the link up."""
    await open_setup(token)
    return _form()


@router.post("/setup/{token}")
async def do_set_up(request: Request, token: str) -> Response:
    """Create the Platform Admin and the first tenant, and land on its Users page."""
    values = await form_of(request, *FIELDS, "password")
    try:
        signed_in = await set_up(token, values, caller_of(request))
    except InvalidInputError as error:
        shown = {name: values[name] for name in FIELDS}
        # In the page's order: the first one gets the focus.
        wrong = {name: error.fields[name] for name in values if name in error.fields}
        return _form(status=422, errors=wrong, values=shown)
    return await signed_in_answer(request, signed_in)


def _form(**values: object) -> Response:
    minimum = runtime.current().settings.password_min_length
    return page("setup.html", token=True, minimum=minimum, **values)  # type: ignore[arg-type]  # a template's values, or its status
