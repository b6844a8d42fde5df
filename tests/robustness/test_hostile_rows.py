"""Harmful words in every text that the database holds, whoever wrote it: pages and exports show
them as words. The texts are those of the models: a new column is tried by itself."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import icalendar
import pytest
from sqlalchemy import JSON, Column, Enum, String, Table, select
from sqlmodel import AutoString, col, update

from models import (
    BulkAct,
    BulkActBatch,
    BulkState,
    Comment,
    CommentMention,
    CustomerPasskey,
    CustomerPerson,
    EmailChange,
    Handover,
    LinkPurpose,
    ListChoice,
    MailState,
    MailTemplate,
    MailText,
    Onboarding,
    OutgoingMail,
    Passkey,
    Resource,
    Role,
    SsoConnection,
    Tenant,
    User,
    UserImportBatch,
    metadata,
)
from services.access import one_time_links
from services.bulk import batches as bulk_batches
from services.bulk.kinds import Outcome
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import Transaction, reading, transaction
from services.users.imports import batches as import_batches
from services.users.imports.batches import RowOutcome
from services.workspace import bulk_handover, end_calendar
from tests.browser.server import Server, cookie_name
from tests.factories import create_tenant, create_user, open_customer_session, open_session
from tests.robustness.routing import addresses, filled
from tests.robustness.test_routes import FILES, OUTSIDE, PAGES, PUBLIC
from tests.services.bulk_calls import bulk_act_of
from tests.services.import_calls import import_in
from tests.services.review_calls import create_former, review_in
from tests.services.screens.pairing_of import paired
from tests.services.workspace.rows import Rows, create_rows

WORDS = (
    "=1+1\"'</script></textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    "{{7*7}}\r\nBEGIN:VEVENT\u202e"
)
RUNS = ("<script>alert(1)", "<img src=x", "{{7*7}}<", "</textarea><")
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
OURS = {
    "attempt_counter.key",
    "audit_event.action",
    "audit_event.address",
    "audit_event.hash",
    "audit_event.previous_hash",
    "bulk_act.address",
    "bulk_act.end",
    "bulk_act.selection",
    "bus_message.payload",
    "customer_passkey.host",
    "external_identity.issuer",
    "external_identity.subject",
    "handover.items",
    "list_choice.columns",
    "outgoing_mail.message_id",
    "passkey.host",
    "picture.digest",
    "picture.media_type",
    "resource_file.media_type",
    "resource_file.sha256",
    "review.digest",
    "review_person.reasons",
    "screen.options",
    "screen_code.address",
    "screen_place.address",
    "screen_place.size",
    "sso_connection.domains",
    "sso_connection.issuer",
    "sso_session.issuer",
    "sso_session.sid",
    "sso_session.subject",
    "tenant.allowed_domains",
    "tenant.brand_colour",
    "tenant.documentation_url",
    "tenant.logo",
    "tenant.slug",
    "tenant.time_zone",
    "customer_person.email_key",
    "user_account.email_key",
    "user_account.end_zone",
    "user_account.password_hash",
    "user_account.picture",
    "user_account.time_zone",
    "user_import.address",
}
"""Texts that no person words freely: each is checked by what writes it, or is Rollcall's own."""
STRUCTURE = {"access", "by_id", "fate", "id", "kind", "poc_id", "role", "row_id", "to", "user_id"}
"""Names in JSON whose values are Rollcall's own words, or ids."""


def texts() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column that holds text, except for those whose words are Rollcall's own."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, Enum) or column.foreign_keys or column.primary_key:
                continue
            is_text = isinstance(kind, AutoString | String)
            if is_text and f"{table.name}.{column.name}" not in OURS:
                yield table, column


