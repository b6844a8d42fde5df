"""Comments on a POC or on one of its tasks.

Who reads a comment is fixed once it is posted. Its author may edit it, and take it back: both are
seen.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from models import Comment, CommentMention, Poc, Task, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from services.core.forms import Form, checkbox, lines, people
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.workspace import mention_mails
from services.workspace.actions import CommentAction
from services.workspace.comment_pace import require_comment_pace
from services.workspace.events import CommentChanged
from services.workspace.markdown import htmls_of
from services.workspace.people import Person, find_people, require_workers, told_apart
from services.workspace.rights import (
    check_version,
    get_part_to_change,
    get_poc,
    get_poc_to_change,
    is_member,
    tenant_of,
)

# How many comments a page opens with, and shows above them each time earlier ones are asked for:
# making the HTML of one takes nearly a millisecond.
SLICE = 20
EARLIER = 50
MOST = 200
"""How many a page opens with where its address leads to an earlier one."""


class CommentForm(Form):
    """What is said, in Markdown; `mention_ids` are the people whom it names as `@Name`."""

    body: str = lines("Comment")
    mention_ids: tuple[UUID, ...] = people("Mentions", optional=True)


class NewCommentForm(CommentForm):
    """A comment to post, on a task if one is given. `shared` says for good whether the customer
    reads it."""

    task_id: UUID | None = None
    shared: bool = checkbox("Shared with the customer")


@dataclass(frozen=True)
class CommentView:
    """A comment as pages show it. A removed one has no words any more; `body` is what its author
    would edit."""

    id: UUID
    poc_id: UUID
    task_id: UUID | None
    author: Person
    html: str
    body: str
    mention_ids: tuple[UUID, ...]
    shared: bool
    created_at: datetime
    edited_at: datetime | None
    removed_at: datetime | None
    removed_by: Person | None
    version: int


@dataclass(frozen=True)
class CommentSlice:
    """Some comments, oldest first, and whether there are earlier ones."""

    comments: Sequence[CommentView]
    has_earlier: bool


async def list_comments(
    principal: Principal,
    poc_id: UUID,
    *,
    task_id: UUID | None = None,
    before: UUID | None = None,
    reaching: UUID | None = None,
) -> CommentSlice:
    """The latest comments on a POC and on its tasks, or on one task alone; with `before`, those
    before that one; with `reaching`, at least those back to it, if they aren't too many."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        query = select(Comment).where(Comment.poc_id == poc.id)
        if task_id is not None:
            query = query.where(Comment.task_id == task_id)
        if before is not None:
            query = query.where(col(Comment.id) < before)
        size = SLICE if before is None else EARLIER
        if reaching is not None:
            since = select(Comment.id).where(Comment.poc_id == poc.id, col(Comment.id) >= reaching)
            size = max(size, len((await view.tx.exec(since.limit(MOST))).all()))
        latest = query.order_by(col(Comment.id).desc()).limit(size + 1)
        found = (await view.tx.exec(latest)).all()
        comments = await _views(view.tx, found[:size][::-1])
    return CommentSlice(comments, has_earlier=len(found) > size)


async def get_comment(principal: Principal, comment_id: UUID) -> CommentView:
    """A comment of the tenant in which the principal works; raises `NotFoundError`."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        return (await _views(view.tx, [await view.get(Comment, comment_id)]))[0]


async def find_comment(comment_id: UUID) -> CommentView:
    """A comment as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        comment = await tx.get(Comment, comment_id)
        if comment is None:
            raise NotFoundError
        return (await _views(tx, [comment]))[0]


@looks_first
async def post(principal: Principal, poc_id: UUID, form: NewCommentForm) -> UUID:
    """Say something about a POC or one of its tasks; returns the comment's id.

    Raises `InvalidInputError` if somebody is mentioned who isn't an active member, and
    `ConflictError` for somebody who posts faster than anybody writes.
    """
    async with acting(principal, Permission.COMMENT, lock=form.mention_ids) as act:
        poc = await get_poc_to_change(act, poc_id)
        await require_comment_pace(act.tx, principal)
        task = await _task_of(act, poc, form.task_id)
        comment = act.add(
            Comment(
                tenant_id=tenant_of(act),
                poc_id=poc.id,
                task_id=form.task_id,
                author_id=_author(act).id,
                body=form.body,
                shared=form.shared,
                created_at=clock.now(),
            )
        )
        await act.tx.flush()
        mentioned = await _mention(act, poc, comment, form.mention_ids)
        await act.record(
            CommentAction.POSTED,
            poc,
            task=task.title if task else None,
            to="the customer too" if form.shared else "the team",
            comment_id=str(comment.id),
            mentions=", ".join(mentioned) or None,
        )
        _changed(act, comment)
        return comment.id


