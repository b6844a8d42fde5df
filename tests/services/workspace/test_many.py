"""Acts on many templates, POCs and customers: each as one alone, and who is skipped told why."""

from uuid import UUID

import pytest

from models import BulkKind, Poc, TaskTemplate, Tenant
from services.access.actor import Actor
from services.access.permissions import Permission
from services.bulk import preview, results, runs
from services.bulk.kinds import ManyAct
from services.bulk.runs import BulkForm
from services.bulk.words import bulk_words
from services.core.errors import InvalidInputError, NotAllowedError, SessionEndedError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading
from services.lists.events import RowChanged
from services.lists.query import ListQuery
from services.users import accounts
from services.workspace import bulk_worker, listing, members, pocs, template_list, templates
from services.workspace.actions import PocAction, TemplateAction
from services.workspace.customers import many, shared
from services.workspace.customers.actions import CustomerAction
from services.workspace.many_pocs import POC_ACTS
from services.workspace.many_templates import GROUP_ACTS, TASK_ACTS
from services.workspace.poc_list import POCS
from services.workspace.pocs import HandOverForm
from services.workspace.template_rows import TASK_TEMPLATES
from services.workspace.templates import TaskTemplateForm
from tests import books, factories
from tests.conftest import ONE_DATABASE
from tests.services.bulk.acting_in_bulk import begun, outcomes_of, run_of
from tests.services.workspace.scene import create_group, create_poc

ARCHIVE, RESTORE = BulkKind.ARCHIVE_TASK_TEMPLATES, BulkKind.RESTORE_TASK_TEMPLATES
GIVE = BulkKind.HAND_OVER_POCS
DECLARED = (*TASK_ACTS, *GROUP_ACTS, *POC_ACTS, *many.CUSTOMER_ACTS)


async def _create(author: Actor, *titles: str) -> list[UUID]:
    return [await templates.create_task(author, TaskTemplateForm(title=one)) for one in titles]


def _those(*ids: UUID) -> ListQuery:
    return ListQuery(ids=frozenset(ids))


async def _act(actor: Actor, kind: BulkKind, *ids: UUID) -> tuple[UUID, dict[UUID, str]]:
    """Do it to these rows; returns the act's id, and the result of each."""
    bulk_id = await begun(actor, kind, _those(*ids))
    await bulk_worker.work_off(actor, bulk_id)
    return bulk_id, await _results(bulk_id)


async def _results(bulk_id: UUID) -> dict[UUID, str]:
    return {one.row_id: one.result for one in await outcomes_of(bulk_id)}


async def _given_to(owner: Actor, actor: Actor, *ids: UUID, kind: BulkKind = GIVE) -> UUID:
    """Hand these POCs over to somebody; returns the act's id."""
    form = HandOverForm(owner_id=owner.user_id, note="Call them")
    draft = await runs.draft(actor, kind, _those(*ids), form)
    await runs.begin(actor, draft, BulkForm())
    await bulk_worker.work_off(actor, draft)
    return draft


async def _owner(poc_id: UUID) -> UUID:
    return (await listing.find_row(poc_id)).owner.id


async def _is_archived(table: type[TaskTemplate] | type[Poc], row_id: UUID) -> bool:
    async with reading() as tx:
        return (await tx.get_one(table, row_id)).archived_at is not None


def test_whoever_does_acts_on_many_has_the_declarations_of_all_kinds() -> None:
    assert sorted(act.kind for act in bulk_worker.ACTS) == sorted(BulkKind)


async def test_many_templates_are_archived_each_as_one_alone_and_told_live(
    rollcall: Runtime, tenant: Tenant, author: Actor, events: list[Event]
) -> None:
    call, names, gone = await _create(author, "Call", "Names", "Gone")
    await templates.set_task_archived(author, gone, 1, archived=True)
    await rollcall.bus.drain()
    events.clear()
    bulk_id, outcomes = await _act(author, ARCHIVE, call, names, gone)
    await rollcall.bus.drain()
    assert outcomes == {call: "Archived", names: "Archived", gone: "Skipped: archived already"}
    assert [row.title for row in (await template_list.list_tasks(author, ListQuery())).rows] == []
    assert {e.row_id for e in events if isinstance(e, RowChanged)} == {call, names}
    actions = await books.actions_of(tenant)
    assert actions.count(TemplateAction.ARCHIVED) == 3
    assert actions.count(TemplateAction.TASKS_ARCHIVED) == 1
    run = await run_of(bulk_id)
    assert bulk_words({"people": run.people, "changed": run.changed}) == "2 of 3 selected"


