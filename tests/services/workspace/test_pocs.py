"""POCs: begun, changed, handed over, brought from one status to another, archived."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from models import PocStatus, Role, Tenant, User
from services.access.actor import Actor
from services.core.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.core.events import Event
from services.database.runtime import Runtime
from services.lists.query import ListQuery
from services.workspace import history, listing, pocs
from services.workspace.events import PocChanged
from services.workspace.listing import PocDetails
from services.workspace.pocs import HandOverForm, NewPocForm, PocForm, StatusForm
from services.workspace.rights import NotAMemberError
from services.workspace.states import StepError
from tests import books
from tests.factories import create_user
from tests.services.workspace.scene import MONDAY, create_group, create_poc, deactivate

ACTIVE, COMPLETED = PocStatus.ACTIVE, PocStatus.COMPLETED


async def _facts(actor: Actor, poc_id: UUID) -> PocDetails:
    return await listing.get_details(actor, poc_id)


async def test_a_poc_begins_as_a_draft_of_whoever_began_it(ada: Actor, ada_user: User) -> None:
    found = await _facts(ada, await create_poc(ada))
    assert (found.row.status, found.row.owner.id) == (PocStatus.DRAFT, ada_user.id)
    assert [(member.person.name, member.is_owner) for member in found.members] == [
        ("Ada Lovelace", True)
    ]
    assert found.may_change
    assert found.row.progress.whole.total == 0


async def test_a_poc_begun_for_somebody_else_has_both_as_members(
    ada: Actor, joan_user: User
) -> None:
    found = await _facts(ada, await create_poc(ada, owner_id=joan_user.id))
    assert [member.person.name for member in found.members] == ["Joan Clarke", "Ada Lovelace"]


async def test_without_an_end_a_poc_ends_with_its_last_task(author: Actor, ada: Actor) -> None:
    group_id = await create_group(author)
    found = await _facts(ada, await create_poc(ada, group_ids=[group_id]))
    assert found.row.due == date(2026, 3, 5)
    empty = await _facts(ada, await create_poc(ada))
    assert empty.row.due is None


def test_all_that_is_wrong_is_told_together() -> None:
    with pytest.raises(InvalidInputError) as refused:
        NewPocForm(title=" ", customer="a\nb", start_on="")
    assert refused.value.fields.keys() == {"title", "customer", "start_on"}
    with pytest.raises(InvalidInputError, match="can't be before Start Date"):
        PocForm(title="A", customer="B", start_on="2026-03-02", end_on="2026-03-01")


async def test_a_poc_is_begun_for_active_people_alone(
    ada: Actor, admin: Actor, tenant: Tenant, joan_user: User
) -> None:
    await deactivate(admin, joan_user.id)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive") as refused:
        await create_poc(ada, owner_id=joan_user.id)
    assert refused.value.fields.keys() == {"owner_id"}
    administrator = await create_user(tenant, role=Role.ADMINISTRATOR)
    with pytest.raises(InvalidInputError, match="is no Sales Engineer"):
        await create_poc(ada, owner_id=administrator.id)


async def test_another_tenants_person_is_nobody(ada: Actor, other_tenant: Tenant) -> None:
    stranger = await create_user(other_tenant)
    with pytest.raises(NotFoundError) as refused:
        await create_poc(ada, owner_id=stranger.id)
    with pytest.raises(NotFoundError) as nobody:
        await create_poc(ada, owner_id=uuid4())
    assert str(refused.value) == str(nobody.value)


async def test_what_changed_of_a_poc_is_recorded_and_told(
    rollcall: Runtime, ada: Actor, events: list[Event]
) -> None:
    poc_id = await create_poc(ada)
    form = PocForm(title="Trial two", customer="Helvetia Freight AG", start_on=MONDAY)
    await pocs.edit_poc(ada, poc_id, 1, form)
    await rollcall.bus.drain()
    told = [event.poc_id for event in events if isinstance(event, PocChanged)]
    assert told == [poc_id] * 2
    newest = (await history.list_history(ada, poc_id)).entries[0]
    assert (newest.action_label, newest.summary) == ("POC edited", "title, Trial")
    assert newest.ip == ""


async def test_a_poc_that_changed_since_is_not_changed(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    form = PocForm(title="Mine", customer="C", start_on=MONDAY)
    await pocs.edit_poc(ada, poc_id, 1, form)
    with pytest.raises(StaleError):
        await pocs.edit_poc(ada, poc_id, 1, form.model_copy(update={"title": "Theirs"}))
    with pytest.raises(StaleError):
        await pocs.change_status(ada, poc_id, 1, StatusForm(status=ACTIVE))
    with pytest.raises(StaleError):
        await pocs.set_archived(ada, poc_id, 1, archived=True)
    assert (await _facts(ada, poc_id)).row.title == "Mine"


async def test_who_is_no_member_reads_and_changes_nothing(ada: Actor, joan: Actor) -> None:
    poc_id = await create_poc(ada)
    found = await _facts(joan, poc_id)
    assert (found.may_change, found.may_reassign) == (False, False)
    with pytest.raises(NotAMemberError):
        await pocs.change_status(joan, poc_id, 1, StatusForm(status=ACTIVE))


async def test_a_poc_is_completed_with_an_outcome_and_reopened_without(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await pocs.change_status(ada, poc_id, 1, StatusForm(status=ACTIVE))
    with pytest.raises(InvalidInputError, match="Outcome is required"):
        await pocs.change_status(ada, poc_id, 2, StatusForm(status=COMPLETED))
    await pocs.change_status(ada, poc_id, 2, StatusForm(status=COMPLETED, outcome="They buy."))
    closed = await _facts(ada, poc_id)
    assert (closed.head.outcome, list(closed.steps.values())) == ("They buy.", ["Reopen"])
    assert closed.row.closed_at is not None
    await pocs.change_status(ada, poc_id, 3, StatusForm(status=ACTIVE))
    reopened = await _facts(ada, poc_id)
    assert (reopened.head.outcome, reopened.row.closed_at) == ("", None)


async def test_a_draft_is_not_completed(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    with pytest.raises(StepError, match="“Start” or “Cancel the POC”"):
        await pocs.change_status(ada, poc_id, 1, StatusForm(status=COMPLETED, outcome="Done"))


async def test_who_hands_a_poc_over_stays_a_member(
    ada: Actor, joan: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    form = HandOverForm(owner_id=joan_user.id, note="The firewall is what is left.")
    await pocs.hand_over(ada, poc_id, 1, form)
    found = await _facts(joan, poc_id)
    assert (found.row.owner.name, found.head.handover_note) == ("Joan Clarke", form.note)
    assert [member.person.name for member in found.members] == ["Joan Clarke", "Ada Lovelace"]
    assert found.may_change


async def test_an_admin_reassigns_any_poc_and_changes_nothing_else(
    ada: Actor, admin: Actor, joan_user: User, tenant: Tenant
) -> None:
    poc_id = await create_poc(ada)
    assert (await _facts(admin, poc_id)).may_reassign
    assert not (await _facts(admin, poc_id)).may_change
    await pocs.reassign(admin, poc_id, 1, HandOverForm(owner_id=joan_user.id))
    assert (await _facts(admin, poc_id)).row.owner.name == "Joan Clarke"
    entry = (await books.audit_of(tenant))[-1]
    assert entry.details == {"before": "Ada Lovelace", "after": "Joan Clarke"}


async def test_an_inactive_persons_poc_stays_as_it_was(
    ada: Actor, joan: Actor, admin: Actor, ada_user: User
) -> None:
    poc_id = await create_poc(ada)
    before = await _facts(joan, poc_id)
    await deactivate(admin, ada_user.id)
    after = await _facts(joan, poc_id)
    assert (after.row.version, after.row.status) == (before.row.version, before.row.status)
    assert (after.row.owner.name, after.row.owner.active) == ("Ada Lovelace", False)
    assert [member.person.active for member in after.members] == [False]


async def test_an_inactive_persons_poc_can_be_given_to_somebody_active_alone(
    ada: Actor, admin: Actor, ada_user: User, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    await deactivate(admin, ada_user.id)
    await deactivate(admin, joan_user.id)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive"):
        await pocs.reassign(admin, poc_id, 1, HandOverForm(owner_id=joan_user.id))


async def test_an_archived_poc_leaves_the_list_and_is_changed_no_more(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    await pocs.set_archived(ada, poc_id, 1, archived=True)
    assert (await listing.list_pocs(ada, ListQuery())).rows == []
    with pytest.raises(ConflictError, match="Restore it first"):
        await pocs.change_status(ada, poc_id, 2, StatusForm(status=ACTIVE))
    await pocs.set_archived(ada, poc_id, 2, archived=False)
    assert len((await listing.list_pocs(ada, ListQuery())).rows) == 1
