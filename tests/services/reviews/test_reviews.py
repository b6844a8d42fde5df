"""A review: frozen at its beginning, decided by several, done at its close, kept as it was."""

import asyncio
import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import select

from models import (
    Decision,
    MailTemplate,
    Review,
    ReviewOutcome,
    ReviewPerson,
    Role,
    Tenant,
    User,
)
from services.access.actor import Actor
from services.audit.export_check import check_export
from services.audit.signature import public_pem
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.lists.query import ListQuery
from services.reviews import closing, reasons, record, reminders, reviews, waiting
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import OF_USERS, Reason
from services.reviews.reviews import PersonView
from services.users import accounts, contractors, listing
from services.workspace.customers import invitations as customers
from services.workspace.customers.invitations import CustomerForm
from services.workspace.customers.people import list_of_poc
from tests import books
from tests.browser.waiting import PATIENCE
from tests.deliveries import deliver_next
from tests.factories import create_admin, create_user, create_users, sign_in
from tests.mail_server import MailServer
from tests.services.workspace.scene import create_poc


def form(*why: Reason, closes_in: int | None = None, tell: bool = False) -> ReviewForm:
    day = clock.now().date() + timedelta(days=closes_in) if closes_in else None
    return ReviewForm(name="Autumn review", reasons=why, days=Days.NINETY, closes_on=day, tell=tell)


async def begun(
    admin: Actor, *why: Reason, closes_in: int | None = None, tell: bool = False
) -> UUID:
    asked = form(*(why or (Reason.NO_FACTOR,)), closes_in=closes_in, tell=tell)
    return await reviews.begin(admin, asked)


async def people(admin: Actor, review_id: UUID) -> dict[UUID, PersonView]:
    return {row.holder_id: row for row in await reviews.list_people(admin, review_id)}


async def decided(admin: Actor, review_id: UUID, users: Sequence[User], decision: Decision) -> None:
    rows = await people(admin, review_id)
    await reviews.decide(admin, review_id, [rows[user.id].id for user in users], decision)


async def closed(admin: Actor, review_id: UUID) -> None:
    await reviews.close(admin, review_id)
    await closing.work()


async def test_what_is_counted_is_what_the_list_of_users_shows(
    admin: Actor, tenant: Tenant
) -> None:
    await create_users(3, tenant, invited=True)
    away, returned = await create_users(2, tenant)
    async with transaction() as tx:
        (await tx.get_one(User, away.id)).last_active_at = clock.now() - timedelta(days=70)
        (await tx.get_one(User, returned.id)).last_active_at = clock.now()
    await accounts.set_active(admin, returned.id, False)
    await accounts.set_active(admin, returned.id, True)
    found = await reasons.count_reasons(admin)
    assert found.counts[Reason.NEVER] == 3
    assert found.counts[Reason.CAME_BACK] == 1
    assert found.counts[Reason.ADMIN] == found.admins_without_factor == 1
    assert found.not_seen[60] == found.not_seen[90] + 1
    for reason in OF_USERS:
        shown = await listing.list_users(admin, ListQuery(filters=reason.filters(60)))
        counted = found.not_seen[60] if reason is Reason.NOT_SEEN else found.counts[reason]
        assert counted == shown.total, reason


async def test_a_review_freezes_who_is_asked_about_and_why(admin: Actor, tenant: Tenant) -> None:
    (user,) = await create_users(1, tenant)
    await contractors.set_contractor(admin, user.id, True)
    review_id = await begun(admin, Reason.NO_FACTOR, Reason.NO_END)
    later = await create_user(tenant)
    await accounts.rename(admin, user.id, "Another", "Name")
    rows = await people(admin, review_id)
    assert later.id not in rows
    assert rows[user.id].name == "Ada Lovelace"
    assert rows[user.id].reasons == ("no second factor", "contractor without an end date")


