"""Inviting many at once, from a CSV file: reading it, and inviting its rows batch by batch."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from models import Role, User
from services.access.actor import Acting
from services.core.csv_files import csv_lines
from services.core.db import Transaction, transaction
from services.core.emails import email_key
from services.core.errors import InvalidInputError, NotAllowedError, RollcallError
from services.core.looking import looks_first
from services.users.emails_elsewhere import IN_USE, InUseElsewhereError, count_answer, is_taken
from services.users.invitation_form import InvitationForm
from services.users.invitations import add_account, authorize_inviting, send_invitation, tell_link

# Rows per transaction: a writer who comes between waits for some tens of milliseconds.
BATCH = 25
# Rows of one file; several files may follow each other.
MAX_ROWS = 10_000
# Characters of one file: its rows have some sixty each.
MAX_LENGTH = 4_000_000

COLUMNS = {
    "first name": "first_name",
    "last name": "last_name",
    "email": "email",
    "role": "role",
}
RESULT_COLUMNS = ("Line", "Name", "Email", "Result", "Why not", "Link to hand over")
NEEDED = "The first line must name the columns First Name, Last Name, Email and Role."


@dataclass(frozen=True)
class ImportRow:
    """One line of the file (`line` as an editor counts), unchecked: `values` are those of an
    `InvitationForm`."""

    line: int
    values: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class RowOutcome:
    """What became of one row: `problem` is empty where the person is invited.

    `link` is the invitation's address where no mail server sends it.
    """

    line: int
    name: str
    email: str
    problem: str = ""
    link: str = field(default="", repr=False)


def results_csv(outcomes: Sequence[RowOutcome], *, first: bool = False) -> str:
    """Lines of the file with what became of each row; the `first` ones begin it."""
    rows: list[Sequence[object]] = [
        (
            outcome.line,
            outcome.name,
            outcome.email,
            "not invited" if outcome.problem else "invited",
            outcome.problem,
            outcome.link,
        )
        for outcome in outcomes
    ]
    return csv_lines([RESULT_COLUMNS, *rows] if first else rows, first=first)


def results_end(rows: int) -> str:
    """The last line of that file; without it, the file was cut off."""
    return csv_lines([("rows", rows, *[""] * (len(RESULT_COLUMNS) - 2))])


def read_csv(text: str) -> list[ImportRow]:
    """The rows of a file with the columns First Name, Last Name, Email, Role in any order.

    Commas, semicolons and tabs separate; empty lines don't count. Raises `InvalidInputError`.
    """
    if len(text) > MAX_LENGTH:
        raise _refused(f"The file is too long: {MAX_LENGTH:,} characters at most.")
    text = text.removeprefix("\ufeff")
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[ImportRow] = []
    try:
        names = [COLUMNS.get(" ".join(cell.split()).casefold()) for cell in next(reader, [])]
        if not set(COLUMNS.values()) <= set(names):
            raise _refused(NEEDED)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            values = {name: cell for name, cell in zip(names, cells, strict=False) if name}
            rows.append(ImportRow(reader.line_num, _row_values(values)))
            if len(rows) > MAX_ROWS:
                raise _refused(f"The file has more than {MAX_ROWS:,} rows. Split it.")
    except csv.Error as error:
        raise _refused(f"Line {reader.line_num} can't be read: {error}.") from error
    if not rows:
        raise _refused("The file has no rows under its first line.")
    return rows


@looks_first
async def invite_rows(actor: Acting, rows: Sequence[ImportRow]) -> list[RowOutcome]:
    """Invite up to `BATCH` rows in one transaction; a row that is refused holds up no other.

    To repeat a file is safe: who was invited by it already is told as in use. Inviting an admin
    needs a fresh sign-in, else `FreshSignInNeededError` and nobody of the batch is invited. Where
    many rows before had another organisation's email, `TooManyAttemptsError`, likewise.
    """
    if len(rows) > BATCH:
        raise ValueError("too many rows for one transaction")
    forms: dict[ImportRow, InvitationForm] = {}
    made: dict[ImportRow, User | RollcallError] = {}
    for row in rows:
        try:
            forms[row] = InvitationForm(**row.values)
        except InvalidInputError as error:
            made[row] = error
    async with transaction(actor=actor) as tx:
        by = await authorize_inviting(tx, actor, list(forms.values()))
        # First every account, by its email, then the log: two imports of the same people wait for
        # one another, and never both at once.
        for row in sorted(forms, key=lambda row: email_key(forms[row].email)):
            made[row] = await _make(tx, actor, by, forms[row])
        return [await _outcome(tx, actor, by, row, made[row]) for row in rows]


async def _make(
    tx: Transaction, actor: Acting, by: User | None, form: InvitationForm
) -> User | RollcallError:
    try:
        async with tx.begin_nested():
            return await add_account(tx, actor, by, form)
    except InUseElsewhereError as error:
        await count_answer(tx, actor)
        return error
    except (InvalidInputError, NotAllowedError) as error:
        return error
    except IntegrityError as error:
        if not is_taken(error):
            raise
        return InvalidInputError({"email": IN_USE})


async def _outcome(
    tx: Transaction, actor: Acting, by: User | None, row: ImportRow, made: User | RollcallError
) -> RowOutcome:
    if isinstance(made, RollcallError):
        name = f"{row.values['first_name']} {row.values['last_name']}".strip()
        return RowOutcome(row.line, name, row.values["email"].strip(), str(made))
    invited = await send_invitation(tx, actor, by, made)
    link = "" if invited.by_mail else await tell_link(tx, actor, by, made)
    return RowOutcome(row.line, invited.name, invited.email, link=link)


def _row_values(cells: Mapping[str, str]) -> dict[str, str]:
    # People write a role as the screen does.
    roles = {role.label.casefold(): role.value for role in Role}
    values = {name: cells.get(name, "") for name in InvitationForm.model_fields}
    role = " ".join(values["role"].replace("_", " ").split()).casefold()
    return values | {"role": roles.get(role, role)}


def _refused(why: str) -> InvalidInputError:
    return InvalidInputError({"file": why})
