"""The queue has lanes: nobody's mail waits for somebody else's mail server, one copy is sent while
its answer is awaited, and people are told how far it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from models import MailProgress, MailState, OutgoingMail, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import RollcallError
from services.database.runtime import Runtime
from services.mail import delivery, queue
from services.mail import lanes as mail_lanes
from services.mail import smtp as conversation
from services.mail.delivery import deliver_forever
from services.mail.lanes import Lanes
from services.sign_in.password_change import request_reset
from services.users import invitations, listing
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.browser.waiting import PATIENCE, eventually
from tests.deliveries import deliver_next
from tests.factories import CALLER
from tests.mail_server import MailServer
from ui.words import mail_words, next_step


async def _invite(admin: Actor, email: str) -> User:
    form = InvitationForm(first_name="G", last_name="H", email=email, role="sales_engineer")
    return await books.user_of((await invitations.invite(admin, form)).user_id)


async def _mail(user: User) -> OutgoingMail:
    (mail,) = await books.mails_of(user.id)
    return mail


async def _progress(admin: Actor, user: User) -> MailProgress:
    """How far the mail is, as the user's page and the grid tell."""
    while True:
        before = (await _mail(user)).progress(clock.now())
        shown = (await listing.find_row(user.id)).mail_progress
        if (await _mail(user)).progress(clock.now()) is before:  # the delivery goes on meanwhile
            assert shown is before
            return before


@asynccontextmanager
async def _delivering(replicas: int = 1) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(deliver_forever()) for _ in range(replicas)]
    try:
        yield
    finally:
        running = set(tasks)
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=1)


async def test_urgent_mails_go_before_invitations(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    ada = await factories.create_user(tenant)
    for number in range(5):
        await _invite(admin, f"user{number}@example.org")
    await request_reset(tenant.slug, ada.email, CALLER)
    assert await deliver_next()
    assert [mail.recipients for mail in mail_server.received] == [(ada.email,)]


async def test_recipients_whose_server_stalls_hold_up_nobody_else(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    mail_server.stalled = {"stalled.example"}
    stuck = [await _invite(admin, f"user{number}@stalled.example") for number in range(6)]
    await _invite(admin, "good@example.org")
    ada = await factories.create_user(tenant)
    await request_reset(tenant.slug, ada.email, CALLER)
    async with _delivering():
        await eventually(lambda: mail_server.to("good@example.org") and mail_server.to(ada.email))
        states = [(await _mail(user)).attempts for user in stuck]
        assert sum(states) == mail_lanes.PER_DOMAIN - 1, "the rest of that domain waits"
        mail_server.stalled.clear()
        await eventually(lambda: len(mail_server.received) == 8)


async def test_invitations_that_stall_at_many_domains_leave_a_place_for_a_password_reset(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    mail_server.stalled = {f"stalled{number}.example" for number in range(8)}
    for domain in sorted(mail_server.stalled):
        await _invite(admin, f"user@{domain}")
    async with _delivering():
        await eventually(lambda: len(mail_server.senders) == mail_lanes.AT_ONCE - 1)
        ada = await factories.create_user(tenant)
        await request_reset(tenant.slug, ada.email, CALLER)
        await eventually(lambda: mail_server.to(ada.email))
        mail_server.stalled.clear()
        await eventually(lambda: len(mail_server.received) == 9)


async def test_slow_conversations_make_room_for_others(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_lanes, "SLOW", 0.1)
    mail_server.stalled = {f"stalled{number}.example" for number in range(6)}
    for domain in sorted(mail_server.stalled):
        await _invite(admin, f"user@{domain}")
    await _invite(admin, "good@example.org")
    async with _delivering():
        await eventually(lambda: mail_server.to("good@example.org"))
        mail_server.stalled.clear()
        await eventually(lambda: len(mail_server.received) == 7)


def test_a_place_of_each_kind_is_kept_for_urgent_mails() -> None:
    lanes = Lanes()
    for number in range(mail_lanes.PER_DOMAIN - 1):
        lanes.enter(number, "example.org")
    openings = lanes.openings()
    assert openings is not None
    assert (openings.full, openings.full_for_bulk) == (frozenset(), frozenset({"example.org"}))
    for number in range(mail_lanes.PER_DOMAIN - 1, mail_lanes.AT_ONCE - 1):
        lanes.enter(number, f"{number}.example")
    openings = lanes.openings()
    assert openings is not None
    assert openings.lane == 0
    lanes.enter("urgent", "example.org")
    assert lanes.openings() is None
    lanes.leave("urgent")
    assert lanes.openings() is not None


def test_there_are_never_more_conversations_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_lanes, "SLOW", 0.0)
    lanes = Lanes()
    for number in range(mail_lanes.MOST - 1):
        lanes.enter(number, f"{number}.example")
    openings = lanes.openings()
    assert openings is not None
    assert openings.lane == 0
    lanes.enter("last", "last.example")
    assert lanes.openings() is None


async def test_a_server_that_answers_late_gets_one_copy_and_people_are_told_that_it_is_awaited(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "FIRST_RENEWAL", 0.2)
    monkeypatch.setattr(queue, "RENEWAL", 0.5)
    # No longer than a lease is anyway, so that it is the renewals that keep it.
    monkeypatch.setattr(queue, "_longest", lambda: queue.LEASE)
    mail_server.may_answer.clear()
    user = await _invite(admin, "grace@example.org")
    async with _delivering(replicas=2):
        await eventually(lambda: mail_server.attempts)
        await _until(admin, user, MailProgress.UNANSWERED)
        assert "waiting for the mail server’s answer since" in mail_words(await _mail(user))
        for _ in range(3):  # which is longer than two leases
            await _until_renewed(user)
            clock.shift(clock._shift + queue.LEASE * 0.7)
        mail_server.may_answer.set()
        await _until(admin, user, MailProgress.SENT)
    assert (len(mail_server.received), mail_server.attempts) == (1, 1)
    assert mail_words(await _mail(user)).startswith("delivered to the mail server")


async def _until_renewed(user: User) -> None:
    before = (await _mail(user)).leased_until
    async with asyncio.timeout(PATIENCE):
        while (await _mail(user)).leased_until == before:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.05)


async def _until(admin: Actor, user: User, progress: MailProgress) -> None:
    async with asyncio.timeout(PATIENCE):
        while await _progress(admin, user) is not progress:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.05)


