"""What is another organisation's, or isn't there, answers in the same words to every call."""

import asyncio
from uuid import uuid4

import pytest

from models import Role, Tenant, User
from services.access.actor import Actor
from services.core.errors import InvalidInputError, NotFoundError
from services.lists.query import ListQuery
from services.workspace import listing, pocs
from services.workspace.pocs import HandOverForm
from tests.factories import create_user, sign_in
from tests.services.workspace.rows import Rows, create_rows
from tests.services.workspace.scene import create_poc, deactivate
from tests.services.workspace_calls import ON_ROWS, Made


@pytest.mark.parametrize(
    ("allowed", "run"), [each[1:] for each in ON_ROWS], ids=[each[0] for each in ON_ROWS]
)
async def test_another_tenants_rows_answer_as_if_they_did_not_exist(
    tenant: Tenant, other_tenant: Tenant, allowed: set[Role], run: Made
) -> None:
    stranger = await create_user(other_tenant)
    theirs = await create_rows(other_tenant.id, stranger.id)
    colleague = await create_user(tenant)
    for role in allowed:
        home = None if role is Role.PLATFORM_ADMIN else tenant
        actor = await sign_in(await create_user(home, role=role), tenant)
        with pytest.raises(NotFoundError) as refused:
            await run(actor, theirs, colleague.id)
        with pytest.raises(NotFoundError) as nothing:
            await run(actor, Rows(), colleague.id)
        assert str(refused.value) == str(nothing.value)


async def test_above_the_organisations_there_is_no_work(ada: Actor, platform: Actor) -> None:
    poc_id = await create_poc(ada)
    for call in (
        listing.get_details(platform, poc_id),
        listing.list_pocs(platform, ListQuery()),
        pocs.reassign(platform, poc_id, 1, HandOverForm(owner_id=uuid4())),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_who_is_chosen_and_deactivated_at_once_is_either_refused_or_was_active(
    ada: Actor, admin: Actor, joan_user: User
) -> None:
    poc_id = await create_poc(ada)
    form = HandOverForm(owner_id=joan_user.id)
    chosen = asyncio.create_task(pocs.hand_over(ada, poc_id, 1, form))
    await asyncio.gather(chosen, deactivate(admin, joan_user.id), return_exceptions=True)
    refusal = chosen.exception()
    assert refusal is None or isinstance(refusal, InvalidInputError)
    owner = (await listing.get_details(ada, poc_id)).row.owner
    assert owner.name == ("Ada Lovelace" if refusal else "Joan Clarke")
