"""A step of a POC means what its page said when it was chosen, whatever others made of the POC."""

from typing import Any

import pytest
from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from models import Poc, PocStatus, Tenant
from services.access.actor import Actor
from services.core.forms import Form
from services.core.words import isolated
from services.database.transaction import transaction
from services.sessions.sessions import recognise
from services.workspace import listing
from services.workspace.pocs import HandOverForm, NewPocForm
from tests import factories
from tests.conftest import ONE_DATABASE
from tests.services.workspace.rows import Rows, create_rows
from ui.components.toast import Toast
from ui.pages.workspace.home import _HomeScreen
from ui.pages.workspace.poc import _PocScreen
from ui.pages.workspace.pocs import _PocsScreen

pytestmark = ONE_DATABASE
HEBREW = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}\N{HEBREW LETTER VAV}"


class _Page:
    """An open page of a POC."""

    def __init__(self, screen: _PocScreen, rows: Rows, owner: Actor) -> None:
        self.screen = screen
        self.rows = rows
        self.owner = owner

    def item(self, label: str) -> str:
        """What the browser sends for an item of its menu."""
        assert self.screen.steps is not None
        items: list[tuple[str, str]] = self.screen.steps._props["items"]
        return next(value for value, said in items if said == label)

    async def choose(self, value: str) -> None:
        """What the browser sends when an item is chosen."""
        menu = self.screen.steps
        assert menu is not None
        await menu._chosen(GenericEventArguments(sender=menu, client=menu.client, args=value))

    async def send(self, end: PocStatus) -> None:
        """What the browser sends of the question before this end."""
        asked = self.screen.endings[end]
        shown = asked._shown
        assert shown is not None
        sent = {"outcome": "", "about:opening": shown._props["opening"]["number"]}
        await asked._submitted(GenericEventArguments(sender=shown, client=shown.client, args=sent))

    async def becomes(self, status: PocStatus) -> None:
        """Somebody else brings the POC to this status."""
        async with transaction() as tx:
            poc = await tx.get(Poc, self.rows.poc)
            assert poc is not None
            poc.status = status
            poc.version += 1

    async def is_called(self, words: str) -> None:
        """It and its customer are called so by now."""
        async with transaction() as tx:
            poc = await tx.get_one(Poc, self.rows.poc)
            poc.title = poc.customer = words
        await self.screen._refresh()

    async def status(self) -> PocStatus:
        """What the POC is by now."""
        return (await listing.get_details(self.owner, self.rows.poc)).row.status


@pytest.fixture
async def page(tenant: Tenant) -> _Page:
    """The page of a draft, open at its owner."""
    owner = await factories.create_user(tenant)
    rows = await create_rows(tenant.id, owner.id)
    actor, token = await factories.open_session(owner)
    visit = await recognise(token, tenant.slug, factories.CALLER)
    details = await listing.get_details(visit.actor, rows.poc)
    with Client(ui.page("/poc")):
        screen = _PocScreen(visit, rows.poc, Toast())
        screen.build(details, "")
    return _Page(screen, rows, actor)


@pytest.fixture
def told(page: _Page, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the page's toasts say."""
    said: list[str] = []

    def hear(message: str, *_look: Any, **_more: Any) -> None:
        said.append(message)

    monkeypatch.setattr(page.screen.toast, "show", hear)
    return said


async def test_the_start_of_a_draft_does_not_reopen_what_was_cancelled_meanwhile(
    page: _Page, told: list[str]
) -> None:
    start = page.item("Start")
    await page.becomes(PocStatus.CANCELLED)
    await page.choose(start)
    assert await page.status() is PocStatus.CANCELLED
    assert "it is cancelled now" in told[0]


async def test_a_step_that_is_offered_no_more_is_refused_in_words(
    page: _Page, told: list[str]
) -> None:
    start = page.item("Start")
    await page.becomes(PocStatus.COMPLETED)
    await page.screen._refresh()  # the page has heard of it
    await page.choose(start)
    assert "it is completed now" in told[0]


async def test_an_end_that_was_chosen_of_a_draft_asks_nothing_about_a_poc_that_is_at_work(
    page: _Page, told: list[str]
) -> None:
    cancel = page.item("Cancel the POC")
    await page.becomes(PocStatus.ACTIVE)
    await page.choose(cancel)
    assert not page.screen.endings[PocStatus.CANCELLED].is_open
    assert "it is active now" in told[0]


async def test_a_draft_is_started_though_somebody_else_has_renamed_it(page: _Page) -> None:
    start = page.item("Start")
    await page.becomes(PocStatus.DRAFT)
    await page.choose(start)
    assert await page.status() is PocStatus.ACTIVE


async def test_a_title_from_right_to_left_is_isolated_in_what_its_steps_say(
    page: _Page, told: list[str]
) -> None:
    await page.is_called(HEBREW)
    start = page.item("Start")
    await page.choose(start)
    await page.becomes(PocStatus.CANCELLED)
    await page.choose(start)
    assert told[0] == f"{isolated(HEBREW)}: Active."
    assert told[1].startswith(f"{isolated(HEBREW)} has changed meanwhile: it is cancelled now.")


async def test_so_is_a_customer_in_what_an_end_means(page: _Page) -> None:
    await page.is_called(HEBREW)
    assert page.screen._cuts().startswith(f"1 person at {isolated(HEBREW)} can’t open it any more")


async def test_so_is_the_title_of_a_poc_that_is_archived_and_brought_back(
    page: _Page, told: list[str]
) -> None:
    await page.is_called(HEBREW)
    await page.screen._archive(page.screen.details.row.facts_version, Form())
    await page.screen._restore()
    assert told == [f"{isolated(HEBREW)} is archived.", f"{isolated(HEBREW)} is back."]


async def test_so_is_the_title_of_a_poc_that_is_begun(page: _Page) -> None:
    form = NewPocForm(title=HEBREW, customer=HEBREW, start_on="2026-11-30")
    with Client(ui.page("/pocs")):
        said = await _PocsScreen(page.screen.visit, Toast())._create(form)
    assert said == f"{isolated(HEBREW)} is begun."


async def test_so_is_the_title_of_a_poc_that_is_reassigned(page: _Page, tenant: Tenant) -> None:
    await page.is_called(HEBREW)
    heir = await factories.create_user(tenant, first_name="Katherine")
    _, token = await factories.open_session(await factories.create_admin(tenant))
    visit = await recognise(token, tenant.slug, factories.CALLER)
    row = page.screen.details.row
    with Client(ui.page("/home")):
        said = await _HomeScreen(visit, Toast())._reassign(row, HandOverForm(owner_id=heir.id))
    assert said == f"{isolated(HEBREW)} is reassigned."


async def test_an_end_that_was_asked_of_a_draft_does_not_end_what_was_started_meanwhile(
    page: _Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        ui.element, "run_method", lambda _element, *told: said.append(" ".join(map(str, told)))
    )
    await page.choose(page.item("Cancel the POC"))
    await page.becomes(PocStatus.ACTIVE)
    for _ in range(2):
        await page.send(PocStatus.CANCELLED)
    assert await page.status() is PocStatus.ACTIVE
    assert any("it is active now" in words for words in said)
