"""Two people do the same at the same moment, on PostgreSQL. If both would make the same unique row,
each call succeeds, or is refused with a sentence. Nobody sees the database's own error."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from models import (
    CustomerPerson,
    EmailChange,
    Importance,
    LinkPurpose,
    Role,
    Task,
    User,
)
from services.access import one_time_links
from services.access.outsiders import CustomerActor
from services.bulk import batches, runs
from services.database.transaction import reading, transaction
from services.lists.query import ListQuery
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.screens import pairing
from services.tenants import mail_texts, tenants
from services.users import accounts, email_change, invitations
from services.users.email_change import EmailForm
from services.users.invitation_form import InvitationForm
from services.users.many import ACTIVATE, DEACTIVATE
from services.workspace import (
    bulk_handover,
    criteria,
    deleting,
    files,
    handover,
    leaving,
    members,
    pocs,
    resources,
    tasks,
    templates,
    wrong_role,
)
from services.workspace.bulk_handover import BulkHandOverForm, When
from services.workspace.customers import acts as customer_acts
from services.workspace.customers import invitations as customers
from services.workspace.customers.acts import SharedCommentForm
from services.workspace.customers.invitations import CustomerForm
from services.workspace.tasks import TaskForm
from tests import factories
from tests.factories import CALLER, create_user
from tests.services.at_once import AtOnce, Pair, Scene, set_scene
from tests.services.organisation_calls import mail_form
from tests.services.screen_calls import new_screen
from tests.services.workspace.rows import START, Rows, create_rows
from tests.services.workspace.scene import pieces_of

pytestmark = [pytest.mark.postgresql, pytest.mark.stress]

Case = Callable[[Scene], Awaitable[Pair]]


def same(call: Callable[[Scene, int], Awaitable[object]]) -> Case:
    """Both make the same call; it is told who of them, by 0 and 1."""

    async def pair(scene: Scene) -> Pair:
        return call(scene, 0), call(scene, 1)

    return pair


def _invite(scene: Scene, number: int, email: str = "") -> Awaitable[object]:
    form = InvitationForm(
        first_name="Ada", last_name="King", email=email or scene.email, role="sales_engineer"
    )
    return invitations.invite(scene.admins[number], form)


async def _activate(scene: Scene) -> Pair:
    old = [
        await create_user(at, email=scene.email, active=False) for at in (scene.tenant, scene.other)
    ]
    elsewhere = await factories.sign_in(await factories.create_admin(scene.other))
    return (
        accounts.set_active(scene.admins[0], old[0].id, active=True),
        accounts.set_active(elsewhere, old[1].id, active=True),
    )


async def _activate_and_invite(scene: Scene) -> Pair:
    old = await create_user(scene.other, email=scene.email, active=False)
    elsewhere = await factories.sign_in(await factories.create_admin(scene.other))
    return accounts.set_active(elsewhere, old.id, active=True), _invite(scene, 0)


async def _activate_many(scene: Scene) -> Pair:
    old = await create_user(scene.other, email=scene.email, active=False)
    elsewhere = await factories.sign_in(await factories.create_admin(scene.other))
    bulk = await runs.draft(elsewhere, ACTIVATE.kind, ListQuery(ids=frozenset({old.id})))
    await runs.begin(elsewhere, bulk, runs.BulkForm(reason=""))
    return batches.act_on_next(elsewhere, bulk), _invite(scene, 0)


async def _change_emails(scene: Scene) -> Pair:
    users = [await create_user(scene.tenant) for _ in range(2)]
    form = EmailForm(email=scene.email)
    one, other = (
        email_change.change_email(admin, user.id, form)
        for admin, user in zip(scene.admins, users, strict=True)
    )
    return one, other


async def _asked(user: User, email: str) -> str:
    """The token with which a user confirms a change of their email."""
    async with transaction() as tx:
        link = one_time_links.issue(tx, LinkPurpose.EMAIL_CONFIRM, user.id)
        await tx.flush()
        tx.add(
            EmailChange(
                user_id=user.id,
                old_email=user.email,
                new_email=email,
                link_id=link.id,
                created_at=link.created_at,
            )
        )
    return one_time_links.token_of(link)


async def _confirm_emails(scene: Scene) -> Pair:
    tokens = [await _asked(await create_user(scene.tenant), scene.email) for _ in range(2)]
    one, other = (email_change.confirm(scene.tenant.slug, token, CALLER) for token in tokens)
    return one, other


async def _take_back_and_invite(scene: Scene) -> Pair:
    user = await create_user(scene.tenant)
    token = await _asked(user, scene.email)
    await email_change.confirm(scene.tenant.slug, token, CALLER)
    back = await factories.token_of(user, LinkPurpose.EMAIL_REVERT)
    return (
        email_change.take_back(scene.tenant.slug, back, CALLER),
        _invite(scene, 0, email=user.email),
    )


async def _correct_role_and_invite(scene: Scene) -> Pair:
    user = await create_user(scene.tenant, email=scene.email)
    role = wrong_role.RoleForm(role=Role.ADMINISTRATOR)
    return wrong_role.correct_role(scene.admins[0], user.id, role), _invite(scene, 1)


def _customer(scene: Scene, number: int) -> Awaitable[object]:
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email=scene.email)
    return customers.invite(scene.workers[number], scene.rows.poc, form)


async def _customer_of_two(scene: Scene) -> Pair:
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email=scene.email)
    return (
        customers.invite(scene.workers[0], scene.rows.poc, form),
        customers.invite(scene.workers[1], scene.elsewhere.poc, form),
    )


async def _member(scene: Scene) -> Pair:
    user = await create_user(scene.tenant)
    one, other = (members.add_member(by, scene.rows.poc, user.id) for by in scene.workers)
    return one, other


async def _assign(scene: Scene) -> Pair:
    user = await create_user(scene.tenant)
    one, other = (tasks.assign(by, scene.rows.task, 1, (user.id,)) for by in scene.workers)
    return one, other


async def _hand_over(scene: Scene) -> Pair:
    leaver, heir = [await create_user(scene.tenant) for _ in range(2)]
    await create_rows(scene.tenant.id, leaver.id)
    form = pocs.HandOverForm(owner_id=heir.id)
    one, other = (handover.hand_over_work(by, leaver.id, form) for by in scene.admins)
    return one, other


async def _leaver(scene: Scene) -> tuple[User, Rows, CustomerActor]:
    """Somebody who owns a POC, and its customer's person, signed in."""
    leaver = await create_user(scene.tenant)
    rows = await create_rows(scene.tenant.id, leaver.id)
    async with reading() as tx:
        person = await tx.get_one(CustomerPerson, rows.customer)
    return leaver, rows, (await factories.open_customer_session(person))[0]