async def test_a_mail_that_a_stalling_server_holds_is_being_sent(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.stalled = {"stalled.example"}
    user = await _invite(admin, "user@stalled.example")
    assert await _progress(admin, user) is MailProgress.WAITING
    async with _delivering():
        await _until(admin, user, MailProgress.SENDING)
        assert mail_words(await _mail(user)).startswith("being sent")


async def test_a_mail_whose_answer_never_came_is_unknown_until_one_comes(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.drop = True
    user = await _invite(admin, "grace@example.org")
    await deliver_next()
    assert await _progress(admin, user) is MailProgress.UNKNOWN
    assert mail_words(await _mail(user)).startswith("unknown whether it arrived")
    assert next_step(await _mail(user)) == "It is tried again by itself."
    mail_server.drop, mail_server.answer = False, "451 Later"
    clock.shift(queue.PAUSES[0] + timedelta(seconds=1))
    await deliver_next()
    assert await _progress(admin, user) is MailProgress.UNKNOWN, "the first copy may have arrived"
    mail_server.answer = "250 OK"
    clock.shift(queue.PAUSES[1] * 2)
    await deliver_next()
    assert await _progress(admin, user) is MailProgress.SENT


async def test_a_process_that_dies_before_the_answer_leaves_an_unknown_and_nobody_sends_meanwhile(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin, "grace@example.org")
    lease = await queue.take()
    assert lease is not None
    lease.hand_over()
    await queue.renew(lease)  # and dies
    clock.shift(queue.LEASE + timedelta(seconds=1))
    assert await _progress(admin, user) is MailProgress.UNANSWERED
    assert not await deliver_next(), "the server may take ten minutes"
    clock.shift(queue.LEASE + timedelta(seconds=conversation.PATIENCE.final_dot + 1))
    assert await _progress(admin, user) is MailProgress.UNKNOWN
    assert await deliver_next()
    assert await _progress(admin, user) is MailProgress.SENT


async def test_the_result_of_a_lost_lease_does_not_undo_a_newer_attempt(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin, "grace@example.org")
    lost = await queue.take()
    clock.shift(queue.LEASE + timedelta(seconds=1))
    newer = await queue.take()
    assert lost is not None
    assert newer is not None
    await queue.settle(lost, MailState.FAILED, "554 No")
    await queue.renew(lost)
    assert await _progress(admin, user) is MailProgress.SENDING
    await queue.settle(newer, MailState.SENT, "")
    assert (await _mail(user)).state is MailState.SENT


async def test_a_mail_is_not_handed_over_under_a_lease_that_may_be_somebody_elses_by_now(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    await _invite(admin, "grace@example.org")
    lease = await queue.take()
    assert lease is not None
    letter = await delivery._render(lease)
    assert letter is not None
    lease.renewed -= queue.LEASE.total_seconds()
    with pytest.raises(RollcallError, match="The database didn't answer"):
        await delivery._send(letter, rollcall.settings, lease)
    assert mail_server.attempts == 0
