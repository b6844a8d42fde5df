"""Imports in tests: rows, and working them off to their end."""

from collections.abc import Sequence
from uuid import UUID

from models import UserImport
from services.access.actor import Actor
from services.database.transaction import reading
from services.users.imports import runs
from services.users.imports.batches import RowOutcome, invite_next
from services.users.imports.columns import ImportRow


def row(email: str, *, first: str = "Ada", role: str = "administrator", line: int = 2) -> ImportRow:
    """A row of a file."""
    values = {"first_name": first, "last_name": "Lovelace", "email": email, "role": role}
    return ImportRow(line, values, role)


def rows_of(*emails: str) -> list[ImportRow]:
    """A row for each of these, on lines of their own."""
    return [row(email, line=line) for line, email in enumerate(emails, 2)]


async def import_rows(actor: Actor, rows: Sequence[ImportRow]) -> list[RowOutcome]:
    """Begin an import of these rows, and work it off; returns what came of each."""
    import_id = await runs.start(actor, "people.csv", rows)
    while await invite_next(actor, import_id):
        pass
    return await outcomes_of(import_id)


async def outcomes_of(import_id: UUID) -> list[RowOutcome]:
    """What came of the rows so far."""
    async with reading() as tx:
        return await runs._outcomes(tx, import_id)


async def run_of(import_id: UUID) -> UserImport:
    """An import as the database has it."""
    async with reading() as tx:
        return await tx.get_one(UserImport, import_id)
