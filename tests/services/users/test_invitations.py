"""Inviting: what the form may say, and what an invitation makes."""

import pytest

from models import MailState, MailTemplate, Role, Tenant, User
from services.access.actor import COMMAND_LINE, Actor
from services.audit.events import AuditWritten
from services.core.errors import InvalidInputError, NotAllowedError
from services.core.events import Event, from_message, to_message
from services.database.runtime import Runtime
from services.sign_in.personal_links import LinkView
from services.users import accounts, invitations, listing
from services.users.emails_elsewhere import IN_USE
from services.users.events import UserInvited
from services.users.invitation_form import InvitationForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_tenant, create_user, sign_in, token_of
from tests.mail_server import MailServer


def form(
    first_name: str = "Ada",
    last_name: str = "Lovelace",
    email: str = "ada@example.com",
    role: str = "sales_engineer",
) -> InvitationForm:
    return InvitationForm(first_name=first_name, last_name=last_name, email=email, role=role)


async def wrong_fields(actor: Actor, *names: str, **values: str) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        await invitations.invite(actor, form(*names, **values))
    return caught.value.fields


async def opened(tenant: Tenant, url: str) -> LinkView:
    return await invitations.open_invitation(tenant.slug, url.rpartition("/")[2])


async def test_invitation_makes_an_active_account_that_waits_for_its_first_sign_in(
    tenant: Tenant, admin_user: User, admin: Actor
) -> None:
    invited = await invitations.invite(admin, form())
    user = await books.user_of(invited.user_id)
    assert (user.full_name, user.email, user.role) == (
        "Ada Lovelace",
        "ada@example.com",
        Role.SALES_ENGINEER,
    )
    assert user.active
    assert user.invited
    assert user.password_hash is None
    assert user.tenant_id == tenant.id
    assert user.invited_by_id == admin_user.id


async def test_invitation_its_mail_and_its_audit_entry_come_together(
    mail_server: MailServer, tenant: Tenant, admin: Actor
) -> None:
    invited = await invitations.invite(admin, form())
    assert invited.by_mail
    (mail,) = await books.mails_of(invited.user_id)
    (link,) = await books.live_links_of(invited.user_id)
    assert (mail.state, mail.template, mail.recipient, mail.link_id) == (
        MailState.WAITING,
        MailTemplate.INVITATION,
        "ada@example.com",
        link.id,
    )
    (entry,) = await books.audit_of(tenant)
    assert (entry.action, entry.actor_name, entry.subject_name) == (
        "user.invited",
        "Grace Hopper",
        "Ada Lovelace",
    )
    assert entry.details == {"email": "ada@example.com", "role": "Sales Engineer"}
    assert entry.ip == admin.ip


@ONE_DATABASE
async def test_without_a_mail_server_nothing_is_queued_and_the_inviter_learns_it(
    tenant: Tenant, admin: Actor
) -> None:
    invited = await invitations.invite(admin, form())
    assert not invited.by_mail
    assert await books.mails_of(invited.user_id) == []
    assert len(await books.live_links_of(invited.user_id)) == 1


async def test_without_a_mail_server_an_invitation_and_its_renewal_hand_out_their_link_at_once(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    turns = rollcall.database.queue.begun
    invited = await invitations.invite(admin, form())
    assert rollcall.database.queue.begun == turns + 1
    assert (await opened(tenant, invited.url)).first_name == "Ada"
    renewed = await invitations.resend(admin, invited.user_id)
    assert renewed.url != invited.url
    assert (await opened(tenant, renewed.url)).first_name == "Ada"
    assert await books.actions_of(tenant) == [
        "user.invited",
        "invitation.link_copied",
        "invitation.resent",
        "invitation.link_copied",
    ]


@ONE_DATABASE
async def test_a_link_that_goes_by_mail_is_not_handed_out(
    mail_server: MailServer, admin: Actor
) -> None:
    invited = await invitations.invite(admin, form())
    assert (invited.url, (await invitations.resend(admin, invited.user_id)).url) == ("", "")


async def test_invitation_is_announced_after_its_commit(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event]
) -> None:
    invited = await invitations.invite(admin, form())
    await rollcall.bus.drain()
    row = await listing.find_row(invited.user_id)
    assert set(events) == {
        UserInvited(tenant_id=tenant.id, user_id=invited.user_id, row=row),
        *(
            AuditWritten(chain_id=tenant.id, entry_id=entry.id, subject_id=entry.subject_id)
            for entry in await books.audit_of(tenant)
        ),
    }