@looks_first
async def edit(principal: Principal, comment_id: UUID, version: int, form: CommentForm) -> None:
    """Change a comment's words; readers see that it was changed. Only its author may do this."""
    async with acting(principal, Permission.COMMENT, lock=form.mention_ids) as act:
        poc, comment = await _own(act, comment_id)
        there = {row.user_id for row in await _mentions_of(act.tx, [comment.id])}
        if comment.body == form.body and there == set(form.mention_ids):
            return
        check_version(version, comment.version, "this comment")
        comment.body, comment.edited_at = form.body, clock.now()
        comment.version += 1
        mentioned = await _mention(act, poc, comment, form.mention_ids)
        await act.record(CommentAction.EDITED, poc, mentions=", ".join(mentioned) or None)
        _changed(act, comment)


@looks_first
async def remove(principal: Principal, comment_id: UUID, version: int) -> None:
    """Take a comment back: readers see that there was one, but nobody sees its words any more. Only
    its author may do this."""
    async with acting(principal, Permission.COMMENT) as act:
        poc, comment = await _own(act, comment_id, removed=True)
        if comment.removed_at is not None:
            return
        check_version(version, comment.version, "this comment")
        comment.removed_at, comment.removed_by_id = clock.now(), _author(act).id
        comment.version += 1
        await act.record(CommentAction.REMOVED, poc)
        _changed(act, comment)


def _author(act: Act) -> User:
    if act.user is None:
        raise NotAllowedError("Only a person can comment.")
    return act.user


async def _own(act: Act, comment_id: UUID, *, removed: bool = False) -> tuple[Poc, Comment]:
    poc, comment = await get_part_to_change(act, Comment, comment_id)
    if comment.author_id != _author(act).id:
        raise NotAllowedError("Only the author can change a comment.")
    if comment.removed_at is not None and not removed:
        raise ConflictError("This comment was removed.")
    return poc, comment


async def _task_of(act: Act, poc: Poc, task_id: UUID | None) -> Task | None:
    if task_id is None:
        return None
    task = await act.get(Task, task_id)
    if task.poc_id != poc.id or task.archived_at is not None:
        raise NotFoundError("This task isn't there any more. Look again.")
    return task


async def _mention(
    act: Act, poc: Poc, comment: Comment, user_ids: Collection[UUID]
) -> Sequence[str]:
    """Note who is mentioned, and promise a mail to those who are mentioned for the first time;
    returns their names."""
    rows = {row.user_id: row for row in await _mentions_of(act.tx, [comment.id])}
    for user_id in rows.keys() - set(user_ids):
        await act.tx.delete(rows[user_id])
    new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in rows]
    users = await require_workers(act, new, "mention_ids")
    for user in users:
        if not await is_member(act.tx, poc.id, user.id):
            raise InvalidInputError(
                {"mention_ids": f"{user.full_name} isn't a member of this POC. Add them first."}
            )
        act.add(
            CommentMention(
                tenant_id=tenant_of(act),
                comment_id=comment.id,
                user_id=user.id,
                name=user.full_name,
            )
        )
    await mention_mails.promise(act, poc, comment, users)
    return [user.full_name for user in users]


async def _mentions_of(tx: Transaction, comment_ids: Collection[UUID]) -> Sequence[CommentMention]:
    found = await tx.exec(
        select(CommentMention).where(col(CommentMention.comment_id).in_(comment_ids))
    )
    return found.all()


async def _views(tx: Transaction, comments: Sequence[Comment]) -> list[CommentView]:
    mentions: dict[UUID, list[CommentMention]] = defaultdict(list)
    for row in await _mentions_of(tx, [comment.id for comment in comments]):
        mentions[row.comment_id].append(row)
    ids = [
        person_id
        for each in comments
        for person_id in (each.author_id, each.customer_id, each.removed_by_id)
    ]
    people = await find_people(tx, ids)
    if comments:
        people = await told_apart(tx, comments[0].tenant_id, people.values())
    texts = [(_said(each), [row.name for row in mentions[each.id]]) for each in comments]
    return [
        _view(comment, html, mentions[comment.id], people)
        for comment, html in zip(comments, await htmls_of(texts), strict=True)
    ]


def _said(comment: Comment) -> str:
    return "" if comment.removed_at else comment.body


def _view(
    comment: Comment, html: str, mentions: Sequence[CommentMention], people: dict[UUID, Person]
) -> CommentView:
    return CommentView(
        id=comment.id,
        poc_id=comment.poc_id,
        task_id=comment.task_id,
        author=people[comment.author_id or comment.customer_id or comment.id],
        html=html,
        body=_said(comment),
        mention_ids=tuple(row.user_id for row in mentions),
        shared=comment.shared,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        removed_at=comment.removed_at,
        removed_by=people.get(comment.removed_by_id) if comment.removed_by_id else None,
        version=comment.version,
    )


def _changed(act: Act, comment: Comment) -> None:
    act.publish(
        CommentChanged(
            tenant_id=comment.tenant_id,
            poc_id=comment.poc_id,
            comment_id=comment.id,
            task_id=comment.task_id,
        )
    )
