"""The one page of a customer's people: a POC as it is shared with them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Response

from services.core.errors import NotFoundError
from services.sessions import sessions
from services.sessions.outside import CustomerVisit
from services.workspace.customers import acts, files, shared
from services.workspace.customers.acts import SharedCommentForm
from services.workspace.customers.shared import SharedPoc
from ui import shared_feed
from ui.actions import told
from ui.components.customer_poc import CustomerPoc
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.frame import customer_frame, enter_as_customer
from ui.identity import require_customer
from ui.input import as_text, as_uuid, as_version
from ui.page import add_file, add_page
from ui.pages.workspace.customer_passkeys import PasskeyCard
from ui.pages.workspace.poc_files import file_response
from ui.paths import customer_path
from ui.shared_values import comments_values, values_of

Visitor = Annotated[CustomerVisit, Depends(require_customer)]


def register() -> None:
    """Route the page."""
    add_page("/t/{slug}/customer/{poc_id}")(customer_page)
    add_file("/t/{slug}/customer/files/{resource_id}", frames=1)(download)


async def customer_page(visit: Visitor, poc_id: str) -> None:
    """Build the page; what isn't shown to them is treated as if it didn't exist."""
    wanted = as_uuid(poc_id)
    if wanted is None:
        raise NotFoundError
    enter_as_customer(visit, wanted, shared_feed.shared_room(wanted))
    poc = await shared.get_shared(visit.actor, wanted)
    await sessions.touch(visit.actor, visit.seen_at)
    with customer_frame(visit, poc.title) as toast:
        _CustomerScreen(visit, wanted, toast).build(poc)
        await PasskeyCard(visit.actor, toast).build()


async def download(visit: Visitor, resource_id: str) -> Response:
    """A file that is shared with them, to be saved; the browser never shows it."""
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
        self.view = CustomerPoc(values_of(poc), files=self.files, on_act=self._act)
        Refresher("rollcall_shared", self._refresh, self.toast)

    async def _refresh(self) -> None:
        self.view.show(values_of(await shared.get_shared(self.actor, self.poc_id)))

    async def _act(self, act: str, sent: Mapping[str, Any]) -> None:
        if act == "post":
            body = as_text(sent, "body")
            await self.view.post(
                lambda: acts.comment(self.actor, self.poc_id, SharedCommentForm(body=body))
            )
            return
        if act == "earlier":
            await told(self.toast)(self._show_earlier)(as_uuid(sent.get("before")))
            return
        task_id, version = as_uuid(sent.get("id")), as_version(sent.get("version"))
        if task_id is not None and version is not None:
            handler = self._set_done if act == "done" else self._set_accepted
            await told(self.toast)(handler)(task_id, version, True)

    async def _show_earlier(self, before: UUID | None) -> None:
        found = await shared.list_comments(self.actor, self.poc_id, before=before)
        self.view.show_earlier(comments_values(found), has_earlier=found.has_earlier)

    async def _set_done(self, task_id: UUID, version: int, done: bool) -> None:
        task = await acts.set_done(self.actor, task_id, version, done=done)
        undo = partial(self._set_done, task_id, task.version, False) if done else None
        self._tell(f"“{task.title}” {'is done.' if done else 'is open again.'}", undo)

    async def _set_accepted(self, task_id: UUID, version: int, accepted: bool) -> None:
        task = await acts.set_accepted(self.actor, task_id, version, accepted=accepted)
        undo = partial(self._set_accepted, task_id, task.version, False) if accepted else None
        words = "is accepted." if accepted else "waits for acceptance again."
        self._tell(f"“{task.title}” {words}", undo)

    def _tell(self, words: str, undo: Callable[[], Awaitable[None]] | None) -> None:
        if undo is None:
            self.toast.show(words, "success")
        else:
            self.toast.show(words, "success", "Undo", told(self.toast)(undo))
