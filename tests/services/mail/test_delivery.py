"""The outbox is delivered to a real SMTP server, whatever that server does."""

from datetime import timedelta

import pytest

from models import MailState, Role, Tenant, User
from services.access.actor import Actor
from services.core import clock
from services.core.secrets import token_hash
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.mail import queue
from services.mail.queue import PAUSES
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.deliveries import deliver_next
from tests.mail_server import MailServer

EMAIL = "grace@example.org"


async def _invite(admin: Actor, first_name: str = "Grace", email: str = EMAIL) -> User:
    form = InvitationForm(
        first_name=first_name, last_name="H", email=email, role=Role.SALES_ENGINEER.value
    )
    invited = await invitations.invite(admin, form)
    return await books.user_of(invited.user_id)


async def _only_mail(user: User) -> tuple[MailState, int, str]:
    (mail,) = await books.mails_of(user.id)
    return mail.state, mail.attempts, mail.last_answer


def _pass(seconds: float) -> None:
    clock.shift(clock._shift + timedelta(seconds=seconds))


async def test_an_invitation_arrives_with_all_that_it_takes_to_sign_in(
    admin: Actor, tenant: Tenant, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    assert await deliver_next()
    (received,) = mail_server.to(EMAIL)
    (row,) = await books.mails_of(user.id)
    assert row.state is MailState.SENT
    assert received.message.get_all("Message-ID") == [row.message_id]
    assert received.message["Subject"] == "Acme: your invitation to Rollcall"
    for text in (received.part("plain"), received.part("html")):
        assert f"/t/{tenant.slug}/login" in text
        assert EMAIL in text
        token = text.split("/invitation/")[1][:43]
        (link,) = await books.live_links_of(user.id)
        assert token_hash(token) == link.token_hash
    assert not await deliver_next()


async def test_names_can_break_neither_html_nor_headers(
    admin: Actor, mail_server: MailServer
) -> None:
    await _invite(admin, first_name="<b>Bobby</b> {{ 7*7 }} & Søn\u05d0")
    await deliver_next()
    (received,) = mail_server.to(EMAIL)
    assert "<b>Bobby</b> {{ 7*7 }} & Søn\u05d0" in received.part("plain")
    assert "&lt;b&gt;Bobby&lt;/b&gt; {{ 7*7 }} &amp; Søn\u05d0" in received.part("html")
    assert "<b>Bobby" not in received.part("html")


@pytest.mark.usefixtures("stopped_clock")
async def test_a_busy_server_is_asked_again_after_growing_pauses(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    mail_server.answer = "451 Try again later"
    assert await deliver_next()
    assert await _only_mail(user) == (MailState.WAITING, 1, "451 Try again later")
    assert not await deliver_next()
    _pass(PAUSES[0].total_seconds() + 1)
    assert await deliver_next()
    _pass(PAUSES[0].total_seconds() + 1)
    assert not await deliver_next(), "the second pause is longer"
    mail_server.answer = "250 OK"
    _pass(PAUSES[1].total_seconds())
    assert await deliver_next()
    assert (await _only_mail(user))[:2] == (MailState.SENT, 3)
    assert sorted(PAUSES) == list(PAUSES)


async def test_a_server_that_is_down_delays_and_loses_nothing(
    admin: Actor, mail_server: MailServer, rollcall: Runtime
) -> None:
    port, rollcall.settings.mail_port = rollcall.settings.mail_port, 9  # nobody listens there
    user = await _invite(admin)
    assert await deliver_next()
    state, attempts, answer = await _only_mail(user)
    assert (state, attempts) == (MailState.WAITING, 1)
    assert answer
    rollcall.settings.mail_port = port
    _pass(PAUSES[0].total_seconds() + 1)
    assert await deliver_next()
    assert len(mail_server.to(EMAIL)) == 1


async def test_a_connection_dropped_in_the_middle_is_tried_again(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    mail_server.drop = True
    await deliver_next()
    assert (await _only_mail(user))[0] is MailState.WAITING
    mail_server.drop = False
    _pass(PAUSES[0].total_seconds() + 1)
    await deliver_next()
    assert (await _only_mail(user))[0] is MailState.SENT


async def test_a_refused_recipient_fails_at_once_with_the_servers_words(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    other = await _invite(admin, email="good@example.org")
    mail_server.refused[EMAIL] = "550 No such person here"
    await deliver_next()
    await deliver_next()
    assert await _only_mail(user) == (MailState.FAILED, 1, "550 No such person here")
    assert (await _only_mail(other))[0] is MailState.SENT


async def test_after_the_last_pause_a_mail_has_failed(
    admin: Actor, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAUSES", (timedelta(seconds=1),))
    user = await _invite(admin)
    mail_server.answer = "451 Not now"
    await deliver_next()
    _pass(2)
    await deliver_next()
    assert await _only_mail(user) == (MailState.FAILED, 2, "451 Not now")


async def test_a_mail_cut_off_by_a_crash_goes_out_again_under_the_same_message_id(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    await queue.take()  # and the process dies here, or after the delivery
    assert not await deliver_next(), "another process may be delivering it"
    _pass(queue.LEASE.total_seconds() + 1)
    assert await deliver_next()
    (row,) = await books.mails_of(user.id)
    assert [mail.message["Message-ID"] for mail in mail_server.to(EMAIL)] == [row.message_id]


async def test_deactivation_stops_a_mail_that_still_waits(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    await accounts.set_active(admin, user.id, active=False)
    assert not await deliver_next()
    assert (await _only_mail(user))[0] is MailState.CANCELLED
    assert mail_server.attempts == 0


async def test_a_mail_whose_link_has_died_is_not_sent(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    async with transaction() as tx:
        (link,) = await books.live_links_of(user.id)
        link.void_at = clock.now()
        await tx.merge(link)
    assert await deliver_next()
    assert (await _only_mail(user))[0] is MailState.CANCELLED


async def test_resending_sends_the_new_link_and_never_the_old(
    admin: Actor, mail_server: MailServer
) -> None:
    user = await _invite(admin)
    await invitations.resend(admin, user.id)
    while await deliver_next():
        pass
    (received,) = mail_server.to(EMAIL)
    (link,) = await books.live_links_of(user.id)
    token = received.part("plain").split("/invitation/")[1][:43]
    assert token_hash(token) == link.token_hash


async def test_without_a_mail_server_nothing_is_promised(admin: Actor, rollcall: Runtime) -> None:
    form = InvitationForm(first_name="G", last_name="H", email=EMAIL, role="sales_engineer")
    invited = await invitations.invite(admin, form)
    assert not invited.by_mail
    assert await books.mails_of(invited.user_id) == []


async def test_the_outbox_holds_no_link(admin: Actor, mail_server: MailServer) -> None:
    user = await _invite(admin)
    (row,) = await books.mails_of(user.id)
    url = await invitations.copy_link(admin, user.id)
    assert url.rsplit("/", 1)[1] not in str(row.model_dump())
