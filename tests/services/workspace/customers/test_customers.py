"""A customer's people: invited, let in, what they see, shut out."""

import asyncio
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from sqlmodel import col, select

from models import (
    CustomerPerson,
    EndReason,
    LoginSession,
    MailState,
    OneTimeLink,
    OutgoingMail,
    Poc,
    PocStatus,
    ResourceKind,
    Side,
    TaskStatus,
    Tenant,
)
from services.access import one_time_links
from services.access.actor import Actor
from services.core import clock
from services.core.errors import (
    ConflictError,
    DeadLinkError,
    InvalidInputError,
    SessionEndedError,
    TooManyAttemptsError,
)
from services.database.transaction import reading
from services.lists.query import ListQuery
from services.mail import outbox
from services.sessions import sessions
from services.sessions.outside import recognise_customer
from services.sign_in import throttle
from services.workspace import comments, groups, listing, pocs, resources, tasks, templates
from services.workspace.customers import acts, invitations, people, shared, visits
from services.workspace.customers import listing as outsiders
from services.workspace.customers.invitations import CustomerForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.rights import NotAMemberError
from services.workspace.templates import TaskTemplateForm
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import CALLER, create_customer, create_user, open_customer_session
from tests.mail_server import MailServer
from tests.services.workspace.scene import create_group, create_poc, create_task, tasks_of

RowT = TypeVar("RowT", Poc, CustomerPerson)
RETO = CustomerForm(first_name="Reto", last_name="Bianchi", email="reto@helvetia.example")


async def _link_of(customer_id: UUID) -> str:
    """The token of the latest live link of somebody's."""
    async with reading() as tx:
        links = await tx.exec(
            select(OneTimeLink)
            .where(OneTimeLink.customer_id == customer_id)
            .order_by(col(OneTimeLink.created_at))
        )
        *_, live = [link for link in links if link.is_live(clock.now())]
        return one_time_links.token_of(live)


async def _status(ada: Actor, poc_id: UUID, *steps: PocStatus) -> None:
    for step in steps:
        version = (await _row(Poc, poc_id)).version
        await pocs.change_status(
            ada, poc_id, version, pocs.StatusForm(status=step, outcome="It works")
        )


async def _sessions_of(customer_id: UUID) -> list[EndReason | None]:
    async with reading() as tx:
        rows = await tx.exec(select(LoginSession).where(LoginSession.customer_id == customer_id))
        return [row.end_reason for row in rows]


async def _row(table: type[RowT], row_id: UUID) -> RowT:
    async with reading() as tx:
        return await tx.get_one(table, row_id)


async def test_who_is_invited_comes_in_by_the_mailed_link_once(
    mail_server: MailServer, tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada, "Offline scanning")
    invited = await invitations.invite(ada, poc, RETO)
    assert invited.by_mail
    token = await _link_of(invited.customer_id)
    await visits.open_link(tenant.slug, token)  # a scanner of mails: it uses nothing up
    welcome = await visits.open_link(tenant.slug, token)
    assert (welcome.name, list(welcome.poc_titles)) == ("Reto Bianchi", ["Offline scanning"])
    entered = await visits.start_session_by_link(tenant.slug, token, CALLER)
    assert entered.poc_ids == [poc]
    visit = await recognise_customer(entered.token, tenant.slug, CALLER)
    assert (await shared.get_shared(visit.actor, poc)).title == "Offline scanning"
    with pytest.raises(DeadLinkError):
        await visits.start_session_by_link(tenant.slug, token, CALLER)
    (row,) = await people.list_of_poc(ada, poc)
    assert (row.name, row.invited, row.active) == ("Reto Bianchi", False, True)


async def test_of_many_who_use_a_link_at_once_one_comes_in(tenant: Tenant, ada: Actor) -> None:
    invited = await invitations.invite(ada, await create_poc(ada), RETO)
    token = await _link_of(invited.customer_id)
    came = await asyncio.gather(
        *(visits.start_session_by_link(tenant.slug, token, CALLER) for _ in range(5)),
        return_exceptions=True,
    )
    assert [type(each) for each in came].count(DeadLinkError) == 4
    assert len(await _sessions_of(invited.customer_id)) == 1


