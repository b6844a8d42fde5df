"""A hand-written client at a real page's socket: each listener of the page, with arguments that no
page of ours sends."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from models import Comment, CustomerPerson, Side, Task, User
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from tests import books, factories
from tests.browser.server import Server, cookie_name, serving
from tests.browser.waiting import PATIENCE
from tests.replicas.people import Tab, Visitor
from tests.services.workspace.rows import Rows, create_rows
from ui.components import poc_comments, poc_tasks

PAGES = ("users", "account", "audit", "settings", "users/{id}", "ends-soon", "settings/mails")
KEYS = ("status", "side", "start", "end", "body", "before", "group", "field", "fate", "mail", "ids")
# A session's sockets may say 20 things a second (`ui.live.budget`), which would be most of the
# time that this takes.
UNHURRIED = """
from ui.live import budget, handling
budget.PER_SECOND = budget.BURST = handling.MOST_WAITING = 10**9
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that takes whatever is said at once."""
    async with serving(tmp_path / "data", before=UNHURRIED) as running:
        yield running


def _forged(own: User, stranger: User, missing: str) -> list[Any]:
    """Arguments of every kind, and ids that aren't the sender's business."""
    ids = [str(own.id), str(stranger.id), missing, "", 0, None, "'; DROP TABLE user_account;--"]
    # No row has such a version.
    rows = [{"id": given, "active": False, "version": 2**70} for given in ids]
    return [None, True, -1, 10**15, "", "x" * 10_000, [], {}, ids, *rows, {"__class__": {}}]


def _forged_of_customer(own: Rows, elsewhere: Rows, stranger: Rows) -> list[Any]:
    """What a customer's page sends, about what isn't theirs, or so that it is nothing; and one
    comment."""
    ids = [str(rows.task) for rows in (own, elsewhere, stranger)]
    ids += [str(rows.comment) for rows in (elsewhere, stranger)]
    odd: list[Any] = [None, True, -1, 10**15, "", "\0", "x" * 60_000, [], {}, {"__class__": {}}]
    nested: Any = "deep"
    for _ in range(500):
        nested = [nested]
    return [
        *odd,
        nested,
        *({"act": act, "id": i, "version": 1} for act in ("done", "accept") for i in ids),
        *({"act": "done", "id": ids[0], "version": version} for version in (2**70, -1, "1", None)),
        *({"act": "earlier", "before": before} for before in [*ids, *odd]),
        *({"act": "post", "body": body} for body in [*odd, "said\0", "\ud800", "x" * 11_000]),
        *({"act": "post"}, {"act": "remove"}, {"act": ""}, {"act": None}, {"act": []}),
        {"act": "post", "body": "Said", "shared": False, "poc_id": str(elsewhere.poc)},
    ]


async def _say_all(visitor: Visitor, tab: Tab, forged: list[Any]) -> set[str]:
    """Send each argument to each listener, and to the listeners of dialogs that it opens; returns
    the kinds of their events."""
    before = set(tab.elements)
    kinds = await _say(tab, tab.elements, forged)
    await _until_quiet(visitor, tab)
    opened = {name: element for name, element in tab.elements.items() if name not in before}
    kinds |= await _say(tab, opened, forged)
    await _until_quiet(visitor, tab)
    return kinds


async def _say(
    tab: Tab, elements: dict[str, Any], forged: list[Any], *, only: str = ""
) -> set[str]:
    kinds = set()
    for element_id, element in list(elements.items()):
        for event in element.get("events", ()):
            if only and event["type"] != only:
                continue
            kinds.add(event["type"])
            for argument in _to(element, forged):
                message = {
                    "id": int(element_id),
                    "client_id": tab.client_id,
                    "listener_id": event["listener_id"],
                    "args": [json.dumps(argument)],
                }
                await tab.sio.emit("event", message)
    return kinds


def _to(element: dict[str, Any], forged: list[Any]) -> list[Any]:
    """The arguments as this element takes them: a dialog looks only at those for its opening."""
    opening = element.get("props", {}).get("opening")
    if not opening:
        return forged
    number = {"about:opening": opening["number"]}
    return [{**number, **each} if isinstance(each, dict) else each for each in forged]


async def _comments() -> Sequence[Comment]:
    async with reading() as tx:
        return (await tx.exec(select(Comment))).all()


async def _until_quiet(visitor: Visitor, tab: Tab) -> None:
    """Wait until the server answers at once, and has told the page nothing for a while."""
    told = -1
    async with asyncio.timeout(PATIENCE):
        while told != len(tab.received):
            told = len(tab.received)
            assert (await visitor.get("/healthz")).text == "ok"
            await asyncio.sleep(0.5)


@pytest.mark.slow
async def test_forged_arguments_change_nothing_that_is_not_the_senders(
    server: Server, scene: Runtime
) -> None:
    tenant, other_tenant = await factories.create_tenant(), await factories.create_tenant("Other")
    grace, ada = await factories.create_admin(tenant), await factories.create_user(tenant)
    stranger = await factories.create_user(other_tenant)
    visitor = await Visitor.of(grace, server.url)
    for path in PAGES:
        tab = await visitor.open(f"/t/{tenant.slug}/{path.replace('{id}', str(ada.id))}")
        said = await _say_all(visitor, tab, _forged(ada, stranger, str(uuid4())))
        assert said, path
        wanted = {"query", "toggle", "invite", "submit", "check", "closed"}
        assert path != "users" or wanted <= said
        # It is answered still, and nothing broke on the way.
        again = await visitor.get(f"/t/{tenant.slug}/users")
        assert again.status_code == 200, path
        assert not tab.closed.is_set(), path
        assert "Traceback" not in server.log(), path
        assert await books.actions_of(other_tenant) == [], path
        assert (await books.user_of(stranger.id)).active, path
        # (Ada is theirs to deactivate, and a toggle and its dialog's answer are all that it takes.)
        await tab.sio.disconnect()
    # The forged answers of dialogs were looked at.
    assert "user.deactivated" in await books.actions_of(tenant)


def _forged_acts(own: Rows, theirs: Rows) -> list[Any]:
    """What the pages of a POC and of a template send, with values of other kinds, and about another
    organisation's."""
    odd: list[Any] = [None, True, -1, 2**70, 1.5, "", "\0", "x" * 3000, [], [[]], {}, {"a": {}}]
    acts = (*poc_tasks.ACTS, *poc_comments.ACTS)
    about = {"version": 1, "group": str(theirs.group), "before": str(theirs.task)}
    ids = [str(getattr(theirs, name)) for name in ("task", "group", "comment", "criterion")]
    return [
        *odd,
        *({"act": act, "id": i, "status": "done", **about} for act in acts for i in ids),
        *(
            {"act": act, "id": str(own.task), "version": 2**30, **dict.fromkeys(KEYS, value)}
            for act in acts
            for value in odd
        ),
        *(dict.fromkeys(KEYS, value) for value in odd),
    ]


