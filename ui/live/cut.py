"""Closes pages for good, at once: in the browser, and on the server whatever the browser does."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from nicegui import Client, core

from services.database import runtime
from services.sessions.messages import ClosedPage
from services.sessions.receipts import Receipt
from ui.live import guard, pages
from ui.live.collector import collector
from ui.live.connection import Connection
from ui.live.pages import OpenPage

ANSWER_WITHIN = 1.0
"""How many seconds browsers get to answer; then they are disconnected anyway."""
DELETED_AFTER = 0.1
"""After how many of them the server deletes what it has of the pages."""
GIVES_WAY = 0.25
"""In one cut, deleting lets acts go first for this many seconds at most: each of their steps would
wait for a page."""

EVENT = "rollcall_cut"
CUT_URL = "rollcall.cut_url"
"""In a request's scope: where to lead a browser whose page was cut before it was answered."""


class _Deleting(asyncio.Lock):
    """The turn of who deletes a page: one page at a time, of however many cuts."""


async def cut(
    to_cut: Iterable[OpenPage], reason: str, committed_at: float | None = None
) -> Receipt:
    """Close these pages; returns when each has answered, at the latest after `ANSWER_WITHIN`.

    From the first await in here on, nothing that the pages' sockets say is heard any more, and the
    only thing sent to them is the notice to go to the sign-in page, which tells the `reason`.
    `committed_at` is `time.perf_counter()` at the commit, from which the receipt's time counts.
    """
    collector.cutting()
    begun = time.perf_counter() if committed_at is None else committed_at
    cut_pages = [page for page in to_cut if pages.is_open(page)]
    sockets = {page: guard.release(page) for page in cut_pages}
    for page in cut_pages:
        _mark_unfinished(page, reason)
        pages.forget(page)
    answers: dict[OpenPage, float] = {}
    titles = {page: _title(page) for page in cut_pages}
    waiting = await _notify(sockets, reason, begun, answers)
    if waiting:  # to delete a page takes longer than to hear an answer, and nobody waits for it
        await asyncio.wait(waiting, timeout=DELETED_AFTER)
    writers, until = runtime.current().database.queue, time.perf_counter() + GIVES_WAY
    for page in cut_pages:
        async with runtime.current().part(_Deleting):
            await writers.calm(until - time.perf_counter())
            pages.delete_client(page)
            await asyncio.sleep(0)  # answers are heard in between
    if waiting:
        await asyncio.wait(waiting, timeout=ANSWER_WITHIN - DELETED_AFTER)
    await asyncio.gather(*(_disconnect(sids) for sids in sockets.values()))
    shown = [page for page in cut_pages if page.is_present and not page.has_left]
    return Receipt(
        pages=len(shown),
        answered=len(answers),
        slowest_ms=round(max(answers.values()), 1) if answers else None,
        closed=tuple(
            ClosedPage(page.session_id, titles[page], answers.get(page)) for page in shown
        ),
    )


def _title(page: OpenPage) -> str:
    """The page's title, without the organisation's name."""
    client = Client.instances.get(page.client_id)
    title = client.title if client is not None else None
    return (title or "").rsplit(" · ", 2)[0]


def _url(page: OpenPage, reason: str) -> str:
    separator = "&" if "?" in page.sign_in_url else "?"
    return f"{page.sign_in_url}{separator}why={quote(reason)}"


async def _notify(
    sockets: Mapping[OpenPage, Mapping[str, Connection]],
    reason: str,
    begun: float,
    answers: dict[OpenPage, float],
) -> list[asyncio.Future[None]]:
    """Send the notices; each future ends with its socket's answer, whose time goes to `answers`."""
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[None]] = []
    for page, sids in sockets.items():
        for sid in sids:
            answered: asyncio.Future[None] = loop.create_future()

            def hear(
                *_: object, page: OpenPage = page, answered: asyncio.Future[None] = answered
            ) -> None:
                answers.setdefault(page, (time.perf_counter() - begun) * 1000)
                if not answered.done():
                    answered.set_result(None)

            waiting.append(answered)
            message = {"url": _url(page, reason)}
            # It waits for nothing (`ui.live.sockets`).
            await core.sio.emit(EVENT, message, to=sid, callback=hear)
    return waiting


def _mark_unfinished(page: OpenPage, reason: str) -> None:
    client = Client.instances.get(page.client_id)
    if client is not None and client._request is not None:
        client._request.scope[CUT_URL] = _url(page, reason)


async def _disconnect(sids: Mapping[str, Connection]) -> None:
    for sid, connection in sids.items():
        await core.sio.disconnect(sid)
        connection.hang_up()
