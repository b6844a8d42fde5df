"""The log lines that programs read: the patterns of docs/logs.md match what is really written."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from models import Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core import clock, logs
from services.core.errors import InvalidInputError, RollcallError, SecondStepNeededError
from services.core.operator_log import Refused, sign_in_refused
from services.database.runtime import Runtime
from services.sessions.sessions import Caller
from services.sign_in.second_factors import second_step, totp
from services.sign_in.second_factors.passkey_sign_in import sign_in as sign_in_with_passkey
from services.sign_in.sign_in import sign_in
from services.sign_in.throttle import FREE_FAILURES
from services.tenants import closing
from services.users import invitations
from services.users.invitation_form import InvitationForm
from tests import books, factories
from tests.deliveries import deliver_next
from tests.factories import PASSWORD
from tests.mail_server import MailServer

IP = "203.0.113.7"
CALLER = Caller(IP)
DOCS = (Path(__file__).parents[3] / "docs" / "logs.md").read_text(encoding="utf-8")
FORMATS = {"text": logs._Line, "json": logs._JsonLine}
# Roughly what fail2ban puts in the place of <ADDR>.
ADDR = r"(?P<ip>\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:]+)"

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


class Log:
    """What was written, as this format writes it."""

    def __init__(self, log_format: str) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(FORMATS[log_format]())
        pattern = re.findall(r"^failregex = (.*)$", DOCS, re.MULTILINE)
        self.pattern = re.compile(pattern[list(FORMATS).index(log_format)].replace("<ADDR>", ADDR))

    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def banned(self) -> list[str]:
        """The ips that fail2ban would count, which cuts the date out before it looks."""
        date = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")
        found = [self.pattern.search(line) for line in self.lines()]
        cut = [self.pattern.search(date.sub("", line, count=1)) for line in self.lines()]
        assert [bool(one) for one in found] == [bool(one) for one in cut]
        return [one["ip"] for one in found if one]


@pytest.fixture(params=FORMATS)
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    written = Log(request.param)
    root = logging.getLogger("rollcall")
    root.addHandler(written.handler)
    with logs.about("an-id"):
        yield written
    root.removeHandler(written.handler)


@pytest.fixture
async def ada(tenant: Tenant) -> User:
    return await factories.create_user(tenant)


async def _refused(tenant: Tenant, email: str, password: str = "wrong horse") -> None:
    with pytest.raises(RollcallError):
        await sign_in(tenant.slug, email, password, CALLER)


async def test_each_refused_sign_in_is_a_line_with_its_ip(
    tenant: Tenant, ada: User, admin: Actor, log: Log
) -> None:
    gone = await factories.create_user(tenant, active=False)
    await _refused(tenant, ada.email)
    await _refused(tenant, gone.email, PASSWORD)
    await _refused(tenant, "nobody@example.org")
    with pytest.raises(RollcallError):
        await sign_in_with_passkey(tenant.slug, "{}", CALLER)
    reasons = re.findall(r"reason=([\w-]+)", log.stream.getvalue())
    assert reasons == [
        Refused.WRONG_PASSWORD,
        Refused.INACTIVE_ACCOUNT,
        Refused.UNKNOWN_ACCOUNT,
        Refused.WRONG_PASSKEY,
    ]
    assert log.banned() == [IP] * 4
    assert f"account={ada.id}" in log.lines()[0]


async def test_a_pause_is_a_line_with_its_ip(tenant: Tenant, ada: User, log: Log) -> None:
    for _ in range(FREE_FAILURES["account"] + 2):
        await _refused(tenant, ada.email)
    assert f"reason={Refused.PAUSED}" in log.lines()[-1]
    assert log.banned() == [IP] * (FREE_FAILURES["account"] + 2)


async def test_a_wrong_second_step_is_a_line_with_its_ip(
    tenant: Tenant, ada: User, log: Log
) -> None:
    actor = await factories.sign_in(ada)
    secret = (await totp.begin(actor)).secret
    await totp.finish(actor, pyotp.TOTP(secret).at(clock.now()))
    with pytest.raises(SecondStepNeededError) as needed:
        await sign_in(tenant.slug, ada.email, PASSWORD, CALLER)
    with pytest.raises(InvalidInputError):
        await second_step.finish(
            tenant.slug, needed.value.ticket, factories.wrong_code(secret), CALLER
        )
    (line,) = log.lines()
    assert f"reason={Refused.WRONG_SECOND_STEP}" in line
    assert log.banned() == [IP]


async def test_a_right_password_at_a_closed_organisation_is_told_as_that_and_bans_nobody(
    tenant: Tenant, ada: User, log: Log
) -> None:
    await closing.close_tenant(COMMAND_LINE, tenant.id, tenant.name)
    with pytest.raises(RollcallError):
        await sign_in(tenant.slug, ada.email, PASSWORD, CALLER)
    (line,) = log.lines()
    assert f"reason={Refused.CLOSED_ORGANISATION} account={ada.id}" in line
    assert log.banned() == []


async def test_a_sign_in_that_works_is_no_line(tenant: Tenant, ada: User, log: Log) -> None:
    await sign_in(tenant.slug, ada.email, PASSWORD, CALLER)
    assert log.lines() == []


async def test_no_line_holds_an_email_or_a_password(tenant: Tenant, ada: User, log: Log) -> None:
    await _refused(tenant, ada.email, "a-secret-of-mine")
    await _refused(tenant, "nobody@example.org", "a-secret-of-mine")
    for secret in (ada.email, "nobody", "a-secret-of-mine"):
        assert secret not in log.stream.getvalue()


@pytest.mark.parametrize("told", ["1.2.3.4 reason=x", "", "unknown", "a\nb"])
def test_what_is_no_ip_gets_into_no_line(settings: object, log: Log, told: str) -> None:
    sign_in_refused(told, Refused.WRONG_PASSWORD)
    assert "ip=- reason=wrong-password" in log.lines()[0]
    assert log.banned() == []


def test_an_ip_of_version_6_is_matched(settings: object, log: Log) -> None:
    sign_in_refused("2001:DB8::7", Refused.WRONG_PASSWORD)
    assert log.banned() == ["2001:db8::7"]


def test_docs_explain_every_reason(settings: object) -> None:
    assert set(re.findall(r"^\| `([\w-]+)` \|", DOCS, re.MULTILINE)) == set(Refused)


async def test_undeliverable_mail_is_a_line_without_the_email(
    admin: Actor, mail_server: MailServer, log: Log
) -> None:
    email, wire = "grace@bücher.example", "grace@xn--bcher-kva.example"
    mail_server.refused[wire] = f"550 5.1.1 <{wire}>: no such person"
    form = InvitationForm(first_name="G", last_name="H", email=email, role="sales_engineer")
    invited = await invitations.invite(admin, form)
    await deliver_next()
    (mail,) = await books.mails_of(invited.user_id)
    (line,) = [line for line in log.lines() if "Mail undeliverable" in line]
    assert "grace" not in line
    assert f"mail={mail.id} account={invited.user_id} template=invitation attempts=1" in line
    assert "answer=550 5.1.1 <…>: no such person" in _said(line)


async def test_trouble_with_the_mail_server_is_a_line_once_in_a_while(
    admin: Actor, mail_server: MailServer, rollcall: Runtime, log: Log
) -> None:
    rollcall.settings.mail_port = 9  # nobody listens there
    for number in range(3):
        form = InvitationForm(
            first_name="G", last_name="H", email=f"g{number}@example.org", role="sales_engineer"
        )
        await invitations.invite(admin, form)
        await deliver_next()
    (line,) = [line for line in log.lines() if "Mail waits" in line]
    assert "ROLLCALL_MAIL_SERVER" in line


async def test_a_mail_server_that_hangs_up_amid_a_mail_is_a_line_about_that_mail_alone(
    admin: Actor, mail_server: MailServer, log: Log
) -> None:
    mail_server.drop = True
    form = InvitationForm(
        first_name="G", last_name="H", email="g@example.org", role="sales_engineer"
    )
    await invitations.invite(admin, form)
    await deliver_next()
    (line,) = [line for line in log.lines() if "One mail waits: mail=" in line]
    assert not [line for line in log.lines() if "Mail waits" in line]
    assert "hung up" in line
    assert "ROLLCALL_MAIL_SERVER" in line


async def test_a_mail_server_that_hangs_up_amid_every_mail_is_a_line_about_several(
    admin: Actor, mail_server: MailServer, log: Log
) -> None:
    mail_server.drop = True
    for number in range(3):
        form = InvitationForm(
            first_name="G", last_name="H", email=f"g{number}@example.org", role="sales_engineer"
        )
        await invitations.invite(admin, form)
        await deliver_next()
    (line,) = [line for line in log.lines() if "Several mails wait" in line]
    assert "hung up" in line


async def test_a_domain_that_a_mail_server_relays_nothing_to_is_a_line_about_that_mail_alone(
    admin: Actor, mail_server: MailServer, log: Log
) -> None:
    email = "g@example.org"
    mail_server.refused[email] = f"554 5.7.1 <{email}>: Relay access denied"
    form = InvitationForm(first_name="G", last_name="H", email=email, role="sales_engineer")
    await invitations.invite(admin, form)
    await deliver_next()
    (line,) = [line for line in log.lines() if "One mail waits: mail=" in line]
    assert not [line for line in log.lines() if "Mail waits" in line]
    assert "relays no mail to example.org" in line


def _said(line: str) -> str:
    return json.loads(line)["message"] if line.startswith("{") else line
