"""The pages that are open in this process, whose they are, and who is here because of them.

A page is registered at the very start of its building, before it asks the database for anything: a
cut that happens in between finds it here, and one that happened before is found by the page's own
first service call.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from nicegui import Client
from nicegui.element import Element

from models import SessionKind
from services.access.outsiders import SessionActor
from services.database import runtime
from services.database.right_of_way import Way
from services.sessions import presence
from ui.live import leftovers
from ui.live.budget import Account, account_of
from ui.live.collector import collector
from ui.live.rooms import Room, last_message
from ui.live.unconnected import Unconnected

log = logging.getLogger(__name__)


@dataclass(eq=False)
class OpenPage:
    """One page in one tab, from its building until the server forgets it.

    `sids` are its sockets: none before the browser connects and while it is away; two for a moment,
    if it reconnects before the server has noticed the end of the old socket. `tenant_id` is the
    tenant in which the page works; for a Platform Admin it is the one that they entered. `user_id`
    is the session's holder: a customer's person or a screen if it is a page of theirs (`kind`).
    """

    client_id: str
    session_id: UUID
    user_id: UUID
    tenant_id: UUID | None
    sign_in_url: str
    rooms: frozenset[Room]
    kind: SessionKind = SessionKind.USER
    shows: UUID | None = None
    """What a page shows that somebody may lose without losing their session."""
    last_before: int = 0
    """The last message to its rooms (`last_message`) when it was registered: it has missed those
    that came between that and its first connection."""
    sids: set[str] = field(default_factory=set)
    is_present: bool = False
    """Whether it was connected once: from then on it counts as open until it is forgotten."""
    has_left: bool = False
    """Whether the browser said goodbye (the tab was closed, or shows something else now)."""
    ending_access: dict[str, Element] = field(default_factory=dict)
    """What ends somebody's access when it is submitted (`hurry`), by its listener's id."""
    _way: Way | None = None
    account: Account = field(init=False)
    """The budgets of its sockets."""

    def __post_init__(self) -> None:
        self.account = account_of(self.session_id, self.user_id)

    def way_for(self, said: str) -> Way | None:
        """What others wait for from now on, if this message submits what ends somebody's access,
        and its user has some of their part left (`services.database.right_of_way`)."""
        if not any(listener_id in said for listener_id in self.ending_access):
            return None
        if self._way is None or self._way.is_over:
            self._way = runtime.current().database.right_of_way.claim(self.user_id)
        return self._way


_pages: dict[str, OpenPage] = {}
_unconnected: Unconnected[OpenPage] = Unconnected()


class _Opened(asyncio.Event):
    """Wakes whoever waits for it when a page opens."""

    def tell(self) -> None:
        """Wake them. Each waits for the next page."""
        self.set()
        self.clear()


async def any_open() -> None:
    """Wait until there is an open page."""
    while not _pages:
        await opened()


async def opened() -> None:
    """Wait until the next page opens."""
    await runtime.current().part(_Opened).wait()


def register(
    client: Client,
    actor: SessionActor,
    sign_in_url: str,
    rooms: Iterable[Room] = (),
    shows: UUID | None = None,
) -> OpenPage:
    """Note whose page is being built; its sockets will be in `rooms`.

    `sign_in_url` is where a cut leads to. The entry ends with the client.
    """
    page = OpenPage(
        client.id,
        actor.session_id,
        actor.holder_id,
        actor.tenant_id,
        sign_in_url,
        frozenset(rooms),
        actor.kind,
        shows,
    )
    page.last_before = last_message(page.rooms)
    _pages[client.id] = page
    runtime.current().part(_Opened).tell()
    page.account.join()

    def client_deleted() -> None:
        forget(page)
        collector.page_closed(len(_pages))

    client.on_delete(client_deleted)
    _unconnected.add(page)
    for oldest in _unconnected.too_many():
        delete_client(oldest)
    return page


def find(client_id: str) -> OpenPage | None:
    """The page of this client, unless it was forgotten."""
    return _pages.get(client_id)


def hurry(element: Element) -> None:
    """What is submitted by this element ends somebody's access, and goes before what others ask
    for as soon as it arrives. Such an element is only for those who may do that."""
    page = find(element.client.id)
    if page is None:
        return
    collector.expecting()
    kept = {key: other for key, other in page.ending_access.items() if not other.is_deleted}
    listeners = element._event_listeners.values()
    page.ending_access = kept | {one.id: element for one in listeners if one.type == "submit"}


def is_open(page: OpenPage) -> bool:
    """Whether the server still knows the page."""
    return _pages.get(page.client_id) is page


def forget(page: OpenPage) -> None:
    """Forget the page; calling it a second time does nothing."""
    if not is_open(page):
        return
    del _pages[page.client_id]
    _unconnected.discard(page)
    page.account.leave()
    if page.is_present:
        if page.has_left:
            presence.page_left_no_more(page.user_id, page.tenant_id)
        presence.page_closed(page.user_id, page.tenant_id)


def arrived(page: OpenPage) -> None:
    """The page is connected; called again when it reconnects."""
    _back(page)
    if page.is_present or not is_open(page):
        return
    page.is_present = True
    _unconnected.discard(page)
    client = Client.instances.get(page.client_id)
    if client is not None:
        leftovers.drop(client)
    presence.page_opened(page.user_id, page.tenant_id)


def left(page: OpenPage) -> None:
    """The browser said goodbye to the page."""
    if page.is_present and not page.has_left and is_open(page):
        presence.page_left(page.user_id, page.tenant_id)
    page.has_left = True


def _back(page: OpenPage) -> None:
    if page.is_present and page.has_left and is_open(page):
        presence.page_left_no_more(page.user_id, page.tenant_id)
    page.has_left = False


def delete_client(page: OpenPage) -> None:
    """Forget the page and have NiceGUI forget it too, once, in any state.

    A client that waits for its browser to come back has tasks that would delete it once more.
    """
    forget(page)
    client = Client.instances.get(page.client_id)
    if client is None:
        return
    for document_id in list(client._delete_tasks):
        client._cancel_delete_task(document_id)
    # Nobody is left who would have to be told of each element that goes: half of a deletion.
    client.outbox.enqueue_delete = _tell_nobody  # type: ignore[method-assign]  # of this one
    try:
        client.delete()
    except Exception:
        log.exception("NiceGUI failed to delete a client")


def _tell_nobody(element: Element) -> None:
    """Stands for telling a browser that an element is gone."""


def all_pages() -> list[OpenPage]:
    """Every page."""
    return list(_pages.values())


def pages_of_sessions(session_ids: Collection[UUID]) -> list[OpenPage]:
    """The pages of these sessions."""
    wanted = set(session_ids)
    return [page for page in _pages.values() if page.session_id in wanted]


def session_ids() -> set[UUID]:
    """The sessions that have a page here."""
    return {page.session_id for page in _pages.values()}
