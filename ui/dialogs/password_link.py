"""A link for a user's new password: copied, or mailed."""

from uuid import UUID

from services.access.actor import Actor
from services.mail import outbox
from services.sign_in import password_links
from ui.actions import told
from ui.components.form_dialog import About, Field, FormDialog
from ui.components.toast import Toast
from ui.input import as_text

COPY, MAIL = "copy", "mail"
WORKS = "It works once, and for 30 minutes."


class PasswordLinkDialog:
    """Asks how the link is to reach the user, and hands it out."""

    def __init__(self, actor: Actor, toast: Toast) -> None:
        self.actor = actor
        self.toast = toast
        self.user_id: UUID | None = None
        ways = [(COPY, "As a link that I copy")]
        if outbox.is_configured():
            ways.insert(0, (MAIL, "By mail to them"))
        self.dialog = FormDialog(
            "Password link",
            fields=[Field("way", "Hand it over", "select", options=ways)],
            submit="Make the link",
            on_submit=self._submit,
            body=f"{{name}} chooses a new password with it, which signs them out everywhere else. "
            f"{WORKS} An earlier one stops working.",
        )

    def ask(self, user_id: UUID, about: About) -> None:
        """Open the dialog about this user."""
        self.user_id = user_id
        self.dialog.open(
            values={"way": MAIL if outbox.is_configured() else COPY},
            title="Password link for {name}",
            about=about,
        )

    async def _submit(self, values: dict[str, str]) -> None:
        await told(self.toast, self.dialog)(self._make)(as_text(values, "way"))

    async def _make(self, way: str) -> None:
        if self.user_id is None:
            return
        if way == MAIL:
            email = await password_links.mail_link(self.actor, self.user_id)
            self.dialog.close()
            self.toast.show(f"A password link is on its way to {email}. {WORKS}", tone="success")
            return
        url = await password_links.copy_link(self.actor, self.user_id)
        self.dialog.show_link(f"Hand over this link yourself. {WORKS}", url)
