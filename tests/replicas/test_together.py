"""Two replicas on one database behave as one."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest

from models import MailState, Tenant, User
from services.access.actor import COMMAND_LINE, Operator
from services.core import clock
from services.sessions import sessions
from services.users import accounts, invitations, reminders
from services.users.invitation_form import InvitationForm
from tests import books
from tests.browser.server import Server
from tests.browser.waiting import eventually
from tests.mail_server import MailServer
from tests.replicas.conftest import People, Replicas, until_reminded
from tests.replicas.people import Tab, Visitor, until


async def test_a_toggle_at_one_moves_in_the_grids_of_all(
    pair: tuple[Server, Server], people: People
) -> None:
    here = await (await Visitor.of(people.grace, pair[0].url)).open(f"{people.home}/users")
    there = await (await Visitor.of(people.alan, pair[1].url)).open(f"{people.home}/users")
    await accounts.set_active(COMMAND_LINE, people.joan.id, active=False)
    await here.says('"active": false')
    await here.act("toggle", {"id": str(people.joan.id), "active": True, "version": 99})
    for tab in (here, there):
        await eventually(lambda tab=tab: len(tab.patches(people.joan)) == 2)  # type: ignore[misc]  # mypy guesses no lambda with a default
        assert [row["active"] for row in tab.patches(people.joan)] == [False, True]


async def test_a_deactivation_at_one_cuts_the_pages_of_all_and_counts_them(
    pair: tuple[Server, Server], people: People
) -> None:
    admin = await (await Visitor.of(people.grace, pair[0].url)).open(f"{people.home}/users")
    ada = await Visitor.of(people.ada, pair[0].url)
    hers = [await ada.open(f"{people.home}/account")]
    ada.base = pair[1].url  # the same session, at the other replica
    hers += [await ada.open(f"{people.home}/account") for _ in range(2)]
    await eventually(lambda: admin.online(people.ada) is True)
    await _expect_asked(admin, people, "3 open pages on 1 device")
    began = time.perf_counter()
    await admin.act("submit", {}, title="Deactivate user")
    for tab in hers:
        await tab.until_cut()
    told = await admin.says("Ada Lovelace is signed out of 3 open pages, the last one after ")
    found = re.search(r"after (\d+) ms\.", told)
    assert found is not None, told
    assert int(found[1]) <= 1000 * (time.perf_counter() - began), (
        "after the commit, in milliseconds"
    )
    await _expect_one_receipt(people, pages=3, answered=3)
    await eventually(lambda: admin.online(people.ada) is False)


async def test_what_the_command_line_ends_is_counted_once(
    pair: tuple[Server, Server], people: People
) -> None:
    for server in pair:
        await (await Visitor.of(people.ada, server.url)).open(f"{people.home}/account")
    for server in pair:
        admin = await (await Visitor.of(people.grace, server.url)).open(f"{people.home}/users")
        await _expect_asked(admin, people, "2 open pages on 2 devices")
    await accounts.set_active(COMMAND_LINE, people.ada.id, active=False)
    await _expect_one_receipt(people, pages=2, answered=2)


async def _expect_asked(admin: Tab, people: People, text: str) -> None:
    """Ask to deactivate Ada until the question says this: replicas tell it within moments."""
    wanted = {"id": str(people.ada.id), "active": False, "version": people.ada.version}

    async def says_it() -> bool:
        await admin.act("toggle", wanted)
        return text in await admin.says("Signed out now, everywhere: ")

    await until(says_it)


async def _expect_one_receipt(people: People, *, pages: int, answered: int) -> None:
    receipts: list[dict[str, object]] = []

    async def kept() -> bool:
        entries = await books.audit_of(people.tenant)
        receipts[:] = [e.details for e in entries if e.action == "user.pages_closed"]
        return bool(receipts)

    await until(kept)
    (receipt,) = receipts
    assert (receipt["pages"], receipt["answered"], receipt["unheard"]) == (pages, answered, 0)


async def test_who_is_here_at_one_is_seen_at_all(
    pair: tuple[Server, Server], people: People
) -> None:
    grid = await (await Visitor.of(people.grace, pair[0].url)).open(f"{people.home}/users")
    ada = await Visitor.of(people.ada, pair[1].url)
    await ada.open(f"{people.home}/account")
    await eventually(lambda: grid.online(people.ada) is True)
    page = await (await Visitor.of(people.alan, pair[0].url)).open(f"{people.home}/users")
    assert _row(page.elements, people)["online"] is True
    await sessions.revoke(COMMAND_LINE, people.ada.id)
    await eventually(lambda: grid.online(people.ada) is False)


def _row(elements: dict[str, Any], people: People) -> dict[str, Any]:
    grids = (element.get("props", {}) for element in elements.values())
    rows: list[dict[str, Any]] = json.loads(next(grid["rows"] for grid in grids if "rows" in grid))
    return next(row for row in rows if row["id"] == str(people.ada.id))


async def test_each_mail_is_sent_once(
    pair: tuple[Server, Server], people: People, mail_server: MailServer
) -> None:
    admin = Operator("Test", people.tenant.id)
    emails = [f"new{number}.{people.tenant.slug}@example.com" for number in range(12)]
    for email in emails:
        form = InvitationForm(first_name="N", last_name="N", email=email, role="administrator")
        await invitations.invite(admin, form)

    async def all_sent() -> bool:
        found = [await books.users_with(email) for email in emails]
        mails = [mail for (user,) in found for mail in await books.mails_of(user.id)]
        return all(mail.state is MailState.SENT for mail in mails)

    await until(all_sent)
    assert [len(mail_server.to(email)) for email in emails] == [1] * len(emails)


@pytest.mark.usefixtures("scene")
async def test_each_end_date_comes_once(past_their_end: list[People]) -> None:
    async def all_out() -> bool:
        rows = [await books.user_of(p.ada.id) for p in past_their_end]
        rows += [await books.user_of(p.joan.id) for p in past_their_end]
        return not any(row.active for row in rows)

    await until(all_out)
    for people in past_their_end:
        assert await books.actions_of(people.tenant) == ["user.deactivated"] * 2


@pytest.mark.usefixtures("scene")
async def test_each_reminder_of_an_end_is_sent_once(
    near_their_end: tuple[People, list[User]], mail_server: MailServer
) -> None:
    people, users = near_their_end
    await until_reminded(people, users)
    await reminders.send_due()  # a third process, which looks later
    clock.shift(timedelta(hours=-1))  # and another whose clock is put back
    await reminders.send_due()
    mails = await books.mails_of(people.grace.id)
    assert sorted(mail.params["person_email"] for mail in mails) == sorted(u.email for u in users)
    await until_reminded(people, users)
    assert len(mail_server.to(people.grace.email)) == len(users)


@pytest.mark.usefixtures("scene")
async def test_an_end_that_comes_is_never_early_at_most_a_minute_late_and_once(
    soon_at_their_end: tuple[Tenant, list[User]], replicas: Replicas
) -> None:
    tenant, users = soon_at_their_end
    ends = {user.id: (await books.user_of(user.id)).ends_at for user in users}

    async def all_out() -> bool:
        return not any([(await books.user_of(user_id)).active for user_id in ends])

    await until(all_out)
    entries = await books.audit_of(tenant)
    assert sorted(str(e.subject_id) for e in entries) == sorted(str(user_id) for user_id in ends)
    for entry in entries:
        end = ends.get(entry.subject_id) if entry.subject_id else None
        assert end is not None
        assert (entry.action, entry.actor_name) == ("user.deactivated", "Rollcall")
        assert entry.at >= end
        # On a busy machine the replicas may not have started when it came.
        assert replicas.ready_at is not None
        assert entry.at - max(end, replicas.ready_at) <= timedelta(minutes=1)
