"""What real mail servers say at MAIL, RCPT and after the text is read as what it means: something
to mend in the settings, for which the mails wait, or something against this recipient."""

import pytest
from pydantic import SecretStr

from models import MailState
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.mail.check import check_mail
from services.operations import doctor
from services.operations.checks import State
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books
from tests.deliveries import deliver_next
from tests.mail_server import MailServer, receiving_mail

EMAIL = "grace@example.org"
# Of Postfix (reject_unverified_recipient), which then quotes the recipient's server.
UNDELIVERABLE = (
    "550 5.1.1 <grace@example.org>: Recipient address rejected: undeliverable address: "
    "host mx.example.org[192.0.2.1]"
)

NO_RELAY = [
    pytest.param("554 5.7.1 <grace@example.org>: Relay access denied", id="Postfix"),
    pytest.param("454 4.7.1 <grace@example.org>: Relay access denied", id="Postfix, defers"),
    pytest.param("550 relay not permitted", id="Exim"),
    pytest.param(
        "550 rollcall [192.0.2.7]:4 is not permitted to relay through this server without "
        "authentication.",
        id="Exim of cPanel",
    ),
    pytest.param("550 5.7.1 <grace@example.org>... Relaying denied", id="Sendmail"),
    pytest.param(
        "550 5.7.1 <g@example.org>... Relaying denied. Proper authentication required.",
        id="Sendmail, wants a sign-in",
    ),
    pytest.param("550 5.7.1 Unable to relay", id="Exchange 2010"),
    pytest.param(
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", id="Exchange 2016"
    ),
    pytest.param("550 5.7.64 TenantAttribution; Relay Access Denied", id="Microsoft 365"),
    pytest.param("550 5.7.0 Mail relay denied [192.0.2.7].", id="Google's relay"),
    pytest.param("550 5.7.1 Invalid credentials for relay [192.0.2.7].", id="Google's relay, IP"),
    pytest.param("553 Relaying disallowed", id="Zoho"),
    pytest.param(
        "554 Refused. Sending to remote addresses (relaying) is not allowed.", id="of a web host"
    ),
    pytest.param(
        "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", id="qmail"
    ),
]


async def _invited(admin: Actor) -> tuple[MailState, str]:
    form = InvitationForm(first_name="G", last_name="H", email=EMAIL, role="sales_engineer")
    invited = await invitations.invite(admin, form)
    assert await deliver_next()
    (mail,) = await books.mails_of(invited.user_id)
    return mail.state, mail.last_answer


@pytest.mark.parametrize("answer", NO_RELAY)
async def test_a_server_that_does_not_relay_is_told_with_the_domain_and_the_way_to_sign_in(
    admin: Actor, mail_server: MailServer, answer: str
) -> None:
    mail_server.refused[EMAIL] = answer
    state, words = await _invited(admin)
    assert state is MailState.WAITING
    assert words.startswith(
        f"The mail server relays no mail to example.org for Rollcall: {answer.rstrip('.')}. "
        "Set ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD, or have the server relay"
    )


@pytest.mark.parametrize("answer", NO_RELAY)
async def test_the_doctor_warns_only_where_the_server_does_not_relay_to_the_sender_s_domain(
    rollcall: Runtime, mail_server: MailServer, answer: str
) -> None:
    # Its own domains may be all that Rollcall's users have.
    mail_server.refused[rollcall.settings.mail_from or ""] = answer
    (found,) = await doctor.examine(["Mail"])
    assert found.state is State.WARNING
    assert answer.rstrip(".") in found.remedy
    assert "Set ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD" in found.remedy
    assert "`doctor --send-to EMAIL` tells" in found.remedy


@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail", "Set {account}"),
        ("530 SMTP authentication is required.", "Set {account}"),
        ("550 Authentication is required for relay", "Set {account}"),
        ("451 5.7.3 STARTTLS is required to send mail", "Set ROLLCALL_MAIL_STARTTLS=true"),
        ("450 4.7.1 Session encryption is required", "Set ROLLCALL_MAIL_STARTTLS=true"),
        ("550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "ROLLCALL_MAIL_HOSTNAME"),
        ("553 5.7.1 <r@example.com>: Sender address rejected: not logged in", "Set {account}"),
        ("553 5.7.1 <r@example.com>: Sender address rejected: not owned", "ROLLCALL_MAIL_FROM"),
        ("550 Sender verify failed", "ROLLCALL_MAIL_FROM"),
        ("451 4.1.8 Domain of sender address does not resolve", "ROLLCALL_MAIL_FROM"),
        ("554 5.7.1 <h[192.0.2.7]>: Client host rejected: Access denied", "accept this machine"),
        ("554 5.7.1 Service unavailable; blocked using zen.example.org", "accept this machine"),
        ("554 5.7.1 <g@example.org>: Recipient address rejected: Access denied", "Set {account}"),
    ],
)
async def test_what_a_server_says_to_everybody_at_rcpt_fails_the_doctor_and_no_mail(
    admin: Actor, rollcall: Runtime, mail_server: MailServer, answer: str, mend: str
) -> None:
    mend = mend.format(account="ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD")
    mail_server.refused[EMAIL] = answer
    state, words = await _invited(admin)
    assert state is MailState.WAITING
    assert mend in words
    mail_server.refused[rollcall.settings.mail_from or ""] = answer
    report = await check_mail()
    assert (report.works, report.may_work) == (False, False)
    assert mend in report.words


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            "554 Message rejected: Email address is not verified. The following identities failed "
            "the check in region EU-WEST-1: rollcall@example.com",
            id="Amazon SES",
        ),
        pytest.param(
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            id="Exchange",
        ),
        pytest.param("554 5.2.252 SendAsDenied; rollcall@example.com", id="Microsoft 365"),
        pytest.param(
            "550 The from address does not match a verified Sender Identity.", id="SendGrid"
        ),
    ],
)
async def test_a_sender_that_is_refused_only_after_the_text_fails_no_mail_at_once(
    admin: Actor, mail_server: MailServer, answer: str
) -> None:
    mail_server.answer = answer
    state, words = await _invited(admin)
    assert state is MailState.WAITING
    assert answer.rstrip(".") in words
    assert "ROLLCALL_MAIL_FROM" in words


