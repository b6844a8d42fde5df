"""Does a bulk act: a batch is one transaction, in which each row is treated as in an act on one."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from models import BulkAct, BulkActBatch, BulkState
from services.access.actor import Principal
from services.audit.acting import Act, acting
from services.bulk.batch_worker import LEASE, find_waiting
from services.bulk.kinds import ANYBODY, Outcome, Values, kind_of, progressed
from services.core import clock
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.sessions.events import SessionsEnded

BATCH = 10
"""How many rows one transaction has: others who want to write wait for some milliseconds, and the
pages of so few people close soon after the commit."""
FAILED = "failed"
"""The fate of those to whom the act couldn't be done."""


@dataclass(frozen=True)
class Along:
    """What goes along with a batch in its transaction, though the act's declaration doesn't know of
    it; it keeps what it needs in the act's `along`.

    `locks` are more users to lock. `beforehand` locks what else will be needed: before the log is
    written to, which everybody locks last. `go` gets the rows and what became of them, and returns
    the outcomes that it has changed.
    """

    locks: Callable[[BulkAct], Collection[UUID]]
    beforehand: Callable[[Act, BulkAct, Sequence[Values]], Awaitable[None]]
    go: Callable[[Act, BulkAct, Sequence[Values], Sequence[Outcome]], Awaitable[Sequence[Outcome]]]


@looks_first
async def act_on_next(actor: Principal, bulk_id: UUID, along: Along | None = None) -> bool:
    """Do the next batch of a bulk act, in one transaction; returns whether there may be more.

    Other acts go first, deactivations by hand above all. If one row is refused, the others go on.
    """
    waiting, number, people = await _next_people(bulk_id)

    async def decided_about(tx: Transaction) -> list[UUID]:
        if waiting is None:
            return []
        known = await kind_of(waiting).locks(tx, waiting, people)
        return [*known, *(along.locks(waiting) if along else ())]

    permission = kind_of(waiting).permission if waiting else ANYBODY
    async with acting(actor, permission, lock=decided_about, patient=True) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        batch = await act.tx.get(BulkActBatch, (bulk_id, number), populate_existing=True)
        if run.state is not BulkState.RUNNING or batch is None:
            return False
        if batch.outcomes is not None:  # another process was faster
            return True
        run.leased_until = clock.now() + LEASE
        act.tx.writes()  # a call that only looks has seen enough
        of_it = replace(act, run=run.id)
        if along is not None:
            await along.beforehand(of_it, run, people)
        outcomes = await kind_of(run).act_on(of_it, run, people)
        if along is not None:
            outcomes = await along.go(of_it, run, people, outcomes)
        batch.outcomes = [_plain(outcome) for outcome in outcomes]
        run.done += len(outcomes)
        run.changed += sum(outcome.changed for outcome in outcomes)
        run.failed += sum(outcome.fate == FAILED for outcome in outcomes)
        if run.done == run.people:
            await end(act, run, BulkState.DONE)
        act.publish(progressed(run))
        # The cuts first: pages close before anything else of this batch is told.
        act.tx.events.sort(key=lambda event: not isinstance(event, SessionsEnded))
        return run.state is BulkState.RUNNING


async def end(act: Act, run: BulkAct, state: BulkState, why: str = "") -> None:
    """End a bulk act in this act, and write the result of the whole into the log."""
    run.state, run.why, run.ended_at = state, why[:500], clock.now()
    await act.record(kind_of(run).action, tenant_id=run.tenant_id, **details_of(run))


def details_of(run: BulkAct) -> dict[str, Any]:
    """What the log says of the whole."""
    return {
        "bulk": str(run.id),
        "people": run.people,
        "changed": run.changed,
        "failed": run.failed,
        **kind_of(run).details(run),
        "why": run.why,
        "reason": run.reason,
    }


def outcome_of(values: Mapping[str, Any]) -> Outcome:
    """An outcome as it was kept with its batch."""
    kept = dict(values)
    row_id = kept.pop("user_id", None) or kept["row_id"]  # "user_id" before other lists had acts
    cause = kept["cause"]
    ids = {"row_id": UUID(row_id), "cause": UUID(cause) if cause else None}
    return Outcome(before=kept.pop("end"), **{**kept, **ids})


def _plain(outcome: Outcome) -> dict[str, object]:
    cause = str(outcome.cause) if outcome.cause else None
    values = {**asdict(outcome), "row_id": str(outcome.row_id), "cause": cause}
    values["end"] = values.pop("before")  # as processes of an earlier version read it
    return values


async def _next_people(
    bulk_id: UUID,
) -> tuple[BulkAct | None, int, list[dict[str, Any]]]:
    """An act as it is, and the number and the rows of its first waiting batch."""
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        batch = await find_waiting(tx, BulkActBatch, BulkActBatch.bulk_id == bulk_id)
    if run is None or batch is None:
        return None, -1, []
    return run, batch.number, batch.people
