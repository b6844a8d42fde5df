"""What was said about a POC: the tab Comments."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from nicegui import ui

from services.core.forms import Form, lines
from services.sessions.sessions import Visit
from services.workspace import comments, members
from services.workspace.comments import CommentForm, CommentSlice, CommentView, NewCommentForm
from services.workspace.listing import PocDetails
from services.workspace.markdown import names_in
from services.workspace.members import Member
from ui import work_feed
from ui.actions import told
from ui.components.poc_comments import PocComments
from ui.components.refresher import Refresher
from ui.components.toast import Toast
from ui.forms.dialog import FormDialog, Outcome, Subject
from ui.input import as_text, as_uuid


class BodyForm(Form):
    """The new words of a comment."""

    body: str = lines("Comment")


async def build(visit: Visit, toast: Toast, details: PocDetails) -> None:
    """Lay the tab out, at the comment to which the address leads (`?comment=`), if to one."""
    screen = _CommentsScreen(visit, toast, details)
    sought = as_uuid(ui.context.client.request.query_params.get("comment"))
    found = await comments.list_comments(visit.actor, details.row.id, reaching=sought)
    screen.build(found, sought)


class _CommentsScreen:
    """The handlers of one open tab."""

    def __init__(self, visit: Visit, toast: Toast, details: PocDetails) -> None:
        self.actor = visit.actor
        self.toast = toast
        self.poc_id = details.row.id
        self.customer = (details.row.customer, details.with_access)
        self.members = details.members
        self.may_change = details.may_change and not details.row.archived
        self.oldest = UUID(int=0)  # the first one that is shown

    def build(self, found: CommentSlice, sought: UUID | None) -> None:
        """Lay the tab out."""
        self._begin_with(found)
        self.edit = FormDialog(self.toast, "Edit comment", BodyForm, submit="Save")
        self.removal = FormDialog(
            self.toast,
            "Remove this comment?",
            Form,
            submit="Remove",
            tone="danger",
            body="What it says can’t be brought back. That there was a comment stays to be seen.",
        )
        self.view = PocComments(
            _values(found, sought),
            has_earlier=found.has_earlier,
            me=str(self.actor.user_id),
            may_change=self.may_change,
            people=_people(self.members),
            customer=self.customer,
            on_act=self._act,
            on_missed=told(self.toast)(self._show),
        )
        for event in ("rollcall_poc", "rollcall_people"):
            Refresher(event, self._renew_people, self.toast)

    async def _renew_people(self) -> None:
        """Offer only people who can be mentioned now; other people whom the text names stay known
        by name, so that the service can refuse them."""
        self.members = await members.list_members(self.actor, self.poc_id)
        self.view.show_people(_people(self.members))

    async def _show(self) -> None:
        """Read all that are shown once more; those that were asked for stay, also if they were
        asked for meanwhile."""
        found = await comments.list_comments(self.actor, self.poc_id, reaching=self.oldest)
        while found.has_earlier and found.comments[0].id > self.oldest:
            before = found.comments[0].id
            older = await comments.list_comments(self.actor, self.poc_id, before=before)
            found = CommentSlice([*older.comments, *found.comments], older.has_earlier)
        self._begin_with(found)
        self.view.show(_values(found), has_earlier=found.has_earlier)

    async def _act(self, act: str, sent: Mapping[str, Any]) -> None:
        if act == "post":
            await self._post(as_text(sent, "body"), shared=sent.get("shared") is True)
        elif act == "earlier":
            await told(self.toast)(self._show_earlier)()
        elif (comment_id := as_uuid(sent.get("id"))) is not None:
            handler = self._open_edit if act == "edit" else self._ask_removal
            await told(self.toast)(handler)(comment_id)

    async def _post(self, body: str, *, shared: bool) -> None:
        form = {"body": body, "shared": shared, "mention_ids": await self._named(body)}
        await self.view.post(lambda: comments.post(self.actor, self.poc_id, NewCommentForm(**form)))

    def _begin_with(self, found: CommentSlice) -> None:
        if found.comments:
            self.oldest = found.comments[0].id

    async def _show_earlier(self) -> None:
        older = await comments.list_comments(self.actor, self.poc_id, before=self.oldest)
        self._begin_with(older)
        self.view.show_earlier(_values(older), has_earlier=older.has_earlier)

    async def _open_edit(self, comment_id: UUID) -> None:
        comment = await comments.get_comment(self.actor, comment_id)
        self.edit.open(Subject({"body": comment.body}, partial(self._edit, comment)))

    async def _edit(self, comment: CommentView, form: BodyForm) -> Outcome:
        named = await self._named(form.body, before=comment.mention_ids)
        edited = CommentForm(body=form.body, mention_ids=named)
        await comments.edit(self.actor, comment.id, comment.version, edited)
        return "Saved."

    async def _ask_removal(self, comment_id: UUID) -> None:
        comment = await comments.get_comment(self.actor, comment_id)
        self.removal.open(Subject({}, partial(self._remove, comment)))

    async def _remove(self, comment: CommentView, _form: Form) -> Outcome:
        await comments.remove(self.actor, comment.id, comment.version)
        return "The comment is removed."

    async def _named(self, body: str, before: Collection[UUID] = ()) -> tuple[UUID, ...]:
        """The people whom a text mentions: members, and former members who were mentioned
        before."""
        people = [member.person for member in self.members]
        names = await names_in(body, [person.name for person in people])
        named = [person.id for person in people if person.name in names]
        return (*named, *(set(before) - {person.id for person in people}))


def _values(found: CommentSlice, sought: UUID | None = None) -> list[dict[str, Any]]:
    return [
        {**work_feed.comment_values(comment), "found": comment.id == sought}
        for comment in found.comments
    ]


def _people(found: Sequence[Member]) -> list[dict[str, Any]]:
    return [
        {"id": str(member.person.id), "name": member.person.name, "detail": member.email}
        for member in found
        if member.person.active
    ]
