"""The pages before sign-in: plain HTML, no state on the server, and where a cut lands."""

from fastapi import FastAPI

from ui.public import entrance, health, links, passkeys, second_step, setup, sign_in, sso, strength
from ui.public.errors import STATUSES, handle_errors, render_error

__all__ = ["STATUSES", "register", "render_error"]


def register(app: FastAPI) -> None:
    """Route every page, and answer errors in their look."""
    for page in (health, entrance, setup, strength, sign_in, passkeys, second_step, sso, links):
        app.include_router(page.router)
    handle_errors(app)