async def test_whoever_comes_while_the_poc_is_closed_is_not_in_afterwards(
    tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    token = await _link_of(invited.customer_id)
    actor, _ = await open_customer_session(await _row(CustomerPerson, invited.customer_id))
    await asyncio.gather(
        visits.start_session_by_link(tenant.slug, token, CALLER),
        acts.comment(actor, poc, acts.SharedCommentForm(body="Just in time")),
        _status(ada, poc, PocStatus.CANCELLED),
        return_exceptions=True,
    )
    assert set(await _sessions_of(invited.customer_id)) == {EndReason.POC_CLOSED}


@ONE_DATABASE
async def test_a_link_is_good_at_the_address_of_its_organisation_alone(
    tenant: Tenant, other_tenant: Tenant, ada: Actor
) -> None:
    invited = await invitations.invite(ada, await create_poc(ada), RETO)
    token = await _link_of(invited.customer_id)
    with pytest.raises(DeadLinkError):
        await visits.start_session_by_link(other_tenant.slug, token, CALLER)
    clock.shift(timedelta(days=7, minutes=1))
    with pytest.raises(DeadLinkError):
        await visits.start_session_by_link(tenant.slug, token, CALLER)


@ONE_DATABASE
async def test_who_cannot_be_invited_is_said_at_the_email(
    tenant: Tenant, ada: Actor, joan: Actor
) -> None:
    poc = await create_poc(ada)
    await invitations.invite(ada, poc, RETO)
    with pytest.raises(InvalidInputError, match="on this POC already"):
        await invitations.invite(ada, poc, RETO)
    colleague = (await books.user_of(joan.user_id)).email
    form = CustomerForm(first_name="Joan", last_name="Clarke", email=colleague)
    with pytest.raises(InvalidInputError, match="Add them as a member"):
        await invitations.invite(ada, poc, form)
    with pytest.raises(NotAMemberError):
        await invitations.invite(joan, poc, RETO)
    await _status(ada, poc, PocStatus.CANCELLED)
    with pytest.raises(ConflictError, match="Reopen it first"):
        await invitations.invite(ada, poc, RETO)


@ONE_DATABASE
async def test_who_is_known_to_another_organisation_alone_is_invited_like_anybody(
    tenant: Tenant, other_tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    user = await create_user(other_tenant)
    customer = await create_customer(other_tenant, active=False)
    for email in (user.email, customer.email):
        form = CustomerForm(first_name="Zoë", last_name="Roth", email=email)
        invited = await invitations.invite(ada, poc, form)
        assert invited.name == "Zoë Roth"
        assert (await _row(CustomerPerson, invited.customer_id)).tenant_id == tenant.id


async def test_somebody_of_two_pocs_is_one_person_and_sees_both(tenant: Tenant, ada: Actor) -> None:
    first, second = await create_poc(ada, "First"), await create_poc(ada, "Second")
    one = await invitations.invite(ada, first, RETO)
    again = await invitations.invite(ada, second, RETO)
    assert again.customer_id == one.customer_id
    actor, _ = await open_customer_session(await _row(CustomerPerson, one.customer_id))
    assert await shared.list_own(actor) == [(first, "First"), (second, "Second")]


async def test_nothing_internal_is_read_for_a_customer(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    task_id = await create_task(
        ada, poc, "Open the firewall", side=Side.CUSTOMER, description="SECRET"
    )
    for shares in (False, True):
        said = "All may know" if shares else "SECRET"
        await comments.post(ada, poc, comments.NewCommentForm(body=said, shared=shares))
        await resources.add_to_poc(
            ada,
            poc,
            ResourceForm(kind=ResourceKind.NOTE, title=said, content=said, shared=shares),
        )
    (task,) = await tasks_of(ada, poc)
    blocked = tasks.TaskStatusForm(status=TaskStatus.BLOCKED, reason="SECRET")
    await tasks.set_status(ada, task_id, task.version, blocked)
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    seen = await shared.get_shared(actor, poc)
    assert "SECRET" not in repr(seen)
    shown = (seen.tasks, seen.comments.comments, seen.resources)
    assert [len(part) for part in shown] == [1, 1, 1]
    # A group is told by its title, once a task of it is shown.
    assert seen.tasks[0].group.title == "For Open the firewall"
    empty = await groups.add_group(ada, poc, groups.NewGroupForm(title="SECRET"))
    assert await shared.find_group(empty) is None
    for row in await resources.list_of_poc(ada, poc):  # nor is it told when it changes
        told_of = await shared.find_resource(row.id)
        assert "SECRET" not in repr(told_of)
        assert told_of is not None
        assert told_of.is_archived != row.shared
    (task,) = await tasks_of(ada, poc)
    told = tasks.TaskStatusForm(
        status=TaskStatus.BLOCKED, reason="Change window", reason_shared=True
    )
    await tasks.set_status(ada, task_id, task.version, told)
    assert (await shared.get_shared(actor, poc)).tasks[0].reason == "Change window"


async def test_a_customer_reads_what_a_task_is_about_once_the_template_or_the_team_shares_it(
    tenant: Tenant, author: Actor, ada: Actor
) -> None:
    group = await create_group(author, tasks=())
    for title, shares in (("Firewall", True), ("Margin", False)):
        form = TaskTemplateForm(title=title, description="How", description_shared=shares)
        await templates.create_task(author, form, group_id=group)
    poc = await create_poc(ada, group_ids=[group])
    actor, _ = await open_customer_session(await create_customer(tenant, poc))

    async def read() -> dict[str, str]:
        return {
            task.title: task.description for task in (await shared.get_shared(actor, poc)).tasks
        }

    assert await read() == {"Firewall": "How", "Margin": ""}
    (task,) = [one for one in await tasks_of(ada, poc) if one.title == "Margin"]
    told = tasks.TaskForm(title="Margin", description="Said", description_shared=True)
    await tasks.edit_task(ada, task.id, task.version, told)
    assert await read() == {"Firewall": "How", "Margin": "Said"}


@pytest.mark.parametrize("ending", [PocStatus.COMPLETED, PocStatus.CANCELLED])
async def test_closing_the_poc_shuts_them_out_and_reopening_lets_them_in_by_a_link(
    mail_server: MailServer, tenant: Tenant, ada: Actor, ending: PocStatus
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    actor, _ = await open_customer_session(await _row(CustomerPerson, invited.customer_id))
    unused = await _link_of(invited.customer_id)
    assert (await listing.get_details(ada, poc)).with_access == 1
    await _status(ada, poc, PocStatus.ACTIVE, ending)
    assert (await listing.get_details(ada, poc)).with_access == 0
    with pytest.raises(SessionEndedError):
        await shared.get_shared(actor, poc)
    assert await _sessions_of(invited.customer_id) == [EndReason.POC_CLOSED]
    await visits.ask(tenant.slug, RETO.email, CALLER)
    with pytest.raises(DeadLinkError):
        await visits.start_session_by_link(tenant.slug, unused, CALLER)
    await _status(ada, poc, PocStatus.ACTIVE)
    await visits.ask(tenant.slug, RETO.email, CALLER)
    entered = await visits.start_session_by_link(
        tenant.slug, await _link_of(invited.customer_id), CALLER
    )
    assert entered.poc_ids == [poc]


async def test_who_was_invited_before_the_end_of_the_poc_shows_a_dead_link_until_a_new_one_is_sent(
    tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)

    async def shown() -> tuple[bool, bool, bool]:
        (row,) = await people.list_of_poc(ada, poc)
        (outsider,) = (await outsiders.list_outsiders(admin, ListQuery())).rows
        return row.shown, row.link_dead, outsider.link_ends is None

    assert await shown() == (True, False, False)
    await _status(ada, poc, PocStatus.CANCELLED)
    assert await shown() == (False, True, True)
    await _status(ada, poc, PocStatus.ACTIVE)
    assert await shown() == (True, True, True)
    await invitations.resend(ada, poc, invited.customer_id)
    assert await shown() == (True, False, False)


async def test_the_switch_ends_sessions_links_and_mails_at_once(
    mail_server: MailServer, tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    actor, _ = await open_customer_session(await _row(CustomerPerson, invited.customer_id))
    token = await _link_of(invited.customer_id)
    done = await people.set_active_of_poc(ada, poc, invited.customer_id, active=False)
    assert done.changed
    assert done.cause is not None
    with pytest.raises(SessionEndedError):
        await acts.comment(actor, poc, acts.SharedCommentForm(body="Still here?"))
    with pytest.raises(DeadLinkError):
        await visits.open_link(tenant.slug, token)
    async with reading() as tx:
        (mail,) = await tx.exec(
            select(OutgoingMail).where(col(OutgoingMail.customer_id).is_not(None))
        )
    assert mail.state is MailState.CANCELLED
    await visits.ask(tenant.slug, RETO.email, CALLER)
    with pytest.raises(ValueError, match="not enough values"):
        await _link_of(invited.customer_id)
    (row,) = (await outsiders.list_outsiders(admin, ListQuery())).rows
    assert [shown.title for shown in row.pocs] == ["Trial"]
    with pytest.raises(ConflictError, match="just changed"):
        await people.set_active(admin, row.id, active=True, seen_version=row.version - 1)
    assert (await people.set_active(admin, row.id, active=True, seen_version=row.version)).changed


@ONE_DATABASE
@pytest.mark.usefixtures("stopped_clock")
async def test_asking_for_a_link_says_the_same_for_every_email_and_not_without_end(
    mail_server: MailServer, tenant: Tenant, ada: Actor
) -> None:
    invited = await invitations.invite(ada, await create_poc(ada), RETO)
    first = await _link_of(invited.customer_id)
    for email in (RETO.email, "nobody@helvetia.example"):
        await visits.ask(tenant.slug, email, CALLER)
    assert await _link_of(invited.customer_id) != first
    for _ in range(throttle.FREE_FAILURES["account"]):
        await visits.ask(tenant.slug, RETO.email, CALLER)
    with pytest.raises(TooManyAttemptsError):
        await visits.ask(tenant.slug, RETO.email, CALLER)


async def test_whoever_asks_with_somebody_s_email_leaves_their_invitation_good(
    mail_server: MailServer, tenant: Tenant, ada: Actor
) -> None:
    invited = await invitations.invite(ada, await create_poc(ada), RETO)
    invitation = await _link_of(invited.customer_id)
    await visits.ask(tenant.slug, RETO.email, CALLER)
    asked_for = await _link_of(invited.customer_id)
    await visits.start_session_by_link(tenant.slug, invitation, CALLER)
    with pytest.raises(DeadLinkError):  # whichever was used first
        await visits.start_session_by_link(tenant.slug, asked_for, CALLER)


async def test_one_person_s_mailbox_isn_t_filled_by_sending_links_again_and_again(
    tenant: Tenant, ada: Actor, mail_server: MailServer
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    for _ in range(outbox.MOST_TO_ONE - 1):
        await invitations.resend(ada, poc, invited.customer_id)
    with pytest.raises(ConflictError, match="mails went to"):
        await invitations.resend(ada, poc, invited.customer_id)
    async with reading() as tx:
        states = (await tx.exec(select(OutgoingMail.state))).all()
    # Of those that wait, the last one's link alone is good.
    assert states.count(MailState.WAITING) == 1
    assert len(states) == outbox.MOST_TO_ONE


async def test_their_session_ends_after_30_days_however_it_is_used(
    mail_server: MailServer, tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    invited = await invitations.invite(ada, poc, RETO)
    entered = await visits.start_session_by_link(
        tenant.slug, await _link_of(invited.customer_id), CALLER
    )
    visit = await recognise_customer(entered.token, tenant.slug, CALLER)
    for day in (10, 20, 29):  # from nearly unused to used right before the end
        clock.shift(timedelta(days=day))
        await sessions.touch(visit.actor)
        assert (await shared.get_shared(visit.actor, poc)).title == "Trial"
    clock.shift(timedelta(days=30))
    with pytest.raises(SessionEndedError):
        await recognise_customer(entered.token, tenant.slug, CALLER)
    with pytest.raises(SessionEndedError):
        await shared.get_shared(visit.actor, poc)
    await visits.ask(tenant.slug, RETO.email, CALLER)
    token = await _link_of(invited.customer_id)
    again = await visits.start_session_by_link(tenant.slug, token, CALLER)
    visit = await recognise_customer(again.token, tenant.slug, CALLER)
    assert (await shared.get_shared(visit.actor, poc)).title == "Trial"
