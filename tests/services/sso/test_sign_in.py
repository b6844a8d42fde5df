"""Single sign-on, of those who get in: linked once, by the provider's subject from then on."""

from datetime import timedelta

import pytest

from models import ExternalIdentity, MailTemplate, SignInMethod, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.core import clock
from services.core.errors import (
    DeadLinkError,
    SsoRequiredError,
    TooManyAttemptsError,
)
from services.database.runtime import Runtime
from services.database.vault import seal
from services.sign_in import password_change, sign_in, throttle
from services.sso import attempts, connections, flow
from services.sso.attempts import Purpose
from services.sso.errors import Refusal, SsoError
from services.users import accounts, invitations
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.mail_server import MailServer
from tests.services.sso.conftest import arrive, form, refused
from tests.services.sso.provider import TestProvider


@ONE_DATABASE
async def test_a_verified_email_of_the_domain_signs_in_and_is_linked(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    subject = provider.sign_in("Ada@Example.com")
    arrival = await arrive(tenant, provider)
    assert arrival.signed_in.tenant_slug == tenant.slug
    (session,) = await books.live_sessions_of(ada.id)
    assert session.method is SignInMethod.SSO
    (identity,) = await books.identities_of(ada.id)
    assert (identity.issuer, identity.subject) == (provider.issuer, subject)
    assert (await books.actions_of(tenant))[-2:] == ["user.sso_linked", "session.signed_in"]


@ONE_DATABASE
@pytest.mark.parametrize("known", [True, False], ids=["an account's", "nobody's"])
async def test_a_refused_sign_in_is_logged_with_who_was_asked_for_and_from_where(
    tenant: Tenant,
    ada: User,
    admin: Actor,
    provider: TestProvider,
    caplog: pytest.LogCaptureFixture,
    known: bool,
) -> None:
    email, whose = (ada.email, str(ada.id)) if known else ("nobody@example.com", "-")
    if known:
        await accounts.set_active(admin, ada.id, active=False)
    provider.sign_in(email)
    with caplog.at_level("WARNING", "rollcall.sign_in"):
        await refused(tenant, provider)
    (line,) = [row.getMessage() for row in caplog.records if row.name == "rollcall.sign_in"]
    sent_from = factories.CALLER.ip
    assert line == f"Sign-in refused: ip={sent_from} reason=single-sign-on account={whose}"
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.details["email"], entry.ip) == (email, sent_from)
    assert (entry.subject_id == ada.id) is known


