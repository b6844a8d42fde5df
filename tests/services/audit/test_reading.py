"""The audit log: whole, or it says where it isn't; filtered, and exported without harm."""

import csv
import importlib
import io
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, delete, select

import services
from models import AuditEvent, Role, Tenant, User
from services.access.actor import Actor
from services.audit.actions import AuditAction, declared
from services.audit.check import verify
from services.audit.events import AuditWritten
from services.audit.list import ENTRIES
from services.audit.reading import export, list_entries
from services.audit.writing import record
from services.core import clock
from services.core.csv_files import BOM
from services.core.errors import SelfDeactivationError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.lists.query import ListQuery, from_url
from services.sessions import receipts
from services.sessions.actions import SessionAction
from services.sessions.receipts import Receipt
from services.sign_in.actions import SecondFactorAction, SignInAction
from services.sso.actions import SsoAction
from services.users import accounts
from services.users.actions import UserAction
from services.workspace.actions import TaskAction
from tests import books
from tests.factories import create_user


async def _tamper(tenant: Tenant, number: int, change: Callable[[AuditEvent], None]) -> None:
    async with transaction() as tx:
        entry = (
            await tx.exec(
                select(AuditEvent).where(
                    AuditEvent.chain_id == tenant.id, AuditEvent.number == number
                )
            )
        ).one()
        change(entry)


async def _three_entries(admin: Actor, tenant: Tenant) -> User:
    user = await create_user(tenant)
    await accounts.set_active(admin, user.id, active=False)
    await accounts.set_active(admin, user.id, active=True)
    await accounts.rename(admin, user.id, "Ada", "King")
    return user


def test_every_action_says_in_words_what_happened() -> None:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if module.name.endswith(".actions"):
            importlib.import_module(module.name)
    labels = [action.label for action in declared()]
    assert len(set(labels)) == len(labels) > 100
    assert all(label and label[0].isupper() and "_" not in label for label in labels)


async def test_untouched_log_is_whole(admin: Actor, tenant: Tenant) -> None:
    await _three_entries(admin, tenant)
    assert await verify() == (3, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor_name", "Somebody else"),
        ("actor_id", None),
        ("action", SessionAction.SIGNED_IN.value),
        ("subject_name", "Somebody else"),
        ("subject_id", None),
        ("ip", "203.0.113.9"),
        ("details", {"before": "nothing"}),
        ("previous_hash", "f" * 64),
        ("hash", "f" * 64),
    ],
)
async def test_any_changed_column_is_found(
    admin: Actor, tenant: Tenant, column: str, value: Any
) -> None:
    await _three_entries(admin, tenant)
    await _tamper(tenant, 2, lambda entry: setattr(entry, column, value))
    checked, broken = await verify()
    assert broken is not None
    assert (broken.chain, broken.number) == (tenant.slug, 2)
    assert checked == 1


async def test_a_moved_time_is_found(admin: Actor, tenant: Tenant) -> None:
    await _three_entries(admin, tenant)
    await _tamper(tenant, 3, lambda e: setattr(e, "at", e.at - timedelta(hours=1)))
    _, broken = await verify()
    assert broken is not None
    assert broken.number == 3


@pytest.mark.parametrize(("number", "problem"), [(2, "missing"), (3, "missing at the end")])
async def test_a_removed_entry_is_found(
    admin: Actor, tenant: Tenant, number: int, problem: str
) -> None:
    await _three_entries(admin, tenant)
    async with transaction() as tx:
        await tx.exec(
            delete(AuditEvent).where(
                col(AuditEvent.chain_id) == tenant.id, col(AuditEvent.number) == number
            )
        )
    _, broken = await verify()
    assert broken is not None
    assert broken.number == number
    assert problem in broken.problem