async def test_nothing_happens_to_anybody_until_the_close(admin: Actor, tenant: Tenant) -> None:
    keep, out, undecided = await create_users(3, tenant)
    review_id = await begun(admin)
    await decided(admin, review_id, [keep], Decision.KEEP)
    await decided(admin, review_id, [out], Decision.DEACTIVATE)
    await closing.work()
    assert (await books.user_of(out.id)).active
    await closed(admin, review_id)
    rows = await people(admin, review_id)
    assert rows[keep.id].outcome is ReviewOutcome.KEPT
    assert rows[out.id].outcome is ReviewOutcome.DEACTIVATED
    assert rows[undecided.id].outcome is ReviewOutcome.SKIPPED
    assert not (await books.user_of(out.id)).active
    assert (await books.user_of(undecided.id)).active
    with pytest.raises(ConflictError, match="closed"):
        await decided(admin, review_id, [keep], Decision.DEACTIVATE)


async def test_the_undecided_are_deactivated_on_the_day_and_not_before(
    admin: Actor, tenant: Tenant
) -> None:
    (user,) = await create_users(1, tenant)
    review_id = await begun(admin, closes_in=2)
    closes_at = (await reviews.get_review(admin, review_id)).closes_at
    assert closes_at is not None
    ahead = closes_at - clock.now()
    clock.shift(ahead - timedelta(seconds=20))
    await closing.work()
    assert (await books.user_of(user.id)).active
    clock.shift(ahead + timedelta(seconds=1))
    await closing.work()
    assert not (await books.user_of(user.id)).active
    late = await sign_in(await books.user_of(admin.user_id))
    review = await reviews.get_review(late, review_id)
    assert (review.closed_by, review.undecided_out) == ("Rollcall", 1)


async def test_the_last_tenant_admin_stays(admin: Actor, tenant: Tenant) -> None:
    review_id = await begun(admin, Reason.ADMIN, closes_in=1)
    clock.shift(timedelta(days=3))
    await closing.work()
    assert (await books.user_of(admin.user_id)).active
    async with reading() as tx:
        (row,) = await tx.exec(select(ReviewPerson).where(ReviewPerson.review_id == review_id))
    assert row.note == closing.LAST_ADMIN


async def test_who_was_switched_since_the_decision_is_left_alone(
    admin: Actor, tenant: Tenant
) -> None:
    (user,) = await create_users(1, tenant)
    review_id = await begun(admin)
    await decided(admin, review_id, [user], Decision.DEACTIVATE)
    await accounts.set_active(admin, user.id, False)
    await accounts.set_active(admin, user.id, True)
    await closed(admin, review_id)
    assert (await books.user_of(user.id)).active
    assert (await people(admin, review_id))[user.id].note == closing.CHANGED


async def test_a_close_that_was_broken_off_is_finished_and_adds_up(
    admin: Actor, tenant: Tenant
) -> None:
    users = await create_users(2, tenant)
    review_id = await begun(admin)
    await decided(admin, review_id, users, Decision.DEACTIVATE)
    await reviews.close(admin, review_id)
    async with reading() as tx:
        review = await tx.get_one(Review, review_id)
        (one, *_) = await tx.exec(select(ReviewPerson).where(ReviewPerson.user_id == users[0].id))
    await closing._carry_out(review, one)  # the process ends before it is noted
    await closing.work()
    rows = await people(admin, review_id)
    assert {rows[user.id].outcome for user in users} == {ReviewOutcome.DEACTIVATED}


async def test_a_close_is_begun_as_soon_as_somebody_asks_for_it(
    admin: Actor, tenant: Tenant, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "LOOK_SECONDS", 2 * PATIENCE)  # it looks because it is told
    users = await create_users(2, tenant)
    review_id = await begun(admin)
    await decided(admin, review_id, users, Decision.DEACTIVATE)
    closer = closing.Closer()
    closer.subscribe(rollcall.bus)
    working = asyncio.create_task(closer.work())
    try:
        await reviews.close(admin, review_id)
        async with asyncio.timeout(PATIENCE):
            while (await books.user_of(users[1].id)).active:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def test_nobody_decides_about_themselves(admin: Actor, tenant: Tenant) -> None:
    review_id = await begun(admin, Reason.ADMIN)
    row = (await people(admin, review_id))[admin.user_id]
    with pytest.raises(ConflictError, match="Another admin"):
        await reviews.decide(admin, review_id, [row.id], Decision.KEEP)
    other = await sign_in(await create_admin(tenant))
    assert await reviews.decide(other, review_id, [row.id], Decision.KEEP) == 1