async def test_the_event_of_an_invitation_has_the_row_that_lists_show(
    rollcall: Runtime, mail_server: MailServer, admin: Actor, events: list[Event]
) -> None:
    invited = await invitations.invite(admin, form())
    await rollcall.bus.drain()
    (event,) = [event for event in events if isinstance(event, UserInvited)]
    assert event.row == await listing.find_row(invited.user_id)
    assert event.row.mail is MailState.WAITING
    assert from_message(to_message(event), 0.0) == event


async def test_link_is_stored_as_nothing_but_a_hash(tenant: Tenant, admin: Actor) -> None:
    invited = await invitations.invite(admin, form())
    user = await books.user_of(invited.user_id)
    token = await token_of(user)
    (link,) = await books.links_of(user.id)
    assert token not in repr(link)
    assert token.encode() not in link.token_hash
    assert len(link.token_hash) == 32


async def test_refused_invitation_leaves_nothing_behind(
    rollcall: Runtime, tenant: Tenant, admin: Actor, events: list[Event]
) -> None:
    before = await books.count(User)
    await wrong_fields(admin, email="no address")
    await rollcall.bus.drain()
    assert await books.count(User) == before
    assert await books.actions_of(tenant) == []
    assert events == []


async def test_each_wrong_field_says_what_is_wrong(admin: Actor) -> None:
    wrong = await wrong_fields(admin, "", " ", "", "")
    assert wrong == {
        "first_name": "First Name is required.",
        "last_name": "Last Name is required.",
        "email": "Email is required.",
        "role": "Choose a role.",
    }


@ONE_DATABASE
@pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "a@b@example.com", "a b@c.de"])
async def test_email_without_an_emails_form_is_refused(admin: Actor, email: str) -> None:
    assert set(await wrong_fields(admin, email=email)) == {"email"}


@ONE_DATABASE
@pytest.mark.parametrize("role", ["platform_admin", "owner", "SALES_ENGINEER", "Sales Engineer"])
async def test_role_that_is_not_offered_is_refused(admin: Actor, role: str) -> None:
    assert await wrong_fields(admin, role=role) == {"role": "Choose a role."}


@ONE_DATABASE
async def test_tenant_admin_posting_the_role_of_tenant_admin_is_refused(
    tenant: Tenant, admin: Actor
) -> None:
    with pytest.raises(NotAllowedError):
        await invitations.invite(admin, form(role="tenant_admin"))
    assert await books.users_with("ada@example.com") == []


@ONE_DATABASE
async def test_who_may_not_invite_learns_nothing_about_the_form(tenant: Tenant) -> None:
    actor = await sign_in(await create_user(tenant, email="ada@example.com"))
    with pytest.raises(NotAllowedError):
        await invitations.invite(actor, form("A", "B", "ada@example.com"))


@ONE_DATABASE
async def test_platform_admin_invites_a_tenant_admin_into_a_tenant(
    tenant: Tenant, platform_user: User
) -> None:
    inside = await sign_in(platform_user, tenant)
    invited = await invitations.invite(inside, form(role="tenant_admin"))
    user = await books.user_of(invited.user_id)
    assert (user.role, user.tenant_id) == (Role.TENANT_ADMIN, tenant.id)


@ONE_DATABASE
async def test_platform_admin_invites_another_above_the_tenants(platform: Actor) -> None:
    invited = await invitations.invite(platform, form(role="platform_admin"))
    user = await books.user_of(invited.user_id)
    assert (user.role, user.tenant_id) == (Role.PLATFORM_ADMIN, None)
    assert await books.actions_of(None) == ["user.invited", "invitation.link_copied"]
    assert "/platform/invitation/" in invited.url
    assert "/platform/invitation/" in await invitations.copy_link(platform, user.id)


@ONE_DATABASE
@pytest.mark.parametrize("role", ["sales_engineer", "tenant_admin"])
async def test_nobody_is_invited_above_the_tenants_with_a_tenants_role(
    platform: Actor, role: str
) -> None:
    assert set(await wrong_fields(platform, role=role)) == {"role"}


