"""The Audit page: the log with filters, live, and its export."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response
from nicegui import ui

from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit import reading
from services.audit.list import ENTRIES
from services.audit.reading import AuditPage
from services.core.errors import RollcallError, SessionEndedError
from services.core.names import fold
from services.lists.choices import Choices, find_choices
from services.lists.query import from_url, to_url
from services.lists.wire import row_values
from services.sessions import sessions
from services.sessions.sessions import Visit
from services.sign_in import confirmation
from ui import notices
from ui.actions import told
from ui.components.audit_log import AuditLog
from ui.components.toast import Toast
from ui.csv_answer import csv_answer
from ui.frame import enter, frame
from ui.identity import require
from ui.input import as_version
from ui.page import add_file, add_page
from ui.paths import home_path

MayView = Annotated[Visit, Depends(require(Permission.VIEW_AUDIT))]


def register() -> None:
    """Route the page and its export."""
    add_page("/t/{slug}/audit")(audit_page)
    add_page("/platform/audit")(audit_page)
    add_file("/t/{slug}/audit.csv")(export)
    add_file("/platform/audit.csv")(export)


async def audit_page(visit: MayView) -> None:
    """Build the page."""
    request = ui.context.client.request
    enter(visit, notices.audit_room(visit.actor.tenant_id))
    values = dict(request.query_params)
    chosen = await find_choices(visit.actor, ENTRIES)
    first = await reading.list_entries(visit.actor, from_url(ENTRIES, values))
    await sessions.touch(visit.actor, visit.seen_at)
    with frame(visit, "Audit", current="audit") as toast:
        _Log(visit.actor, toast).build(first, chosen, values, home_path(visit.tenant_slug))


class _Log:
    """The handlers of one open page."""

    def __init__(self, actor: Actor, toast: Toast) -> None:
        self.actor = actor
        self.toast = toast

    def build(self, first: AuditPage, chosen: Choices, values: dict[str, Any], home: str) -> None:
        """Lay the log out."""
        asked = from_url(ENTRIES, values)
        self.log = AuditLog(
            **page_values(first),
            query={**to_url(ENTRIES, asked), "zone": asked.zone, "folded_q": fold(asked.q)},
            home=home,
            on_query=self._query,
        )
        self.log.on_export(told(self.toast)(self._export))
        self.log.keep_choices(self.actor, chosen)

    async def _export(self) -> None:
        await confirmation.require_fresh(self.actor)
        self.log.download()

    async def _query(self, values: dict[str, Any]) -> None:
        seq = as_version(values.get("seq")) or 0
        query, before = from_url(ENTRIES, values), as_version(values.get("before"))
        try:
            page = await reading.list_entries(self.actor, query, before=before)
        except SessionEndedError:
            return
        except RollcallError as error:
            self.log.failed(str(error), seq)
            return
        more = {"seq": seq, "append": before is not None, "folded_q": fold(query.q)}
        self.log.show(page_values(page) | more)


async def export(request: Request, visit: MayView) -> Response:
    """The log, or the filtered part of it, as a CSV file."""
    query = from_url(ENTRIES, dict(request.query_params))
    pieces: AsyncIterator[str] = await reading.export(visit.actor, query)
    return csv_answer(pieces, f"audit-{visit.tenant_slug or 'platform'}")


def page_values(page: AuditPage) -> dict[str, Any]:
    """Some entries as plain values, for the log."""
    return {
        "entries": [row_values(ENTRIES, entry) for entry in page.entries],
        "has_more": page.has_more,
        "head": {"number": page.head_number, "hash": page.head_hash},
    }
