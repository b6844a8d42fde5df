"""What a customer's people see of a POC: what is shared; nothing else is read for them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models import (
    Comment,
    CommentMention,
    CriterionResult,
    Poc,
    Resource,
    ResourceFile,
    ResourceKind,
    Side,
    SuccessCriterion,
    Task,
    TaskGroup,
    TaskStatus,
    Tenant,
)
from services.access.outsiders import CustomerActor
from services.access.permissions import Permission
from services.audit.acting import View, viewing
from services.core.days import day_in, today_in
from services.core.errors import NotFoundError
from services.database.transaction import LOCKED, Transaction, reading
from services.users.ends import zone_of
from services.workspace.customers.cut import shown_pocs
from services.workspace.markdown import htmls_of
from services.workspace.people import Person, find_people
from services.workspace.resources import FileFacts, facts_of_file, note_of
from services.workspace.task_list import assignees_of

# How many of the latest comments are read, and how many earlier ones each time.
SLICE = 50


@dataclass(frozen=True)
class SharedGroup:
    """A group in which such tasks stand; of one without any the customer hears nothing."""

    id: UUID
    title: str
    position: int


@dataclass(frozen=True)
class SharedTask:
    """A task as the customer sees it, with the group in which it stands; the description, and the
    reason why it is blocked, only if they were shared. `today` is the present day in the team's
    organisation, and `done_on` the day there on which it was done."""

    id: UUID
    title: str
    description: str
    group: SharedGroup
    side: Side
    status: TaskStatus
    due_on: date | None
    today: date
    reason: str
    people: Sequence[Person]
    done_on: date | None
    done_by: str
    accepted_at: datetime | None
    accepted_by: str
    position: int
    is_archived: bool
    version: int

    @property
    def waits(self) -> bool:
        """Whether it is a finished task of the team's that waits to be accepted."""
        done = self.side is Side.TEAM and self.status is TaskStatus.DONE
        return done and self.accepted_at is None


@dataclass(frozen=True)
class SharedComment:
    """A comment that both sides read. A removed one has no words any more."""

    id: UUID
    author: Person
    html: str
    created_at: datetime
    is_edited: bool
    is_removed: bool
    version: int


@dataclass(frozen=True)
class SharedCriterion:
    """What the POC has to show, and the result."""

    id: UUID
    title: str
    target: str
    achieved: str
    result: CriterionResult
    position: int
    is_archived: bool
    version: int


@dataclass(frozen=True)
class SharedResource:
    """A link, a file, a code snippet or a note that the team shares; `html` is set for a note.
    `changed_on` is a day of the team's organisation."""

    id: UUID
    kind: ResourceKind
    title: str
    content: str
    html: str
    changed_on: date
    file: FileFacts | None
    version: int
    is_archived: bool = False


@dataclass(frozen=True)
class SharedComments:
    """Some comments, newest first, and whether there are earlier ones."""

    comments: Sequence[SharedComment]
    has_earlier: bool


@dataclass(frozen=True)
class SharedPoc:
    """A POC as the customer sees it."""

    id: UUID
    title: str
    customer: str
    team: str
    start_on: date
    end_on: date | None
    contact: Person
    me: UUID
    tasks: Sequence[SharedTask]
    criteria: Sequence[SharedCriterion]
    comments: SharedComments
    resources: Sequence[SharedResource]


async def list_own(customer: CustomerActor) -> Sequence[tuple[UUID, str]]:
    """The POCs that the person is shown: the id and the title of each."""
    async with viewing(customer, Permission.VIEW_SHARED_POC) as view:
        return [(poc.id, poc.title) for poc in await shown_pocs(view.tx, customer.customer_id)]


async def get_shared(customer: CustomerActor, poc_id: UUID) -> SharedPoc:
    """A POC as the customer sees it; raises `NotFoundError` for what they aren't shown."""
    async with viewing(customer, Permission.VIEW_SHARED_POC) as view:
        poc = await get_shown(view, customer, poc_id)
        owners = await find_people(view.tx, [poc.owner_id])
        return SharedPoc(
            id=poc.id,
            title=poc.title,
            customer=poc.customer,
            team=(await view.tx.get_one(Tenant, poc.tenant_id)).name,
            start_on=poc.start_on,
            end_on=poc.end_on,
            contact=owners[poc.owner_id],
            me=customer.customer_id,
            tasks=await _tasks(view.tx, poc),
            criteria=await _criteria(view.tx, poc),
            comments=await _comments(view.tx, poc.id),
            resources=await _resource_rows(view.tx, col(Resource.poc_id) == poc.id),
        )


