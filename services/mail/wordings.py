"""What the mails say that organisations may write themselves: a subject, and a text with fields.

A field is a name in braces; its value is put in once, as text. There is no other language: nothing
is computed, and no text can say more than the fields of its mail.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from models import MailTemplate

MOST_SUBJECT = 150
MOST_TEXT = 4_000
LONGEST_SUBJECT = 250
"""The longest subject, with the values of all its fields."""
_FIELD = re.compile(r"\{([a-z_]+)\}")
_BRACES = re.compile(r"\{[^{}\n]*\}|[{}]")
_EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True)
class Field:
    """A field of a text: `sample` is what previews show. Some fields may be empty, and subjects
    can't have those; a `quoted` one has somebody else's words, in several lines."""

    name: str
    sample: str
    may_be_empty: bool = False
    is_quoted: bool = False

    @property
    def written(self) -> str:
        """The field as it stands in a text."""
        return f"{{{self.name}}}"


@dataclass(frozen=True)
class Wording:
    """A mail's subject and text."""

    subject: str
    text: str


@dataclass(frozen=True)
class Mail:
    """A mail whose words can be changed: what it is called, what Rollcall says in it, its fields,
    and those fields without which it would be useless."""

    name: str
    own: Wording
    fields: tuple[Field, ...]
    needed: tuple[str, ...] = ()
    has_link: bool = False

    def find(self, name: str) -> Field | None:
        """The field with this name; none if there is none."""
        return next((field for field in self.fields if field.name == name), None)


FIRST_NAME = Field("first_name", "Léa")
LAST_NAME = Field("last_name", "Fontaine")
EMAIL = Field("email", "lea.fontaine@example.com")
ORGANISATION = Field("organisation", "Acme")
ROLE = Field("role", "Sales Engineer")
OLD_ROLE = Field("old_role", "Administrator")
INVITER = Field("inviter", "Ada Lovelace")
ADMIN = Field("admin", "Ada Lovelace")
CONTACT = Field("contact", "Émile Tremblay", may_be_empty=True)
NOTE = Field(
    "note",
    "Welcome to the team! Émile will show you the first POC on Thursday.",
    may_be_empty=True,
    is_quoted=True,
)
EXPIRES = Field("expires", "2 December 2026, 14:37 (UTC)")
END_DATE = Field("end_date", "27 November 2027", may_be_empty=True)
NEW_END = Field("end_date", "27 November 2027")
DOCUMENTATION = Field("documentation", "https://docs.example.com/poc", may_be_empty=True)
PERSON = Field("person", "Léa Fontaine")
PERSON_EMAIL = Field("person_email", "lea.fontaine@example.com")
PERSON_ROLE = Field("person_role", "Sales Engineer")

AUTHOR = Field("author", "Grace Hopper")
POC = Field("poc", "Payments pilot")
CUSTOMER = Field("customer", "Helvetia Freight AG")

_ONESELF = (FIRST_NAME, LAST_NAME, EMAIL, ORGANISATION, ROLE)
_INVITED = (*_ONESELF, INVITER, CONTACT, NOTE, EXPIRES, END_DATE, DOCUMENTATION)

MAILS: Mapping[MailTemplate, Mail] = {
    MailTemplate.INVITATION: Mail(
        "Invitation",
        Wording(
            "{organisation}: your invitation to Rollcall",
            "Hello {first_name},\n\n"
            "{inviter} has invited you to {organisation} on Rollcall, as {role}.\n\n"
            "{note}\n\n"
            "Your access ends on {end_date}.\n\n"
            "{contact} is there for your questions.",
        ),
        _INVITED,
        has_link=True,
    ),
    MailTemplate.ROLE_CORRECTED: Mail(
        "Role corrected",
        Wording(
            "{organisation}: your role is {role} now",
            "Hello {first_name},\n\n"
            "{inviter} has corrected your role at {organisation} on Rollcall. Your account as "
            "{old_role} has ended: a new one, as {role}, takes its place.",
        ),
        (*_ONESELF, OLD_ROLE, INVITER, EXPIRES, END_DATE, DOCUMENTATION),
        needed=("role",),
        has_link=True,
    ),
    MailTemplate.ACTIVATED: Mail(
        "Activated",
        Wording(
            "{organisation}: your account is active again",
            "Hello {first_name},\n\n"
            "your account at {organisation} on Rollcall is active again. You sign in as before.\n\n"
            "Your access ends on {end_date}.",
        ),
        (*_ONESELF, ADMIN, END_DATE, DOCUMENTATION),
    ),
    MailTemplate.DEACTIVATED: Mail(
        "Deactivated",
        Wording(
            "{organisation}: your access has ended",
            "Hello {first_name},\n\n"
            "your access to {organisation} on Rollcall has ended, and you are signed out "
            "everywhere. What you did there stays.",
        ),
        (*_ONESELF, ADMIN),
    ),
    MailTemplate.END_DATE: Mail(
        "End date",
        Wording(
            "{organisation}: how long you have access",
            "Hello {first_name},\n\n"
            "{admin} has set the end of your access to {organisation} on Rollcall. It is now: "
            "{end_date}.",
        ),
        (*_ONESELF, ADMIN, NEW_END, DOCUMENTATION),
        needed=("end_date",),
    ),
    MailTemplate.END_REMINDER: Mail(
        "Reminder of an end, to admins",
        Wording(
            "{organisation}: the access of {person} ends on {end_date}",
            "Hello {first_name},\n\n"
            "the access of {person} ({person_email}) to {organisation} on Rollcall ends on "
            "{end_date}. Rollcall then deactivates the account by itself.",
        ),
        (FIRST_NAME, ORGANISATION, PERSON, PERSON_EMAIL, NEW_END),
        needed=("person", "end_date"),
    ),
    MailTemplate.CONTACT_NAMED: Mail(
        "Point of contact",
        Wording(
            "{organisation}: you are the point of contact of {person}",
            "Hello {first_name},\n\n"
            "{inviter} has invited {person} ({person_email}) to {organisation} on Rollcall as "
            "{person_role}, and named you as the point of contact. Their welcome page says that "
            "they can ask you anything.",
        ),
        (FIRST_NAME, ORGANISATION, INVITER, PERSON, PERSON_EMAIL, PERSON_ROLE),
        needed=("person",),
    ),
    MailTemplate.EMAIL_CONFIRM: Mail(
        "New email, to be confirmed",
        Wording(
            "{organisation}: confirm your new email",
            "Hello {first_name},\n\n"
            "you, or somebody signed in as you, asked to use {email} for your account at "
            "{organisation} on Rollcall from now on.",
        ),
        (FIRST_NAME, EMAIL, ORGANISATION),
        needed=("email",),
        has_link=True,
    ),
    MailTemplate.MENTIONED: Mail(
        "Mentioned in a comment",
        Wording(
            "{organisation}: {author} mentioned you in {poc}",
            "Hello {first_name},\n\n{author} mentioned you in the POC {poc} for {customer}.",
        ),
        (FIRST_NAME, LAST_NAME, ORGANISATION, AUTHOR, POC, CUSTOMER),
        needed=("author", "poc"),
        has_link=True,
    ),
}

