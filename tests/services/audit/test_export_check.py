"""An exported audit log proves itself: without a database, with the public key alone."""

import base64
import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from models import Tenant
from services.access.actor import Actor
from services.audit import signature
from services.audit.export_check import CheckedExport, check_export
from services.audit.list import ENTRIES
from services.audit.reading import export
from services.core.csv_files import BOM, csv_lines
from services.core.errors import OperatorError
from services.database.runtime import Runtime
from services.lists.query import ListQuery, from_url
from services.users import accounts
from services.workspace.customers import people
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_customer, create_user

Rows = list[list[str]]


async def _exported(admin: Actor, tenant: Tenant, query: ListQuery | None = None) -> str:
    user = await create_user(tenant, first_name="=1;=2", last_name='Zoë "Q"\tx')
    for active in (False, True, False):
        await accounts.set_active(admin, user.id, active=active)
    return "".join([piece async for piece in await export(admin, query or ListQuery())])


def _check(folder: Path, text: str | bytes) -> CheckedExport:
    file, key = folder / "audit.csv", folder / "audit-key.pem"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    if not key.exists():
        key.write_text(signature.public_pem())
    return check_export(file, key)


def _rows_of(text: str) -> Rows:
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def _lines_of(rows: Rows) -> str:
    """Without `csv_lines`, which would escape formulas a second time."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue()


def _changed(text: str, change: Callable[[Rows], object]) -> str:
    rows = _rows_of(text)
    change(rows)
    return BOM + _lines_of(rows)


async def test_an_export_as_it_was_downloaded_is_whole(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    checked = _check(tmp_path, await _exported(admin, tenant))
    assert checked.problems == []
    assert (checked.entries, checked.narrowed_to) == (4, "none")
    assert checked.head is not None
    assert (checked.head.name, checked.head.number) == (tenant.slug, 4)


async def test_an_export_says_by_their_emails_who_acted_and_whom_it_was_about(
    admin: Actor, tenant: Tenant
) -> None:
    user = await create_user(tenant, email="ada@nordwind.example")
    customer = await create_customer(tenant)
    await accounts.set_active(admin, user.id, active=False)
    await people.set_active(admin, customer.id, active=False)
    text = "".join([piece async for piece in await export(admin, ListQuery())])
    own = (await books.user_of(admin.user_id)).email
    emails = {
        row["action"]: (row["email of who"], row["email of whom"])
        for row in csv.DictReader(io.StringIO(text.removeprefix(BOM), newline=""))
    }
    assert emails["User deactivated"] == (own, "ada@nordwind.example")
    assert emails["Customer deactivated"] == (own, customer.email)
    assert emails["Audit exported"] == (own, "")


async def test_an_export_from_before_emails_were_in_it_is_whole(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    rows = _rows_of(await _exported(admin, tenant))
    text = BOM + _lines_of([row[:10] for row in rows[:-1]])
    signed = signature.sign(hashlib.sha256(text.encode()).digest()).hex()
    text += _lines_of([["signature", signed, *[""] * 8]])
    checked = _check(tmp_path, text)
    assert (checked.problems, checked.entries) == ([], 4)


async def test_a_narrowed_export_is_whole_and_says_what_it_was_narrowed_to(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    query = from_url(ENTRIES, {"action": "user.deactivated", "q": "zoë"})
    checked = _check(tmp_path, await _exported(admin, tenant, query))
    assert checked.problems == []
    assert (checked.entries, checked.narrowed_to) == (2, "action: user.deactivated; text: zoë")


async def test_an_export_that_was_cut_off_anywhere_is_seen(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    lines = (await _exported(admin, tenant)).encode().splitlines(keepends=True)
    for count in range(len(lines)):
        assert _check(tmp_path, b"".join(lines[:count])).problems, f"after {count} lines"
    assert _check(tmp_path, b"".join(lines)[:-20]).problems


FORGERIES: dict[str, tuple[Callable[[Rows], object], str]] = {
    "a name": (lambda rows: rows[2].__setitem__(2, "Somebody else"), "cells don't say"),
    "a time": (lambda rows: rows[2].__setitem__(1, "2020-01-01T00:00:00+00:00"), "cells don't say"),
    "a hash": (lambda rows: rows[2].__setitem__(7, "f" * 64), "its hash is another"),
    "what was hashed": (lambda rows: rows[2].__setitem__(9, rows[3][9]), "its hash is another"),
    "an action": (lambda rows: rows[2].__setitem__(3, "Signed in"), "signature doesn't fit"),
    "a removed entry": (lambda rows: rows.pop(2), "entry 3 is missing"),
    "the newest removed": (lambda rows: rows.pop(1), "newest entries, up to 4, are missing"),
    "the oldest removed": (lambda rows: rows.pop(4), "oldest entries are missing"),
    "a repeated entry": (lambda rows: rows.insert(2, rows[2]), "wrong place"),
    "the count": (lambda rows: rows[5].__setitem__(1, "3"), "not those that its end tells of"),
    "what it was narrowed to": (lambda rows: rows[8].__setitem__(1, "x"), "signature doesn't fit"),
    "what was hashed, so that nobody can read it": (
        lambda rows: rows[2].__setitem__(9, base64.b64encode(b"[" * 90_000).decode()),
        "it can't be read",
    ),
    "an email": (lambda rows: rows[2].__setitem__(11, "x@example.com"), "signature doesn't fit"),
    "beside the signature": (lambda rows: rows[-1].__setitem__(5, "x"), "signature doesn't fit"),
    "how the signature is written": (
        lambda rows: rows[-1].__setitem__(1, rows[-1][1].upper()),
        "signature doesn't fit",
    ),
    "the signature": (lambda rows: rows[-1].__setitem__(1, "00"), "signature doesn't fit"),
    "a line at the end removed": (lambda rows: rows.pop(6), "missing or in disorder"),
    "lines after the end": (lambda rows: rows.append(rows[1]), "missing or in disorder"),
}


async def test_whatever_is_changed_in_an_export_is_found(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    text = await _exported(admin, tenant)
    assert _changed(text, lambda rows: None) == text
    unfound = {}
    for forgery, (change, words) in FORGERIES.items():
        problems = _check(tmp_path, _changed(text, change)).problems
        if not any(words in problem for problem in problems):
            unfound[forgery] = problems
    assert unfound == {}


async def test_an_export_of_another_rollcall_is_not_ours(
    admin: Actor, tenant: Tenant, tmp_path: Path, rollcall: Runtime
) -> None:
    text = await _exported(admin, tenant)
    (rollcall.settings.data_dir / signature.SIGNING_KEY_FILE).unlink()  # the next one is another
    (problem,) = _check(tmp_path, text).problems
    assert "signed with the key" in problem


@ONE_DATABASE
@pytest.mark.parametrize("content", [b"", b"a,b\r\n", b"\xff\xfe", b'"', csv_lines([[1]]).encode()])
async def test_a_file_that_is_no_export_is_told(
    rollcall: Runtime, tmp_path: Path, content: bytes
) -> None:
    assert _check(tmp_path, content).problems


@ONE_DATABASE
async def test_a_key_that_is_none_is_told(rollcall: Runtime, tmp_path: Path) -> None:
    (tmp_path / "audit-key.pem").write_text("not a key")
    with pytest.raises(OperatorError, match="no public key"):
        _check(tmp_path, "")


@ONE_DATABASE
async def test_the_key_is_a_file_for_its_owner_alone(rollcall: Runtime) -> None:
    pem = signature.public_pem()
    path = rollcall.settings.data_dir / signature.SIGNING_KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert signature.public_pem() == pem
    path.write_text("damaged")
    with pytest.raises(OperatorError, match="is damaged"):
        signature.public_pem()


async def test_replicas_with_one_secret_sign_with_one_key(rollcall: Runtime) -> None:
    rollcall.settings.secret = SecretStr("a secret that all replicas share, " * 2)
    first = signature.public_pem()
    assert signature.public_pem() == first
    assert not (rollcall.settings.data_dir / signature.SIGNING_KEY_FILE).exists()
