"""Choosing people for work: who is offered, and who is refused when the form is sent."""

from uuid import UUID, uuid4

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.errors import InvalidInputError
from services.core.forms import Form, people, person
from services.users import accounts, selection
from services.users.selection import OFFERED, list_selectable
from tests.factories import create_user, sign_in
from tests.hostile import HOSTILE


async def _names(actor: Actor, words: str, among: Permission | None = None) -> list[str]:
    found = await list_selectable(actor, among, words)
    return [one.name for one in found.people]


async def _engineer(
    tenant: Tenant,
    first: str,
    role: Role = Role.SALES_ENGINEER,
    *,
    active: bool = True,
    invited: bool = False,
) -> User:
    return await create_user(
        tenant, role=role, first_name=first, last_name="Doe", active=active, invited=invited
    )


async def _require(actor: Actor, *ids: UUID, among: Permission | None = None) -> dict[str, str]:
    async with viewing(actor, Permission.SELECT_USERS) as view:
        with pytest.raises(InvalidInputError) as refused:
            await selection.require_selectable(view, "owner_id", ids, among)
    return refused.value.fields


async def test_active_users_of_the_organisation_are_offered_by_name(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    await _engineer(tenant, "Zoë")
    await _engineer(tenant, "Émile", invited=True)
    await _engineer(tenant, "Gone", active=False)
    await _engineer(other_tenant, "Stranger")
    assert await _names(admin, "doe") == ["Émile Doe", "Zoë Doe"]
    assert await _names(admin, "EMILE d") == ["Émile Doe"]
    assert await _names(admin, "gone") == await _names(admin, "stranger") == []


async def test_every_role_may_choose_and_is_offered_who_has_the_permission(
    tenant: Tenant, admin: Actor
) -> None:
    engineer = await _engineer(tenant, "Ada")
    await _engineer(tenant, "Bob", role=Role.ADMINISTRATOR)
    actor = await sign_in(engineer)
    assert await _names(actor, "doe", Permission.RUN_POCS) == ["Ada Doe"]
    assert await _names(actor, "doe", Permission.CREATE_TEMPLATES) == ["Bob Doe"]
    assert await _names(actor, "doe") == ["Ada Doe", "Bob Doe"]


async def test_a_few_are_offered_at_a_time(tenant: Tenant, admin: Actor) -> None:
    for number in range(OFFERED):
        await _engineer(tenant, f"Person {number}")
    found = await list_selectable(admin, None, "doe")
    assert (len(found.people), found.has_more) == (OFFERED, False)
    await _engineer(tenant, "Another")
    found = await list_selectable(admin, None, "doe")
    assert (len(found.people), found.has_more) == (OFFERED, True)
    assert found.people[0].name == "Another Doe"


async def test_who_was_chosen_and_is_deactivated_is_named_as_gone(
    tenant: Tenant, admin: Actor
) -> None:
    ada, bob = await _engineer(tenant, "Ada"), await _engineer(tenant, "Bob")
    assert (await list_selectable(admin, None, "", [ada.id, bob.id])).gone == []
    await accounts.set_active(admin, ada.id, False)
    assert (await list_selectable(admin, None, "", [ada.id, bob.id])).gone == [ada.id]


async def test_any_text_is_searched_for_as_it_is(tenant: Tenant, admin: Actor) -> None:
    await create_user(tenant, first_name="Joan", last_name="Clarke")
    for hostile in HOSTILE:
        assert "Joan Clarke" not in await _names(admin, hostile.text), hostile.name


async def test_the_commit_refuses_by_name_who_cannot_be_chosen(
    tenant: Tenant, other_tenant: Tenant, admin: Actor
) -> None:
    ada = await _engineer(tenant, "Ada")
    bob = await _engineer(tenant, "Bob", role=Role.ADMINISTRATOR)
    stranger = await _engineer(other_tenant, "Stranger")
    async with viewing(admin, Permission.SELECT_USERS) as view:
        await selection.require_selectable(view, "owner_id", [ada.id, bob.id])
        await selection.require_selectable(view, "owner_id", [ada.id], Permission.RUN_POCS)
    await accounts.set_active(admin, ada.id, False)
    assert await _require(admin, ada.id) == {
        "owner_id": "Ada Doe is inactive. Choose somebody else."
    }
    assert await _require(admin, ada.id, bob.id, among=Permission.RUN_POCS) == {
        "owner_id": "Ada Doe is inactive. Bob Doe is no Sales Engineer. Choose somebody else."
    }
    assert await _require(admin, stranger.id) == {"owner_id": "Choose somebody else."}
    assert await _require(admin, uuid4()) == {"owner_id": "Choose somebody else."}


def test_a_form_names_whom_it_offers_by_a_permission() -> None:
    class Handover(Form):
        owner_id: UUID = person("Owner", among=Permission.RUN_POCS)
        members: tuple[UUID, ...] = people("Members", among=Permission.COMMENT, optional=True)

    someone = uuid4()
    assert Handover(owner_id=str(someone)).owner_id == someone
