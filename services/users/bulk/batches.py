"""Does a bulk act: a batch is one transaction, in which each row is treated as in an act on one."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkActBatch, BulkKind, BulkState
from services.access.actor import Principal
from services.audit.acting import Act, acting
from services.core import clock
from services.core.db import Transaction, reading
from services.core.looking import looks_first
from services.sessions.events import SessionsEnded
from services.users.batch_worker import LEASE
from services.users.bulk.fates import end_of_values
from services.users.bulk.kinds import ANYBODY, ManyAct, Outcome, Values, kind_of, progressed
from services.users.ends import details_of as end_details

BATCH = 10
"""How many rows one transaction has: others who want to write wait for some milliseconds, and the
pages of so few people close soon after the commit."""
FAILED = "failed"
"""The fate of those to whom the act couldn't be done."""

Along = Callable[[Act, BulkAct, Sequence[Values], Sequence[Outcome]], Awaitable[Sequence[Outcome]]]
"""What goes along with a batch in its transaction: it gets the people and what became of them, and
returns the outcomes that it has changed."""
Beforehand = Callable[[Act, BulkAct, Sequence[Values]], Awaitable[None]]
"""Locks what that will need: before the log is written to, which everybody locks last."""


@looks_first
async def act_on_next(
    actor: Principal,
    bulk_id: UUID,
    along: Along | None = None,
    beforehand: Beforehand | None = None,
) -> bool:
    """Do the next batch of a bulk act, in one transaction; returns whether there may be more.

    Other acts go first, deactivations by hand above all. If one row is refused, the others go on.
    """
    kind, number, people, heirs = await _next_people(bulk_id)

    async def decided_about(tx: Transaction) -> list[UUID]:
        known = await kind.locks(tx, actor.tenant_id, people) if kind else ()
        return [*known, *heirs]

    permission = kind.permission if kind else ANYBODY
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
        if beforehand is not None:
            await beforehand(of_it, run, people)
        outcomes = await kind_of(run).act_on(of_it, run, people)
        if along is not None:
            outcomes = await along(of_it, run, people, outcomes)
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
        **(end_details(end_of_values(run.end)) if run.kind is BulkKind.END_DATE else {}),
        **({"handed_over": handed_over(run)} if run.hand_over else {}),
        "why": run.why,
        "reason": run.reason,
    }


def handed_over(run: BulkAct) -> list[dict[str, Any]]:
    """Who gets the work of those who are deactivated, and how much each has got so far."""
    heirs = (run.hand_over or {}).get("to", ())
    return [{key: value for key, value in heir.items() if key != "id"} for heir in heirs]


def outcome_of(values: Mapping[str, Any]) -> Outcome:
    """An outcome as it was kept with its batch."""
    kept = dict(values)
    row_id = kept.pop("user_id", None) or kept["row_id"]  # "user_id" before other lists had acts
    cause = kept["cause"]
    ids = {"row_id": UUID(row_id), "cause": UUID(cause) if cause else None}
    return Outcome(**{**kept, **ids})


def _plain(outcome: Outcome) -> dict[str, object]:
    cause = str(outcome.cause) if outcome.cause else None
    return {**asdict(outcome), "row_id": str(outcome.row_id), "cause": cause}


async def _next_people(
    bulk_id: UUID,
) -> tuple[ManyAct | None, int, list[dict[str, Any]], list[UUID]]:
    """The kind of an act, the number and the rows of its first waiting batch, and who gets these
    people's work."""
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        found = await tx.exec(
            select(BulkActBatch)
            .where(BulkActBatch.bulk_id == bulk_id, col(BulkActBatch.outcomes).is_(None))
            .order_by(col(BulkActBatch.number))
            .limit(1)
        )
        batch = found.first()
    if run is None or batch is None:
        return None, -1, [], []
    heirs = [UUID(heir["id"]) for heir in (run.hand_over or {}).get("to", ())]
    return kind_of(run), batch.number, batch.people, heirs
