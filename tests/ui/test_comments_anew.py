"""All comments that a page shows are read once more, while somebody asks for earlier ones."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from nicegui import Client, ui

from models import Comment, Tenant
from services.core import clock
from services.database.transaction import transaction
from services.sessions.sessions import recognise
from services.workspace import comments, listing
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.workspace.rows import create_rows
from tests.ui.slow_reading import slow
from ui.components.poc_comments import PocComments
from ui.components.toast import Toast
from ui.pages.workspace.poc_comments import _CommentsScreen

pytestmark = ONE_DATABASE


class _Tab:
    """An open tab, and what its browser was told last."""

    def __init__(self, screen: _CommentsScreen, ids: Sequence[UUID]) -> None:
        self.screen = screen
        self.ids = ids  # of all comments, the oldest first
        self.told: tuple[str, list[UUID], bool] = ("", [], False)

    def hear(self, method: str, found: Sequence[dict[str, Any]], has_earlier: bool) -> None:
        """Note which comments it is to show, and whether it offers earlier ones."""
        self.told = (method, [UUID(comment["id"]) for comment in found], has_earlier)


@pytest.fixture
async def tab(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> _Tab:
    """The tab of a POC with ten comments, opened with two; two more come with each click."""
    monkeypatch.setattr(comments, "SLICE", 2)
    monkeypatch.setattr(comments, "EARLIER", 2)
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    own: dict[str, Any] = {"tenant_id": tenant.id, "poc_id": rows.poc, "author_id": owner.id}
    said = [Comment(**own, body=f"{n}.", created_at=clock.now()) for n in range(9)]
    ids = sorted([rows.comment, *(one.id for one in said)])
    async with transaction() as tx:
        tx.add_all(said)
    _, token = await factories.open_session(owner)
    visit = await recognise(token, tenant.slug, factories.CALLER)
    details = await listing.get_details(visit.actor, rows.poc)
    with Client(ui.page("/comments")):
        screen = _CommentsScreen(visit, Toast(), details)
        screen.build(await comments.list_comments(visit.actor, rows.poc), None)
    opened = _Tab(screen, ids)
    monkeypatch.setattr(PocComments, "run_method", lambda _view, *told: opened.hear(*told))
    return opened


async def test_earlier_comments_that_are_asked_for_while_all_are_read_stay(tab: _Tab) -> None:
    async with slow(comments, "list_comments", tab.screen._show()):
        await tab.screen._show_earlier()
    assert tab.told == ("show", tab.ids[-4:], True)


async def test_more_comments_than_are_read_at_once_stay_when_all_are_read_again(
    tab: _Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "MOST", 3)
    for _ in range(3):
        await tab.screen._show_earlier()
    await tab.screen._show()
    method, shown, _ = tab.told
    assert method == "show"
    assert set(tab.ids[-8:]) <= set(shown)
