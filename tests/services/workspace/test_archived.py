"""What is archived in a POC is told, and can be brought back."""

from models import Importance, ResourceKind, Side
from services.access.actor import Actor
from services.workspace import archived, criteria, groups, resources, task_list, tasks
from services.workspace.criteria import CriterionForm
from services.workspace.resource_forms import ResourceForm
from tests.services.workspace.scene import create_poc, create_task


async def test_what_was_archived_is_told_and_comes_back_the_group_before_its_task(
    ada: Actor,
) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id)
    (group,) = await task_list.list_groups(ada, poc_id)
    target = CriterionForm(title="Fast", importance=Importance.MUST, side=Side.TEAM)
    criterion_id = await criteria.add_criterion(ada, poc_id, target)
    note = ResourceForm(kind=ResourceKind.NOTE, title="Ports", content="443")
    resource_id = await resources.add_to_poc(ada, poc_id, note)
    assert await archived.list_archived(ada, poc_id) == []
    await tasks.set_archived(ada, task_id, 1, archived=True)
    await groups.set_archived(ada, group.id, group.version, archived=True)
    await criteria.set_archived(ada, criterion_id, 1, archived=True)
    await resources.set_archived_of_poc(ada, resource_id, 1, archived=True)
    found = await archived.list_archived(ada, poc_id)
    told = [(one.noun, one.title) for one in found]
    assert told == [
        ("Group", "For Call"),
        ("Task", "Call"),
        ("Criterion", "Fast"),
        ("Resource", "Ports"),
    ]
    for one in found:
        await archived.bring_back(ada, one)
    assert await archived.list_archived(ada, poc_id) == []
    (group,) = await task_list.list_groups(ada, poc_id)
    assert [task.title for task in group.tasks] == ["Call"]