async def list_comments(
    customer: CustomerActor, poc_id: UUID, *, before: UUID | None = None
) -> SharedComments:
    """The latest comments that both sides read; if another comment is given, those before it."""
    async with viewing(customer, Permission.VIEW_SHARED_POC) as view:
        return await _comments(view.tx, (await get_shown(view, customer, poc_id)).id, before)


async def find_task(task_id: UUID) -> SharedTask | None:
    """A task as the customer sees it now, to tell their open pages."""
    async with reading() as tx:
        task = await tx.get(Task, task_id)
        return (await _task_rows(tx, [task]))[0] if task else None


async def find_group(group_id: UUID) -> SharedGroup | None:
    """A group as it is now, to tell the same pages; none if no task of it is shown."""
    async with reading() as tx:
        shown = select(Task.id).where(Task.group_id == group_id, col(Task.archived_at).is_(None))
        found = await tx.exec(select(TaskGroup).where(TaskGroup.id == group_id, shown.exists()))
        row = found.first()
        return _group(row) if row else None


async def find_criterion(criterion_id: UUID) -> SharedCriterion | None:
    """A criterion as it is now, to tell the same pages."""
    async with reading() as tx:
        row = await tx.get(SuccessCriterion, criterion_id)
        return _criterion(row) if row else None


async def find_comment(comment_id: UUID) -> SharedComment | None:
    """A comment as it is now, to tell the same pages; none if only the team may read it."""
    async with reading() as tx:
        comment = await tx.get(Comment, comment_id)
        return (await _comment_rows(tx, [comment]))[0] if comment and comment.shared else None


async def find_resource(resource_id: UUID) -> SharedResource | None:
    """A resource as it is shared now, to tell the same pages, or that it isn't any more."""
    async with reading() as tx:
        shared = await _resource_rows(tx, col(Resource.id) == resource_id)
        if shared:
            return shared[0]
        row = await tx.get(Resource, resource_id)
        return _gone(row) if row else None


async def get_shown(
    view: View, customer: CustomerActor, poc_id: UUID, *, lock: bool = False
) -> Poc:
    """A POC that the person is shown right now; raises `NotFoundError` for every other POC."""
    poc = await view.tx.get(Poc, poc_id, **(LOCKED if lock else {}))
    if poc is not None:
        shown = await shown_pocs(view.tx, customer.customer_id)
        if any(one.id == poc.id for one in shown):
            return poc
    raise NotFoundError("This POC isn’t open to you. Ask your contact, or ask for a new link.")


async def _tasks(tx: Transaction, poc: Poc) -> list[SharedTask]:
    found = await tx.exec(
        select(Task)
        .where(Task.poc_id == poc.id, col(Task.archived_at).is_(None))
        .order_by(col(Task.due_on).is_(None), col(Task.due_on), col(Task.position), col(Task.id))
    )
    return await _task_rows(tx, found.all())


async def _task_rows(tx: Transaction, tasks: Sequence[Task]) -> list[SharedTask]:
    assignees = await assignees_of(tx, [task.id for task in tasks])
    done = [task for task in tasks if task.status is TaskStatus.DONE]
    people = await find_people(
        tx, [person_id for task in done for person_id in (task.changed_by_id, task.accepted_by_id)]
    )
    in_groups = col(TaskGroup.id).in_({task.group_id for task in tasks})
    groups = {row.id: row for row in await tx.exec(select(TaskGroup).where(in_groups))}
    zone = await zone_of(tx, tasks[0].tenant_id if tasks else None)
    today = today_in(zone)
    return [
        SharedTask(
            id=task.id,
            title=task.title,
            description=task.description if task.description_shared else "",
            group=_group(groups[task.group_id]),
            side=task.side,
            status=task.status,
            due_on=task.due_on,
            today=today,
            reason=task.blocked_reason if task.reason_shared else "",
            people=assignees[task.id],
            done_on=task.completed_at and day_in(task.completed_at, zone),
            done_by=_name(people, task.changed_by_id),
            accepted_at=task.accepted_at,
            accepted_by=_name(people, task.accepted_by_id),
            position=task.position,
            is_archived=task.archived_at is not None,
            version=task.version,
        )
        for task in tasks
    ]