def _say(customer: CustomerActor, rows: Rows) -> Awaitable[object]:
    return customer_acts.comment(customer, rows.poc, SharedCommentForm(body="Said"))


def _to(scene: Scene) -> pocs.HandOverForm:
    return pocs.HandOverForm(owner_id=scene.workers[0].user_id)


async def _leave(scene: Scene) -> Pair:
    leaver, rows, customer = await _leaver(scene)
    return leaving.leave(scene.admins[0], leaver.id, _to(scene)), _say(customer, rows)


async def _come_back(scene: Scene) -> Pair:
    leaver, rows, customer = await _leaver(scene)
    await leaving.leave(scene.admins[0], leaver.id, _to(scene))
    return leaving.undo(scene.admins[0], leaver.id), _say(customer, rows)


async def _leave_in_bulk(scene: Scene) -> Pair:
    leaver, rows, customer = await _leaver(scene)
    draft = await runs.draft(
        scene.admins[0], DEACTIVATE.kind, ListQuery(ids=frozenset({leaver.id}))
    )
    heirs = BulkHandOverForm(when=When.NOW, heir_ids=(scene.workers[0].user_id,))
    await bulk_handover.choose_heirs(scene.admins[0], draft, heirs)
    await runs.begin(scene.admins[0], draft, runs.BulkForm(reason=""))
    batch = batches.act_on_next(scene.admins[0], draft, bulk_handover.ALONG)
    return batch, _say(customer, rows)


async def _archive_file(scene: Scene) -> int:
    """Archive the file of the scene; returns its version."""
    return await resources.set_archived_of_poc(scene.workers[0], scene.rows.file, 1, archived=True)


async def _delete_file(scene: Scene) -> Pair:
    await _archive_file(scene)
    one, other = (deleting.delete_file(by, scene.rows.file) for by in scene.workers)
    return one, other


async def _delete_and_restore_file(scene: Scene) -> Pair:
    version, (one, other) = await _archive_file(scene), scene.workers
    restored = resources.set_archived_of_poc(other, scene.rows.file, version, archived=False)
    return deleting.delete_file(one, scene.rows.file), restored


async def _poc_of_a_file(scene: Scene) -> Pair:
    author, (one, other) = scene.authors[0], scene.workers
    group_id = scene.rows.group_template
    await files.upload_to_template(author, "a", pieces_of(b"a"), group_template_id=group_id)
    form = pocs.NewPocForm(title="New", customer="Customer", start_on=START, group_ids=(group_id,))
    return pocs.create_poc(one, form), files.upload(other, scene.rows.poc, "b", pieces_of(b"b"))


