"""How the app's pages write an email."""

from nicegui import ui

from ui.frame import text


def email_text(email: str) -> None:
    """An email that breaks behind its @ where it doesn't fit: otherwise between any two letters, as
    `breaking.js` has it."""
    mailbox, at, host = email.rpartition("@")
    text("span", mailbox + at)
    ui.element("wbr")
    text("span", host)
