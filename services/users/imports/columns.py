"""Which column of a file is which: by known headings, or as somebody chooses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models import Role
from services.core.names import fold
from services.users.imports.days import Order, find_order, read_end
from services.users.imports.delimited import FileRow
from services.users.invitation_form import TICKED

FIELDS = {
    "first_name": "First Name",
    "last_name": "Last Name",
    "email": "Email",
    "role": "Role",
    "end_date": "End Date",
    "contractor": "Contractor",
}
OPTIONAL = frozenset({"end_date", "contractor"})
"""The fields for which a file needs no column."""
# Headings of Google Workspace, Entra, Okta, Outlook, and of people; without accents, signs, or what
# stands in brackets. If a file has several of them, the first counts.
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "first_name": (
        *("firstname", "givenname", "forename", "vorname", "rufname", "prenom", "nombre"),
        *("nome", "voornaam", "imie", "jmeno", "fornamn", "fornavn", "etunimi", "first"),
    ),
    "last_name": (
        *("lastname", "surname", "familyname", "nachname", "familienname", "zuname", "sn"),
        *("nomdefamille", "nom", "apellidos", "apellido", "cognome", "achternaam", "nazwisko"),
        *("prijmeni", "efternamn", "etternavn", "efternavn", "sukunimi", "last"),
    ),
    "email": (
        *("email", "emailaddress", "mail", "primaryemail", "workemail", "emailadresse"),
        *("mailadresse", "email1value", "emailaddress1", "adresseemail", "adressemail", "courriel"),
        *("correoelectronico", "correo", "indirizzoemail", "emailadres", "adresemail", "epost"),
        *("epostadress", "userprincipalname", "username", "login", "emailaddresstoinvite"),
    ),
    "role": (
        *("role", "rolle", "rollcallrole", "rol", "ruolo", "rola", "roll", "userrole"),
        *("benutzerrolle", "funktion"),
    ),
    "end_date": (
        *("enddate", "end", "ends", "enddatum", "ende", "austritt", "austrittsdatum", "until"),
        *("accountexpires", "accountexpirationdate", "expirydate", "datedefin", "fechadefin"),
        *("datafine", "einddatum", "slutdato", "slutdatum"),
    ),
    "contractor": (
        *("contractor", "iscontractor", "external", "isexternal", "extern", "externer"),
        *("freelancer", "externe", "prestataire", "contratista", "esterno"),
    ),
}
# What a cell says for somebody who is a contractor.
_YES = {
    *("yes", "y", "true", "1", "x", "ja", "j", "oui", "o", "si", "s", "sim", "vrai", "wahr"),
    *("contractor", "external", "extern"),
}
_BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Columns:
    """Where each field of the form is: the number of its column, or none. If `role_for_all` has a
    role, every row has it."""

    indexes: Mapping[str, int] = field(default_factory=dict)
    role_for_all: str = ""


@dataclass(frozen=True)
class ImportRow:
    """One row of a file: what it says for each field of the invitation's form. `line` is where it
    begins, `written_role` is the role as it is written, and `end_problem` is why its end date can't
    be read."""

    line: int
    values: Mapping[str, str] = field(hash=False)
    written_role: str = ""
    end_problem: str = ""


def known_field(heading: str) -> str:
    """The form's field that a heading names; empty if it names none."""
    name = _bare(heading)
    return next((field for field, names in _KNOWN.items() if name in names), "")


def count_known(headings: Sequence[str]) -> int:
    """How many fields these headings name."""
    return len({known_field(heading) for heading in headings} - {""})


def find_columns(headings: Sequence[str], rows: Sequence[FileRow]) -> Columns:
    """Where the fields are, by the headings.

    If two headings name the same field, the more usual one counts; of two equal headings, the first
    one with anything in its column.
    """
    indexes: dict[str, int] = {}
    for name, usual in _KNOWN.items():
        named = [
            (usual.index(_bare(heading)), _is_column_empty(rows, at), at)
            for at, heading in enumerate(headings)
            if _bare(heading) in usual
        ]
        if named:
            indexes[name] = min(named)[-1]
    if "email" not in indexes:
        at = _column_of_emails(rows)
        if at is not None:
            indexes["email"] = at
    return Columns(indexes)


def to_rows(rows: Sequence[FileRow], columns: Columns) -> list[ImportRow]:
    """The rows as values of the form."""
    at = columns.indexes.get("end_date")
    ends = (row.cells[at] for row in rows if at is not None and at < len(row.cells))
    order = find_order(ends)
    return [_to_row(row, columns, order) for row in rows]


def read_role(written: str) -> str:
    """The role that a text names, as people write it; the text itself if it names none."""
    roles = {fold(role.label): role.value for role in Role}
    text = " ".join(written.replace("_", " ").split())
    return roles.get(fold(text), text)


def _to_row(row: FileRow, columns: Columns, order: Order) -> ImportRow:
    values = dict.fromkeys(FIELDS, "")
    values |= {
        name: row.cells[at].strip() for name, at in columns.indexes.items() if at < len(row.cells)
    }
    written = values["role"]
    values["role"] = columns.role_for_all or read_role(written)
    end = read_end(values["end_date"], order)
    values["end_date"], values["end_time"] = end.day, end.at
    values["contractor"] = TICKED if fold(values["contractor"]) in _YES else ""
    return ImportRow(row.line, values, written, end.problem)


def _bare(heading: str) -> str:
    return _SIGNS.sub("", fold(_BRACKETS.sub("", heading))).removesuffix("required")


def _is_column_empty(rows: Sequence[FileRow], at: int) -> bool:
    return not any(row.cells[at].strip() for row in rows if at < len(row.cells))


def _column_of_emails(rows: Sequence[FileRow]) -> int | None:
    """The column where the first rows have an @, in a file without headings for it."""
    some = rows[:20]
    width = max((len(row.cells) for row in some), default=0)
    counts = [
        sum(1 for row in some if at < len(row.cells) and "@" in row.cells[at])
        for at in range(width)
    ]
    best = max(counts, default=0)
    return counts.index(best) if best and best * 2 >= len(some) else None