async def test_entries_of_two_tenants_make_two_chains(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await _three_entries(admin, tenant)
    assert [entry.number for entry in await books.audit_of(tenant)] == [1, 2, 3]
    assert await books.audit_of(other_tenant) == []


async def test_a_refused_act_leaves_no_entry_and_no_event(
    admin: Actor, tenant: Tenant, rollcall: Runtime, events: list[Event]
) -> None:
    with pytest.raises(SelfDeactivationError):
        await accounts.set_active(admin, admin.user_id, active=False)
    await rollcall.bus.drain()
    assert await books.audit_of(tenant) == []
    assert events == []


async def test_an_entry_tells_who_did_what_to_whom_from_where(
    admin: Actor, tenant: Tenant, rollcall: Runtime, events: list[Event]
) -> None:
    user = await create_user(tenant)
    await accounts.set_active(admin, user.id, active=False)
    (entry,) = (await list_entries(admin, ListQuery())).entries
    assert (entry.actor, entry.action, entry.subject) == (
        "Grace Hopper",
        UserAction.DEACTIVATED,
        "Ada Lovelace",
    )
    assert entry.ip == admin.ip
    await rollcall.bus.drain()
    assert [e.entry_id for e in events if isinstance(e, AuditWritten)] == [entry.id]


async def test_an_entry_leads_to_the_page_of_who_acted_and_of_what_it_is_about(
    admin: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    engineer = await create_user(tenant, email="lin@example.com", role=Role.SALES_ENGINEER)
    await accounts.set_active(admin, engineer.id, active=False)
    stranger = await create_user(other_tenant, email="somebody@example.com")
    async with transaction() as tx:
        await record(tx, SignInAction.FAILED, actor=None, tenant_id=tenant.id, reason="x")
        (elsewhere,) = await tx.exec(select(User).where(User.id == stranger.id))
        elsewhere.tenant_id = tenant.id  # an entry here that names somebody who is elsewhere
        await record(tx, UserAction.RENAMED, actor=None, subject=elsewhere)
        elsewhere.tenant_id = other_tenant.id
    abroad, nobody, deactivated = (await list_entries(admin, ListQuery())).entries
    assert deactivated.actor_path == f"users/{admin.user_id}"
    assert deactivated.subject_path == f"users/{engineer.id}"
    assert (nobody.actor, nobody.actor_path, nobody.subject_path) == ("", "", "")
    assert abroad.subject_path == ""


@pytest.mark.parametrize(
    ("action", "details", "said"),
    [
        (SignInAction.FAILED, {"email": "ada@example.com"}, "as ada@example.com"),
        (SignInAction.FAILED, {}, ""),
        (SsoAction.REFUSED, {"reason": "email_domain"}, "email domain"),
        (SsoAction.TESTED, {"works": False}, "it doesn't work"),
        (SsoAction.REQUIRED_SET, {"required": True}, "everybody signs in with it"),
        (
            SecondFactorAction.POLICY_SET,
            {"before": "optional", "after": "everyone"},
            "Nobody → Everyone",
        ),
        (UserAction.INVITED, {"email": "a@example.com", "run": "01a2"}, "a@example.com"),
        (
            TaskAction.ASSIGNED,
            {"task": "בדיקה", "to": "Ada"},
            "\N{FIRST STRONG ISOLATE}בדיקה\N{POP DIRECTIONAL ISOLATE}: to Ada",
        ),
    ],
)
def test_details_are_told_in_words(action: AuditAction, details: dict[str, Any], said: str) -> None:
    assert action.summary(details) == said


async def test_a_receipt_is_kept_beside_the_entry(admin: Actor, tenant: Tenant) -> None:
    user = await create_user(tenant)
    change = await accounts.set_active(admin, user.id, active=False)
    assert change.cause is not None
    await receipts.keep(change.cause, user.id, Receipt(3, 2, 41.26))
    newest, _ = (await list_entries(admin, ListQuery())).entries
    assert newest.summary == (
        "3 open pages closed, the last one after 41 ms (1 didn't answer and were disconnected)"
    )
    (_, row) = await books.audit_of(tenant)
    assert row.details == {
        "cause": str(change.cause),
        "pages": 3,
        "answered": 2,
        "slowest_ms": 41.3,
        "unheard": 0,
        "devices": 0,
        "closed": [],
    }


async def test_filters_narrow_by_action_text_person_and_day(admin: Actor, tenant: Tenant) -> None:
    user = await _three_entries(admin, tenant)
    today = clock.now().date()

    async def found(**wanted: Any) -> int:
        subject_id = wanted.pop("subject_id", None)
        query = from_url(ENTRIES, wanted)
        return len((await list_entries(admin, query, subject_id=subject_id)).entries)

    assert await found(action=UserAction.RENAMED) == 1
    assert await found(q="lovelace") == 3
    assert await found(q="100%") == 0
    assert await found(subject_id=user.id) == 3
    assert await found(**{"from": today, "to": today}) == 3
    assert await found(to=today - timedelta(days=1)) == 0


async def test_pages_of_the_log_follow_one_another(admin: Actor, tenant: Tenant) -> None:
    async with transaction() as tx:
        for _ in range(60):
            await record(tx, SessionAction.SIGNED_IN, actor=None, tenant_id=tenant.id)
    first = await list_entries(admin, ListQuery())
    assert (len(first.entries), first.has_more) == (50, True)
    rest = await list_entries(admin, ListQuery(), before=first.entries[-1].number)
    assert ([e.number for e in rest.entries], rest.has_more) == (list(range(10, 0, -1)), False)


async def test_export_has_every_entry_and_is_itself_in_the_log(
    admin: Actor, tenant: Tenant
) -> None:
    await create_user(tenant, role=Role.ADMINISTRATOR)
    user = await create_user(tenant, first_name="=HYPERLINK(1)", last_name='Q"uote')
    await accounts.set_active(admin, user.id, active=False)
    text = "".join([piece async for piece in await export(admin, ListQuery())])
    header, *rows = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))
    assert header[:5] == ["number", "time (UTC)", "who", "action", "whom"]
    assert [row[3] for row in rows[:2]] == ["Audit exported", "User deactivated"]
    assert rows[1][4] == "'=HYPERLINK(1) Q\"uote"
    assert rows[2][:2] == ["entries", "2"]
    assert {len(row) for row in rows} == {len(header)}


