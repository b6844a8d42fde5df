"""Emails as people paste them: one per line, or as a mail program writes them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.core.errors import InvalidInputError
from services.core.names import listed
from services.users.imports.columns import ImportRow
from services.users.invitation_form import TICKED, PastedInvitations, read_form

# "Ada Lovelace" <ada@example.com>, Ada Lovelace <ada@example.com>, or ada@example.com alone.
_NAMED = re.compile(r"^(?P<name>.*?)\s*<(?P<email>[^<>]*)>$")
_WORD_ENDS = re.compile(r"[._\-+]+")
MOST = 200
"""How many emails at once; for more, there are files."""
PASTED = "pasted emails"
"""What an import of them is called, which has no file's name, and no lines."""
NAMED = 3
"""For how many emails a refusal says what is wrong; a form has no room for all."""


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
    `InvalidInputError`, also for a name or an email that no invitation can have: whoever pasted
    them mends them there, and nobody is invited before."""
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
    rows = [
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
    _require_right(rows)
    return rows


def _require_right(rows: Sequence[ImportRow]) -> None:
    nameless, others = [], []
    for row in rows:
        error, email = read_form(row.values), row.values["email"]
        if not isinstance(error, InvalidInputError):
            continue
        if "email" not in error.fields and not (
            row.values["first_name"] and row.values["last_name"]
        ):
            nameless.append(email)
        else:
            # Of what is no email, a name wasn't read: that it is missing says nothing.
            others.append(f"{email}: {error.fields.get('email', error)}")
    said = others[:NAMED]
    if more := others[NAMED:]:
        said.append(f"{len(more)} more can’t be invited as they are.")
    if nameless:
        said.append(
            "Write a first and a last name before each of these, as in Ada Lovelace "
            f"<ada@example.com>: {_some(nameless)}."
        )
    if said:
        raise InvalidInputError({"people": " ".join(said)})


def _some(emails: Sequence[str]) -> str:
    more = [f"{len(emails) - NAMED} more"] if len(emails) > NAMED else []
    return listed([*emails[:NAMED], *more])


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
