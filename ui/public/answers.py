"""Renders the plain pages, and reads their forms."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from models import Role
from services.access.permissions import Permission, may
from services.core.errors import TooManyAttemptsError
from services.sign_in.sign_in import SignedIn, replace_session
from services.tenants.organisation import Looks
from ui.assets import STYLE_URL, url_of
from ui.cookies import caller_of, session_token, set_second_step, set_session
from ui.looks import brand_url, logo_url
from ui.paths import home_path

# The longest value that is needed: a passkey's answer, whose id alone may have 1,023 bytes, twice.
LONGEST_VALUE = 8192

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals |= {"style_url": STYLE_URL, "url_of": url_of}


def page(
    template: str,
    *,
    status: int = 200,
    token: bool = False,
    look: tuple[str | None, Looks] | None = None,
    **values: Any,
) -> HTMLResponse:
    """Render a template. `token` says that its url is a secret, which no other site may learn;
    `look` has the slug and the looks of the tenant whose page it is."""
    values = {"errors": {}, "values": {}, "alert": "", **_shown(look), **values}
    headers = {"Cache-Control": "no-store"}
    if token:
        headers["Referrer-Policy"] = "no-referrer"
    html = _environment.get_template(template).render(values)
    return HTMLResponse(html, status, headers)


def _shown(look: tuple[str | None, Looks] | None) -> dict[str, str]:
    """What the layout shows of a tenant: nothing, if the page isn't a tenant's."""
    if look is None:
        return {"logo": "", "brand_style": "", "organisation": ""}
    slug, looks = look
    return {
        "logo": logo_url(slug, looks.logo),
        "brand_style": brand_url(slug, looks.brand),
        "organisation": looks.name,
    }


async def form_of(request: Request, *names: str) -> dict[str, str]:
    """The named fields of a posted form as text; missing ones are empty. Raises a 400 if it isn't a
    form at all."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(400, "This isn't a form that Rollcall knows. Go back and try again.")
    try:
        form = await request.form(max_files=0, max_fields=50)
    except (ValueError, UnicodeError) as error:
        raise HTTPException(400, "This form can't be read. Go back and try again.") from error
    values: Mapping[str, Any] = {name: form.get(name, "") for name in names}
    return {
        name: value[:LONGEST_VALUE] if isinstance(value, str) else ""
        for name, value in values.items()
    }


def json_answer(text: str) -> Response:
    """Data for a script of ours, already written as JSON; no cache keeps it."""
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


def paused(answer: Response, error: TooManyAttemptsError) -> Response:
    """An answer that also tells the browser when to try again (RFC 9110, section 10.2.3)."""
    answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def home_of(role: Role, slug: str | None) -> str:
    """Where somebody with this role begins their day."""
    if may(role, Permission.MANAGE_TENANTS) and slug is None:
        return "/platform/tenants"
    # A Platform Admin comes into an organisation to look after its people.
    page_name = "users" if may(role, Permission.MANAGE_TENANTS) else "home"
    return f"{home_path(slug)}/{page_name}"


def go(url: str) -> RedirectResponse:
    """Send the browser to another page, with a GET."""
    return RedirectResponse(url, 303, {"Cache-Control": "no-store"})


def second_step_answer(slug: str | None, ticket: str, target: str = "") -> RedirectResponse:
    """Send the browser to the second step of a sign-in."""
    query = f"?next={quote(target, safe='/')}" if target else ""
    answer = go(f"{home_path(slug)}/login/second-step{query}")
    set_second_step(answer, home_path(slug), ticket)
    return answer


async def signed_in_answer(request: Request, signed_in: SignedIn, to: str = "") -> RedirectResponse:
    """Give the browser its session and send it home (or to `to`), the first time to its welcome;
    its earlier session ends."""
    await replace_session(session_token(request.cookies), caller_of(request))
    home = home_of(signed_in.role, signed_in.tenant_slug)
    above = may(signed_in.role, Permission.MANAGE_TENANTS)
    if signed_in.is_first and signed_in.tenant_slug is not None and not above:
        home = f"{home_path(signed_in.tenant_slug)}/welcome"
    answer = go(to or home)
    set_session(answer, signed_in)
    return answer