def _saying_it(value: Any, name: str = "") -> Any:
    """JSON with the words in the place of all texts that people word."""
    if isinstance(value, dict):
        return {key: _saying_it(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_saying_it(one, name) for one in value]
    return WORDS if isinstance(value, str) and name not in STRUCTURE else value


async def _say_it_in_json(tx: Transaction) -> set[str]:
    """Put the words into all JSON; returns the columns in which no text became them."""
    empty = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, JSON) or f"{table.name}.{column.name}" in OURS:
                continue
            said = False
            rows: Any = select(*table.primary_key, column)
            for *key, value in await tx.exec(rows):
                changed = _saying_it(value)
                said |= changed != value
                row = zip(table.primary_key, key, strict=True)
                await tx.exec(
                    update(table).where(*(k == v for k, v in row)).values({column.name: changed})
                )
            if not said:
                empty.add(f"{table.name}.{column.name}")
    return empty


async def _say_it_everywhere() -> set[str]:
    """Put the words into every row; returns what has none."""
    empty = set()
    async with transaction() as tx:
        for table, column in texts():
            length = getattr(column.type, "length", None) or len(WORDS)
            changed = await tx.exec(update(table).values({column.name: WORDS[:length]}))
            if not changed.rowcount:
                empty.add(table.name)
        return empty | await _say_it_in_json(tx)


async def _add_others(admin: User, owner: User, rows: Rows, former: UUID) -> None:
    """A row in each table that the scenes of service calls leave empty, and JSON where they have
    none."""
    tenant_id, now = owner.tenant_id, clock.now()
    assert tenant_id is not None
    made: dict[str, Any] = {"public_key": b"", "name": "Key", "created_at": now}
    given = {"id": str(rows.poc), "poc_id": str(rows.poc), "to": str(owner.id), "came": True}
    async with transaction() as tx:
        link = one_time_links.issue(tx, LinkPurpose.EMAIL_CONFIRM, owner.id)
        await tx.flush()
        tx.add_all(
            (
                CommentMention(
                    tenant_id=tenant_id, comment_id=rows.comment, user_id=owner.id, name="Ada"
                ),
                *(
                    Passkey(**made, user_id=one.id, credential_id=one.id.bytes)
                    for one in (admin, owner)
                ),
                CustomerPasskey(**made, customer_id=rows.customer, credential_id=b"1"),
                EmailChange(
                    user_id=owner.id,
                    old_email="a@b.example",
                    new_email="c@b.example",
                    link_id=link.id,
                    created_at=now,
                ),
                Handover(
                    tenant_id=tenant_id,
                    user_id=former,
                    at=now,
                    by_name="Ada",
                    items=[{"kind": "poc", **given}],
                ),
                Onboarding(
                    user_id=owner.id, tenant_id=tenant_id, note="Hello", contact_id=admin.id
                ),
                OutgoingMail(
                    tenant_id=tenant_id,
                    user_id=owner.id,
                    template=MailTemplate.INVITATION,
                    recipient=owner.email,
                    params={"first_name": "Ada"},
                    message_id="<1@b.example>",
                    state=MailState.FAILED,
                    last_answer="550",
                    next_attempt_at=now,
                    created_at=now,
                ),
                *(
                    ListChoice(user_id=one.id, noun="user", views=[{"name": "Mine", "url": ""}])
                    for one in (admin, owner)
                ),
            )
        )


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    return await create_tenant("Acme")