async def test_there_is_one_review_at_a_time(admin: Actor, tenant: Tenant) -> None:
    await begun(admin)
    with pytest.raises(ConflictError, match="under way"):
        await begun(admin)


async def test_a_review_about_nobody_is_not_begun(admin: Actor, tenant: Tenant) -> None:
    with pytest.raises(InvalidInputError, match="nobody"):
        await begun(admin, Reason.CAME_BACK)


async def test_a_changed_record_no_longer_agrees_with_the_log(admin: Actor, tenant: Tenant) -> None:
    (user,) = await create_users(1, tenant)
    review_id = await begun(admin)
    await closed(admin, review_id)
    assert (await record.get_chain_range(admin, review_id)).problems == []
    row = (await people(admin, review_id))[user.id]
    async with transaction() as tx:
        (await tx.get_one(ReviewPerson, row.id)).decision = Decision.KEEP
    problems = (await record.get_chain_range(admin, review_id)).problems
    assert problems == ["The record isn't what the log has the digest of."]


async def test_the_export_is_signed_and_says_its_place_in_the_chain(
    admin: Actor, tenant: Tenant, tmp_path: Path
) -> None:
    await create_users(2, tenant)
    review_id = await begun(admin)
    await closed(admin, review_id)
    place = await record.get_chain_range(admin, review_id)
    file, key = tmp_path / "review.csv", tmp_path / "key.pem"
    text = await record.export(admin, review_id)
    file.write_text(text, encoding="utf-8", newline="")
    key.write_text(public_pem())
    ending = {row[0]: row[1] for row in csv.reader(io.StringIO(text))}
    assert ending["entries"] == f"{place.first_number} to {place.last_number}, {place.hash}"
    checked = check_export(file, key)
    assert (checked.problems, checked.entries, checked.kind) == ([], 3, "person")
    file.write_text(text.replace("Autumn", "Winter"), encoding="utf-8", newline="")
    assert "signature doesn't fit" in check_export(file, key).problems[0]
    file.write_text("".join(text.splitlines(keepends=True)[:-1]), encoding="utf-8", newline="")
    assert "cut off" in check_export(file, key).problems[0]
    for old, new in ("\r\n", "\r\n\r\n"), ('"signature"', '"signature"\r\n'), ("-head ", "-tail "):
        file.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")
        assert check_export(file, key).problems, new


async def test_admins_are_told_once_that_a_review_is_due(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).review_every_days = 30
    await reminders.remind()
    assert await books.mails_of(admin.user_id) == []
    clock.shift(timedelta(days=31))
    await reminders.remind()
    await reminders.remind()
    assert len(await books.mails_of(admin.user_id)) == 1


