"""What a customer's people do in a POC: comment, finish tasks, accept the team's."""

import pytest

from models import Side, TaskStatus, Tenant
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError, NotAllowedError
from services.workspace import comments, tasks
from services.workspace.customers import acts, shared
from tests import books
from tests.conftest import ONE_DATABASE
from tests.factories import create_customer, open_customer_session
from tests.services.workspace.scene import create_poc, create_task, tasks_of


@ONE_DATABASE
async def test_a_customer_comments_for_both_sides(tenant: Tenant, ada: Actor) -> None:
    poc = await create_poc(ada)
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    await acts.comment(actor, poc, acts.SharedCommentForm(body="The **firewall** is open"))
    (said,) = (await comments.list_comments(ada, poc)).comments
    assert (said.author.name, said.author.is_customer, said.shared) == ("Reto Bianchi", True, True)
    assert "<strong>firewall</strong>" in said.html
    entry = (await books.audit_of(tenant))[-1]
    assert (entry.action, entry.actor_name) == ("comment.posted", "Reto Bianchi")
    assert entry.actor_id == actor.customer_id
    with pytest.raises(NotAllowedError):
        await comments.remove(ada, said.id, said.version)


async def test_a_customer_finishes_tasks_of_their_side_and_accepts_those_of_the_team(
    tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    own = await create_task(ada, poc, "Names", side=Side.CUSTOMER)
    teams = await create_task(ada, poc, "Load data")
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    await acts.set_done(actor, own, 1, done=True)
    with pytest.raises(ConflictError, match="the team’s"):
        await acts.set_done(actor, teams, 1, done=True)
    with pytest.raises(ConflictError, match="isn’t finished"):
        await acts.set_accepted(actor, teams, 1, accepted=True)
    await tasks.set_status(ada, teams, 1, tasks.TaskStatusForm(status=TaskStatus.DONE))
    seen = {task.id: task for task in (await shared.get_shared(actor, poc)).tasks}
    assert (seen[own].done_by, seen[teams].waits) == ("Reto Bianchi", True)
    await acts.set_accepted(actor, teams, 2, accepted=True)
    task = next(task for task in await tasks_of(ada, poc) if task.id == teams)
    assert task.accepted_by is not None
    assert task.accepted_by.name == "Reto Bianchi"
    # What is done once more has to be accepted once more.
    again = tasks.TaskStatusForm(status=TaskStatus.IN_PROGRESS)
    await tasks.set_status(ada, teams, 3, again)
    seen = {task.id: task for task in (await shared.get_shared(actor, poc)).tasks}
    assert (seen[teams].accepted_at, seen[teams].waits) == (None, False)


async def test_nothing_of_a_reason_is_left_once_the_customer_has_done_the_task(
    tenant: Tenant, ada: Actor
) -> None:
    poc = await create_poc(ada)
    own = await create_task(ada, poc, "Names", side=Side.CUSTOMER)
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    why = tasks.TaskStatusForm(status=TaskStatus.BLOCKED, reason="No names", reason_shared=True)
    blocked = await tasks.set_status(ada, own, 1, why)
    done = await acts.set_done(actor, own, blocked, done=True)
    undone = await acts.set_done(actor, own, done.version, done=False)
    again = tasks.TaskStatusForm(status=TaskStatus.IN_PROGRESS)
    assert await tasks.set_status(ada, own, undone.version, again) == undone.version


async def test_a_customer_does_no_more_in_a_minute_than_anybody_could(
    tenant: Tenant, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "MOST", 2)
    poc = await create_poc(ada)
    own = await create_task(ada, poc, "Names", side=Side.CUSTOMER)
    actor, _ = await open_customer_session(await create_customer(tenant, poc))
    done = await acts.set_done(actor, own, 1, done=True)
    undone = await acts.set_done(actor, own, done.version, done=False)
    with pytest.raises(ConflictError, match="Wait a little"):
        await acts.set_done(actor, own, undone.version, done=True)
    clock.shift(acts.WITHIN)
    await acts.set_done(actor, own, undone.version, done=True)