async def test_the_preview_says_which_rows_change_and_why_not_the_others(author: Actor) -> None:
    call, gone, edited = await _create(author, "Call", "Gone", "Edited")
    await templates.set_task_archived(author, gone, 1, archived=True)
    draft = await runs.draft(author, ARCHIVE, _those(call, gone, edited))
    await templates.edit_task(author, edited, 1, TaskTemplateForm(title="Other"))
    told = await preview.preview(author, draft)
    assert [(one.words, one.people[0].name) for one in told.kinds] == [
        ("is archived", "Call"),
        ("is archived already", "Gone"),
        ("is skipped", "Other"),
    ]
    assert told.changes == 1


async def test_what_somebody_else_changed_since_is_left_as_it_is(author: Actor) -> None:
    call, edited = await _create(author, "Call", "Edited")
    draft = await runs.draft(author, ARCHIVE, _those(call, edited))
    await templates.edit_task(author, edited, 1, TaskTemplateForm(title="Other"))
    await runs.begin(author, draft, BulkForm(reason=""))
    await bulk_worker.work_off(author, draft)
    skipped = "Skipped: changed by somebody else meanwhile"
    assert await _results(draft) == {call: "Archived", edited: skipped}
    assert not await _is_archived(TaskTemplate, edited)


async def test_undo_brings_back_what_nobody_has_changed_since(author: Actor) -> None:
    call, names = await _create(author, "Call", "Names")
    bulk_id, _ = await _act(author, ARCHIVE, call, names)
    await templates.set_task_archived(author, names, 2, archived=False)
    await templates.set_task_archived(author, names, 3, archived=True)
    undoing = await runs.undo(author, bulk_id)
    await bulk_worker.work_off(author, undoing)
    assert (await _results(undoing))[call] == "Restored"
    assert [await _is_archived(TaskTemplate, one) for one in (call, names)] == [False, True]


async def test_archived_rows_that_were_selected_by_hand_are_brought_back(author: Actor) -> None:
    call, names = await _create(author, "Call", "Names")
    await templates.set_task_archived(author, call, 1, archived=True)
    _, outcomes = await _act(author, RESTORE, call, names)
    assert outcomes == {call: "Restored", names: "Skipped: not archived"}


async def test_many_groups_are_archived(author: Actor) -> None:
    ids = [await create_group(author, title) for title in ("One", "Two")]
    _, outcomes = await _act(author, BulkKind.ARCHIVE_GROUP_TEMPLATES, *ids)
    assert outcomes == dict.fromkeys(ids, "Archived")


async def test_of_many_pocs_only_ones_own_are_archived_and_their_customers_shut_out(
    tenant: Tenant, ada: Actor, joan: Actor
) -> None:
    own, other = await create_poc(ada), await create_poc(joan, "Other")
    person = await factories.create_customer(tenant, own)
    customer, _ = await factories.open_customer_session(person)
    bulk_id, outcomes = await _act(ada, BulkKind.ARCHIVE_POCS, own, other)
    assert outcomes == {own: "Archived", other: "Skipped: you aren’t a member"}
    assert [await _is_archived(Poc, one) for one in (own, other)] == [True, False]
    with pytest.raises(SessionEndedError):
        await shared.list_own(customer)
    undoing = await runs.undo(ada, bulk_id)
    await bulk_worker.work_off(ada, undoing)
    assert not await _is_archived(Poc, own)


async def test_many_pocs_are_handed_over_but_for_others_ones_and_those_that_are_owned_already(
    tenant: Tenant, ada: Actor, joan: Actor
) -> None:
    own = await create_poc(ada)
    hers, other = [await create_poc(joan, "Hers") for _ in range(2)]
    await members.add_member(joan, hers, ada.user_id)
    bulk_id = await _given_to(joan, ada, own, hers, other)
    assert await _results(bulk_id) == {
        own: "Handed over",
        hers: "Skipped: has this owner already",
        other: "Skipped: you aren’t a member",
    }
    head = (await listing.get_details(joan, own)).head
    assert (await _owner(own), head.handover_note) == (joan.user_id, "Call them")
    (whole,) = [e for e in await books.audit_of(tenant) if e.action == PocAction.MANY_HANDED_OVER]
    assert PocAction.MANY_HANDED_OVER.summary(whole.details) == "1 of 3 selected, to Joan Clarke"
    await bulk_worker.work_off(ada, await runs.undo(ada, bulk_id))
    assert (await _owner(own), await _owner(hers)) == (ada.user_id, joan.user_id)


