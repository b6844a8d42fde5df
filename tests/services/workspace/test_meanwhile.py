"""What one does to a POC or a template while another closes it, on PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from models import (
    BulkKind,
    CustomerPerson,
    OneTimeLink,
    Poc,
    PocCustomer,
    PocStatus,
    TaskTemplate,
)
from services.bulk import batches
from services.core import clock
from services.database.transaction import LOCKED, reading, transaction
from services.lists.query import ListQuery
from services.workspace import pocs, resources, templates
from services.workspace.customers import invitations
from services.workspace.customers.invitations import CustomerForm
from services.workspace.resource_forms import ResourceForm
from services.workspace.templates import TakeInForm, TaskTemplateForm
from tests import factories
from tests.browser.waiting import PATIENCE
from tests.services.at_once import WAITING, AtOnce, set_scene
from tests.services.bulk.acting_in_bulk import begun

pytestmark = [pytest.mark.postgresql, pytest.mark.stress]


async def test_who_is_invited_while_a_poc_is_closed_keeps_no_link(at_once: AtOnce) -> None:
    scene = await set_scene()
    (one, other), poc_id = scene.workers, scene.rows.poc
    form = CustomerForm(first_name="Reto", last_name="Bianchi", email=scene.email)
    closed = pocs.StatusForm(status=PocStatus.CANCELLED, outcome="")
    await at_once(
        (
            invitations.invite(one, poc_id, form),
            pocs.change_status(other, poc_id, 1, closed),
        )
    )
    async with reading() as tx:
        links = await tx.exec(
            select(OneTimeLink.void_at)
            .join(CustomerPerson, col(OneTimeLink.customer_id) == CustomerPerson.id)
            .where(CustomerPerson.email == scene.email)
        )
        (void_at,) = links.all()
        assert void_at is not None


async def test_what_is_added_to_a_template_while_it_is_archived_is_refused(at_once: AtOnce) -> None:
    scene = await set_scene()
    (one, other), group_id = scene.authors, scene.rows.group_template
    link = ResourceForm(kind="link", title="Late", content="https://example.com")
    await at_once(
        (
            templates.set_group_archived(one, group_id, 1, archived=True),
            resources.add_to_template(other, link, group_template_id=group_id),
        )
    )
    found = await resources.list_of_group_template(one, group_id)
    assert "Late" not in [row.title for row in found]


@pytest.mark.usefixtures("at_once")
async def test_a_group_that_takes_tasks_in_holds_no_later_one_before_an_earlier_one() -> None:
    async with asyncio.timeout(PATIENCE):
        scene = await set_scene()
        author, group_id = scene.authors[0], scene.rows.group_template
        form = TaskTemplateForm(title="Call")
        earlier, later = sorted([await templates.create_task(author, form) for _ in range(2)])
        async with transaction() as tx:
            await tx.get_one(TaskTemplate, earlier, **LOCKED)
            taking = TakeInForm(task_ids=(later, earlier))
            taken = asyncio.create_task(templates.take_in(author, group_id, 1, taking))
            await _until_somebody_waits()
            async with transaction() as other:
                of = select(TaskTemplate.id).where(TaskTemplate.id == later)
                assert (await other.exec(of.with_for_update(skip_locked=True))).all() == [later]
        await taken


@pytest.mark.usefixtures("at_once")
async def test_pocs_that_are_archived_together_wait_for_nobody_who_waits_for_one_of_them() -> None:
    async with asyncio.timeout(PATIENCE):
        scene = await set_scene()
        worker, poc_id = scene.workers[0], scene.rows.poc
        person = await factories.create_customer(scene.tenant, scene.elsewhere.poc)
        bulk_id = await begun(worker, BulkKind.ARCHIVE_POCS, ListQuery(ids=frozenset([poc_id])))
        async with transaction() as acting:  # the person's own act
            await acting.get_one(CustomerPerson, person.id, **LOCKED)
            async with transaction() as inviting:
                await inviting.get_one(Poc, poc_id, **LOCKED)
                archiving = asyncio.create_task(batches.act_on_next(worker, bulk_id))
                await _until_somebody_waits()
                inviting.add(
                    PocCustomer(
                        tenant_id=person.tenant_id,
                        poc_id=poc_id,
                        customer_id=person.id,
                        added_at=clock.now(),
                        added_by_id=worker.user_id,
                    )
                )
            await acting.get_one(Poc, poc_id, **LOCKED)
        await archiving
        async with reading() as tx:
            assert (await tx.get_one(Poc, poc_id)).archived_at is not None


async def _until_somebody_waits() -> None:
    while True:
        async with reading() as tx:
            if await tx.scalar(text(WAITING)):
                return
        await asyncio.sleep(0.005)
