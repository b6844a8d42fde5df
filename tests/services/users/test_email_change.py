"""A change of email: confirmed from the new one, told to the old one, and never used by two
people."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from models import ExternalIdentity, LinkPurpose, Passkey, Role, Tenant, User
from services.access.actor import Actor
from services.access.events import UserEvent
from services.core import clock
from services.core.errors import ConflictError, DeadLinkError, InvalidInputError, NotAllowedError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.mail import outbox
from services.sessions import known_devices, sessions
from services.sign_in import password_change
from services.sign_in.second_factors import totp
from services.sign_in.sign_in import sign_in as sign_in_with
from services.tenants import organisation
from services.users import accounts, email_change, invitations
from services.users.email_change import EmailForm
from services.users.invitation_form import InvitationForm
from services.workspace import end_calendar
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.deliveries import deliver_next
from tests.factories import CALLER, PASSWORD, create_user
from tests.mail_server import MailServer
from tests.racing import duel, rounds
from tests.services.organisation_calls import organisation_form
from tests.sizes import size

NEW = "ada.king@example.com"
NEW_PASSWORD = "seven purple lighthouses sing"


async def _delivered(mail_server: MailServer, to: str) -> str:
    while await deliver_next():
        pass
    return mail_server.to(to)[-1].part("plain")


def _token(text: str, page: str) -> str:
    found = re.search(rf"/email/{page}/([\w-]+)", text)
    assert found is not None, text
    return found[1]


async def _requested(actor: Actor, mail_server: MailServer, email: str = NEW) -> str:
    await email_change.request_change(actor, EmailForm(email=email))
    return _token(await _delivered(mail_server, email), "confirm")


async def test_a_change_takes_place_once_the_new_mailbox_confirms_it(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await _link(user, "ada")
    token = await _requested(ada, mail_server)
    assert (await books.user_of(user.id)).email == user.email, "nothing has changed yet"
    await email_change.confirm(tenant.slug, token, CALLER)
    assert (await books.user_of(user.id)).email == NEW
    assert (await books.user_of(user.id)).search_key.endswith(NEW)
    assert (await sign_in_with(tenant.slug, NEW, PASSWORD, CALLER)).tenant_slug == tenant.slug
    assert await books.count(ExternalIdentity) == 1
    with pytest.raises(DeadLinkError):
        await email_change.confirm(tenant.slug, token, CALLER)
    assert "user.email_changed" in await books.actions_of(tenant)


async def test_the_old_mailbox_takes_the_change_back_within_seven_days(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await email_change.confirm(tenant.slug, await _requested(ada, mail_server), CALLER)
    back = _token(await _delivered(mail_server, user.email), "take-back")
    clock.shift(timedelta(days=6))
    await email_change.take_back(tenant.slug, back, CALLER)
    now = await books.user_of(user.id)
    assert (now.email, now.password_hash) == (user.email, None)
    assert await books.live_sessions_of(user.id) == []
    with pytest.raises(DeadLinkError):
        await email_change.take_back(tenant.slug, back, CALLER)


async def test_taking_a_change_back_ends_every_way_in_that_was_added_since(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    async with transaction() as tx:
        tx.add(_passkey(user, "of before"))
    clock.shift(timedelta(minutes=1))
    await email_change.confirm(tenant.slug, await _requested(ada, mail_server), CALLER)
    back = _token(await _delivered(mail_server, user.email), "take-back")
    await factories.enrol_app(ada)
    await totp.renew_codes(ada)
    async with transaction() as tx:
        tx.add(_passkey(user, "of a thief"))
    await email_change.take_back(tenant.slug, back, CALLER)
    async with reading() as tx:
        left = await totp.find(tx, user.id)
    assert ([key.name for key in left.passkeys], left.since, left.codes_left) == (
        ["of before"],
        None,
        0,
    )


async def test_taking_a_change_back_ends_the_calendar_that_a_thief_may_have_copied(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant, role=Role.TENANT_ADMIN)
    ada = await factories.sign_in(user)
    before = await end_calendar.tell_url(ada)
    back = await _changed(tenant, user, ada, mail_server)
    copied = await end_calendar.tell_url(ada)
    assert copied == before, "a thief is told the address that the owner's calendar has"
    token = copied.rpartition("/")[2].removesuffix(".ics")
    await end_calendar.find_ends(tenant.slug, token)
    await email_change.take_back(tenant.slug, back, CALLER)
    with pytest.raises(DeadLinkError):
        await end_calendar.find_ends(tenant.slug, token)


async def test_taking_a_change_back_leaves_a_provider_s_account_of_before_alone(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await _link(user, "of before")
    clock.shift(timedelta(minutes=1))
    back = await _changed(tenant, user, ada, mail_server)
    await _link(user, "of a thief")
    await email_change.take_back(tenant.slug, back, CALLER)
    async with reading() as tx:
        assert (await tx.exec(select(ExternalIdentity.subject))).all() == ["of before"]


async def test_taking_a_change_back_makes_strangers_of_all_browsers(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    back = await _changed(tenant, user, ada, mail_server)
    async with transaction() as tx:
        cookie = await known_devices.remember(tx, user, "")
    await email_change.take_back(tenant.slug, back, CALLER)
    async with reading() as tx:
        assert await known_devices.find(tx, user, cookie) == ""


async def _changed(tenant: Tenant, user: User, ada: Actor, mail_server: MailServer) -> str:
    """Change the email; returns the token of the way back."""
    await email_change.confirm(tenant.slug, await _requested(ada, mail_server), CALLER)
    return _token(await _delivered(mail_server, user.email), "take-back")


async def _link(user: User, subject: str) -> None:
    assert user.tenant_id is not None
    async with transaction() as tx:
        tx.add(
            ExternalIdentity(
                tenant_id=user.tenant_id,
                issuer=f"https://id.example/{subject}",  # one account of each provider
                subject=subject,
                user_id=user.id,
                linked_at=clock.now(),
            )
        )


def _passkey(user: User, name: str) -> Passkey:
    return Passkey(
        user_id=user.id,
        credential_id=name.encode(),
        public_key=b"",
        name=name,
        created_at=clock.now(),
    )


@ONE_DATABASE
async def test_after_seven_days_there_is_no_way_back(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await email_change.confirm(tenant.slug, await _requested(ada, mail_server), CALLER)
    back = _token(await _delivered(mail_server, user.email), "take-back")
    clock.shift(timedelta(days=7))
    with pytest.raises(DeadLinkError):
        await email_change.take_back(tenant.slug, back, CALLER)


async def test_two_changes_in_a_row_go_back_to_the_first_email(
    tenant: Tenant, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await email_change.confirm(tenant.slug, await _requested(ada, mail_server), CALLER)
    first = _token(await _delivered(mail_server, user.email), "take-back")
    other = await _requested(ada, mail_server, "mallory@example.com")
    await email_change.confirm(tenant.slug, other, CALLER)
    second = _token(await _delivered(mail_server, NEW), "take-back")
    await email_change.take_back(tenant.slug, first, CALLER)
    assert (await books.user_of(user.id)).email == user.email
    with pytest.raises(DeadLinkError):
        await email_change.take_back(tenant.slug, second, CALLER)


async def test_a_change_that_is_cancelled_or_asked_for_anew_leaves_no_link(
    tenant: Tenant, mail_server: MailServer
) -> None:
    ada = await factories.sign_in(await create_user(tenant))
    first = await _requested(ada, mail_server)
    second = await _requested(ada, mail_server, "other@example.com")
    await email_change.cancel_change(ada)
    for token in (first, second):
        with pytest.raises(DeadLinkError):
            await email_change.open_confirmation(tenant.slug, token)


@pytest.mark.parametrize(
    "how", ["a link", "the current one", "everywhere", "by an admin", "after its end", "inactive"]
)
async def test_a_change_that_somebody_in_the_account_asked_for_ends_where_its_owner_shuts_them_out(
    tenant: Tenant, admin: Actor, mail_server: MailServer, how: str
) -> None:
    user = await create_user(tenant)
    thief, owner = await factories.sign_in(user), await factories.sign_in(user)
    token = await _requested(thief, mail_server)
    if how == "a link":
        (reset,) = await factories.issue_links([user], LinkPurpose.RESET)
        await password_change.reset(tenant.slug, reset, NEW_PASSWORD, CALLER)
    elif how == "the current one":
        await password_change.change_password(owner, PASSWORD, NEW_PASSWORD)
    elif how == "after its end":
        for one in (thief, owner):
            await sessions.sign_out(one)
        await sessions.revoke(admin, user.id)
    elif how == "inactive":
        await accounts.set_active(admin, user.id, False)
        await accounts.set_active(admin, user.id, True)
    else:
        await sessions.revoke(owner if how == "everywhere" else admin, user.id)
    with pytest.raises(DeadLinkError):
        await email_change.confirm(tenant.slug, token, CALLER)
    assert (await books.user_of(user.id)).email == user.email


@ONE_DATABASE
async def test_a_stranger_s_mailbox_isn_t_filled_by_asking_again_and_again(
    tenant: Tenant, mail_server: MailServer
) -> None:
    ada = await factories.sign_in(await create_user(tenant))
    for number in range(outbox.MOST_TO_ONE):
        form = EmailForm(email=f"stranger{number % 2}@example.com")
        await email_change.request_change(ada, form)
    with pytest.raises(ConflictError, match="mails went to"):
        await email_change.request_change(ada, EmailForm(email=NEW))


async def test_an_email_in_use_is_refused_before_and_at_the_confirmation(
    tenant: Tenant, other_tenant: Tenant, mail_server: MailServer
) -> None:
    ada = await factories.sign_in(await create_user(tenant))
    taken = await create_user(tenant)
    elsewhere = await create_user(other_tenant)
    for email in (taken.email, elsewhere.email.upper()):
        with pytest.raises(InvalidInputError, match="already in use"):
            await email_change.request_change(ada, EmailForm(email=email))
    token = await _requested(ada, mail_server)
    await create_user(other_tenant, email=NEW)
    with pytest.raises(ConflictError, match="belongs to another account"):
        await email_change.confirm(tenant.slug, token, CALLER)


@ONE_DATABASE
async def test_only_allowed_domains_can_be_changed_to(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    token = await _requested(ada, mail_server)
    form = organisation_form(name=tenant.name, allowed_domains="elsewhere.example")
    await organisation.edit_organisation(admin, form)
    for change in (
        email_change.request_change(ada, EmailForm(email="other@example.com")),
        email_change.change_email(admin, user.id, EmailForm(email="other@example.com")),
        email_change.confirm(tenant.slug, token, CALLER),
    ):
        with pytest.raises((InvalidInputError, ConflictError), match=r"elsewhere\.example"):
            await change
    assert (await books.user_of(user.id)).email == user.email


@ONE_DATABASE
async def test_without_a_mail_server_the_admin_changes_it(
    tenant: Tenant, admin: Actor, rollcall: Runtime
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    with pytest.raises(ConflictError, match="An admin can change it"):
        await email_change.request_change(ada, EmailForm(email=NEW))
    await email_change.change_email(admin, user.id, EmailForm(email=NEW))
    assert (await books.user_of(user.id)).email == NEW
    (entry,) = await books.audit_of(tenant)
    assert entry.details == {"before": user.email, "after": NEW}


@ONE_DATABASE
async def test_an_admin_s_change_is_told_to_both_emails(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    user = await create_user(tenant)
    await email_change.change_email(admin, user.id, EmailForm(email=NEW))
    for email in (user.email, NEW):
        assert NEW in await _delivered(mail_server, email)
        assert len(mail_server.to(email)) == 1


async def test_an_admin_s_change_sends_whoever_is_invited_a_new_link(
    tenant: Tenant, admin: Actor, mail_server: MailServer
) -> None:
    user = await create_user(tenant, invited=True)
    await email_change.change_email(admin, user.id, EmailForm(email=NEW))
    assert "/invitation/" in await _delivered(mail_server, NEW)
    assert len(await books.ways_in([user.id])) == 1


async def test_an_admin_takes_over_no_admin_s_account_by_its_email(
    tenant: Tenant, admin: Actor
) -> None:
    colleague = await factories.create_admin(tenant)
    with pytest.raises(NotAllowedError):
        await email_change.change_email(admin, colleague.id, EmailForm(email=NEW))
    with pytest.raises(ConflictError, match="My account"):
        await email_change.change_email(admin, admin.user_id, EmailForm(email=NEW))


@pytest.mark.parametrize("by", ["a new password", "signing out everywhere"])
async def test_open_pages_hear_that_a_change_of_email_is_void(
    by: str, rollcall: Runtime, tenant: Tenant, mail_server: MailServer, events: list[Event]
) -> None:
    user = await create_user(tenant)
    ada = await factories.sign_in(user)
    await _requested(ada, mail_server)
    await rollcall.bus.drain()
    events.clear()
    if by == "a new password":
        await password_change.change_password(ada, PASSWORD, NEW_PASSWORD)
    else:
        await sessions.revoke(ada, user.id)
    await rollcall.bus.drain()
    assert [event.user_id for event in events if isinstance(event, UserEvent)] == [user.id]


@pytest.mark.stress
async def test_an_email_is_changed_to_or_invited_and_never_both(
    tenant: Tenant, other_tenant: Tenant, mail_server: MailServer
) -> None:
    async def play(number: int) -> bool:
        email = f"race{number}@example.com"
        user = await create_user(tenant)
        ada = await factories.sign_in(user)
        there = await factories.sign_in(await factories.create_admin(other_tenant))
        await email_change.request_change(ada, EmailForm(email=email))
        token = await factories.token_of(user, LinkPurpose.EMAIL_CONFIRM)
        form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
        changed, invited = await duel(
            number,
            10,
            email_change.confirm(tenant.slug, token, CALLER),
            invitations.invite(there, form),
        )
        assert changed is not invited
        holders = [one.id for one in await books.users_with(email) if one.active]
        assert len(holders) == 1
        assert (holders == [user.id]) is changed
        return changed

    outcomes = await rounds(play, size(21, 200))
    assert set(outcomes) == {True, False}, "each was first now and then"