async def test_who_is_deactivated_by_a_review_is_told_where_that_was_chosen(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    keep, out = await create_users(2, tenant)
    for tell in (False, True):
        review_id = await begun(admin, tell=tell)
        await decided(admin, review_id, [out], Decision.DEACTIVATE)
        await closed(admin, review_id)
        told = [mail.template for mail in await books.mails_of(out.id)]
        assert told == ([MailTemplate.DEACTIVATED] if tell else [])
        assert await books.mails_of(keep.id) == []
        await accounts.set_active(admin, out.id, True)


async def test_whoever_began_a_review_is_told_what_came_of_it(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    other = await create_admin(tenant)
    keep, out, _ = await create_users(3, tenant)
    review_id = await begun(admin, Reason.NOT_SEEN)
    await decided(admin, review_id, [keep], Decision.KEEP)
    await decided(admin, review_id, [out], Decision.DEACTIVATE)
    await closed(admin, review_id)
    assert await books.mails_of(other.id) == []
    assert await deliver_next()
    (letter,) = mail_server.to((await books.user_of(admin.user_id)).email)
    assert letter.message["Subject"] == "Acme: Autumn review is closed"
    for part in ("plain", "html"):
        text = " ".join(letter.part(part).split())
        assert f"/t/{tenant.slug}/review/{review_id}" in text
    assert "Kept: 1 Deactivated: 1" in " ".join(letter.part("plain").split())


async def test_where_whoever_began_it_is_gone_all_admins_hear_of_the_close(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    other = await create_admin(tenant)
    await create_users(1, tenant)
    review_id = await begun(admin, Reason.NOT_SEEN)
    by = await sign_in(other)
    await accounts.set_active(by, admin.user_id, False)
    await closed(by, review_id)
    assert [mail.template for mail in await books.mails_of(other.id)] == [
        MailTemplate.REVIEW_CLOSED
    ]


async def test_a_review_that_is_due_is_told_until_one_is_under_way(
    admin: Actor, tenant: Tenant
) -> None:
    await create_users(1, tenant)
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).review_every_days = 30
    found = await reviews.list_reviews(admin)
    assert (found.next_due, found.overdue_since) == (
        tenant.created_at + timedelta(days=30),
        None,
    )
    clock.shift(timedelta(days=31))
    late = await sign_in(await books.user_of(admin.user_id))
    found = await reviews.list_reviews(late)
    assert found.overdue_since == found.next_due
    await begun(late)
    assert (await reviews.list_reviews(late)).overdue_since is None


async def test_people_of_a_review_have_their_pictures(admin: Actor, tenant: Tenant) -> None:
    seen, plain = await create_users(2, tenant)
    async with transaction() as tx:
        (await tx.get_one(User, seen.id)).picture = "ab" * 32
    review_id = await begun(admin)
    rows = await people(admin, review_id)
    assert (rows[seen.id].picture, rows[plain.id].picture) == ("ab" * 32, "")
    (told,) = await reviews.find_people([rows[seen.id].id])
    assert told.picture == "ab" * 32


async def test_the_next_review_is_due_after_the_last_one(admin: Actor, tenant: Tenant) -> None:
    async with transaction() as tx:
        (await tx.get_one(Tenant, tenant.id)).review_every_days = 90
    await create_users(1, tenant, role=Role.ADMINISTRATOR)
    await closed(admin, await begun(admin))
    found = await reviews.list_reviews(admin)
    assert found.last_closed is not None
    assert found.next_due == found.last_closed + timedelta(days=90)


async def test_who_is_undecided_is_counted_until_the_close(admin: Actor, tenant: Tenant) -> None:
    keep, out = await create_users(2, tenant)
    assert await waiting.count_undecided(admin) == 0
    review_id = await begun(admin)
    everybody = await waiting.count_undecided(admin)
    await decided(admin, review_id, [keep, out], Decision.KEEP)
    assert await waiting.count_undecided(admin) == everybody - 2
    await closed(admin, review_id)
    assert await waiting.count_undecided(admin) == 0


async def test_customers_people_are_asked_about_shut_out_and_told_like_users(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    ada = await sign_in(await create_user(tenant))
    poc = await create_poc(ada)
    for name in ("Reto", "Mina"):
        form = CustomerForm(
            first_name=name, last_name="B", email=f"{name.lower()}@helvetia.example"
        )
        await customers.invite(ada, poc, form)
    review_id = await begun(admin, Reason.CUSTOMER, tell=True)
    asked = {row.name: row for row in await reviews.list_people(admin, review_id)}
    assert {row.reasons for row in asked.values()} == {("at a customer’s",)}
    await reviews.decide(admin, review_id, [asked["Reto B"].id], Decision.DEACTIVATE)
    await reviews.decide(admin, review_id, [asked["Mina B"].id], Decision.KEEP)
    await closed(admin, review_id)
    rows = {row.name: row for row in await list_of_poc(admin, poc)}
    assert (rows["Reto B"].active, rows["Mina B"].active) == (False, True)
    asked = {row.name: row for row in await reviews.list_people(admin, review_id)}
    assert asked["Reto B"].outcome is ReviewOutcome.DEACTIVATED
    assert (await record.get_chain_range(admin, review_id)).problems == []
    assert '"Reto B","reto@helvetia.example","Customer"' in await record.export(admin, review_id)
    while await deliver_next():
        pass
    told = [str(mail.message["subject"]) for mail in mail_server.to("reto@helvetia.example")]
    assert told == [f"{tenant.name}: your access has ended"]
    assert len(mail_server.to("mina@helvetia.example")) == 1
