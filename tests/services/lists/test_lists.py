"""What follows from the declaration of any list; here it is a list of mails."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col

from models import MailState, MailTemplate, OutgoingMail, Tenant, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core import clock
from services.database.runtime import Runtime
from services.database.transaction import Transaction, reading, transaction
from services.lists.choices import find_choices, keep_columns
from services.lists.declaration import (
    Column,
    LiveList,
    Option,
    by,
    by_groups,
    by_optional,
    choice,
    dates,
    person,
    value,
)
from services.lists.export import csv_pieces
from services.lists.matches import Given, NotWithin, Within
from services.lists.query import ListQuery, from_url
from services.lists.slices import Slice, find_row, read_slice
from services.lists.wire import patch_values, row_values
from ui.tables.config import config_of


@dataclass(frozen=True)
class MailRow:
    id: UUID
    version: int
    recipient: str
    state: MailState
    sent: datetime | None = None


async def _rows(_tx: Transaction, mails: Sequence[OutgoingMail]) -> list[MailRow]:
    return [MailRow(m.id, m.attempts, m.recipient, m.state, m.sent_at) for m in mails]


WAITING = Option("waiting", "Waiting", {"state": MailState.WAITING})
SENT = Option("sent", "Sent", {"state": MailState.SENT})
MAILS = LiveList[MailRow](
    noun="test_mail",
    plural="test mails",
    model=OutgoingMail,
    columns=(
        Column("recipient", "To", sort=by(OutgoingMail.recipient), search=True),
        Column(
            "state", "State", sort=by_groups([WAITING.match, SENT.match], OutgoingMail.recipient)
        ),
        Column(
            "sent", "Sent", sort=by_optional("sent", OutgoingMail.sent_at, OutgoingMail.recipient)
        ),
        Column("created", "Created", sort=by(OutgoingMail.created_at)),
    ),
    fields={
        "state": col(OutgoingMail.state),
        "sent": col(OutgoingMail.sent_at),
        "user": col(OutgoingMail.user_id),
    },
    filters=(
        choice("state", "State", WAITING, SENT),
        choice(
            "when",
            "When",
            Option("lately", "In the last week", {"sent": Within(7)}),
            Option("long_ago", "Not in the last week", {"sent": NotWithin(7)}),
            Option("ever", "Ever", {"sent": Given()}),
            Option("never", "Never", {"sent": None}),
        ),
        person("user", "To whom"),
        dates("sent", "Sent"),
    ),
    breakdown=(WAITING, SENT),
    rows=_rows,
)


@pytest.fixture
async def mails(rollcall: Runtime, tenant: Tenant, admin_user: User) -> list[OutgoingMail]:
    """Twelve mails: every third waits, the others were sent so many days ago."""
    made = [
        OutgoingMail(
            tenant_id=tenant.id,
            user_id=admin_user.id,
            template=MailTemplate.RESET,
            recipient=f"{number // 2:02}@example.com",
            message_id=f"<{number}@example.com>",
            state=MailState.SENT if number % 3 else MailState.WAITING,
            next_attempt_at=clock.now(),
            created_at=clock.now() - timedelta(hours=number),
            sent_at=clock.now() - timedelta(days=number) if number % 3 else None,
        )
        for number in range(12)
    ]
    async with transaction() as tx:
        tx.add_all(made)
    return made


async def _read(tenant: Tenant, size: int = 50, near: Any = None, **asked: Any) -> Slice[MailRow]:
    values = {**asked, "near": near.to_values() if near else None}
    async with reading() as tx:
        return await read_slice(tx, MAILS, replace(from_url(MAILS, values), size=size), tenant.id)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"when": "lately"}, 4),
        ({"when": "long_ago"}, 8),
        ({"when": "ever"}, 8),
        ({"when": "never"}, 4),
        ({"when": "never", "state": "waiting"}, 4),
        ({"when": "never", "state": "sent"}, 0),
        ({"state": "nonsense", "when": "\0", "user": "nobody", "sent": "today"}, 12),
    ],
)
async def test_filters_narrow_a_list_together(
    tenant: Tenant, mails: Sequence[OutgoingMail], asked: dict[str, Any], count: int
) -> None:
    found = await _read(tenant, **asked)
    assert (found.total, len(found.rows)) == (count, count)


async def test_a_list_is_filtered_by_person_and_by_days(
    tenant: Tenant, admin_user: User, mails: Sequence[OutgoingMail]
) -> None:
    assert (await _read(tenant, user=str(admin_user.id))).total == 12
    assert (await _read(tenant, user=str(tenant.id))).total == 0
    day = (clock.now() - timedelta(days=5)).date()
    assert (await _read(tenant, sent=f"{day}..")).total == 4
    assert (await _read(tenant, sent=f"{day}..{day}")).total == 1
    assert (await _read(tenant, sent=f"..{day}")).total == 5
    assert (await _read(tenant, sent=f"{date.max}..{date.min}")).total == 0


async def test_counts_are_of_the_whole_list(
    tenant: Tenant, other_tenant: Tenant, mails: Sequence[OutgoingMail]
) -> None:
    assert (await _read(tenant, state="sent")).counts == {"all": 12, "waiting": 4, "sent": 8}
    assert (await _read(other_tenant)).counts == {"all": 0, "waiting": 0, "sent": 0}


@pytest.mark.parametrize("sort", ["recipient", "state", "sent", "created"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_whoever_turns_pages_sees_every_row_once(
    tenant: Tenant, mails: Sequence[OutgoingMail], sort: str, direction: str
) -> None:
    asked: dict[str, Any] = {"sort": sort, "dir": direction}
    everything = (await _read(tenant, **asked)).rows
    assert len(everything) == 12
    page = await _read(tenant, 5, **asked)
    seen = [*page.rows]
    while page.has_next:
        page = await _read(tenant, 5, page.cursor, page=page.page + 1, **asked)
        seen += page.rows
    assert seen == everything
    assert (page.page, page.pages) == (3, 3)
    while page.has_previous:
        page = await _read(tenant, 5, page.cursor, page=page.page - 1, **asked)
        seen += page.rows
    assert page.rows == everything[:5]
    assert seen[12:] == [*everything[5:10], *everything[:5]]


async def test_descending_is_ascending_backwards(
    tenant: Tenant, mails: Sequence[OutgoingMail]
) -> None:
    for sort in ("state", "sent"):
        up = (await _read(tenant, sort=sort)).rows
        assert (await _read(tenant, sort=sort, dir="desc")).rows == up[::-1]
        assert up[0].state is MailState.WAITING


async def test_words_find_nothing_where_a_list_has_no_search(
    tenant: Tenant, mails: Sequence[OutgoingMail]
) -> None:
    assert (await _read(tenant, q="example")).rows == []


async def test_a_row_says_what_it_is_and_a_patch_what_it_was(
    tenant: Tenant, mails: Sequence[OutgoingMail]
) -> None:
    row = await find_row(MAILS, mails[0].id)
    values = {
        "id": str(row.id),
        "version": 0,
        "recipient": "00@example.com",
        "state": "waiting",
    }
    assert row_values(MAILS, row) == values
    assert patch_values(MAILS, row, {"state": MailState.SENT}) == {
        "was": {"state": "sent"},
        "now": values,
    }
    assert patch_values(MAILS, row, None)["was"] is None


def test_a_url_without_parameters_asks_for_the_usual_order() -> None:
    assert from_url(MAILS, {}) == ListQuery(sort="recipient")
    assert from_url(MAILS, {"sort": "id", "size": "7"}) == ListQuery(sort="recipient")
    assert from_url(MAILS, {"size": "100"}).size == 100


@dataclass(frozen=True)
class TriedMailRow(MailRow):
    attempts: int = 0


async def _tried_rows(_tx: Transaction, mails: Sequence[OutgoingMail]) -> list[TriedMailRow]:
    return [
        TriedMailRow(m.id, m.attempts, m.recipient, m.state, m.sent_at, m.attempts) for m in mails
    ]


TRIED_MAILS = replace(
    MAILS,
    noun="test_tried_mail",
    columns=(*MAILS.columns[:1], Column("attempts", "Attempts", cell="count")),
    rows=_tried_rows,
)


async def test_a_column_is_shown_chosen_and_exported_by_being_declared(
    tenant: Tenant, admin: Actor, mails: Sequence[OutgoingMail]
) -> None:
    shown = json.loads(config_of(TRIED_MAILS, {}))["columns"]
    assert [column["label"] for column in shown] == ["To", "Attempts"]
    await keep_columns(admin, TRIED_MAILS, ["attempts"])
    assert (await find_choices(admin, TRIED_MAILS)).columns == ("attempts",)
    look = partial(viewing, admin, Permission.VIEW_USERS)
    pieces = csv_pieces(look, TRIED_MAILS, ListQuery(), ["attempts"])
    lines = "".join([piece async for piece in pieces]).splitlines()
    assert lines[:2] == ['\ufeff"Attempts"', '"0"']
    assert lines[-1] == f'"rows","{len(mails)}"'
    assert len(lines) == 1 + len(mails) + 1


SENT_MAILS = replace(MAILS, noun="test_sent_mail", belongs=SENT.match)


async def test_rows_that_do_not_belong_to_a_list_are_in_no_page_and_in_no_count(
    tenant: Tenant, mails: list[OutgoingMail]
) -> None:
    async with reading() as tx:
        found = await read_slice(tx, SENT_MAILS, ListQuery(), tenant.id)
    assert {row.state for row in found.rows} == {MailState.SENT}
    assert (found.total, found.counts["all"], found.counts["waiting"]) == (8, 8, 0)
    assert json.loads(config_of(SENT_MAILS, {}))["belongs"] == {"state": "sent"}


def test_a_filter_of_values_takes_any_text() -> None:
    recipients = value("recipient", "To")
    assert recipients.read("01@example.com") == {"recipient": "01@example.com"}
    assert recipients.read("") is None
