"""Resources: of templates and of POCs, and the copies that a POC gets."""

import pytest

from models import ResourceKind
from services.access.actor import Actor
from services.core.errors import ConflictError, InvalidInputError, NotFoundError, StaleError
from services.workspace import resources, task_list, template_list, templates
from services.workspace.resource_forms import ResourceForm
from tests.services.workspace.scene import create_group, create_poc, create_task

LINK, NOTE = ResourceKind.LINK, ResourceKind.NOTE
DOCS = ResourceForm(kind=LINK, title="Docs", content="https://docs.example/a", shared=True)
AGREED = ResourceForm(kind=NOTE, title="Agreed", content="**Yes**")


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "docs.example", "//docs.example", "https://", "https://a b", "[::"],
)
def test_a_link_is_a_whole_url_of_the_web(url: str) -> None:
    with pytest.raises(InvalidInputError, match="begins with https://"):
        ResourceForm(kind=LINK, title="Docs", content=url)


async def test_a_poc_gets_the_resources_of_its_templates(author: Actor, ada: Actor) -> None:
    group_id = await create_group(author)
    task = (await template_list.get_group(author, group_id)).tasks[0]
    await resources.add_to_template(author, DOCS, group_template_id=group_id)
    await resources.add_to_template(author, AGREED, task_template_id=task.id)
    assert (await template_list.get_group(author, group_id)).resources == 2
    poc_id = await create_poc(ada, group_ids=[group_id])
    found = await resources.list_of_poc(ada, poc_id)
    assert {(one.title, one.belongs_to, one.shared) for one in found} == {
        ("Docs", "Kick-off", True),
        ("Agreed", "Call", False),
    }


def test_only_code_has_a_language() -> None:
    for kind, language in ((ResourceKind.CODE, "Python"), (ResourceKind.NOTE, "")):
        form = ResourceForm(kind=kind, title="Ports", content="443", language="Python")
        assert form.language == language


async def test_a_copied_resource_goes_its_own_way(author: Actor, ada: Actor) -> None:
    group_id = await create_group(author)
    resource_id = await resources.add_to_template(author, DOCS, group_template_id=group_id)
    poc_id = await create_poc(ada, group_ids=[group_id])
    await resources.set_archived_of_template(author, resource_id, 1, archived=True)
    assert await resources.list_of_group_template(author, group_id) == []
    (copy,) = await resources.list_of_poc(ada, poc_id)
    await resources.edit_of_poc(ada, copy.id, 1, AGREED)
    (copy,) = await resources.list_of_poc(ada, poc_id)
    assert (copy.title, copy.html.strip()) == ("Agreed", "<p><strong>Yes</strong></p>")


async def test_a_resource_belongs_to_a_task_of_its_own_poc(author: Actor, ada: Actor) -> None:
    group_ids = [await create_group(author)]
    here, there = await create_poc(ada, group_ids=group_ids), await create_poc(ada)
    (group,) = await task_list.list_groups(ada, here)
    await resources.add_to_poc(ada, here, DOCS, task_id=group.tasks[0].id)
    with pytest.raises(NotFoundError):
        await resources.add_to_poc(ada, there, DOCS, task_id=group.tasks[0].id)


async def test_a_resource_of_a_poc_is_put_to_a_task_and_back(author: Actor, ada: Actor) -> None:
    poc_id = await create_poc(ada, group_ids=[await create_group(author)])
    (group,) = await task_list.list_groups(ada, poc_id)
    resource_id = await resources.add_to_poc(ada, poc_id, DOCS, group_id=group.id)
    assert (await resources.find_resource(resource_id)).belongs_to == "Kick-off"
    await resources.edit_of_poc(ada, resource_id, 1, DOCS, task_id=group.tasks[1].id)
    assert (await resources.find_resource(resource_id)).belongs_to == "Names"
    await resources.edit_of_poc(ada, resource_id, 2, DOCS)
    assert (await resources.find_resource(resource_id)).belongs_to == ""
    other = await create_task(ada, await create_poc(ada, "Other"))
    with pytest.raises(NotFoundError):
        await resources.edit_of_poc(ada, resource_id, 3, DOCS, task_id=other)


async def test_a_group_template_lists_the_resources_of_its_tasks(author: Actor) -> None:
    group_id, other_id = await create_group(author), await create_group(author, "Other")
    task = (await template_list.get_group(author, group_id)).tasks[0]
    await resources.add_to_template(author, DOCS, group_template_id=group_id)
    await resources.add_to_template(author, AGREED, task_template_id=task.id)
    found = await resources.list_of_group_template(author, group_id)
    assert [(one.title, one.belongs_to) for one in found] == [("Docs", ""), ("Agreed", "Call")]
    assert await resources.list_of_group_template(author, other_id) == []


async def test_a_templates_resource_is_put_to_one_of_its_tasks_and_back(
    author: Actor, ada: Actor
) -> None:
    group_id = await create_group(author)
    first, second = (await template_list.get_group(author, group_id)).tasks
    resource_id = await resources.add_to_template(author, DOCS, group_template_id=group_id)
    await resources.edit_of_template(author, resource_id, 1, DOCS, task_template_id=second.id)
    (found,) = await resources.list_of_group_template(author, group_id)
    assert (found.belongs_to, found.version) == (second.title, 2)
    # A change that names no template leaves it where it is.
    await resources.edit_of_template(author, resource_id, 2, AGREED)
    (found,) = await resources.list_of_group_template(author, group_id)
    assert found.belongs_to == second.title
    await resources.edit_of_template(author, resource_id, 3, DOCS, task_template_id=first.id)
    # A POC that is started now has it at that task.
    poc_id = await create_poc(ada, group_ids=[group_id])
    assert [one.belongs_to for one in await resources.list_of_poc(ada, poc_id)] == [first.title]
    await resources.edit_of_template(author, resource_id, 4, DOCS, group_template_id=group_id)
    (found,) = await resources.list_of_group_template(author, group_id)
    assert found.belongs_to == ""
    await templates.set_task_archived(author, second.id, second.facts_version, archived=True)
    with pytest.raises(ConflictError, match="archived"):
        await resources.edit_of_template(author, resource_id, 5, DOCS, task_template_id=second.id)


async def test_a_pocs_resource_is_no_templates(author: Actor, ada: Actor) -> None:
    resource_id = await resources.add_to_poc(ada, await create_poc(ada), DOCS)
    with pytest.raises(NotFoundError):
        await resources.edit_of_template(author, resource_id, 1, AGREED)


async def test_a_resource_that_changed_since_is_not_changed(ada: Actor) -> None:
    resource_id = await resources.add_to_poc(ada, await create_poc(ada), DOCS)
    await resources.edit_of_poc(ada, resource_id, 1, AGREED)
    with pytest.raises(StaleError):
        await resources.edit_of_poc(ada, resource_id, 1, DOCS)