@pytest.mark.slow
async def test_forged_arguments_of_a_sales_engineer_break_nothing_and_reach_no_other_organisation(
    server: Server, scene: Runtime
) -> None:
    tenant, other_tenant = await factories.create_tenant(), await factories.create_tenant("Other")
    owner, stranger = await factories.create_user(tenant), await factories.create_user(other_tenant)
    own = await create_rows(tenant.id, owner.id)
    theirs = await create_rows(other_tenant.id, stranger.id)
    visitor = await Visitor.of(owner, server.url)
    for path in ("", "/comments", "/criteria", "/people"):
        tab = await visitor.open(f"/t/{tenant.slug}/pocs/{own.poc}{path}")
        await _say(tab, tab.elements, _forged_acts(own, theirs), only="act")
        await _until_quiet(visitor, tab)
        assert not tab.closed.is_set(), path
        assert "Traceback" not in server.log(), path
        await tab.sio.disconnect()
    assert await books.actions_of(other_tenant) == []


@pytest.mark.slow
async def test_forged_arguments_of_a_customer_touch_nothing_but_their_own_poc(
    server: Server, scene: Runtime
) -> None:
    tenant, other_tenant = await factories.create_tenant(), await factories.create_tenant("Other")
    owner, stranger = await factories.create_user(tenant), await factories.create_user(other_tenant)
    own, elsewhere = [await create_rows(tenant.id, owner.id) for _ in range(2)]
    theirs = await create_rows(other_tenant.id, stranger.id)
    async with transaction() as tx:
        person = await tx.get_one(CustomerPerson, own.customer)
        for rows in (elsewhere, theirs):  # whoever is shown these could finish the task
            (await tx.get_one(Task, rows.task)).side = Side.CUSTOMER
    visitor = Visitor(server.url)
    _, token = await factories.open_customer_session(person)
    visitor.cookies[cookie_name(server.url, "rollcall-customer")] = token
    tab = await visitor.open(f"/t/{tenant.slug}/customer/{own.poc}")
    said = await _say_all(visitor, tab, _forged_of_customer(own, elsewhere, theirs))
    assert "act" in said
    assert not tab.closed.is_set()
    assert "Traceback" not in server.log()
    assert await books.actions_of(other_tenant) == []
    # What is theirs to do was done: to say something in their own POC, once for each listener.
    assert set(await books.actions_of(tenant)) == {"comment.posted"}
    async with reading() as tx:
        tasks = [await tx.get_one(Task, rows.task) for rows in (own, elsewhere, theirs)]
    assert [task.version for task in tasks] == [1, 1, 1]
    assert {comment.poc_id for comment in await _comments()} == {own.poc, elsewhere.poc, theirs.poc}
    assert {comment.body for comment in await _comments() if comment.customer_id} == {"Said"}
