"""A link for a user's new password: copied, or mailed."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from uuid import UUID

from services.access.actor import Actor
from services.core.form_fields import Option
from services.core.forms import Form, choice
from services.mail import outbox
from services.sign_in import password_links
from ui.components.toast import Toast
from ui.forms.dialog import About, FormDialog, Helpers, Link, Outcome, Subject

WORKS = "It works once, and for 30 minutes."


class Way(StrEnum):
    """How a link reaches its user."""

    MAIL = "mail"
    COPY = "copy"


LABELS = {Way.MAIL: "By mail to them", Way.COPY: "As a link that I copy"}


class PasswordLink(Form):
    """How the link is handed over."""

    way: Way = choice("Hand it over")


class PasswordLinkDialog:
    """Asks how the link should reach the user, and hands it out."""

    def __init__(self, actor: Actor, toast: Toast, on_stale: Callable[[], Awaitable[None]]) -> None:
        self.actor = actor
        self.ways = list(Way) if outbox.is_configured() else [Way.COPY]
        self.dialog = FormDialog(
            toast,
            "Password link",
            PasswordLink,
            submit="Make the link",
            body=f"{{name}} chooses a new password with it, which signs them out everywhere else. "
            f"{WORKS} An earlier one stops working.",
            helpers=Helpers(
                options={"way": [Option(way, LABELS[way]) for way in self.ways]},
                on_stale=on_stale,
            ),
        )

    def ask(self, user_id: UUID, about: About) -> None:
        """Open the dialog about this user."""
        asked = Subject({"way": self.ways[0]}, partial(self._make, user_id))
        self.dialog.open(asked, title="Password link for {name}", about=about)

    async def _make(self, user_id: UUID, form: PasswordLink) -> Outcome:
        if form.way is Way.MAIL:
            email = await password_links.mail_link(self.actor, user_id)
            return f"A password link is on its way to {email}. {WORKS}"
        url = await password_links.copy_link(self.actor, user_id)
        return Link(f"Hand over this link yourself. {WORKS}", url)
