"""A mail as it would arrive, beside what is being written."""

from services.mail.message import LOGO_ID
from services.tenants.mail_texts import Preview
from ui.components.component import Component


class MailPreview(Component, script="mail_preview.js"):
    """Shows a mail's HTML in a frame in which nothing runs, or its plain text."""

    def __init__(self) -> None:
        super().__init__()
        self._props["mail"] = None

    def show(self, mail: Preview, logo: str) -> None:
        """Show this mail, with the logo of this url instead of its own."""
        self._props["mail"] = {
            "sender": mail.sender,
            "recipient": mail.recipient,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html.replace(f"cid:{LOGO_ID}", logo),
        }
        self.update()