def _group(row: TaskGroup) -> SharedGroup:
    return SharedGroup(row.id, row.title, row.position)


async def _criteria(tx: Transaction, poc: Poc) -> list[SharedCriterion]:
    found = await tx.exec(
        select(SuccessCriterion)
        .where(SuccessCriterion.poc_id == poc.id, col(SuccessCriterion.archived_at).is_(None))
        .order_by(col(SuccessCriterion.position), col(SuccessCriterion.id))
    )
    return [_criterion(row) for row in found]


def _criterion(row: SuccessCriterion) -> SharedCriterion:
    return SharedCriterion(
        id=row.id,
        title=row.title,
        target=row.target,
        achieved=row.achieved,
        result=row.result,
        position=row.position,
        is_archived=row.archived_at is not None,
        version=row.version,
    )


async def _comments(tx: Transaction, poc_id: UUID, before: UUID | None = None) -> SharedComments:
    query = select(Comment).where(Comment.poc_id == poc_id, col(Comment.shared))
    if before is not None:
        query = query.where(col(Comment.id) < before)
    found = (await tx.exec(query.order_by(col(Comment.id).desc()).limit(SLICE + 1))).all()
    return SharedComments(await _comment_rows(tx, found[:SLICE]), has_earlier=len(found) > SLICE)


async def _comment_rows(tx: Transaction, comments: Sequence[Comment]) -> list[SharedComment]:
    named = await _named(tx, [comment.id for comment in comments])
    people = await find_people(
        tx, [person_id for each in comments for person_id in (each.author_id, each.customer_id)]
    )
    texts = [("" if each.removed_at else each.body, named[each.id]) for each in comments]
    return [
        SharedComment(
            id=comment.id,
            author=people[comment.author_id or comment.customer_id or comment.id],
            html=html,
            created_at=comment.created_at,
            is_edited=comment.edited_at is not None,
            is_removed=comment.removed_at is not None,
            version=comment.version,
        )
        for comment, html in zip(comments, await htmls_of(texts), strict=True)
    ]


async def _named(tx: Transaction, comment_ids: Collection[UUID]) -> Mapping[UUID, list[str]]:
    names: dict[UUID, list[str]] = defaultdict(list)
    if comment_ids:
        found = await tx.exec(
            select(CommentMention).where(col(CommentMention.comment_id).in_(comment_ids))
        )
        for row in found:
            names[row.comment_id].append(row.name)
    return names


async def _resource_rows(tx: Transaction, which: ColumnElement[bool]) -> list[SharedResource]:
    found = await tx.exec(
        select(Resource, ResourceFile, Tenant.time_zone)
        .join(Tenant, col(Tenant.id) == Resource.tenant_id)
        .join(ResourceFile, col(ResourceFile.resource_id) == Resource.id, isouter=True)
        .where(which, col(Resource.archived_at).is_(None), col(Resource.shared))
        .order_by(col(Resource.id))
    )
    rows = found.all()
    htmls = await htmls_of([(note_of(row), ()) for row, _, _ in rows])
    return [
        SharedResource(
            id=row.id,
            kind=row.kind,
            title=row.title,
            content="" if row.kind is ResourceKind.NOTE else row.content,
            html=html,
            changed_on=day_in(row.changed_at, zone),
            file=facts_of_file(file),
            version=row.version,
        )
        for (row, file, zone), html in zip(rows, htmls, strict=True)
    ]


def _gone(row: Resource) -> SharedResource:
    return SharedResource(
        id=row.id,
        kind=row.kind,
        title="",
        content="",
        html="",
        changed_on=row.changed_at.date(),
        file=None,
        version=row.version,
        is_archived=True,
    )


def _name(people: Mapping[UUID, Person], person_id: UUID | None) -> str:
    person = people.get(person_id) if person_id else None
    return person.name if person else ""