@pytest.fixture
async def ids(tenant: Tenant, people: dict[Role, User]) -> dict[str, str]:
    """What each page is about."""
    admin, owner = people[Role.TENANT_ADMIN], people[Role.SALES_ENGINEER]
    rows = await create_rows(tenant.id, owner.id)
    former = await create_former(tenant.id)
    await _add_others(admin, owner, rows, former)
    await paired((await open_session(admin))[0], name="Hall")
    async with transaction() as tx:
        await tx.exec(update(Resource).where(col(Resource.poc_id) == rows.poc).values(shared=True))
        await tx.exec(update(Comment).values(shared=True))
        (await tx.get_one(User, owner.id)).ends_at = clock.now() + timedelta(days=9)
        tx.add(
            SsoConnection(
                tenant_id=tenant.id,
                name="Identity",
                issuer="https://127.0.0.1:9",
                client_id="rollcall",
                sealed_secret=b"",
                created_at=clock.now(),
            )
        )
        tx.add(
            MailText(
                tenant_id=tenant.id,
                template=MailTemplate.INVITATION,
                subject="",
                text="",
                changed_at=clock.now(),
            )
        )
    import_id, bulk_id = await import_in(admin), await bulk_act_of(admin)
    async with transaction() as tx:
        invited = RowOutcome(2, "Ada", "a@b.example", "Refused")
        batch = await tx.get_one(UserImportBatch, (import_id, 0))
        batch.outcomes = [import_batches._plain(invited)]
        left = Outcome(owner.id, "Ada", "failed", "Failed")
        people_of_act = await tx.get_one(BulkActBatch, (bulk_id, 0))
        people_of_act.outcomes = [bulk_batches._plain(left)]
        act = await tx.get_one(BulkAct, bulk_id)
        act.state, act.started_at, act.ended_at = BulkState.DONE, clock.now(), clock.now()
        act.along = bulk_handover._plan([admin], "Take care of it")
    return {
        "import_id": str(import_id),
        "bulk_id": str(bulk_id),
        "poc_id": str(rows.poc),
        "group_id": str(rows.group_template),
        "resource_id": str(rows.file),
        "review_id": str(await review_in(tenant.id)),
        "user_id": str(owner.id),
        "former": str(former),
        "customer": str(rows.customer),
    }


@pytest.fixture
async def people(tenant: Tenant) -> dict[Role, User]:
    return {
        role: await create_user(None if role is Role.PLATFORM_ADMIN else tenant, role=role)
        for role in Role
    }


async def test_on_every_page_and_in_every_export_they_are_words(
    server: Server, tenant: Tenant, people: dict[Role, User], ids: dict[str, str]
) -> None:
    tokens = {role: (await open_session(user))[1] for role, user in people.items()}
    async with reading() as tx:
        person = await tx.get_one(CustomerPerson, UUID(ids["customer"]))
    outside = (await open_customer_session(person))[1]
    address = await end_calendar.tell_url((await open_session(people[Role.TENANT_ADMIN]))[0])
    assert await _say_it_everywhere() == set()
    wrong: list[tuple[str, str, object]] = []
    for role in (*Role, None):
        cookies = {cookie_name(server.url, "rollcall-customer"): outside}
        if role is not None:
            cookies = {cookie_name(server.url): tokens[role]}
        async with httpx.AsyncClient(base_url=server.url, cookies=cookies, timeout=60) as http:
            for path in _open_to(role):
                whom = {"user_id": ids["former"]} if path.endswith("/leaving") else {}
                answer = await http.get(filled(path, **ids | whom))
                wrong.extend((str(role), path, fault) for fault in _faults(answer))
    assert wrong == []
    async with httpx.AsyncClient(timeout=60) as http:
        calendar = icalendar.Calendar.from_ical((await http.get(address)).content)
    (event,) = calendar.walk("VEVENT")
    assert WORDS.split("\r", maxsplit=1)[0] in str(event["summary"])


def _open_to(role: Role | None) -> list[str]:
    """The addresses that are tried as this role: all of them once, and those that show each role
    something else."""
    paths = [a.path for a in addresses() if a.method == "GET" and not FILES.fullmatch(a.path)]
    if role is None:
        theirs = OUTSIDE | PUBLIC
    elif role is Role.PLATFORM_ADMIN:
        theirs = set(PAGES)
    else:
        own = (f"/t/{{slug}}/{name}" for name in ("home", "welcome", "pocs/{poc_id}", "templates"))
        theirs = set(own)
    return [path for path in paths if path in theirs and "logout" not in path]


def _faults(answer: httpx.Response) -> Iterator[object]:
    # Whether a machine is too slow to be ready has nothing to do with words.
    if answer.status_code >= 500 and answer.url.path != "/readyz":
        yield answer.status_code
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/csv"):
        for row in csv.reader(io.StringIO(answer.text, newline="")):
            yield from (cell for cell in row if cell.startswith(FORMULAS))
    elif kind.startswith("text/html"):
        yield from (words for words in RUNS if words in answer.text)
