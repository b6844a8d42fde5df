"""What every signed-in page begins with: its registration, its surroundings, its one toast."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal
from uuid import UUID

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from services.access.actor import Actor
from services.access.permissions import Permission, may
from services.core.words import with_nothing_deceiving, with_nothing_hidden
from services.sessions.outside import CustomerVisit
from services.sessions.sessions import Visit
from services.tenants import organisation
from ui import live, notices, palette, undecided
from ui.components.shell import Link, Shell
from ui.components.toast import Toast
from ui.dialogs.confirm import ConfirmDialog
from ui.looks import logo_url
from ui.paths import customer_path, home_path, sign_in_url

# The navigation: name, last part of the path, and the permission that shows it.
TENANT_NAVIGATION = (
    ("Home", "home", Permission.VIEW_ALL_POCS),
    ("POCs", "pocs", Permission.VIEW_ALL_POCS),
    ("Templates", "templates", Permission.VIEW_TEMPLATES),
    ("Users", "users", Permission.VIEW_USERS),
    ("Roles", "roles", Permission.VIEW_ROLES),
    ("Audit", "audit", Permission.VIEW_AUDIT),
    ("Settings", "settings", Permission.MANAGE_SIGN_IN),
)
PLATFORM_NAVIGATION = (
    ("Organisations", "tenants", Permission.MANAGE_TENANTS),
    ("Dashboard", "dashboard", Permission.VIEW_SYSTEM),
    ("Platform Admins", "users", Permission.MANAGE_PLATFORM_ADMINS),
    ("Roles", "roles", Permission.VIEW_ROLES),
    ("Audit", "audit", Permission.VIEW_AUDIT),
    ("System", "system", Permission.VIEW_SYSTEM),
)


def enter(visit: Visit, *rooms: live.Room) -> None:
    """Register the page that is being built, before it asks the database for anything.

    A cut that happens from now on finds the page; what happened before is found by the page's own
    first service call.
    """
    # A Platform Admin inside a tenant can't sign in under the tenant's slug.
    home = None if may(visit.role, Permission.MANAGE_TENANTS) else visit.tenant_slug
    everywhere = notices.header_room(visit.actor.tenant_id)
    live.register(
        ui.context.client, visit.actor, sign_in_url=sign_in_url(home), rooms=(*rooms, everywhere)
    )


def navigation(visit: Visit, current: str = "") -> list[Link]:
    """The pages of the navigation that this visitor may open."""
    base = home_path(visit.tenant_slug)
    items = TENANT_NAVIGATION if visit.tenant_slug else PLATFORM_NAVIGATION
    return [
        {"name": name, "href": f"{base}/{part}", "current": part == current}
        for name, part, permission in items
        if may(visit.role, permission)
    ]


def own_menu(visit: Visit) -> list[Link]:
    """The links of the visitor's own menu, before Sign out."""
    menu: list[Link] = [{"name": "My account", "href": f"{home_path(visit.tenant_slug)}/account"}]
    if visit.tenant_slug and not visit.above_tenants:
        menu.append({"name": "Welcome", "href": f"{home_path(visit.tenant_slug)}/welcome"})
    if visit.tenant_slug and may(visit.role, Permission.MANAGE_TENANTS):
        menu.append({"name": "All organisations", "href": "/platform/tenants"})
    return menu


def _inside(visit: Visit) -> Literal["", "open", "closed"]:
    """Whether the organisation in which a Platform Admin works is open."""
    if visit.tenant_slug is None or not visit.above_tenants:
        return ""
    return "closed" if visit.tenant_closed else "open"


async def _find_header(actor: Actor) -> dict[str, Any]:
    return notices.header_values(await organisation.get_shown(actor))


@contextmanager
def frame(
    visit: Visit, title: str, *, current: str = "", tabs: Sequence[Link] = ()
) -> Iterator[Toast]:
    """Build the page's surroundings; what is built inside is its main part.

    `current` is the last part of the navigation entry's path, `tabs` are the pages beside this one
    under that entry; the page's one toast is given.
    """
    home_title = visit.tenant_name or "Platform"
    toast = _surrounded(title, home_title)
    links, menu = navigation(visit, current), own_menu(visit)
    with Shell(
        base=home_path(visit.tenant_slug),
        home_title=home_title,
        person={
            "id": str(visit.actor.user_id),
            "name": visit.name,
            "email": visit.email,
            "role": visit.role.label,
        },
        navigation=links,
        menu=menu,
        inside=_inside(visit),
        home_logo=logo_url(visit.tenant_slug, visit.tenant_logo),
        find=partial(palette.find, visit, (*links, *menu)),
    ) as shell:
        shell.show_tabs(tabs)
        if current != "settings":  # where it is changed
            shell.date_in(visit.time_zone)
        if visit.tenant_slug:
            shell.renew(partial(_find_header, visit.actor))
        if any(tab.get("counts") for tab in tabs):
            shell.count(partial(undecided.count, visit.actor))
        toast.ask_proof = ConfirmDialog(visit.actor, toast).ask
        yield toast


def enter_as_customer(visit: CustomerVisit, poc_id: UUID, *rooms: live.Room) -> None:
    """Register the page that is being built for a customer's person, as `enter` does."""
    url = customer_path(visit.tenant_slug)
    live.register(ui.context.client, visit.actor, sign_in_url=url, rooms=rooms, shows=poc_id)


@contextmanager
def customer_frame(visit: CustomerVisit, title: str) -> Iterator[Toast]:
    """Build the surroundings of a customer's page, which has no navigation."""
    toast = _surrounded(title, visit.tenant_name)
    person = {
        "id": str(visit.actor.customer_id),
        "name": visit.name,
        "email": "",
        "role": f"Guest of {visit.tenant_name}",
    }
    with Shell(base=customer_path(visit.tenant_slug), home_title=visit.tenant_name, person=person):
        yield toast


def _surrounded(title: str, home_title: str) -> Toast:
    ui.page_title(with_nothing_hidden(f"{title} · {home_title} · Rollcall"))
    live.lay_out_plainly(ui.context.client)
    return Toast()


def text(tag: str, content: str, classes: str = "") -> TextElement:
    """A plain HTML element with a text, never read as markup, which reads as it was written."""
    return TextElement(tag=tag, text=with_nothing_deceiving(content)).classes(classes)


def mixed_chip(mixed: str) -> None:
    """The mark of a name that mixes letters: `mixed` is what `lookalikes.mixed_letters` says."""
    text("span", "Mixed letters", "chip chip-warning").props["title"] = mixed


def section(classes: str = "card") -> ui.element:
    """A block of a page, to build in."""
    return ui.element("section").classes(classes)
