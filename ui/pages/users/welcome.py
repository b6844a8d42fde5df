"""The welcome page: what somebody reads at their first sign-in, and finds in their menu later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from nicegui import ui

from models import Role
from services.access.permissions import Permission
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.users.welcoming import Contact, FirstDay, get_first_day
from ui import notices
from ui.components.facts import fact
from ui.components.icon import Icon
from ui.components.part import Part
from ui.components.person_avatar import PersonAvatar
from ui.components.refresher import Refresher
from ui.components.zone_clock import ZoneClock
from ui.frame import enter, frame, section, text
from ui.identity import require
from ui.looks import brand_url, logo_url
from ui.page import add_page
from ui.paths import home_path

MayView = Annotated[Visit, Depends(require(Permission.USE_OWN_ACCOUNT))]


@dataclass(frozen=True)
class _Step:
    """What somebody with a role does first, and what the role is for."""

    sentence: str
    label: str
    path: str
    look: str
    look_path: str
    does: Sequence[str]
    does_not: str


_INVITE = _Step(
    "Invite the people of your organisation: Administrators make templates, Sales Engineers run "
    "POCs.",
    "+ Invite User",
    "users?do=invite",
    "Look at the users",
    "users",
    (
        "Invites people, several at once or from a file",
        "Activates and deactivates them, at once or at an end date",
        "Reads the audit log, and sets how people sign in",
    ),
    "Doesn’t change templates, or what is in a POC",
)
STEPS: dict[Role, _Step] = {
    Role.SALES_ENGINEER: _Step(
        "Start a POC: choose a template, name the customer, set a start date. Its tasks and dates "
        "are made for you.",
        "+ New POC",
        "pocs?do=new",
        "Look at the POCs",
        "pocs",
        (
            "Starts POCs from templates, and runs them",
            "Invites customers to a POC of their own",
            "Assigns tasks, comments, closes with a result",
        ),
        "Doesn’t change templates, or manage users",
    ),
    Role.ADMINISTRATOR: _Step(
        "Make a task template: what is to do, whose it is, and on which day it starts. Every POC "
        "that is started from it gets a copy.",
        "+ New template",
        "templates?do=new",
        "Look at the templates",
        "templates",
        (
            "Makes templates of tasks, and groups of them",
            "Adds resources to templates",
            "Sees all POCs, and what they got from each template",
        ),
        "Doesn’t change POCs, or manage users",
    ),
    Role.TENANT_ADMIN: _INVITE,
    Role.PLATFORM_ADMIN: _INVITE,
}


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/welcome")(welcome_page)


async def welcome_page(visit: MayView) -> None:
    """Build the page."""
    enter(visit, notices.welcome_room(visit.actor.tenant_id))
    shown = await get_first_day(visit.actor)
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Welcome") as toast:
        screen = _WelcomeScreen(visit)
        screen.build(shown)
        Refresher("rollcall_welcome", screen.refresh, toast)


class _WelcomeScreen:
    """The parts of one open page."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.base = home_path(visit.tenant_slug)

    def build(self, shown: FirstDay) -> None:
        """Lay the page out."""
        self.colours = Part(ui.element("div"), self._colours)
        with ui.element("div").classes("welcome"):
            self.head = Part(ui.element("div").classes("welcome-head"), self._head)
            self.words = Part(section("card welcome-words"), self._words)
            with ui.element("div").classes("welcome-columns"):
                with ui.element("div"):
                    with section():
                        self._step(STEPS[shown.role], shown.role)
                    self.about = Part(section(), self._about)
                with ui.element("div"):
                    self.contact = Part(section(), self._contact)
                    self.documentation = Part(section(), self._documentation)
            with ui.element("p").classes("muted"):
                text("span", "This page stays under your name, as Welcome. ")
                text("a", "Go to Home").props["href"] = f"{self.base}/home"
        self._show(shown)

    async def refresh(self) -> None:
        """Show what is true now."""
        self._show(await get_first_day(self.visit.actor))

    def _show(self, shown: FirstDay) -> None:
        self.colours.show(brand_url(self.visit.tenant_slug, shown.brand))
        logo = logo_url(self.visit.tenant_slug, shown.logo)
        self.head.show(shown.tenant_name, logo, shown.first_name, shown.role, shown.end)
        self.words.show(
            shown, key=(shown.welcome_text, shown.note, shown.inviter, shown.inviter_picture)
        )
        self.words.box.set_visibility(bool(shown.welcome_text or shown.note))
        self.about.show(shown.name, self.visit.email, shown.role)
        self.contact.show(shown.contact)
        self.contact.box.set_visibility(shown.contact is not None)
        self.documentation.show(shown.tenant_name, shown.documentation_url)
        self.documentation.box.set_visibility(bool(shown.documentation_url))

    def _colours(self, url: str) -> None:
        if url:
            sheet = ui.element("link")
            sheet.props["rel"], sheet.props["href"] = "stylesheet", url

    def _head(self, tenant: str, logo: str, first_name: str, role: Role, end: object) -> None:
        if logo:
            image = ui.element("img").classes("welcome-logo")
            image.props["src"], image.props["alt"] = logo, ""  # the name stands beside it
        with ui.element("div").classes("welcome-greeting"):
            text("h1", f"Welcome to {tenant}, {first_name}").props('dir="auto"')
            article = "an" if role.label[0] in "AEIOU" else "a"
            words = getattr(end, "words", "")
            ends = f" Your access ends on {words}." if words else ""
            text("p", f"You are {article} {role.label}.{ends}", "muted")

    def _words(self, shown: FirstDay) -> None:
        if shown.welcome_text:
            text("p", shown.welcome_text, "welcome-text").props('dir="auto"')
        if shown.note:
            with ui.element("div").classes("welcome-note"):
                if shown.inviter_id is not None:
                    PersonAvatar(shown.inviter_id, shown.inviter, shown.inviter_picture)
                with ui.element("blockquote"):
                    text("p", shown.note).props('dir="auto"')
                    by = shown.inviter
                    said = f"{by}, who invited you" if by else "Who invited you"
                    text("footer", said, "small muted").props('dir="auto"')

    def _step(self, step: _Step, role: Role) -> None:
        text("h2", "Your next step")
        text("p", step.sentence)
        with ui.element("div").classes("welcome-acts"):
            text("a", step.label, "btn btn-primary").props["href"] = f"{self.base}/{step.path}"
            text("a", step.look, "btn").props["href"] = f"{self.base}/{step.look_path}"
        text("h3", f"What {'an' if role.label[0] in 'AEIOU' else 'a'} {role.label} does")
        with ui.element("ul").classes("role-can"):
            for sentence in step.does:
                text("li", sentence)
        with ui.element("ul").classes("role-cannot"):
            text("li", step.does_not)

    def _about(self, name: str, email: str, role: Role) -> None:
        text("h2", "About you")
        with ui.element("dl").classes("facts"):
            fact("Name", name)
            fact("Email", email)
            fact("Role", role.label)
            fact("Passkey", "Add one, and forget the password", href=f"{self.base}/account")

    def _contact(self, contact: Contact | None) -> None:
        if contact is None:
            return
        text("h2", "Your point of contact")
        with ui.element("div").classes("welcome-person"):
            PersonAvatar(
                contact.id, contact.name, contact.picture, "avatar-large", online=contact.is_here
            )
            with ui.element("div").classes("welcome-contact"):
                text("strong", contact.name).props('dir="auto"')
                said = f"{contact.role.label}, {'here now' if contact.is_here else 'not here now'}"
                text("span", said, "here" if contact.is_here else "muted")
                if contact.is_inviter:
                    text("span", "invited you", "small muted")
        with _reached_by("mail"):
            text("a", contact.email).props["href"] = f"mailto:{contact.email}"
        if contact.phone:
            with _reached_by("phone"):
                text("a", contact.phone).props["href"] = f"tel:{contact.phone.replace(' ', '')}"
        if contact.time_zone:
            with _reached_by("clock"):
                ZoneClock(contact.time_zone)

    def _documentation(self, tenant: str, url: str) -> None:
        if not url.startswith(("https://", "http://")):
            return
        text("h2", "Documentation")
        with ui.element("a").classes("welcome-link") as link:
            Icon("page", 20)
            with ui.element("span").classes("welcome-url"):
                text("strong", f"Documentation of {tenant}").props('dir="auto"')
                text("span", url.partition("://")[2], "small muted")
            Icon("out")
        link.props["href"], link.props["target"] = url, "_blank"
        link.props["rel"] = "noopener noreferrer"


def _reached_by(way: str) -> ui.element:
    line = ui.element("div").classes("welcome-way")
    with line:
        Icon(way)
    return line
