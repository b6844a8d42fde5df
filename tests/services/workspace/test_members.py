"""Members: who works on a POC, and who can be chosen."""

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.core.errors import ConflictError, InvalidInputError
from services.users import selection
from services.workspace import listing, members
from services.workspace.customers import invitations
from services.workspace.customers.invitations import CustomerForm
from services.workspace.rights import NotAMemberError
from tests.factories import create_user
from tests.services.workspace.scene import create_poc, create_task, deactivate


async def _names(actor: Actor, q: str = "") -> list[str]:
    found = await selection.list_selectable(actor, Permission.RUN_POCS, q)
    return [person.name for person in found.people]


async def test_the_owner_comes_first_and_stays(ada: Actor, ada_user: User, joan_user: User) -> None:
    poc_id = await create_poc(ada)
    await members.add_member(ada, poc_id, joan_user.id)
    found = await members.list_members(ada, poc_id)
    assert [(m.person.name, m.role) for m in found] == [
        ("Ada Lovelace", "Sales Engineer"),
        ("Joan Clarke", "Sales Engineer"),
    ]
    with pytest.raises(ConflictError, match="Hand it over first"):
        await members.remove_member(ada, poc_id, ada_user.id)


async def test_who_is_removed_changes_nothing_any_more_and_keeps_their_tasks(
    ada: Actor, joan: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    await members.add_member(ada, poc_id, joan_user.id)
    await create_task(joan, poc_id, assignees=[joan_user.id])
    await members.remove_member(ada, poc_id, joan_user.id)
    with pytest.raises(NotAMemberError):
        await create_task(joan, poc_id, "Another")
    await members.add_member(ada, poc_id, joan_user.id)
    assert (await members.list_members(ada, poc_id))[1].open_tasks == 1


async def test_who_was_deactivated_meanwhile_is_refused_by_name(
    ada: Actor, admin: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    assert "Joan Clarke" in await _names(ada)
    await deactivate(admin, joan_user.id)
    assert "Joan Clarke" not in await _names(ada)
    with pytest.raises(InvalidInputError, match="Joan Clarke is inactive"):
        await members.add_member(ada, poc_id, joan_user.id)


async def test_choices_are_active_sales_engineers_of_the_organisation(
    ada: Actor, tenant: Tenant, other_tenant: Tenant, joan_user: User
) -> None:
    await create_user(tenant, role=Role.ADMINISTRATOR, first_name="An", last_name="Author")
    await create_user(tenant, first_name="In", last_name="Active", active=False)
    await create_user(other_tenant, first_name="Another", last_name="Organisation's")
    assert await _names(ada) == ["Ada Lovelace", "Joan Clarke"]
    assert await _names(ada, "lark jo") == ["Joan Clarke"]


async def test_the_people_of_a_poc_are_counted_on_both_sides(ada: Actor) -> None:
    poc = await create_poc(ada)
    reto = CustomerForm(first_name="Reto", last_name="Bianchi", email="reto@helvetia.example")
    assert (await listing.find_head(poc)).people == 1
    invited = await invitations.invite(ada, poc, reto)
    assert (await listing.find_head(poc)).people == 2
    await invitations.remove(ada, poc, invited.customer_id)
    assert (await listing.find_head(poc)).people == 1
