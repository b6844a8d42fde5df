"""A hand-written client at a real page's socket: each listener of the page, with arguments that no
page of ours sends."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from models import User
from services.core.runtime import Runtime
from tests import books, factories
from tests.browser.server import Server, serving
from tests.browser.waiting import PATIENCE
from tests.replicas.people import Tab, Visitor

PAGES = ("users", "account", "audit", "settings", "users/{id}", "ends-soon", "settings/mails")
# A session's sockets may say 20 things a second (`ui.live.budget`), which would be most of the
# time that this takes.
UNHURRIED = """
from ui.live import budget
budget.PER_SECOND = budget.BURST = 1e9
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


async def _say(tab: Tab, elements: dict[str, Any], forged: list[Any]) -> set[str]:
    kinds = set()
    for element_id, element in list(elements.items()):
        for event in element.get("events", ()):
            kinds.add(event["type"])
            for argument in forged:
                message = {
                    "id": int(element_id),
                    "client_id": tab.client_id,
                    "listener_id": event["listener_id"],
                    "args": [json.dumps(argument)],
                }
                await tab.sio.emit("event", message)
    return kinds


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