async def test_who_manages_users_reassigns_any_poc_and_each_sees_the_acts_of_their_own_kind(
    admin: Actor, author: Actor, ada: Actor, joan: Actor
) -> None:
    own = await create_poc(ada)
    bulk_id = await _given_to(joan, admin, own, kind=BulkKind.REASSIGN_POCS)
    assert await _owner(own) == joan.user_id
    assert [run.id for run in await runs.list_runs(admin, [POCS.noun])] == [bulk_id]
    assert await runs.list_runs(ada, [POCS.noun]) == []
    with pytest.raises(NotAllowedError):
        await runs.list_runs(author, [POCS.noun])
    assert await runs.find_run(bulk_id, Permission.RUN_POCS) is None
    await bulk_worker.work_off(admin, await runs.undo(admin, bulk_id))
    assert await _owner(own) == ada.user_id


async def test_pocs_go_to_nobody_who_left_meanwhile_and_stay_if_they_were_archived(
    admin: Actor, ada: Actor, joan: Actor
) -> None:
    own, gone = await create_poc(ada), await create_poc(ada, "Gone")
    with pytest.raises(InvalidInputError):
        await _given_to(admin, ada, own)
    draft = await runs.draft(ada, GIVE, _those(own, gone), HandOverForm(owner_id=joan.user_id))
    await pocs.set_archived(ada, gone, 1, archived=True)
    await accounts.set_active(admin, joan.user_id, False)
    await runs.begin(ada, draft, BulkForm())
    await bulk_worker.work_off(ada, draft)
    results_ = await _results(draft)
    assert ("is inactive" in results_[own], results_[gone]) == (True, "Skipped: archived")
    assert {await _owner(own), await _owner(gone)} == {ada.user_id}


async def test_many_customers_are_shut_out_and_let_in_again(
    tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    poc = await create_poc(ada)
    people = [await factories.create_customer(tenant, poc) for _ in range(2)]
    customer, _ = await factories.open_customer_session(people[0])
    ids = [person.id for person in people]
    bulk_id, outcomes = await _act(admin, BulkKind.DEACTIVATE_CUSTOMERS, *ids)
    assert outcomes == dict.fromkeys(ids, "Deactivated")
    with pytest.raises(SessionEndedError):
        await shared.list_own(customer)
    undoing = await runs.undo(admin, bulk_id)
    await bulk_worker.work_off(admin, undoing)
    assert await _results(undoing) == dict.fromkeys(ids, "Activated")
    actions = await books.actions_of(tenant)
    assert actions.count(CustomerAction.MANY_DEACTIVATED) == 1


async def test_an_act_on_many_customers_shows_their_emails_before_and_afterwards(
    tenant: Tenant, ada: Actor, admin: Actor
) -> None:
    person = await factories.create_customer(tenant, await create_poc(ada))
    draft = await runs.draft(admin, BulkKind.DEACTIVATE_CUSTOMERS, _those(person.id))
    (kind,) = (await preview.preview(admin, draft)).kinds
    assert [one.email for one in kind.people] == [person.email]
    results_ = await results.get_results(admin, draft)
    assert [one.email for one in results_.people] == [person.email]


@ONE_DATABASE
@pytest.mark.parametrize("act", DECLARED, ids=lambda act: act.kind.value)
async def test_an_act_on_many_takes_the_right_of_the_act_on_one(
    author: Actor, ada: Actor, admin: Actor, act: ManyAct
) -> None:
    rights = {"poc": admin if act.kind is BulkKind.REASSIGN_POCS else ada, "customer": admin}
    nobody = ListQuery(ids=frozenset())
    for actor in (author, ada, admin):
        may = actor is rights.get(act.rows.noun, author)
        with pytest.raises(InvalidInputError if may else NotAllowedError):
            await runs.draft(actor, act.kind, nobody)


async def test_who_may_not_do_it_sees_nothing_of_it_and_cannot_begin_it(
    author: Actor, ada: Actor, admin: Actor
) -> None:
    (call,) = await _create(author, "Call")
    draft = await runs.draft(author, ARCHIVE, _those(call))
    for other in (ada, admin):
        for asked in (
            runs.get_run(other, draft),
            runs.begin(other, draft, BulkForm(reason="")),
            preview.preview(other, draft),
            results.get_results(other, draft),
            results.results_csv(other, draft),
            runs.list_runs(other, [TASK_TEMPLATES.noun]),
        ):
            with pytest.raises(NotAllowedError):
                await asked