@pytest.mark.parametrize(
    "answer",
    [
        "530 5.7.0 Authentication required",
        "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail",
    ],
)
async def test_a_sign_in_that_is_asked_for_only_after_the_text_fails_no_mail_at_once(
    admin: Actor, mail_server: MailServer, answer: str
) -> None:
    mail_server.answer = answer
    state, words = await _invited(admin)
    assert state is MailState.WAITING
    assert f"{answer}. Set ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD." in words


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.1.1 No such person here",
        "550 5.4.1 Recipient address rejected: Access denied",
        "550 5.7.1 This list takes no mail from outside",
        "550 5.1.1 <grace@example.org>: unknown at mx.example.org[10.5.1.8]",
        "550 5.1.1 <grace@example.org>: unknown at mx.example.org[5.7.57.4]",
        f"{UNDELIVERABLE} said: 554 5.7.1 Relay access denied (in reply to RCPT TO command)",
        f"{UNDELIVERABLE} said: 530 5.7.0 Authentication required (in reply to MAIL FROM command)",
        f"{UNDELIVERABLE} refused to talk to me: 554 5.7.1 Client host rejected: Access denied",
    ],
)
async def test_what_a_server_has_against_one_recipient_fails_that_mail_alone(
    admin: Actor, mail_server: MailServer, answer: str
) -> None:
    mail_server.refused[EMAIL] = answer
    assert await _invited(admin) == (MailState.FAILED, answer)


async def test_what_another_server_answered_exim_fails_that_mail_alone(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.refused[EMAIL] = (
        "550-Callout verification failed:\r\n550-550-relay not permitted\r\n"
        "550 550 Authentication required"
    )
    state, _ = await _invited(admin)
    assert state is MailState.FAILED


async def test_what_exim_says_itself_after_another_server_s_answer_counts(
    admin: Actor, mail_server: MailServer
) -> None:
    mail_server.refused[EMAIL] = (
        "550-Verification failed for <rollcall@example.com>\r\n550-Called:   192.0.2.1\r\n"
        "550-Sent:     RCPT TO:<rollcall@example.com>\r\n"
        "550-Response: 550 relay not permitted\r\n550 Sender verify failed"
    )
    state, words = await _invited(admin)
    assert state is MailState.WAITING
    assert "ROLLCALL_MAIL_FROM" in words


async def test_an_ip_that_reads_like_a_policy_is_none(
    rollcall: Runtime, mail_server: MailServer
) -> None:
    answer = "550 5.1.1 Nobody of this name at mx.example.com[10.5.7.1]"
    mail_server.refused[rollcall.settings.mail_from or ""] = answer
    report = await check_mail()
    assert report.works, report.words


async def test_a_policy_against_the_sender_as_a_recipient_is_a_warning_of_the_doctor(
    rollcall: Runtime, mail_server: MailServer
) -> None:
    sender = rollcall.settings.mail_from or ""
    mail_server.refused[sender] = "550 5.7.1 Nothing from you"
    (found,) = await doctor.examine(["Mail"])
    assert found.state is State.WARNING
    assert f"takes no mail to {sender}: 550 5.7.1 Nothing from you. " in found.remedy


async def test_who_has_signed_in_is_told_to_check_the_account(
    admin: Actor, rollcall: Runtime
) -> None:
    async with receiving_mail(password="right") as server:
        settings = rollcall.settings
        settings.mail_server, settings.mail_port = "127.0.0.1", server.port
        settings.mail_from, settings.mail_starttls = "rollcall@example.com", False
        settings.mail_username, settings.mail_password = "rollcall", SecretStr("right")
        server.refused[EMAIL] = "550 5.7.1 Relaying denied"
        _, words = await _invited(admin)
    assert "Check ROLLCALL_MAIL_USERNAME and ROLLCALL_MAIL_PASSWORD" in words
