"""Emails as people paste them: one per line, or as a mail program writes them."""

import re
from dataclasses import dataclass

from services.core.errors import InvalidInputError
from services.users.imports.columns import ImportRow
from services.users.invitation_form import TICKED, PastedInvitations

# "Ada Lovelace" <ada@example.com>, Ada Lovelace <ada@example.com>, or ada@example.com alone.
_NAMED = re.compile(r"^(?P<name>.*?)\s*<(?P<email>[^<>]*)>$")
_WORD_ENDS = re.compile(r"[._\-+]+")
MOST = 200
"""How many emails at once; for more, there are files."""


@dataclass(frozen=True)
class Pasted:
    """One email with the names that stand beside it, or that it seems to be made of."""

    first_name: str
    last_name: str
    email: str


def read_emails(text: str) -> list[Pasted]:
    """The emails of a text, in its order.

    Names come from the text before the email, or else from the email itself; missing names are
    empty.
    """
    found = []
    for line in text.splitlines():
        for part in _split(line):
            named = _NAMED.match(part)
            name, email = (named["name"], named["email"]) if named else ("", part)
            first, last = _names(name.strip().strip("\"'").strip() or _name_in(email))
            found.append(Pasted(first, last, email.strip()))
    return found


def rows_of(form: PastedInvitations) -> list[ImportRow]:
    """Each email as a row to invite, with the values that hold for all. Raises
    `InvalidInputError`."""
    found = read_emails(form.people)
    if not found:
        raise InvalidInputError({"people": "There is no email in it."})
    if len(found) > MOST:
        sentence = f"These are {len(found):,} emails. Take a file for more than {MOST}."
        raise InvalidInputError({"people": sentence})
    for_all = {
        "role": form.role.value,
        "end_date": form.end_date.isoformat() if form.end_date else "",
        "end_time": form.end_time.isoformat() if form.end_time else "",
        "contractor": TICKED if form.contractor else "",
        "contact_id": str(form.contact_id or ""),
        "note": form.note,
    }
    return [
        ImportRow(
            number,
            {
                "first_name": one.first_name,
                "last_name": one.last_name,
                "email": one.email,
                **for_all,
            },
        )
        for number, one in enumerate(found, start=1)
    ]


def _split(line: str) -> list[str]:
    """A line's emails. They are separated by semicolons, or by commas outside of quotes and not
    within "Lovelace, Ada <…>"."""
    parts, quoted, begun = [], False, 0
    for at, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif not quoted and (sign == ";" or (sign == "," and "@" in line[begun:at])):
            parts.append(line[begun:at])
            begun = at + 1
    parts.append(line[begun:])
    return [part.strip() for part in parts if part.strip()]


def _names(name: str) -> tuple[str, str]:
    """First and last name; "Lovelace, Ada" is turned around."""
    last, comma, first = name.partition(",")
    if comma and first.strip():
        return first.strip(), last.strip()
    words = name.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (name, "")


def _name_in(email: str) -> str:
    """The name that an email seems to be made of: ada.lovelace@… is Ada Lovelace."""
    words = [word for word in _WORD_ENDS.split(email.partition("@")[0]) if word.isalpha()]
    return " ".join(word.capitalize() for word in words)
