"""An answer does what its dialog was opened for, whatever the page has opened it for since."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from nicegui import Client, ui
from nicegui.events import GenericEventArguments
from sqlmodel import select

from models import BulkAct, BulkKind, Tenant, User
from services.access.actor import Actor
from services.database.transaction import reading
from services.sessions.sessions import recognise
from services.users import listing
from services.users.list import USERS
from services.users.many import END_DATE
from services.workspace import resources
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.workspace.rows import create_rows
from ui.components.toast import Toast
from ui.components.users_table import UsersTable
from ui.dialogs.confirm import ConfirmDialog
from ui.forms.dialog import OTHER, FormDialog
from ui.pages.bulk_offers import BulkActs
from ui.pages.workspace.poc_archived import ArchivedDialog
from ui.tables.live_table import Opening

pytestmark = ONE_DATABASE

WHY = "Confirm it with your password."


async def _send(dialog: FormDialog[Any], opening: int, **typed: Any) -> None:
    """What the browser sends of this opening."""
    shown = dialog._shown
    assert shown is not None
    args = typed | {"about:opening": opening}
    with shown.client:
        await dialog._submitted(GenericEventArguments(sender=shown, client=shown.client, args=args))


class _Asking:
    """A page that asks for the password, and what it did then."""

    def __init__(self, actor: Actor) -> None:
        self.done: list[str] = []
        with Client(ui.page("/asking")):
            self.confirm = ConfirmDialog(actor, Toast())

    def ask(self, name: str) -> None:
        """Ask before this act."""
        self.confirm.ask(partial(self._act, name), WHY)

    async def _act(self, name: str) -> None:
        self.done.append(name)

    async def answer(self, opening: int) -> None:
        """The right password, typed in this opening."""
        await _send(self.confirm.dialog, opening, password=factories.PASSWORD)


@pytest.fixture
async def asking(tenant: Tenant) -> _Asking:
    """Such a page, of somebody with a password."""
    return _Asking(await factories.sign_in(await factories.create_user(tenant)))


async def test_a_password_that_was_typed_for_one_act_does_not_do_the_next(
    asking: _Asking, told: list[str]
) -> None:
    asking.ask("first")
    asking.ask("second")
    await asking.answer(1)
    assert asking.done == []
    assert OTHER in told[-1]
    await asking.answer(2)
    assert asking.done == ["second"]


async def test_a_password_that_was_typed_between_two_clicks_on_the_same_act_is_taken(
    asking: _Asking, told: list[str]
) -> None:
    asking.ask("first")
    asking.ask("first")
    await asking.answer(1)
    assert asking.done == ["first"]


async def _people_in_drafts() -> Sequence[int]:
    async with reading() as tx:
        return (await tx.exec(select(BulkAct.people))).all()


async def test_what_was_typed_for_some_selected_rows_is_not_drafted_for_others(
    tenant: Tenant, told: list[str]
) -> None:
    users = await factories.create_users(3, tenant)
    _, token = await factories.open_session(await factories.create_admin(tenant))
    visit = await recognise(token, tenant.slug, factories.CALLER)
    first = await listing.open_users(visit.actor, {})
    opening = Opening(USERS, listing.list_users, first.query, first.first, first.chosen)
    with Client(ui.page("/users")):
        acts = BulkActs(visit, Toast(), UsersTable(visit, opening, title="Users"), USERS)
        choose = acts._choosing(END_DATE)
        await choose(_selected(users[:1]))
        await choose(_selected(users[1:]))
    dialog = acts.asking[BulkKind.END_DATE]
    await _send(dialog, 1, end_date="2099-01-01")
    assert await _people_in_drafts() == []
    await _send(dialog, 2, end_date="2099-01-01")
    assert await _people_in_drafts() == [2]


def _selected(users: Sequence[User]) -> dict[str, Any]:
    """What the browser sends of the rows that are selected by hand."""
    return {"ids": [str(user.id) for user in users]}


async def test_what_was_chosen_of_the_archived_is_asked_for_though_it_was_read_again_since(
    tenant: Tenant, told: list[str]
) -> None:
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    actor = await factories.sign_in(owner)
    await resources.set_archived_of_poc(actor, rows.resource, 1, archived=True)
    with Client(ui.page("/poc")):
        archived = ArchivedDialog(actor, Toast(), rows.poc, "UTC")
        await archived.open()
        await resources.set_archived_of_poc(actor, rows.resource, 2, archived=False)
        await archived.open()  # a second click: nothing is archived any more
    await _send(archived.dialog, 1, ids=[str(rows.resource)])
    assert not any("0 things" in said for said in told)