@pytest.mark.parametrize(
    ("existing", "asked"),
    [
        ("ada@example.com", "Ada@Example.COM"),
        ("ada@example.com", "\uff41\uff44\uff41@\uff45xample.com"),  # full width
        ("\ufb01ona@example.com", "fiona@example.com"),  # a ligature
        ("fiona@example.com", "\ufb01ona@example.com"),
        ("ada@bücher.example.com", "ada@xn--bcher-kva.example.com"),
        ("ada@xn--bcher-kva.example.com", "ada@BÜCHER.example.com"),
        ("straße@example.com", "STRASSE@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("ada+x@example.com", " ada+X@example.com "),
    ],
)
async def test_one_email_in_two_spellings_is_in_use(
    admin: Actor, existing: str, asked: str
) -> None:
    await invitations.invite(admin, form(email=existing))
    assert await wrong_fields(admin, email=asked) == {"email": IN_USE}


async def test_plus_tags_make_emails_of_their_own(admin: Actor) -> None:
    for email in ("ada@example.com", "ada+1@example.com", "ada+2@example.com"):
        await invitations.invite(admin, form(email=email))
    assert len(await books.users_with("ada+1@example.com")) == 1


async def test_email_of_254_characters_is_taken_and_kept_whole(admin: Actor) -> None:
    domain = ".".join(["d" * 61, "d" * 61, "d" * 61, "example"])
    email = "a" * (254 - len(domain) - 1) + "@" + domain
    assert len(email) == 254
    invited = await invitations.invite(admin, form(email=email))
    assert (await books.user_of(invited.user_id)).email == email


async def test_email_of_255_characters_is_refused(admin: Actor) -> None:
    domain = ".".join(["d" * 61, "d" * 61, "d" * 61, "examples"])
    email = "a" * (255 - len(domain) - 1) + "@" + domain
    assert len(email) == 255
    assert set(await wrong_fields(admin, email=email)) == {"email"}


async def test_email_too_long_in_the_form_that_is_compared_is_refused(admin: Actor) -> None:
    # Each label is 2 bytes as it is written, and 7 in IDNA.
    email = "é" * 60 + "@" + ".".join(["é"] * 28) + ".com"
    assert len(email.encode()) <= 254
    assert set(await wrong_fields(admin, email=email)) == {"email"}


async def test_email_in_use_in_another_tenant_gets_the_same_words(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    await create_user(tenant, email="here@example.com")
    await create_user(other_tenant, email="there@example.com")
    await create_user(None, email="above@example.com")
    answers = [
        await wrong_fields(admin, email=f"{place}@example.com")
        for place in ("here", "there", "above")
    ]
    assert answers == [{"email": "This email is already in use."}] * 3


async def test_email_of_an_inactive_account_elsewhere_is_free(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    await create_user(other_tenant, email="ada@example.com", active=False)
    assert await invitations.check_field(admin, "email", "ada@example.com") == ("", "")
    await invitations.invite(admin, form())
    stranger, ours = await books.users_with("ada@example.com")
    assert stranger.successor_id is None
    assert ours.active


@ONE_DATABASE
@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("first_name", "Ada", ""),
        ("first_name", "  ", "First Name is required."),
        ("last_name", "", "Last Name is required."),
        ("last_name", "a\nb", "Last Name can't contain line breaks or control characters."),
        ("role", "", "Choose a role."),
        ("role", "sales_engineer", ""),
        ("email", "", "Email is required."),
        ("email", "free@example.com", ""),
        ("email", "Taken@example.com", IN_USE),
        ("something else", "x", ""),
    ],
)
async def test_field_is_judged_as_it_is_typed(
    tenant: Tenant, admin: Actor, field: str, value: str, wrong: str
) -> None:
    await create_user(tenant, email="taken@example.com")
    assert await invitations.check_field(admin, field, value) == (wrong, "")


@ONE_DATABASE
async def test_command_line_has_no_tenant_to_invite_into(rollcall: Runtime) -> None:
    invited = await invitations.invite(COMMAND_LINE, form(role="platform_admin"))
    assert (await books.user_of(invited.user_id)).invited_by_id is None


async def test_invited_user_is_in_the_list_at_once(admin: Actor) -> None:
    invited = await invitations.invite(admin, form())
    impact = await accounts.get_impact(admin, invited.user_id)
    assert (impact.name, impact.devices, impact.open_pages) == ("Ada Lovelace", 0, 0)


@ONE_DATABASE
async def test_roles_offered_are_those_that_the_form_takes(rollcall: Runtime) -> None:
    tenant = await create_tenant()
    assert invitations.roles_offered(Role.TENANT_ADMIN, tenant.id) == {
        "administrator": "Administrator",
        "sales_engineer": "Sales Engineer",
    }
    assert "tenant_admin" in invitations.roles_offered(Role.PLATFORM_ADMIN, tenant.id)
    assert invitations.roles_offered(Role.PLATFORM_ADMIN, None) == {
        "platform_admin": "Platform Admin"
    }
