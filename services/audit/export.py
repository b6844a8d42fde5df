"""The CSV file that the audit log is exported as: entries, and lines at its end that prove it.

After the entries, the newest first, come lines of a name and a value: how many entries there are,
their first and last number, what they were narrowed to, the chain's head at that moment, the key
and the signature. A file without them was cut off. `export_check` checks it, without a database.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from models import AuditEvent
from services.audit.heads import Head
from services.audit.signature import fingerprint, sign
from services.audit.writing import canonical
from services.core.csv_files import csv_lines

COLUMNS = (
    "number",
    "time (UTC)",
    "who",
    "action",
    "whom",
    "address",
    "details",
    "hash",
    "hash before",
    # In Base64, so that no spreadsheet, editor or CSV library changes a byte of it. An entry's hash
    # is the SHA-256 of the hash before it and of this.
    "entry (Base64)",
    # Of people of the organisation, as they are at the export: the entry itself has names alone.
    "email of who",
    "email of whom",
)
COLUMNS_BEFORE = COLUMNS[:-2]
"""Those of an export by Rollcall 0.2.0."""
# The lines at the end, in this order.
ENDING = ("entries", "newest", "oldest", "narrowed to", "head", "key", "signature")
EVERYTHING = "none"


class ExportFile:
    """One export: its pieces in turn, and what they add up to.

    The signature is over the SHA-256 of every byte before its own line. Raises `OperatorError` if
    the key can't be used.
    """

    def __init__(self, head: Head, narrowed_to: str) -> None:
        self.head = head
        self._narrowed_to = narrowed_to
        # Asked for before anything is sent: if the key can't be used, there is no export.
        self._key = fingerprint()
        self._digest = hashlib.sha256()
        self._count = 0
        self._newest = self._oldest = 0

    def begin(self) -> str:
        """The heads of the columns."""
        return self._signed(csv_lines([COLUMNS], first=True))

    def entries(
        self, rows: Sequence[tuple[AuditEvent, str, str]], emails: Mapping[UUID | None, str]
    ) -> str:
        """Some entries, each with its action and its details in words, and the emails of people
        whom they name; they are older than those before."""
        self._newest = self._newest or rows[0][0].number
        self._oldest = rows[-1][0].number
        self._count += len(rows)
        return self._signed(csv_lines(_cells(*row, emails) for row in rows))

    def end(self) -> str:
        """The lines at the end. Raises `OperatorError` if the key can't be used."""
        values = (
            self._count,
            self._newest,
            self._oldest,
            self._narrowed_to,
            self.head,
            self._key,
        )
        ending = self._signed(
            csv_lines(_padded(name, value) for name, value in zip(ENDING[:-1], values, strict=True))
        )
        signature = sign(self._digest.digest()).hex()
        return ending + csv_lines([_padded(ENDING[-1], signature)])

    def _signed(self, piece: str) -> str:
        self._digest.update(piece.encode())
        return piece


def _cells(
    entry: AuditEvent, action: str, details: str, emails: Mapping[UUID | None, str]
) -> Iterable[object]:
    content = base64.b64encode(canonical(entry).encode("ascii")).decode("ascii")
    return (
        entry.number,
        entry.at.isoformat(),
        entry.actor_name,
        action,
        entry.subject_name,
        entry.ip,
        details,
        entry.hash,
        entry.previous_hash,
        content,
        emails.get(entry.actor_id, ""),
        emails.get(entry.subject_id, ""),
    )


def _padded(name: str, value: object) -> Sequence[object]:
    # Every line has the same number of cells: not every reader of CSV files accepts fewer.
    return (name, value, *[""] * (len(COLUMNS) - 2))
