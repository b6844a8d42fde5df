"""What a POC gets from group templates: the same for the preview and for the copy itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from models import (
    GroupTemplate,
    GroupTemplateTask,
    Poc,
    Resource,
    Side,
    Task,
    TaskGroup,
    TaskTemplate,
)
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, View, viewing
from services.core.errors import NotFoundError
from services.workspace import files
from services.workspace.positions import STEP
from services.workspace.rights import stamp, tenant_of


@dataclass(frozen=True)
class PlannedTask:
    """A task that a POC would get, and its days."""

    title: str
    side: Side
    start_on: date
    due_on: date
    template: TaskTemplate


@dataclass(frozen=True)
class PlannedGroup:
    """A group that a POC would get."""

    title: str
    tasks: Sequence[PlannedTask]
    template: GroupTemplate

    @property
    def side(self) -> Side:
        """The customer's side, if all of its tasks are the customer's."""
        sides = {task.side for task in self.tasks}
        return Side.CUSTOMER if sides == {Side.CUSTOMER} else Side.TEAM

    @property
    def start_on(self) -> date | None:
        """The day on which its first task begins."""
        return min((task.start_on for task in self.tasks), default=None)

    @property
    def due_on(self) -> date | None:
        """The day on which its last task is due."""
        return max((task.due_on for task in self.tasks), default=None)


@dataclass(frozen=True)
class Plan:
    """What a POC would get, and when its last task would be due; none if there is no task."""

    groups: Sequence[PlannedGroup]
    resources: int

    @property
    def tasks(self) -> int:
        """How many tasks there are in all groups."""
        return sum(len(group.tasks) for group in self.groups)

    @property
    def ends_on(self) -> date | None:
        """The day on which the last task is due."""
        days = [task.due_on for group in self.groups for task in group.tasks]
        return max(days, default=None)


async def preview(principal: Principal, group_ids: Sequence[UUID], start_on: date) -> Plan:
    """What a POC would get from these group templates if it began on that day."""
    async with viewing(principal, Permission.VIEW_TEMPLATES) as view:
        return await find_plan(view, group_ids, start_on)


async def find_plan(view: View, group_ids: Sequence[UUID], start_on: date) -> Plan:
    """The plan itself: its groups by the days on which they begin, those without tasks last, and
    otherwise as they were chosen. Raises `NotFoundError` if a group can't be chosen any more."""
    tenant_id = tenant_of(view)
    groups = []
    resources = 0
    for group_id in dict.fromkeys(group_ids):
        group = await view.tx.get(GroupTemplate, group_id)
        if group is None or group.tenant_id != tenant_id:
            raise NotFoundError("This group template doesn't exist.")
        if group.archived_at is not None:
            raise NotFoundError(f"“{group.title}” was archived. Choose again.")
        templates = await templates_of(view, group.id)
        resources += len(await resources_of(view, group_ids=[group.id]))
        resources += len(await resources_of(view, task_ids=[task.id for task in templates]))
        tasks = [_planned(task, start_on) for task in templates]
        groups.append(PlannedGroup(group.title, tasks, group))
    groups.sort(key=lambda group: group.start_on or date.max)
    return Plan(groups, resources)


def _planned(template: TaskTemplate, start_on: date) -> PlannedTask:
    begins = start_on + timedelta(days=template.start_day - 1)
    due = begins + timedelta(days=template.days - 1)
    return PlannedTask(template.title, template.side, begins, due, template)


async def templates_of(view: View, group_id: UUID) -> Sequence[TaskTemplate]:
    """The task templates of a group in their order, without archived ones."""
    found = await view.tx.exec(
        select(TaskTemplate)
        .join(GroupTemplateTask, col(GroupTemplateTask.task_id) == TaskTemplate.id)
        .where(GroupTemplateTask.group_id == group_id, col(TaskTemplate.archived_at).is_(None))
        .order_by(col(GroupTemplateTask.position))
    )
    return found.all()


async def resources_of(
    view: View, *, group_ids: Collection[UUID] = (), task_ids: Collection[UUID] = ()
) -> Sequence[Resource]:
    """The resources of these templates, oldest first."""
    found = await view.tx.exec(
        select(Resource)
        .where(
            col(Resource.group_template_id).in_(group_ids)
            | col(Resource.task_template_id).in_(task_ids),
            col(Resource.archived_at).is_(None),
        )
        .order_by(col(Resource.id))
    )
    return found.all()


async def copy_plan(act: Act, poc: Poc, plan: Plan) -> None:
    """Give a new POC what is planned: groups, tasks with their days, and resources."""
    for at, planned in enumerate(plan.groups, 1):
        group = act.add(
            TaskGroup(
                **stamp(act),
                poc_id=poc.id,
                template_id=planned.template.id,
                title=planned.template.title,
                description=planned.template.description,
                side=planned.side,
                start_on=planned.start_on,
                due_on=planned.due_on,
                position=at * STEP,
            )
        )
        await act.tx.flush()
        for number, task in enumerate(planned.tasks, 1):
            copy = act.add(_copied(act, poc, group, task, number * STEP))
            await act.tx.flush()
            await _copy_resources(
                act, poc, await resources_of(act, task_ids=[task.template.id]), task_id=copy.id
            )
        await _copy_resources(
            act, poc, await resources_of(act, group_ids=[planned.template.id]), group_id=group.id
        )


def _copied(act: Act, poc: Poc, group: TaskGroup, task: PlannedTask, position: int) -> Task:
    return Task(
        **stamp(act),
        poc_id=poc.id,
        group_id=group.id,
        title=task.title,
        description=task.template.description,
        description_shared=task.template.description_shared,
        side=task.side,
        position=position,
        start_on=task.start_on,
        due_on=task.due_on,
    )


async def _copy_resources(
    act: Act,
    poc: Poc,
    resources: Sequence[Resource],
    *,
    group_id: UUID | None = None,
    task_id: UUID | None = None,
) -> None:
    for resource in resources:
        copy = act.add(
            Resource(
                **stamp(act),
                kind=resource.kind,
                title=resource.title,
                content=resource.content,
                language=resource.language,
                shared=resource.shared,
                poc_id=poc.id,
                group_id=group_id,
                task_id=task_id,
            )
        )
        await files.copy_content(act, resource, copy)
