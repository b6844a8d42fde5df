"""Success criteria: in their order, with their results and the tasks that show them."""

import pytest

from models import CriterionResult, Importance
from services.access.actor import Actor
from services.audit.list import AuditEntry
from services.core.errors import NotFoundError, StaleError
from services.workspace import criteria, history, listing, tasks
from services.workspace.criteria import CriterionForm, ResultForm
from tests.services.workspace.scene import create_poc, create_task


def _form(title: str = "Fast enough", **values: object) -> CriterionForm:
    return CriterionForm(title=title, importance=Importance.MUST, **values)


async def test_a_criterion_names_the_tasks_that_show_it(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    task_id = await create_task(ada, poc_id)
    criterion_id = await criteria.add_criterion(ada, poc_id, _form(task_ids=(task_id,)))
    assert list((await criteria.find_criterion(criterion_id)).shown_by.values()) == ["Call"]
    await tasks.set_archived(ada, task_id, 1, archived=True)
    assert list((await criteria.find_criterion(criterion_id)).shown_by.values()) == [""]
    await criteria.edit_criterion(ada, criterion_id, 1, _form())
    assert (await criteria.find_criterion(criterion_id)).task_ids == ()


async def test_a_task_of_another_poc_shows_nothing(ada: Actor) -> None:
    task_id = await create_task(ada, await create_poc(ada))
    with pytest.raises(NotFoundError):
        await criteria.add_criterion(ada, await create_poc(ada), _form(task_ids=(task_id,)))


async def test_a_pocs_head_counts_the_criteria_that_have_no_result_yet(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    first, _ = [await criteria.add_criterion(ada, poc_id, _form()) for _ in range(2)]
    await criteria.set_result(ada, first, 1, ResultForm(result=CriterionResult.MET))
    assert (await listing.get_details(ada, poc_id)).head.pending == 1


async def test_a_result_is_recorded_with_what_it_was(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    criterion_id = await criteria.add_criterion(ada, poc_id, _form(target="250 ms"))
    form = ResultForm(result=CriterionResult.PARTLY_MET, achieved="300 ms")
    await criteria.set_result(ada, criterion_id, 1, form)
    (found,) = await criteria.list_criteria(ada, poc_id)
    assert (found.result, found.achieved) == (CriterionResult.PARTLY_MET, "300 ms")
    newest: AuditEntry = (await history.list_history(ada, poc_id)).entries[0]
    assert newest.summary == "Fast enough: Pending → Partly met"
    with pytest.raises(StaleError):
        await criteria.set_result(ada, criterion_id, 1, ResultForm(result=CriterionResult.MET))


async def test_criteria_are_moved_and_archived(ada: Actor) -> None:
    poc_id = await create_poc(ada)
    one, two = [await criteria.add_criterion(ada, poc_id, _form(name)) for name in "AB"]
    await criteria.move_criterion(ada, two, 1, before_id=one)
    assert [row.title for row in await criteria.list_criteria(ada, poc_id)] == ["B", "A"]
    await criteria.set_archived(ada, one, 1, archived=True)
    assert [row.title for row in await criteria.list_criteria(ada, poc_id)] == ["B"]
