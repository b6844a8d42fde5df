"""Checks an exported audit log: without a database, without settings, with the public key alone."""

import base64
import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.audit.export import COLUMNS, COLUMNS_BEFORE, ENDING, EVERYTHING
from services.audit.heads import Head, read_heads
from services.audit.review_export import REVIEW_COLUMNS, REVIEW_ENDING
from services.audit.signature import fingerprint, is_signed, read_public_key
from services.audit.writing import GENESIS, chained
from services.core.csv_files import csv_lines, defused
from services.core.errors import OperatorError

# More problems than these would add nothing.
MOST_PROBLEMS = 10
_NUMBER = re.compile("[0-9]{1,9}")
NO_LINE = "line {} is cut off"


class _Rows(Protocol):
    """What `csv.reader` gives."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass
class CheckedExport:
    """What was found: how many entries hold, what they were narrowed to, and what is wrong."""

    entries: int = 0
    narrowed_to: str = EVERYTHING
    head: Head | None = None
    kind: str = "entry"
    """What `entries` counts: an export of the log has entries, and that of a review people."""
    problems: list[str] = field(default_factory=list)


def check_export(path: Path, key: Path) -> CheckedExport:
    """Check an export's entries, their numbers and hashes, the lines at its end, and its signature.

    `key` is the file with the public key. Raises `OperatorError` if either file can't be read.
    """
    public = read_public_key(key)
    checker = _Checker()
    try:
        with path.open("rb") as file:
            lines = _Lines(file)
            checker.read(lines)
    except OSError as error:
        raise OperatorError(f"Can't read {path}: {error.strerror}.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        checker.found(f"it was cut off or changed: {error}")
        return checker.result
    if checker.is_whole:
        checker.check_signature(lines, public)
    return checker.result


class _Lines:
    """A file's lines, and the SHA-256 of all but the last, which has the signature."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.last = b""

    @property
    def digest(self) -> bytes:
        return self._digest.digest()

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            yield line.decode("utf-8" if self.last else "utf-8-sig")
            self._digest.update(self.last)
            self.last = line


