"""Sets the scene of the workspace, by its own services."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from uuid import UUID

from models import Side
from services.access.actor import Actor
from services.screens import home
from services.users import accounts
from services.workspace import files, groups, pocs, resources, task_list, tasks, templates
from services.workspace.orphans import LeftWork
from services.workspace.pocs import NewPocForm
from services.workspace.resource_forms import FileForm
from services.workspace.task_list import TaskView

MONDAY = date(2026, 3, 2)
# What a group of templates is made of: title, side, first day, days.
KICK_OFF = (("Call", Side.TEAM, 1, 1), ("Names", Side.CUSTOMER, 2, 3))


async def create_group(
    author: Actor,
    title: str = "Kick-off",
    tasks: Sequence[tuple[str, Side, int, int]] = KICK_OFF,
) -> UUID:
    """A group template of these tasks."""
    group_id = await templates.create_group(author, templates.GroupTemplateForm(title=title))
    for name, side, start_day, days in tasks:
        form = templates.TaskTemplateForm(title=name, side=side, start_day=start_day, days=days)
        await templates.create_task(author, form, group_id=group_id)
    return group_id


async def create_poc(
    actor: Actor,
    title: str = "Trial",
    *,
    customer: str = "Helvetia Freight AG",
    end_on: date | None = None,
    group_ids: Sequence[UUID] = (),
    owner_id: UUID | None = None,
) -> UUID:
    """A POC that begins on a Monday."""
    return await pocs.create_poc(
        actor,
        NewPocForm(
            title=title,
            customer=customer,
            start_on=MONDAY,
            end_on=end_on,
            group_ids=tuple(group_ids),
            owner_id=owner_id,
        ),
    )


async def create_task(
    actor: Actor,
    poc_id: UUID,
    title: str = "Call",
    *,
    side: Side = Side.TEAM,
    due_on: date | None = None,
    assignees: Sequence[UUID] = (),
    description: str = "",
    shared: bool = False,
) -> UUID:
    """A task in a group of its own; `shared` says whether customers read the description."""
    group_id = await groups.add_group(actor, poc_id, groups.NewGroupForm(title=f"For {title}"))
    form = tasks.NewTaskForm(
        title=title,
        description=description,
        description_shared=shared,
        group_id=group_id,
        side=side,
        due_on=due_on,
        assignee_ids=tuple(assignees),
    )
    return await tasks.add_task(actor, form)


async def pieces_of(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """A file as it arrives."""
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def share_file(actor: Actor, poc_id: UUID, content: bytes = b"Said") -> UUID:
    """A file of a POC that its customer may read."""
    file_id = await files.upload(actor, poc_id, "plan.bin", pieces_of(content))
    await resources.edit_of_poc(actor, file_id, 1, FileForm(title="plan.bin", shared=True))
    return file_id


async def tasks_of(actor: Actor, poc_id: UUID) -> list[TaskView]:
    """The tasks of a POC in their order."""
    return [task for group in await task_list.list_groups(actor, poc_id) for task in group.tasks]


async def left_work(admin: Actor) -> Sequence[LeftWork]:
    """Who left work that nobody active has, as the Home of an admin says."""
    managed = (await home.get_home(admin)).managed
    assert managed is not None
    return managed.left.people


async def deactivate(admin: Actor, user_id: UUID) -> None:
    """Shut a user out."""
    await accounts.set_active(admin, user_id, False)
