"""The CSV file that a closed review is exported as: whom it asked about and what was decided, and
lines at its end that prove it and say where in the audit chain it stands (`export_check`)."""

import hashlib
from collections.abc import Iterable, Sequence

from services.audit.heads import Head
from services.audit.signature import fingerprint, sign
from services.core.csv_files import csv_lines

REVIEW_COLUMNS = (
    "name",
    "email",
    "role",
    "reasons",
    "last active (UTC)",
    "decision",
    "by",
    "decided (UTC)",
    "outcome",
    "note",
)
# The lines at the end, in this order. `record` is the digest that the review's last entry has.
REVIEW_ENDING = (
    "review",
    "people",
    "begun",
    "closed",
    "entries",
    "record",
    "head",
    "key",
    "signature",
)


def review_file(rows: Iterable[Sequence[object]], ending: Sequence[object], head: Head) -> str:
    """The whole file. `ending` has the values of the lines up to `record`.

    The signature is over the SHA-256 of every byte before its own line. Raises `OperatorError` if
    the key can't be used.
    """
    values = (*ending, head, fingerprint())
    lines = [_padded(name, value) for name, value in zip(REVIEW_ENDING[:-1], values, strict=True)]
    text = csv_lines([REVIEW_COLUMNS, *rows], first=True) + csv_lines(lines)
    signature = sign(hashlib.sha256(text.encode()).digest()).hex()
    return text + csv_lines([_padded(REVIEW_ENDING[-1], signature)])


def _padded(name: str, value: object) -> Sequence[object]:
    return (name, value, *[""] * (len(REVIEW_COLUMNS) - 2))