async def test_the_second_sign_in_links_nothing_anew(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    await arrive(tenant, provider)
    assert await books.count(ExternalIdentity) == 1
    assert (await books.actions_of(tenant)).count("user.sso_linked") == 1
    assert len(await books.live_sessions_of(ada.id)) == 2


@ONE_DATABASE
async def test_whoever_is_linked_is_told_by_mail(
    mail_server: MailServer, tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    (mail,) = await books.mails_of(ada.id)
    assert (mail.template, mail.link_id) == (MailTemplate.SSO_LINKED, None)


@ONE_DATABASE
async def test_a_linked_user_gets_in_whatever_their_email_is_at_the_provider(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    subject = provider.sign_in(ada.email)
    await arrive(tenant, provider)
    provider.sign_in("married@elsewhere.test", sub=subject, verified=False)
    arrival = await arrive(tenant, provider)
    assert arrival.signed_in.session_id in {s.id for s in await books.live_sessions_of(ada.id)}
    assert (await books.user_of(ada.id)).email == "ada@example.com"


async def test_who_takes_over_an_email_does_not_take_over_the_account(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    provider.sign_in(ada.email, sub="a newcomer with ada's old address")
    assert await refused(tenant, provider) is Refusal.OTHER_IDENTITY


@ONE_DATABASE
@pytest.mark.parametrize("verified", [False, None, "false", 0])
async def test_an_email_that_the_provider_does_not_vouch_for_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider, verified: bool
) -> None:
    provider.sign_in(ada.email, verified=verified)
    assert await refused(tenant, provider) is Refusal.EMAIL_UNVERIFIED


@ONE_DATABASE
async def test_a_missing_email_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(None)
    assert await refused(tenant, provider) is Refusal.EMAIL_MISSING


async def test_an_email_that_comes_with_the_user_information_counts_too(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.claims_at_userinfo = True
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    assert await books.live_sessions_of(ada.id)


@ONE_DATABASE
async def test_another_domain_is_refused(
    tenant: Tenant, rollcall: Runtime, provider: TestProvider
) -> None:
    await factories.create_user(tenant, email="ada@example.com.evil.test")
    provider.sign_in("ada@example.com.evil.test")
    assert await refused(tenant, provider) is Refusal.EMAIL_DOMAIN


@ONE_DATABASE
async def test_an_email_that_only_looks_alike_is_refused(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in("\uff41da@example.com")  # a full-width a, which folds to a plain one
    assert await refused(tenant, provider) is Refusal.EMAIL_LOOKS_ALIKE


@pytest.mark.parametrize(
    "claimed", ["ida@xn--bcher-kva.example", "ida@BÜCHER.example", "IDA@XN--BCHER-KVA.EXAMPLE"]
)
async def test_an_internationalised_domain_is_one_however_the_provider_writes_it(
    tenant: Tenant, admin: Actor, provider: TestProvider, claimed: str
) -> None:
    await connections.connect(admin, form(provider, domains="bücher.example"))
    user = await factories.create_user(tenant, email="ida@bücher.example")
    provider.sign_in(claimed)
    await arrive(tenant, provider)
    assert await books.live_sessions_of(user.id)


async def test_a_stranger_is_refused_and_no_account_is_made(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    before = await books.count(User)
    provider.sign_in("stranger@example.com")
    assert await refused(tenant, provider) is Refusal.NO_ACCOUNT
    assert await books.count(User) == before


@ONE_DATABASE
async def test_another_tenants_user_is_refused_as_a_stranger_is(
    tenant: Tenant, other_tenant: Tenant, provider: TestProvider, admin: Actor
) -> None:
    await factories.create_user(other_tenant, email="bob@example.com")
    await connections.connect(admin, form(provider, new_people="administrator"))
    provider.sign_in("bob@example.com")
    assert await refused(tenant, provider) is Refusal.NO_ACCOUNT


@ONE_DATABASE
async def test_a_platform_admin_does_not_come_in_by_a_tenants_provider(
    tenant: Tenant, platform_user: User, provider: TestProvider
) -> None:
    provider.sign_in(platform_user.email)
    assert await refused(tenant, provider) is Refusal.NO_ACCOUNT


@ONE_DATABASE
async def test_an_inactive_user_is_refused_linked_or_not(
    tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    await accounts.set_active(COMMAND_LINE, ada.id, active=False)
    provider.sign_in(ada.email)
    assert await refused(tenant, provider) is Refusal.INACTIVE
    await accounts.set_active(COMMAND_LINE, ada.id, active=True)
    await arrive(tenant, provider)
    await accounts.set_active(admin, ada.id, active=False)
    assert await books.live_sessions_of(ada.id) == []
    assert await refused(tenant, provider) is Refusal.INACTIVE


@ONE_DATABASE
async def test_an_invited_person_accepts_by_single_sign_on(
    tenant: Tenant, provider: TestProvider
) -> None:
    invited = await factories.create_user(tenant, email="ivy@example.com", invited=True)
    token = await factories.token_of(invited)
    provider.sign_in(invited.email)
    await arrive(tenant, provider, invitation=token)
    user = await books.user_of(invited.id)
    assert (user.invited, user.password_hash) == (False, None)
    assert await books.live_links_of(invited.id) == []
    assert "invitation.accepted" in await books.actions_of(tenant)
    with pytest.raises(DeadLinkError):
        await invitations.accept(tenant.slug, token, "an entirely new sentence", factories.CALLER)


@ONE_DATABASE
async def test_an_invitation_proves_the_email_where_the_provider_does_not(
    tenant: Tenant, provider: TestProvider
) -> None:
    invited = await factories.create_user(tenant, email="ivy@example.com", invited=True)
    token = await factories.token_of(invited)
    provider.sign_in("someone-else@example.com", verified=False)
    assert await refused(tenant, provider, token) is Refusal.NO_ACCOUNT
    provider.sign_in(invited.email, verified=False)
    await arrive(tenant, provider, invitation=token)
    assert await books.live_sessions_of(invited.id)


@ONE_DATABASE
async def test_someone_elses_invitation_is_not_accepted_by_it(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    invited = await factories.create_user(tenant, email="ivy@example.com", invited=True)
    token = await factories.token_of(invited)
    provider.sign_in(ada.email)
    assert await refused(tenant, provider, token) is Refusal.OTHER_INVITATION
    assert await books.live_links_of(invited.id)


async def test_who_was_deactivated_and_is_invited_anew_comes_back_by_the_invitation_alone(
    tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    await arrive(tenant, provider)
    await accounts.set_active(admin, ada.id, active=False)
    invited = await factories.create_user(tenant, email=ada.email, invited=True)
    assert await refused(tenant, provider) is Refusal.INACTIVE
    await arrive(tenant, provider, invitation=await factories.token_of(invited))
    assert await books.live_sessions_of(invited.id)
    assert await books.live_sessions_of(ada.id) == []
    assert await books.identities_of(ada.id) == []


async def _require(tenant: Tenant, admin: Actor, provider: TestProvider, tester: User) -> None:
    provider.sign_in(tester.email)
    departure = await flow.leave(tenant.slug, Purpose.TEST, factories.CALLER)
    answer = await provider.visit(departure.url)
    await flow.finish_test(admin, tenant.slug, departure.sealed, answer)
    await connections.require(admin, True)


@pytest.mark.usefixtures("stopped_clock")
async def test_a_provider_of_ones_own_does_not_try_out_a_list_of_emails(
    tenant: Tenant, other_tenant: Tenant, admin: Actor, provider: TestProvider
) -> None:
    await connections.connect(admin, form(provider, new_people="sales_engineer"))
    await factories.create_user(other_tenant, email="there@example.com")
    provider.sign_in("there@example.com")

    async def test() -> str:
        departure = await flow.leave(tenant.slug, Purpose.TEST, factories.CALLER)
        answer = await provider.visit(departure.url)
        return (await flow.finish_test(admin, tenant.slug, departure.sealed, answer)).verdict

    for _ in range(throttle.FREE_FAILURES["elsewhere"] + 1):
        assert "no account for there@example.com here" in await test()
    with pytest.raises(TooManyAttemptsError):
        await test()


@ONE_DATABASE
async def test_where_it_is_required_no_other_way_leads_in(
    mail_server: MailServer, tenant: Tenant, ada: User, admin: Actor, provider: TestProvider
) -> None:
    invited = await factories.create_user(tenant, email="ivy@example.com", invited=True)
    await _require(tenant, admin, provider, ada)
    slug, caller = tenant.slug, factories.CALLER
    with pytest.raises(SsoRequiredError, match="Test Identity"):
        await sign_in.sign_in(slug, ada.email, factories.PASSWORD, caller)
    token = await factories.token_of(invited)
    with pytest.raises(SsoRequiredError):
        await invitations.accept(slug, token, "an entirely new sentence", caller)
    await password_change.request_reset(slug, ada.email, caller)
    assert await books.mails_of(ada.id) == []
    assert await books.live_sessions_of(ada.id) == []
    await arrive(tenant, provider)
    assert await books.live_sessions_of(ada.id)


async def test_where_it_is_required_a_tenant_admin_still_has_the_password(
    tenant: Tenant, ada: User, admin: Actor, admin_user: User, provider: TestProvider
) -> None:
    await _require(tenant, admin, provider, ada)
    await sign_in.sign_in(tenant.slug, admin_user.email, factories.PASSWORD, factories.CALLER)


@ONE_DATABASE
async def test_the_attempt_is_good_for_ten_minutes(
    tenant: Tenant, ada: User, provider: TestProvider
) -> None:
    provider.sign_in(ada.email)
    departure = await flow.leave(tenant.slug, Purpose.SIGN_IN, factories.CALLER)
    answer = await provider.visit(departure.url)
    clock.shift(attempts.ATTEMPT_LIFETIME + timedelta(seconds=2))
    with pytest.raises(SsoError) as caught:
        await flow.arrive(tenant.slug, departure.sealed, answer, factories.CALLER)
    assert caught.value.reason is Refusal.NO_STATE


async def test_the_client_secret_is_sealed_at_rest(
    tenant: Tenant, provider: TestProvider, rollcall: Runtime
) -> None:
    connection = await books.connection_of(tenant)
    assert connection is not None
    assert b"secret" not in connection.sealed_secret
    assert seal("x") != connection.sealed_secret
