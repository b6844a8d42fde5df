"""What a customer's people do in a POC: comment, finish their tasks, accept the team's."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import col, func, select

from models import AuditEvent, Comment, Poc, Side, Task, TaskStatus
from models.base import first_id
from services.access.outsiders import CustomerActor
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import ConflictError, NotFoundError
from services.core.forms import Form, lines
from services.database.looking import looks_first
from services.workspace.actions import CommentAction, TaskAction
from services.workspace.comment_pace import require_comment_pace
from services.workspace.customers.shared import get_shown
from services.workspace.events import CommentChanged
from services.workspace.rights import check_version
from services.workspace.tasks import touch

MOST, WITHIN = 60, timedelta(minutes=1)
"""How much somebody at a customer's may do within this time: one thing each second. (Each is an
entry of the log for good, and a page lets 20 a second through: 1.7 million a day without this.)"""


class SharedCommentForm(Form):
    """What a customer's person says; both sides read it."""

    body: str = lines("Comment")


@dataclass(frozen=True)
class Advanced:
    """A task as it is now, so that what was done to it can be taken back."""

    title: str
    version: int


@looks_first
async def comment(customer: CustomerActor, poc_id: UUID, form: SharedCommentForm) -> UUID:
    """Say something about a POC, for both sides to read; returns the comment's id. Raises
    `ConflictError` for somebody who posts faster than anybody writes."""
    async with acting(customer, Permission.COMMENT_AS_CUSTOMER) as act:
        poc = await get_shown(act, customer, poc_id, lock=True)
        await require_comment_pace(act.tx, customer)
        said = act.add(
            Comment(
                tenant_id=poc.tenant_id,
                poc_id=poc.id,
                customer_id=customer.customer_id,
                body=form.body,
                shared=True,
                created_at=clock.now(),
            )
        )
        await act.tx.flush()
        await act.record(CommentAction.POSTED, poc, to="both sides")
        act.publish(
            CommentChanged(tenant_id=poc.tenant_id, poc_id=poc.id, comment_id=said.id, task_id=None)
        )
        return said.id


@looks_first
async def set_done(customer: CustomerActor, task_id: UUID, version: int, *, done: bool) -> Advanced:
    """Say that a task of one's own side is done, or that it isn't after all.

    Raises `NotFoundError` for a task that isn't shown, and `ConflictError` for a task of the
    team's.
    """
    async with acting(customer, Permission.ADVANCE_AS_CUSTOMER) as act:
        poc, task = await _get_task(act, customer, task_id)
        if task.side is not Side.CUSTOMER:
            raise ConflictError("This task is the team’s. You can accept it when it is finished.")
        then = TaskStatus.DONE if done else TaskStatus.IN_PROGRESS
        if (task.status is TaskStatus.DONE) == done:
            return Advanced(task.title, task.version)
        check_version(version, task.version, f"“{task.title}”")
        await _require_pace(act, customer)
        before, task.status = task.status, then
        task.blocked_reason, task.reason_shared = "", False
        task.completed_at = clock.now() if done else None
        await act.record(
            TaskAction.STATUS_CHANGED,
            poc,
            task=task.title,
            before=before.label,
            after=then.label,
        )
        touch(act, poc, task)
        return Advanced(task.title, task.version)


@looks_first
async def set_accepted(
    customer: CustomerActor, task_id: UUID, version: int, *, accepted: bool
) -> Advanced:
    """Accept a task that the team has finished, or take that back.

    Raises `NotFoundError` for a task that isn't shown, and `ConflictError` for one that isn't
    finished.
    """
    async with acting(customer, Permission.ADVANCE_AS_CUSTOMER) as act:
        poc, task = await _get_task(act, customer, task_id)
        if (task.accepted_at is not None) == accepted:
            return Advanced(task.title, task.version)
        if accepted and (task.side is not Side.TEAM or task.status is not TaskStatus.DONE):
            raise ConflictError(f"“{task.title}” isn’t finished. Look again.")
        check_version(version, task.version, f"“{task.title}”")
        await _require_pace(act, customer)
        task.accepted_at = clock.now() if accepted else None
        task.accepted_by_id = customer.customer_id if accepted else None
        action = TaskAction.ACCEPTED if accepted else TaskAction.ACCEPTANCE_TAKEN_BACK
        await act.record(action, poc, task=task.title)
        touch(act, poc, task)
        return Advanced(task.title, task.version)


async def _require_pace(act: Act, customer: CustomerActor) -> None:
    lately = col(AuditEvent.id) > first_id(clock.now() - WITHIN)
    by = AuditEvent.actor_id == customer.customer_id
    counted = await act.tx.exec(select(func.count()).select_from(AuditEvent).where(lately, by))
    if counted.one() >= MOST:
        raise ConflictError(
            f"You have done {MOST} things within a minute. Wait a little, then go on."
        )


async def _get_task(act: Act, customer: CustomerActor, task_id: UUID) -> tuple[Poc, Task]:
    task = await act.get(Task, task_id)
    poc = await get_shown(act, customer, task.poc_id, lock=True)
    task = await act.get(Task, task_id, lock=True)  # it may have changed before its POC was locked
    if task.archived_at is not None:
        raise NotFoundError("This task isn’t there any more. Look again.")
    return poc, task
