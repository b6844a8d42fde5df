"""What a mail says, as the bytes of RFC 5322: headers, and a text part beside an HTML part.

The standard library makes all of it, except the folding of long names: up to Python 3.11.9 its
policy drops the quotes of a name that it folds (mended in 3.11.10), so that "A, B <x@example.com>"
would become other mailboxes. Such names are written as encoded words (RFC 2047), without quotes.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import quote
from typing import Any

from services.mail.errors import UnsendableError

LOGO_ID = "logo@rollcall"
"""The name by which a mail's HTML refers to the logo that comes along (RFC 2392)."""
# The octets of a header's line (RFC 5322, section 2.1.1: 78 without the line's end).
LINE = 78
# A name with at most this many ASCII characters fits on a line, and is never folded.
SHORT_NAME = 50
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=^_`{|}~-]*")


@dataclass(frozen=True)
class Letter:
    """A mail, rendered."""

    recipient: str
    sender_name: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    logo: bytes = field(default=b"", repr=False)
    """The organisation's logo, as PNG; the HTML refers to it by `cid:` and `LOGO_ID`."""
    token: str = field(default="", repr=False)
    """The link, which only the recipient may see."""


class _Policy(EmailPolicy):
    """The library's policy for SMTP, with names and subjects folded as encoded words."""

    def fold(self, name: str, value: Any) -> str:
        """The header as its lines."""
        if isinstance(value, AddressHeader):
            mailboxes = f",{self.linesep} ".join(
                f"{self._name(name, one.display_name)}<{one.addr_spec}>" for one in value.addresses
            )
            return f"{name}: {mailboxes}{self.linesep}"
        if name.lower() == "subject" and not str(value).isascii():
            return f"{name}: {self._encoded(name, str(value))}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        """The same, as bytes."""
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")

    def _name(self, header: str, name: str) -> str:
        if not name:
            return ""
        if name.isascii() and name.isprintable() and len(name) <= SHORT_NAME:
            return f"{name} " if _ATOMS.fullmatch(name) else f'"{quote(name)}" '
        return f"{self._encoded(header, name)}{self.linesep} "

    def _encoded(self, header: str, words: str) -> str:
        encoded = Header(words, "utf-8", maxlinelen=LINE - 2, header_name=header)
        return encoded.encode(linesep=self.linesep)


# Bodies are ASCII on the wire, so that any server takes them (then RFC 6152 needs no 8BITMIME).
_SMTP = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=LINE)


def compose(letter: Letter, sender: str, recipient: str, at: datetime) -> EmailMessage:
    """Write the mail. `sender` and `recipient` are emails as they go over the wire.

    Raises `UnsendableError`.
    """
    message = EmailMessage(policy=_SMTP)
    try:
        message["From"] = _mailbox(sender, _as_written(letter.sender_name))
        message["To"] = _mailbox(recipient)
        message["Subject"] = _as_written(letter.subject)
        message["Date"] = at
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        if letter.logo:
            *_, html = message.iter_parts()
            assert isinstance(html, EmailMessage)
            html.add_related(letter.logo, "image", "png", cid=f"<{LOGO_ID}>", disposition="inline")
    except (ValueError, UnicodeError) as error:
        raise UnsendableError(f"The mail can't be written: {error}") from error
    return message


def as_bytes(message: EmailMessage, *, utf8: bool) -> bytes:
    """The mail as it goes over the wire; `utf8` if an email in it needs SMTPUTF8 (RFC 6532)."""
    return message.as_bytes(policy=_SMTP.clone(utf8=utf8))


def _mailbox(email: str, name: str = "") -> Address:
    username, _, domain = email.rpartition("@")
    return Address(name, username, domain)


def _as_written(words: str) -> str:
    """A header's words, changed so that no mail program takes one of them for an encoded word (RFC
    2047, section 2) and decodes it: a space without width comes between its first characters."""
    return words.replace("=?", "=\u200b?")
