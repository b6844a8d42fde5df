"""The part of a user's page that shows how they can be reached, and gives them another email."""

from uuid import UUID

from nicegui import ui

from services.core.words import isolated_where_needed
from services.sessions.sessions import Visit
from services.users import email_change
from services.users.email_change import EmailForm
from services.users.listing import Contact
from ui.components.facts import fact
from ui.components.person_avatar import PersonAvatar
from ui.components.toast import Toast
from ui.components.zone_clock import ZoneClock
from ui.dialogs.telling import only_by_mail
from ui.forms.dialog import About, FormDialog
from ui.frame import text
from ui.looks import portrait_url

BOTH_TOLD = "Both emails are told by mail; whoever is still invited gets a new link at the new one."
NOBODY_TOLD = (
    "No mail server is set up: tell them yourself, and hand a new link to whoever is still invited."
)


def contact_facts(contact: Contact) -> None:
    """Phone and local time, if they are given."""
    if contact.phone:
        fact("Phone", contact.phone)
    if contact.time_zone:
        with ui.element("div").classes("fact"):
            text("dt", "Local time")
            with ui.element("dd"):
                ZoneClock(contact.time_zone)


def portrait(visit: Visit, user_id: UUID, name: str, contact: Contact) -> None:
    """Somebody's picture, or their initials."""
    if contact.picture:
        image = ui.element("img").classes("portrait").props('alt=""')
        image.props["src"] = portrait_url(visit.tenant_slug, user_id, contact.picture)
    else:
        PersonAvatar(user_id, name, "", "avatar-large")


class EmailDialog:
    """Gives somebody another email, as their admin."""

    def __init__(self, visit: Visit, toast: Toast, user_id: UUID) -> None:
        self.actor = visit.actor
        self.user_id = user_id
        self.dialog = FormDialog(
            toast,
            "Change email",
            EmailForm,
            submit="Change email",
            on_submit=self._change,
            body=f"They sign in with it from now on. {only_by_mail(BOTH_TOLD, NOBODY_TOLD)} Single "
            "sign-on stays linked.",
        )

    def ask(self, about: About) -> None:
        """Open the dialog."""
        self.dialog.open({"email": about.detail}, about=about)

    async def _change(self, form: EmailForm) -> str:
        user = await email_change.change_email(self.actor, self.user_id, form)
        return f"{isolated_where_needed(user.full_name)} signs in with {user.email} now."
