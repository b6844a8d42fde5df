"""The one page of a customer's people: a POC as it is shared with them."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response
from nicegui import app, ui

from services.core.errors import InvalidInputError, NotFoundError, RollcallError, SessionEndedError
from services.sessions import sessions
from services.sessions.outside import CustomerVisit
from services.workspace.customers import acts, files, shared
from services.workspace.customers.acts import SharedCommentForm
from services.workspace.customers.shared import SharedPoc
from ui import work_feed
from ui.actions import told
from ui.components.customer_poc import CustomerPoc
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.frame import customer_frame, enter_as_customer
from ui.identity import require_customer
from ui.input import as_text, as_uuid, as_version
from ui.pages.workspace.poc_files import file_response
from ui.paths import customer_path
from ui.shared_values import values_of

Visitor = Annotated[CustomerVisit, Depends(require_customer)]


def register() -> None:
    """Route the page."""
    ui.page("/t/{slug}/customer/{poc_id}")(customer_page)
    app.get("/t/{slug}/customer/files/{resource_id}", include_in_schema=False)(download)


async def customer_page(visit: Visitor, poc_id: str) -> None:
    """Build the page; whatever isn't shown to them is told as what doesn't exist."""
    wanted = as_uuid(poc_id)
    if wanted is None:
        raise NotFoundError
    enter_as_customer(visit, work_feed.shared_room(wanted))
    poc = await shared.get_shared(visit.actor, wanted)
    await sessions.touch(visit.actor, visit.seen_at)
    with customer_frame(visit, poc.title) as toast:
        _CustomerScreen(visit, wanted, toast).build(poc)


async def download(visit: Visitor, resource_id: str) -> Response:
    """A file that is shared with them, to be saved and never to be shown by the browser."""
    wanted = as_uuid(resource_id)
    if wanted is None:
        raise NotFoundError(files.NOT_THERE)
    return file_response(await files.open_file(visit.actor, wanted))


class _CustomerScreen:
    """The handlers of one open page."""

    def __init__(self, visit: CustomerVisit, poc_id: UUID, toast: Toast) -> None:
        self.actor = visit.actor
        self.poc_id = poc_id
        self.toast = toast
        self.files = f"{customer_path(visit.tenant_slug)}/files"

    def build(self, poc: SharedPoc) -> None:
        """Lay the page out."""
        self.poc = poc
        self.view = CustomerPoc(values_of(poc), files=self.files, on_act=self._act)
        Refresher("rollcall_shared", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.poc = await shared.get_shared(self.actor, self.poc_id)
        self.view.show(values_of(self.poc))

    async def _act(self, act: str, sent: Mapping[str, Any]) -> None:
        if act == "comment":
            await self._comment(as_text(sent, "body"))
            return
        task_id, version = as_uuid(sent.get("id")), as_version(sent.get("version"))
        if task_id is not None and version is not None:
            handler = self._set_done if act == "done" else self._set_accepted
            await told(self.toast)(handler)(task_id, version, True)

    async def _comment(self, body: str) -> None:
        try:
            await acts.comment(self.actor, self.poc_id, SharedCommentForm(body=body))
        except SessionEndedError:
            return  # told by the page that the cut brings
        except InvalidInputError as error:
            self.view.refused(next(iter(error.fields.values())))
        except RollcallError as error:
            self.view.refused(str(error))
        else:
            self.view.posted()

    async def _set_done(self, task_id: UUID, version: int, done: bool) -> None:
        await acts.set_done(self.actor, task_id, version, done=done)
        await self._told(task_id, done, "is done.", "is open again.", self._set_done)

    async def _set_accepted(self, task_id: UUID, version: int, accepted: bool) -> None:
        await acts.set_accepted(self.actor, task_id, version, accepted=accepted)
        words = ("is accepted.", "waits for acceptance again.")
        await self._told(task_id, accepted, *words, self._set_accepted)

    async def _told(self, task_id: UUID, then: bool, did: str, undid: str, handler: Any) -> None:
        await self._refresh()
        task = next((task for task in self.poc.tasks if task.id == task_id), None)
        if task is None:
            return
        undo = told(self.toast)(partial(handler, task_id, task.version, False)) if then else None
        words = f"{task.title} {did if then else undid}"
        self.toast.show(words, "success", "Undo" if undo else None, undo)