async def test_an_export_ends_with_its_own_entry_whatever_is_written_meanwhile(
    admin: Actor, tenant: Tenant
) -> None:
    pieces = await export(admin, ListQuery())
    await _three_entries(admin, tenant)
    rows = list(csv.reader(io.StringIO("".join([piece async for piece in pieces]))))
    assert [row[3] for row in rows if row[0].isdigit()] == ["Audit exported"]


async def test_a_page_of_the_log_says_where_the_chain_ends(admin: Actor, tenant: Tenant) -> None:
    await _three_entries(admin, tenant)
    last = (await books.audit_of(tenant))[-1]
    page = await list_entries(admin, ListQuery(q="nothing like it"))
    assert (page.entries, page.head_number, page.head_hash) == ([], 3, last.hash)


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "chain_id=?"),
        ({"from": "2020-01-01", "to": "2999-01-01"}, "chain_id=?"),
        ({"action": "user.renamed"}, "ix_audit_event_action"),
        ({"q": "lovelace"}, "ix_audit_event_search"),
    ],
)
async def test_entries_are_found_in_an_index_and_in_its_order(
    rollcall: Runtime, admin: Actor, tenant: Tenant, asked: dict[str, str], index: str
) -> None:
    if not rollcall.database.is_sqlite:
        return  # PostgreSQL plans by what a table holds, and this one holds three
    await _three_entries(admin, tenant)
    statements: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        statements.append((call[2], call[3]))

    engine = rollcall.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await list_entries(admin, from_url(ENTRIES, asked))
    event.remove(engine, "before_cursor_execute", note)
    (found,) = [one for one in statements if "audit_event.hash" in one[0]]
    async with rollcall.database.reader.connect() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {found[0]}", found[1])
        steps = [row[-1] for row in plan]
    assert any(index in step for step in steps), steps
    assert not any("SCAN audit_event" in step or "B-TREE" in step for step in steps), steps
    assert len(statements) <= 5 + bool(asked.get("q")), [one[0] for one in statements]
