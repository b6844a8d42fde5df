"""A hand-written client at a real page's socket: each listener of the page, with arguments that no
page of ours sends."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from models import Tenant, User
from tests import books, factories
from tests.browser.server import Server
from tests.replicas.people import Tab, Visitor

PAGES = ("users", "account", "audit", "settings", "users/{id}")
# A session's sockets may say 20 things a second (`ui.live.budget`): this stays below it.
AT_ONCE = 15


def _forged(own: User, stranger: User, missing: str) -> list[Any]:
    """Arguments of every kind, and ids that aren't the sender's business."""
    ids = [str(own.id), str(stranger.id), missing, "", 0, None, "'; DROP TABLE user_account;--"]
    # No row has such a version.
    rows = [{"id": given, "active": False, "version": 2**70} for given in ids]
    return [None, True, -1, "", "x" * 10_000, [], {}, ids, *rows, {"__class__": {}}]


async def _say_all(tab: Tab, forged: list[Any]) -> set[str]:
    """Each argument to each listener, and to those of the dialogs that open by it; returns which
    kinds of events these listen to."""
    before = set(tab.elements)
    kinds = await _say(tab, tab.elements, forged)
    await _breathe()
    opened = {name: element for name, element in tab.elements.items() if name not in before}
    return kinds | await _say(tab, opened, forged)


async def _say(tab: Tab, elements: dict[str, Any], forged: list[Any]) -> set[str]:
    said = 0
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
                said += 1
                if said % AT_ONCE == 0:
                    await _breathe()
    return kinds


async def _breathe() -> None:
    """Let a second pass, as the limit counts: this is the sender's pace, no wait for a result."""
    await asyncio.sleep(1)


@pytest.mark.parametrize("path", PAGES)
async def test_forged_arguments_change_nothing_that_is_not_the_senders(
    server: Server, tenant: Tenant, other_tenant: Tenant, grace: User, ada: User, path: str
) -> None:
    stranger = await factories.create_user(other_tenant)
    visitor = await Visitor.of(grace, server.url)
    before = len(server.log())
    tab = await visitor.open(f"/t/{tenant.slug}/{path.replace('{id}', str(ada.id))}")
    said = await _say_all(tab, _forged(ada, stranger, str(uuid4())))
    assert said
    assert path != "users" or {"query", "toggle", "invite", "submit", "check", "closed"} <= said
    # It is answered still, and nothing broke on the way.
    again = await visitor.get(f"/t/{tenant.slug}/users")
    assert again.status_code == 200
    assert not tab.closed.is_set()
    assert "Traceback" not in server.log()[before:]
    assert await books.actions_of(other_tenant) == []
    assert (await books.user_of(stranger.id)).active
    # (Ada is theirs to deactivate, and a toggle and its dialog's answer are all that it takes.)
    await tab.sio.disconnect()