SAID_IN_LAYOUT: Mapping[str, Any] = {
    "comments": [
        {
            "author": AUTHOR.sample,
            "task": "Connect the test system",
            "lines": ["@Léa Fontaine, can you look at the certificate before Thursday?"],
            "comment_url": "https://rollcall.example.com/t/acme/pocs",
        }
    ],
    "more": 0,
}
"""What the layouts say besides the words and their fields, as previews show it."""


def check_subject(mail: Mail, subject: str) -> str:
    """The subject, if it can be sent. Raises `ValueError` with a sentence."""
    _check_braces(mail, subject)
    for name in _FIELD.findall(subject):
        field = mail.find(name)
        if field is not None and field.may_be_empty:
            raise ValueError(
                f"{field.written} can’t stand in a subject: there may be nothing to say."
            )
    return subject


def check_text(mail: Mail, text: str) -> str:
    """The text, if it can be sent. Raises `ValueError` with a sentence."""
    _check_braces(mail, text)
    missing = [f"{{{name}}}" for name in mail.needed if f"{{{name}}}" not in text]
    if missing:
        raise ValueError(f"This mail needs {' and '.join(missing)}.")
    return text


def _check_braces(mail: Mail, written: str) -> None:
    known = {field.written for field in mail.fields}
    for found in _BRACES.findall(written):
        if found not in known:
            raise ValueError(
                f"Braces are for the fields of this mail: “{found[:60]}” is none of them."
            )


def subject_of(wording: Wording, values: Mapping[str, str]) -> str:
    """The subject with the values of its fields, in one line."""
    subject = _FIELD.sub(lambda found: values.get(found[1], ""), wording.subject)
    line = " ".join(subject.split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def text_of(mail: Mail, wording: Wording, values: Mapping[str, str]) -> str:
    """The text with the values of its fields."""
    return "\n\n".join(
        _FIELD.sub(lambda found: values[found[1]], paragraph)
        for paragraph in _paragraphs(mail, wording, values)
    )


def html_of(mail: Mail, wording: Wording, values: Mapping[str, str], accent: str) -> Markup:
    """The same in HTML; nothing in the text or in a field is read as markup. Links have the colour
    `accent`."""
    return Markup("\n").join(
        _paragraph(mail, paragraph, values, accent)
        for paragraph in _paragraphs(mail, wording, values)
    )


def _paragraphs(mail: Mail, wording: Wording, values: Mapping[str, str]) -> list[str]:
    """The paragraphs whose fields all have a value: with an empty field, a paragraph would be half
    a sentence."""
    said = {field.name for field in mail.fields if values.get(field.name)}
    return [
        paragraph.strip()
        for paragraph in _EMPTY_LINES.split(wording.text)
        if paragraph.strip() and said.issuperset(_FIELD.findall(paragraph))
    ]


def _paragraph(mail: Mail, paragraph: str, values: Mapping[str, str], accent: str) -> Markup:
    # Every second part is the name of a field.
    said = Markup().join(
        _said(part, values[part], accent) if at % 2 else _lines(part)
        for at, part in enumerate(_FIELD.split(paragraph))
    )
    whole = _FIELD.fullmatch(paragraph)
    field = mail.find(whole[1]) if whole else None
    if field is not None and field.is_quoted:
        return Markup(
            '<blockquote class="muted" dir="auto" style="margin:16px 0;padding:0 0 0 12px;'
            'border-left:3px solid #c9cedd;color:#5a6072">{}</blockquote>'
        ).format(said)
    return Markup('<p dir="auto">{}</p>').format(said)


def _said(name: str, value: str, accent: str) -> Markup:
    if name == DOCUMENTATION.name:
        return Markup('<a href="{0}" style="color:{1}">{0}</a>').format(value, accent)
    return Markup("<bdi>{}</bdi>").format(_lines(value))


def _lines(text: str) -> Markup:
    return Markup("<br>").join(text.split("\n"))
