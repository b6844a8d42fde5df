"""What one does to a POC or a template while another closes it, on PostgreSQL."""

from pathlib import Path

import pytest
from sqlmodel import col, select

from models import CustomerPerson, OneTimeLink, PocStatus
from services.core.db import reading
from services.workspace import pocs, resources, templates
from services.workspace.customers import invitations
from services.workspace.customers.invitations import CustomerForm
from services.workspace.resource_forms import ResourceForm
from tests.postgres import PostgresServer
from tests.services.at_once import database_of_two, set_scene

pytestmark = [pytest.mark.postgresql, pytest.mark.stress]


async def test_who_is_invited_while_a_poc_is_closed_keeps_no_link(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database_of_two(postgres_server, tmp_path, monkeypatch) as at_once:
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


async def test_what_is_added_to_a_template_while_it_is_archived_is_refused(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database_of_two(postgres_server, tmp_path, monkeypatch) as at_once:
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