class _Checker:
    """Reads an export, from its newest entry to its oldest and to the lines at its end."""

    def __init__(self) -> None:
        self.result = CheckedExport()
        self.is_whole = False
        """Whether it is an export that has all lines at its end."""
        self._columns: Sequence[str] = COLUMNS
        self._ending: dict[str, str] = {}
        self._newest: _Entry | None = None
        self._oldest: _Entry | None = None
        self._chains: set[str] = set()
        self._missing = ""
        self._count = 0

    def found(self, problem: str) -> None:
        """Keep a problem."""
        if len(self.result.problems) < MOST_PROBLEMS:
            self.result.problems.append(problem)

    def read(self, lines: Iterable[str]) -> None:
        """Read the whole file. Raises `csv.Error` and `UnicodeDecodeError`."""
        rows = csv.reader(lines, strict=True)
        heads = tuple(next(rows, []))
        if heads == REVIEW_COLUMNS:
            self._read_review(rows)
            return
        if heads not in (COLUMNS, COLUMNS_BEFORE):
            self.found("it is no export of the audit log, or one of another version of Rollcall")
            return
        self._columns = heads
        for row in rows:
            if len(row) != len(heads):
                self.found(NO_LINE.format(rows.line_num))
            elif _NUMBER.fullmatch(row[0]) and not self._ending:
                self._read_entry(_Entry(*row))
            else:
                self._ending[row[0]] = row[1]
        if list(self._ending) != list(ENDING):
            self.found("the lines at its end are missing or in disorder: it was cut off or changed")
            return
        self.is_whole = True
        self._check_ending()

    def _read_review(self, rows: _Rows) -> None:
        """Read the export of a review: its people, and the lines at its end."""
        self.result.kind, self._columns = "person", REVIEW_COLUMNS
        for row in rows:
            if len(row) != len(REVIEW_COLUMNS):
                self.found(NO_LINE.format(rows.line_num))
            elif self._ending or (row[0] == REVIEW_ENDING[0] and not any(row[2:])):
                self._ending[row[0]] = row[1]
            else:
                self.result.entries += 1
        if list(self._ending) != list(REVIEW_ENDING):
            self.found("the lines at its end are missing or in disorder: it was cut off or changed")
            return
        if self._ending["people"] != str(self.result.entries):
            self.found("the people are not those that its end tells of")
        self.is_whole = True
        self._read_head()

    def _read_head(self) -> Head | None:
        try:
            (self.result.head,) = read_heads(self._ending["head"])
        except (OperatorError, ValueError):
            self.found("its head can't be read")
        return self.result.head

    def check_signature(self, lines: _Lines, key: Ed25519PublicKey) -> None:
        """Check the last line, which has the signature of all others and nothing else."""
        given = fingerprint(key)
        signature = _bytes_of(self._ending["signature"])
        if self._ending["key"] != given:
            self.found(f"it is signed with the key {self._ending['key']}, not with {given}")
        elif not is_signed(lines.digest, signature, key) or lines.last != self._signed(signature):
            self.found(
                "the signature doesn't fit: the file isn't as it was exported. (A spreadsheet "
                "that saves it changes it, too.)"
            )

    def _signed(self, signature: bytes) -> bytes:
        """The last line as it is written: nothing signs what somebody adds to it."""
        cells = ("signature", signature.hex(), *[""] * (len(self._columns) - 2))
        return csv_lines([cells]).encode()

    def _read_entry(self, entry: "_Entry") -> None:
        number, above = int(entry.number), self._oldest
        problem = entry.problem()
        if problem:
            self.found(f"entry {number}: {problem}")
        else:
            self.result.entries += 1
            self._chains.add(str(entry.content().get("chain")))
        if above is None:
            self._newest = entry
        elif number >= int(above.number):
            self.found(f"entry {number} is in the wrong place")
        elif number < int(above.number) - 1:
            self._missing = self._missing or f"entry {int(above.number) - 1} is missing"
        elif above.hash_before != entry.hash:
            self.found(f"entry {above.number} doesn't follow from the entry before it")
        self._oldest = entry
        self._count += 1

    def _check_ending(self) -> None:
        newest = self._newest.number if self._newest else "0"
        oldest = self._oldest.number if self._oldest else "0"
        counted = [str(self._count), newest, oldest]
        told = [self._ending[name] for name in ("entries", "newest", "oldest")]
        if told != counted:
            self.found(
                "the entries are not those that its end tells of: {}, {} to {}".format(*told)
            )
        self.result.narrowed_to = self._ending["narrowed to"]
        head = self._read_head()
        if head is None:
            return
        if self._chains - {str(head.chain_id)}:
            self.found("it has entries of another chain than its head's")
        if self.result.narrowed_to == EVERYTHING:
            self._check_everything(head)

    def _check_everything(self, head: Head) -> None:
        """An export that isn't narrowed has all entries, from the head to the first."""
        if self._missing:
            self.found(self._missing)
        newest, oldest = self._newest, self._oldest
        if newest is None or (int(newest.number), newest.hash) != (head.number, head.hash):
            self.found(f"the newest entries, up to {head.number}, are missing")
        if oldest is None or (oldest.number, oldest.hash_before) != ("1", GENESIS):
            self.found("the oldest entries are missing")


class _Entry(NamedTuple):
    """The cells of an entry, in the order of `COLUMNS`. The emails aren't hashed: the signature
    alone is over them."""

    number: str
    time: str
    who: str
    action: str
    whom: str
    ip: str
    details: str
    hash: str
    hash_before: str
    entry: str
    actor_email: str = ""
    subject_email: str = ""

    def content(self) -> dict[str, Any]:
        """What was hashed. Raises `ValueError`."""
        content: dict[str, Any] = json.loads(base64.b64decode(self.entry, validate=True))
        return content

    def problem(self) -> str | None:
        """What is wrong with it, if anything."""
        try:
            content = self.content()
            hashed = base64.b64decode(self.entry).decode("ascii")
            said = (
                defused(content["number"]),
                defused(content["actor"][1]),
                defused(content["subject"][1]),
                defused(content["address"]),
                datetime.fromisoformat(content["at"]),
            )
            shown = (
                self.number,
                self.who,
                self.whom,
                self.ip,
                datetime.fromisoformat(self.time),
            )
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return "it can't be read"
        if chained(self.hash_before, hashed) != self.hash:
            return "it was changed: its hash is another"
        return None if shown == said else "it was changed: its cells don't say what was hashed"


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
