"""The service calls about bulk acts, and who may make them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

from models import BulkAct, BulkActBatch, BulkKind, BulkState, Tenant, User
from services.access.actor import Actor
from services.bulk import batches, preview, results, runs
from services.bulk.kinds import Outcome
from services.bulk.runs import BulkForm
from services.core import clock
from services.database.transaction import reading, transaction
from services.lists.query import ListQuery
from services.users.list import USERS
from services.workspace import bulk_handover
from services.workspace.bulk_handover import BulkHandOverForm, HeirsForm, When
from tests import books
from tests.factories import create_user
from tests.services.call import MANAGERS, Call
from ui.pages.bulk_places import PLACES


async def bulk_act_in(
    by: User,
    session_id: UUID,
    tenant_id: UUID,
    target: UUID,
    state: BulkState,
    kind: BulkKind = BulkKind.DEACTIVATE,
) -> UUID:
    """A bulk act on one person that somebody drafted, in their tenant or in another."""
    now = clock.now()
    run = BulkAct(
        tenant_id=tenant_id,
        kind=kind,
        state=state,
        started_by_id=by.id,
        started_by=by.full_name,
        session_id=session_id,
        people=1,
        created_at=now,
        leased_until=now + timedelta(days=1),  # no worker's
    )
    async with transaction() as tx:
        tx.add(run)
        await tx.flush()
        people = [{"id": str(target), "name": "Ada Lovelace"}]
        tx.add(BulkActBatch(bulk_id=run.id, number=0, people=people))
    return run.id


async def bulk_act_of(by: User, kind: BulkKind = BulkKind.DEACTIVATE) -> UUID:
    """A bulk act of this kind that somebody drafted in their tenant."""
    assert by.tenant_id is not None
    return await bulk_act_in(by, uuid4(), by.tenant_id, by.id, BulkState.DRAFT, kind)


async def bulk_acts_of(by: User) -> dict[str, str]:
    """One for each place where such acts stand: its id, by the beginning of their paths."""
    first = {place.path: place.lists[0].acts[0].kind for place in PLACES}
    return {
        f"/t/{{slug}}/{path}/bulk": str(await bulk_act_of(by, kind)) for path, kind in first.items()
    }


def _of_act(
    call: Callable[[Actor, UUID], Awaitable[object]], state: BulkState = BulkState.RUNNING
) -> Callable[[Actor, UUID], Awaitable[object]]:
    async def run(actor: Actor, target: UUID) -> object:
        async with reading() as tx:
            user = await tx.get(User, target)
        if user is None or user.tenant_id is None:
            return await call(actor, target)  # no act has this id
        by = await books.user_of(actor.user_id)
        act = await bulk_act_in(by, actor.session_id, user.tenant_id, target, state)
        return await call(actor, act)

    return run


async def _undo(actor: Actor, bulk_id: UUID) -> object:
    async with transaction() as tx:
        run = await tx.get(BulkAct, bulk_id)
        if run is not None:
            run.state, run.ended_at, run.changed = BulkState.DONE, clock.now(), 1
    return await runs.undo(actor, bulk_id)


async def _try_again(actor: Actor, bulk_id: UUID) -> object:
    async with transaction() as tx:
        batch = await tx.get(BulkActBatch, (bulk_id, 0))
        if batch is not None:
            person = UUID(batch.people[0]["id"])
            outcome = Outcome(person, "Ada Lovelace", "failed", "Failed: it was busy.")
            batch.outcomes = [batches._plain(outcome)]
    return await runs.try_again(actor, bulk_id)


async def _choose_later(actor: Actor, bulk_id: UUID) -> object:
    await bulk_handover.choose_heirs(actor, bulk_id, BulkHandOverForm(when=When.LATER))
    return None


async def _hand_over_some(actor: Actor, bulk_id: UUID) -> object:
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        tenant = await tx.get(Tenant, run.tenant_id) if run else None
    heir = (await create_user(tenant)).id if tenant else uuid4()
    return await bulk_handover.hand_over_some(actor, bulk_id, HeirsForm(heir_ids=(heir,)))


BULK_CALLS = [
    Call(
        "bulk.runs.draft",
        MANAGERS,
        lambda a, t: runs.draft(a, BulkKind.DEACTIVATE, ListQuery(ids=frozenset({t}))),
        takes_id=False,
    ),
    Call(
        "bulk.runs.begin",
        MANAGERS,
        _of_act(lambda a, b: runs.begin(a, b, BulkForm(reason="")), BulkState.DRAFT),
    ),
    Call("bulk.runs.stop", MANAGERS, _of_act(runs.stop)),
    Call("bulk.runs.undo", MANAGERS, _of_act(_undo)),
    Call("bulk.runs.try_again", MANAGERS, _of_act(_try_again)),
    Call(
        "bulk.runs.list_runs",
        MANAGERS,
        lambda a, _t: runs.list_runs(a, [USERS.noun]),
        takes_id=False,
    ),
    Call("bulk.runs.get_run", MANAGERS, _of_act(runs.get_run)),
    Call("bulk.preview.preview", MANAGERS, _of_act(preview.preview, BulkState.DRAFT)),
    Call("bulk.results.get_results", MANAGERS, _of_act(results.get_results)),
    Call("bulk.results.results_csv", MANAGERS, _of_act(results.results_csv)),
    Call("bulk.batches.act_on_next", MANAGERS, _of_act(batches.act_on_next)),
    Call(
        "workspace.bulk_handover.choose_heirs",
        MANAGERS,
        _of_act(_choose_later, BulkState.DRAFT),
    ),
    Call("workspace.bulk_handover.list_away", MANAGERS, _of_act(bulk_handover.list_away)),
    Call("workspace.bulk_handover.hand_over_some", MANAGERS, _of_act(_hand_over_some)),
]
