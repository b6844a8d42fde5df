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
from sqlalchemy import Column, Enum, String, Table
from sqlmodel import AutoString, col, update

from models import (
    Comment,
    CustomerPerson,
    MailTemplate,
    MailText,
    Resource,
    Role,
    SsoConnection,
    Tenant,
    User,
    metadata,
)
from services.core import clock
from services.core.db import reading, transaction
from services.core.runtime import Runtime
from services.workspace import end_calendar
from tests.browser.server import Server, cookie_name
from tests.factories import create_tenant, create_user, open_customer_session, open_session
from tests.robustness.routing import addresses, filled
from tests.robustness.test_routes import FILES, OUTSIDE, PAGES, PUBLIC
from tests.services.bulk_calls import bulk_act_of
from tests.services.import_calls import import_in
from tests.services.review_calls import create_former, review_in
from tests.services.screens.pairing_of import paired
from tests.services.workspace.rows import create_rows

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
    "bulk_act.selection",
    "bus_message.payload",
    "customer_passkey.host",
    "external_identity.issuer",
    "external_identity.subject",
    "outgoing_mail.message_id",
    "passkey.host",
    "picture.digest",
    "picture.media_type",
    "resource_file.media_type",
    "resource_file.sha256",
    "review.digest",
    "screen.options",
    "screen_code.address",
    "screen_place.address",
    "screen_place.size",
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
NO_ROWS = {
    "comment_mention",
    "customer_passkey",
    "email_change",
    "handover",
    "onboarding",
    "outgoing_mail",
    "passkey",
}
"""Tables that hold texts and have no row in this test: give a new one a row."""


def texts() -> Iterator[tuple[Table, Column[Any]]]:
    """Every column that holds text, but for those whose words are Rollcall's own."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, Enum) or column.foreign_keys or column.primary_key:
                continue
            is_text = isinstance(kind, AutoString | String)
            if is_text and f"{table.name}.{column.name}" not in OURS:
                yield table, column


async def _say_it_everywhere() -> set[str]:
    """Put the words into every row; returns the tables that have none."""
    empty = set()
    async with transaction() as tx:
        for table, column in texts():
            length = getattr(column.type, "length", None) or len(WORDS)
            changed = await tx.exec(update(table).values({column.name: WORDS[:length]}))
            if not changed.rowcount:
                empty.add(table.name)
    return empty


@pytest.fixture
async def tenant(scene: Runtime) -> Tenant:
    return await create_tenant("Acme")


@pytest.fixture
async def ids(tenant: Tenant, people: dict[Role, User]) -> dict[str, str]:
    """What each page is about."""
    admin, owner = people[Role.TENANT_ADMIN], people[Role.SALES_ENGINEER]
    rows = await create_rows(tenant.id, owner.id)
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
    return {
        "import_id": str(await import_in(admin)),
        "bulk_id": str(await bulk_act_of(admin)),
        "poc_id": str(rows.poc),
        "group_id": str(rows.group_template),
        "resource_id": str(rows.file),
        "review_id": str(await review_in(tenant.id)),
        "user_id": str(owner.id),
        "former": str(await create_former(tenant.id)),
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
    assert await _say_it_everywhere() == NO_ROWS
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
    if answer.status_code >= 500:
        yield answer.status_code
    kind = answer.headers.get("content-type", "")
    if kind.startswith("text/csv"):
        for row in csv.reader(io.StringIO(answer.text, newline="")):
            yield from (cell for cell in row if cell.startswith(FORMULAS))
    elif kind.startswith("text/html"):
        yield from (words for words in RUNS if words in answer.text)
