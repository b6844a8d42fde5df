"""The clock steps back an hour: nothing that is over becomes valid again, and nothing waits for
that hour. And replicas whose clocks differ by seconds respect each other's times."""

from datetime import timedelta

import pytest

from models import EndReason, LinkPurpose, MailState, Tenant, User
from services.access.actor import Actor, is_fresh
from services.audit.check import verify
from services.core import clock
from services.core.errors import DeadLinkError, SessionEndedError, TooManyAttemptsError
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.mail import queue
from services.operations import expiry, workers
from services.sessions import ended_sessions, sessions
from services.sign_in import password_change, throttle
from services.users import accounts, invitations, listing
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.deliveries import deliver_next
from tests.factories import CALLER, PASSWORD
from tests.mail_server import MailServer

HOUR = timedelta(hours=1)


def _step(by: timedelta) -> None:
    clock.shift(clock._shift + by)


async def _invite(admin: Actor) -> User:
    form = InvitationForm(
        first_name="Ada", last_name="L", email="ada@example.com", role="sales_engineer"
    )
    return await books.user_of((await invitations.invite(admin, form)).user_id)


async def test_an_expired_session_stays_over(rollcall: Runtime, tenant: Tenant) -> None:
    ada = await factories.create_user(tenant)
    actor, token = await factories.open_session(ada)
    _step(rollcall.settings.session_idle + timedelta(seconds=1))
    await expiry.settle()
    (ended,) = await books.sessions_of(ada.id)
    assert ended.end_reason is EndReason.EXPIRED
    _step(-HOUR)
    with pytest.raises(SessionEndedError) as refusal:
        await sessions.recognise(token, tenant.slug, CALLER)
    assert refusal.value.reason is EndReason.EXPIRED
    assert await ended_sessions.find([actor.session_id]) == {actor.session_id: EndReason.EXPIRED}
    _step(2 * HOUR)
    await expiry.settle()
    assert await books.sessions_of(ada.id) == [ended], "and doesn't expire twice"


async def test_nobody_is_signed_out_by_the_step(tenant: Tenant, admin: Actor) -> None:
    ada = await factories.create_user(tenant)
    _, token = await factories.open_session(ada)
    _step(-HOUR)
    await expiry.settle()
    visit = await sessions.recognise(token, tenant.slug, CALLER)
    await sessions.touch(visit.actor)
    await accounts.rename(admin, ada.id, "Ada", "King")
    assert (await sessions.recognise(token, tenant.slug, CALLER)).name == "Ada King"
    assert (await verify())[1] is None


@pytest.mark.parametrize("purpose", [LinkPurpose.INVITATION, LinkPurpose.RESET])
async def test_an_expired_link_stays_dead(
    tenant: Tenant, mail_server: MailServer, purpose: LinkPurpose
) -> None:
    ada = await factories.create_user(tenant, invited=purpose is LinkPurpose.INVITATION)
    if purpose is LinkPurpose.RESET:
        await password_change.request_reset(tenant.slug, ada.email, CALLER)
    token = await factories.token_of(ada, purpose)
    (link,) = await books.live_links_of(ada.id)
    _step(link.expires_at - clock.now() + timedelta(seconds=1))
    await expiry.settle()
    _step(-HOUR)
    use = invitations.accept if purpose is LinkPurpose.INVITATION else password_change.reset
    with pytest.raises(DeadLinkError):
        await use(tenant.slug, token, PASSWORD, CALLER)
    assert await books.live_links_of(ada.id) == []


@pytest.mark.usefixtures("stopped_clock")
async def test_a_pause_after_failures_gets_no_longer(rollcall: Runtime) -> None:
    counters = throttle.keys("ada@example.com", "192.0.2.7")
    for _ in range(throttle.FREE_FAILURES["account"] + 1):
        async with transaction() as tx:
            await throttle.count_failure(tx, counters)
    with pytest.raises(TooManyAttemptsError):
        await throttle.claim(counters)
    _step(-HOUR)
    await throttle.claim(counters)
    with pytest.raises(TooManyAttemptsError) as refusal:
        await throttle.claim(counters)
    assert refusal.value.retry_after <= throttle.LONGEST_PAUSE.total_seconds()


async def test_a_mail_that_waits_is_sent_without_delay(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    _step(-HOUR)
    assert await deliver_next()
    assert len(mail_server.to(user.email)) == 1


async def test_a_mail_to_be_tried_again_waits_for_its_pause_at_most(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    mail_server.answer = "451 Try again later"
    await deliver_next()
    mail_server.answer = "250 OK"
    assert not await deliver_next()
    _step(-HOUR)
    assert await deliver_next()
    (mail,) = await books.mails_of(user.id)
    assert (mail.state, mail.attempts) == (MailState.SENT, 2)


async def test_a_mail_cut_off_before_the_step_goes_out_after_it(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    await queue.take()  # and the process dies here
    _step(-HOUR)
    assert await deliver_next()
    assert len(mail_server.to(user.email)) == 1


async def test_a_sign_in_gets_no_fresher(tenant: Tenant) -> None:
    actor = await factories.sign_in(await factories.create_user(tenant))
    (session,) = await books.sessions_of(actor.user_id)
    assert is_fresh(session)
    _step(-HOUR)
    assert not is_fresh(session)


async def test_a_resent_invitation_is_the_one_that_counts(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    old = await factories.token_of(user)
    mail_server.refused[user.email] = "550 No such person here"
    await deliver_next()
    _step(-HOUR)
    await invitations.resend(admin, user.id)
    assert (await listing.find_row(user.id)).mail is MailState.WAITING
    url = await invitations.copy_link(admin, user.id)
    assert not url.endswith(old)
    assert len(await books.live_links_of(user.id)) == 1


async def test_whom_an_end_date_shut_out_stays_out(tenant: Tenant, admin: Actor) -> None:
    ada = await factories.create_user(tenant)
    await accounts.set_end_date(admin, ada.id, clock.now().date() + timedelta(days=1))
    _step(timedelta(days=1))
    await workers.apply_end_dates()
    _step(-timedelta(days=1))
    await workers.apply_end_dates()
    assert not (await books.user_of(ada.id)).active
    actions = await books.actions_of(tenant)
    assert actions.count("user.deactivated") == 1


AHEAD = timedelta(seconds=2)


async def test_a_lease_by_a_replica_whose_clock_is_ahead_is_respected(
    admin: Actor, mail_server: MailServer
) -> None:
    await _invite(admin)
    _step(AHEAD)
    await queue.take()
    _step(-AHEAD)
    assert not await deliver_next()


async def test_a_mails_pause_by_a_replica_whose_clock_is_ahead_is_respected(
    admin: Actor, mail_server: MailServer
) -> None:
    await _invite(admin)
    mail_server.answer = "451 Try again later"
    _step(AHEAD)
    await deliver_next()
    _step(-AHEAD)
    assert not await deliver_next()


async def test_a_guessers_pause_by_a_replica_whose_clock_is_ahead_is_respected(
    rollcall: Runtime,
) -> None:
    counters = {"account": throttle.keys("ada@example.com", "192.0.2.7")["account"]}
    _step(AHEAD)
    for _ in range(throttle.FREE_FAILURES["account"] + 12):  # the longest pause there is
        async with transaction() as tx:
            await throttle.count_failure(tx, counters)
    _step(-AHEAD)
    with pytest.raises(TooManyAttemptsError):
        await throttle.claim(counters)