def _criterion(scene: Scene, number: int) -> Awaitable[object]:
    form = criteria.CriterionForm(
        title="New", importance=Importance.MUST, task_ids=(scene.rows.task,)
    )
    return criteria.edit_criterion(scene.workers[number], scene.rows.criterion, 1, form)


async def _put(scene: Scene) -> Pair:
    form = templates.TaskTemplateForm(title="New")
    task_id = await templates.create_task(scene.authors[0], form)
    group_id = scene.rows.group_template
    one, other = (templates.put_in_group(by, group_id, 1, task_id) for by in scene.authors)
    return one, other


async def _undo(scene: Scene) -> Pair:
    user = await create_user(scene.tenant)
    draft = await runs.draft(scene.admins[0], DEACTIVATE.kind, ListQuery(ids=frozenset({user.id})))
    await runs.begin(scene.admins[0], draft, runs.BulkForm(reason=""))
    while await batches.act_on_next(scene.admins[0], draft):
        pass
    return runs.undo(scene.admins[0], draft), runs.undo(scene.admins[1], draft)


async def _pair_screen(scene: Scene) -> Pair:
    code = (await pairing.offer_code(CALLER, None)).code
    return (
        pairing.pair_screen(scene.admins[0], new_screen(code)),
        pairing.pair_screen(scene.admins[1], new_screen(code)),
    )


def _review(scene: Scene, number: int) -> Awaitable[object]:
    form = ReviewForm(name="Quarter", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    return reviews.begin(scene.admins[number], form)


def _tenant(scene: Scene, number: int) -> Awaitable[object]:
    return tenants.create_tenant(scene.platform[number], "Both", "both")


CASES: dict[str, Case] = {
    "two invite one email": same(_invite),
    "two activate accounts of one email": _activate,
    "one activates, another invites": _activate_and_invite,
    "a bulk act activates, another invites": _activate_many,
    "two are given one email": _change_emails,
    "two confirm one email": _confirm_emails,
    "one takes an email back, another invites it": _take_back_and_invite,
    "a role is corrected, another invites": _correct_role_and_invite,
    "two invite a customer's person": same(_customer),
    "two invite them to two POCs": _customer_of_two,
    "two add a member": _member,
    "two assign a task": _assign,
    "two hand work over": _hand_over,
    "somebody leaves, whose customer comments": _leave,
    "they come back": _come_back,
    "they leave in bulk": _leave_in_bulk,
    "two delete a file": _delete_file,
    "one deletes a file, another restores it": _delete_and_restore_file,
    "one begins a POC that gets a file, another uploads one": _poc_of_a_file,
    "two link a criterion with a task": same(_criterion),
    "two put a task into a group": _put,
    "two undo a bulk act": _undo,
    "two pair a screen": _pair_screen,
    "two begin a review": same(_review),
    "two create an organisation": same(_tenant),
    "two write a mail's text": same(lambda s, n: mail_texts.edit_text(s.admins[n], mail_form())),
}


async def test_of_two_at_once_each_is_done_or_told_why_not(at_once: AtOnce) -> None:
    for what, case in CASES.items():
        try:
            await at_once(await case(await set_scene()))
        except BaseException as error:
            error.add_note(f"where {what}")
            raise


async def test_a_task_that_is_edited_while_it_is_handed_over_counts_both_changes(
    at_once: AtOnce,
) -> None:
    """Otherwise the version says that a page which has seen one of them has seen both."""
    scene = await set_scene()
    (leaver, editor), task_id = scene.workers, scene.rows.task
    await tasks.assign(editor, task_id, 1, (leaver.user_id,))
    edited = tasks.edit_task(editor, task_id, 2, TaskForm(title="Edited"))
    to = pocs.HandOverForm(owner_id=(await create_user(scene.tenant)).id)
    await at_once((edited, handover.hand_over_work(scene.admins[0], leaver.user_id, to)))
    async with reading() as tx:
        task = await tx.get_one(Task, task_id)
        assert (task.title, task.version) == ("Edited", 4)


def test_no_lock_keeps_others_from_referring_to_a_row() -> None:
    """Otherwise two who refer to each other's rows wait for one another (see `LOCKED`)."""
    pattern = re.compile(r"with_for_update(?:=|\()([^)]*)\)")
    paths = (Path(__file__).parents[2] / "services").rglob("*.py")
    locks = [(path, lock) for path in paths for lock in pattern.findall(path.read_text("utf-8"))]
    assert locks, "the services lock rows"
    for path, lock in locks:
        assert "key_share=True" in lock or "read" in lock, f"{path}: {lock}"
