"""Success criteria: what a POC has to show, and the results."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import CriterionResult, CriterionTask, Importance, Poc, Side, SuccessCriterion, Task
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.core import clock
from services.core.errors import NotFoundError
from services.core.form_fields import Option
from services.core.forms import Form, choice, several, text
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.workspace.actions import CriterionAction
from services.workspace.events import CriterionChanged
from services.workspace.fields import side_choice
from services.workspace.positions import next_position, reposition
from services.workspace.rights import (
    by_id,
    check_version,
    get_part_to_change,
    get_poc,
    get_poc_to_change,
    stamp,
    tenant_of,
)

IMPORTANCES = tuple(Option(one.value, one.label) for one in Importance)
RESULTS = tuple(Option(one.value, one.label) for one in CriterionResult)


class CriterionForm(Form):
    """A criterion, and the tasks that show whether it is met."""

    title: str = text("Criterion")
    target: str = text("Target", optional=True)
    importance: Importance = choice("Importance", IMPORTANCES)
    side: Side = side_choice()
    task_ids: tuple[UUID, ...] = several("Shown by", optional=True)


class ResultForm(Form):
    """The result of a criterion."""

    result: CriterionResult = choice("Result", RESULTS)
    achieved: str = text("Achieved", optional=True)


@dataclass(frozen=True)
class CriterionView:
    """A criterion as pages show it; `shown_by` are the titles of its tasks, by
    their ids; that of an archived one is empty."""

    id: UUID
    poc_id: UUID
    title: str
    target: str
    achieved: str
    importance: Importance
    side: Side
    result: CriterionResult
    task_ids: tuple[UUID, ...]
    shown_by: Mapping[UUID, str]
    position: int
    is_archived: bool
    version: int


async def list_criteria(principal: Principal, poc_id: UUID) -> Sequence[CriterionView]:
    """The criteria of a POC in their order, without archived ones."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        found = await view.tx.exec(
            select(SuccessCriterion)
            .where(SuccessCriterion.poc_id == poc.id, col(SuccessCriterion.archived_at).is_(None))
            .order_by(col(SuccessCriterion.position), col(SuccessCriterion.id))
        )
        return await _views(view.tx, found.all())


async def find_criterion(criterion_id: UUID) -> CriterionView:
    """A criterion as it is now, to tell the open pages; raises `NotFoundError`."""
    async with reading() as tx:
        row = await tx.get(SuccessCriterion, criterion_id)
        if row is None:
            raise NotFoundError
        return (await _views(tx, [row]))[0]


@looks_first
async def add_criterion(principal: Principal, poc_id: UUID, form: CriterionForm) -> UUID:
    """Add a criterion at the end; returns its id."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc = await get_poc_to_change(act, poc_id)
        row = act.add(
            SuccessCriterion(
                **stamp(act),
                **form.model_dump(exclude={"task_ids"}),
                poc_id=poc.id,
                position=next_position(await _criteria_of(act, poc)),
            )
        )
        await act.tx.flush()
        await _show_by(act, poc, row, form.task_ids)
        await act.record(CriterionAction.ADDED, poc, criterion=row.title)
        _changed(act, row)
        return row.id


@looks_first
async def edit_criterion(
    principal: Principal, criterion_id: UUID, version: int, form: CriterionForm
) -> int:
    """Change what a POC has to show; returns its version as `move_criterion` does."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, row = await get_part_to_change(act, SuccessCriterion, criterion_id)
        values = form.model_dump(exclude={"task_ids"})
        there = {link.task_id for link in await _links_of(act.tx, [row.id])}
        same = all(getattr(row, name) == value for name, value in values.items())
        if same and there == set(form.task_ids):
            return version
        check_version(version, row.version, f"“{row.title}”")
        for name, value in values.items():
            setattr(row, name, value)
        await _show_by(act, poc, row, form.task_ids)
        await act.record(CriterionAction.EDITED, poc, criterion=row.title)
        _touch(act, row)
        return row.version


