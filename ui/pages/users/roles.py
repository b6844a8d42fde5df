"""The Roles page: what each role may do, from the same table that every check reads."""

from typing import Annotated

from fastapi import Depends
from nicegui import ui

from models import Role
from services.access.permissions import CANNOT, PERMISSIONS, Permission
from services.sessions.sessions import Visit
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.page import add_page

MayView = Annotated[Visit, Depends(require(Permission.VIEW_ROLES))]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/roles")(roles_page)
    add_page("/platform/roles")(roles_page)


async def roles_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit)
    with frame(visit, "Roles", current="roles"):
        with ui.element("div").classes("page-head"):
            text("h1", "Roles")
        text(
            "p",
            "A role is chosen when a user is invited, and never changes after that. "
            "To correct one, deactivate the user and invite them again.",
            "muted",
        )
        with ui.element("div").classes("role-cards"):
            for role in Role:
                _card(role, own=role is visit.role)


def _card(role: Role, *, own: bool) -> None:
    with section("card role-card"):
        with ui.element("div").classes("role-card-head"):
            text("h2", role.label)
            if own:
                text("span", "Your role", "chip chip-accent")
        with ui.element("ul").classes("role-can"):
            for permission in Permission:
                if permission in PERMISSIONS[role]:
                    text("li", permission.value)
        with ui.element("ul").classes("role-cannot"):
            for sentence in CANNOT[role]:
                text("li", sentence)