@looks_first
async def set_result(
    principal: Principal, criterion_id: UUID, version: int, form: ResultForm
) -> int:
    """Set the result of a criterion; returns its version as `move_criterion` does."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, row = await get_part_to_change(act, SuccessCriterion, criterion_id)
        if (row.result, row.achieved) == (form.result, form.achieved):
            return version
        check_version(version, row.version, f"“{row.title}”")
        before = row.result
        row.result, row.achieved = form.result, form.achieved
        await act.record(
            CriterionAction.RESULT_SET,
            poc,
            task=row.title,
            before=before.label,
            after=row.result.label,
        )
        _touch(act, row)
        return row.version


@looks_first
async def move_criterion(
    principal: Principal, criterion_id: UUID, version: int, *, before_id: UUID | None = None
) -> int:
    """Have a criterion stand before another one, or at the end. Returns the version that this makes
    of it: the given one, if nothing is to change."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, row = await get_part_to_change(act, SuccessCriterion, criterion_id)
        check_version(version, row.version, f"“{row.title}”")
        rows = {each.id: each for each in await _criteria_of(act, poc)}
        for moved_id in reposition(list(rows.values()), row, before_id):
            _touch(act, rows[moved_id])
        return row.version


@looks_first
async def set_archived(
    principal: Principal, criterion_id: UUID, version: int, *, archived: bool
) -> int:
    """Take a criterion out of its POC, or put it back; returns its version as `move_criterion`
    does."""
    async with acting(principal, Permission.MANAGE_TASKS) as act:
        poc, row = await get_part_to_change(act, SuccessCriterion, criterion_id, archived=True)
        if (row.archived_at is not None) == archived:
            return version
        check_version(version, row.version, f"“{row.title}”")
        row.archived_at = clock.now() if archived else None
        action = CriterionAction.ARCHIVED if archived else CriterionAction.RESTORED
        await act.record(action, poc, criterion=row.title)
        _touch(act, row)
        return row.version


async def _criteria_of(act: Act, poc: Poc) -> list[SuccessCriterion]:
    found = await act.tx.exec(
        select(SuccessCriterion)
        .where(SuccessCriterion.poc_id == poc.id)
        .order_by(col(SuccessCriterion.position), col(SuccessCriterion.id))
    )
    return list(found)


async def _links_of(tx: Transaction, ids: Collection[UUID]) -> Sequence[CriterionTask]:
    found = await tx.exec(
        select(CriterionTask)
        .where(col(CriterionTask.criterion_id).in_(ids))
        .order_by(col(CriterionTask.id))
    )
    return found.all()


async def _show_by(act: Act, poc: Poc, row: SuccessCriterion, task_ids: Collection[UUID]) -> None:
    there = {link.task_id: link for link in await _links_of(act.tx, [row.id])}
    for task_id in dict.fromkeys(task_ids):
        if task_id not in there:
            if (await act.get(Task, task_id)).poc_id != poc.id:
                raise NotFoundError("This task isn't there any more. Look again.")
            act.add(CriterionTask(tenant_id=tenant_of(act), criterion_id=row.id, task_id=task_id))
    for task_id in there.keys() - set(task_ids):
        await act.tx.delete(there[task_id])


async def _views(tx: Transaction, rows: Sequence[SuccessCriterion]) -> list[CriterionView]:
    links: dict[UUID, list[UUID]] = defaultdict(list)
    for link in await _links_of(tx, [row.id for row in rows]):
        links[link.criterion_id].append(link.task_id)
    wanted = [task_id for ids in links.values() for task_id in ids]
    found = await tx.exec(select(Task).where(col(Task.id).in_(wanted)))
    tasks = {task.id: task for task in found if task.archived_at is None}
    return [
        CriterionView(
            id=row.id,
            poc_id=row.poc_id,
            title=row.title,
            target=row.target,
            achieved=row.achieved,
            importance=row.importance,
            side=row.side,
            result=row.result,
            task_ids=tuple(links[row.id]),
            shown_by={one: tasks[one].title if one in tasks else "" for one in links[row.id]},
            position=row.position,
            is_archived=row.archived_at is not None,
            version=row.version,
        )
        for row in rows
    ]


def _touch(act: Act, row: SuccessCriterion) -> None:
    row.changed(clock.now(), by_id(act))
    _changed(act, row)


def _changed(act: Act, row: SuccessCriterion) -> None:
    act.publish(CriterionChanged(tenant_id=row.tenant_id, poc_id=row.poc_id, criterion_id=row.id))
