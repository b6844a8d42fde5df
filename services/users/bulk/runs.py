"""Bulk acts as people see them: drafted, begun, stopped, undone, watched by every admin."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from models import BulkAct, BulkActBatch, BulkKind, BulkState
from services.access.actor import ROLLCALL, Actor
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.audit.writing import record
from services.core import clock
from services.core.db import LOCKED, Transaction, reading, transaction
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.forms import Form, checkbox, lines
from services.core.looking import looks_first
from services.lists.query import ListQuery, in_words
from services.lists.slices import find
from services.users.bulk.batches import (
    ACTIONS,
    BATCH,
    FAILED,
    PersonOutcome,
    details_of,
    end,
    handed_over,
    outcome_of,
)
from services.users.bulk.fates import PERMISSIONS, end_of_values, values_of_end
from services.users.ends import End, chosen_end
from services.users.events import BulkProgressed
from services.users.forms import TELL, EndDate
from services.users.list import USERS
from services.users.row import name_of

MOST_PEOPLE = 10_000
LATEST = 20
"""How many bulk acts a page lists."""
UNDONE_WITHIN = timedelta(days=1)
KEPT = timedelta(days=30)
"""How long the outcome for each person is kept after the end; the log keeps it for good."""
LOOKED_AT = timedelta(days=1)
"""How long a draft is kept."""
# The kind that undoes each kind.
OPPOSITES = {
    BulkKind.DEACTIVATE: BulkKind.ACTIVATE,
    BulkKind.ACTIVATE: BulkKind.DEACTIVATE,
    BulkKind.END_DATE: BulkKind.END_DATE,
}


class BulkForm(Form):
    """What is said of a bulk act when it begins."""

    reason: str = lines("Reason", optional=True, most=500, hint="Stands in the audit log.")
    tell: bool = checkbox(TELL)


@dataclass(frozen=True)
class BulkView:
    """A bulk act as it is shown; `may_undo` while it can be undone, and `undone_by` is the act that
    undid it."""

    id: UUID
    kind: BulkKind
    state: BulkState
    selection: str
    reason: str
    end: End | None
    people: int
    done: int
    changed: int
    failed: int
    why: str
    started_by: str
    started_by_id: UUID
    started_at: datetime | None
    ended_at: datetime | None
    may_undo: bool = False
    undoes: UUID | None = None
    undone_by: UUID | None = None
    heirs: Sequence[Mapping[str, Any]] = ()
    """A person who gets the work of those who are deactivated: `name`, and the `pocs`, `tasks` and
    `groups` so far."""


@looks_first
async def draft(
    actor: Actor, kind: BulkKind, query: ListQuery, form: EndDate | None = None
) -> UUID:
    """Keep the people whom a query finds now, to be looked at before anything is done to them;
    returns the bulk act's id.

    People who match later aren't among them. Raises `InvalidInputError`.
    """
    async with acting(actor, PERMISSIONS[kind]) as act:
        listing = await find(act.tx, USERS, query, act.tenant_id)
        people = [
            {"id": str(user.id), "name": name_of(user)}
            for _, user in await listing.after(act.tx, None, MOST_PEOPLE + 1)
        ]
        if not 0 < len(people) <= MOST_PEOPLE:
            few = "Nobody is selected." if not people else f"Select at most {MOST_PEOPLE:,} users."
            raise InvalidInputError({"people": few})
        end_ = None
        if form is not None:
            end_ = await chosen_end(act.tx, act.tenant_id, form.end_date, form.end_time)
        return await _add(act, actor, kind, people, in_words(USERS, query), end_=end_)


@looks_first
async def begin(actor: Actor, bulk_id: UUID, form: BulkForm) -> None:
    """Begin to do what was drafted, on behalf of this session."""
    async with acting(actor, Permission.VIEW_USERS) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(PERMISSIONS[run.kind])
        if run.state is not BulkState.DRAFT:
            return
        own = act.own
        run.tell = form.tell
        run.reason, run.session_id, run.ip = form.reason, actor.session_id, actor.ip
        run.started_by_id, run.started_by = own.id, own.full_name
        run.state, run.started_at = BulkState.RUNNING, clock.now()
        run.leased_until = clock.now()
        act.publish(BulkProgressed(tenant_id=run.tenant_id, bulk_id=run.id))


@looks_first
async def stop(actor: Actor, bulk_id: UUID) -> None:
    """Stop a bulk act after its current batch; people who were changed stay changed."""
    async with acting(actor, Permission.VIEW_USERS) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(PERMISSIONS[run.kind])
        if run.state is not BulkState.RUNNING:
            return
        await end(act, run, BulkState.STOPPED, f"Stopped by {act.own.full_name}.")
        act.publish(BulkProgressed(tenant_id=run.tenant_id, bulk_id=run.id))


@looks_first
async def undo(actor: Actor, bulk_id: UUID) -> UUID:
    """Begin to undo a bulk act for the people whom nobody has changed since; returns the id of the
    act that undoes it. Raises `ConflictError` if it is too late."""
    async with acting(actor, Permission.VIEW_USERS) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        undone_by = await _undone_by(act.tx, [run.id])
        if undone_by:
            return undone_by[run.id]
        if not _may_undo(run):
            raise ConflictError("This can’t be undone any more. Select the users anew.")
        kind = OPPOSITES[run.kind]
        await act.require(PERMISSIONS[kind])
        people = [
            {"id": str(outcome.user_id), "name": outcome.name, **_before(run, outcome)}
            for outcome in await outcomes(act.tx, run.id)
            if outcome.changed
        ]
        undoing = await _add(
            act, actor, kind, people, run.selection, undoes_id=run.id, state=BulkState.RUNNING
        )
        (await act.get(BulkAct, undoing)).tell = run.tell  # people who were told hear of this, too
        for bulk in (undoing, run.id):
            act.publish(BulkProgressed(tenant_id=run.tenant_id, bulk_id=bulk))
        return undoing


@looks_first
async def try_again(actor: Actor, bulk_id: UUID) -> UUID:
    """Draft the same act for the people for whom it failed; returns the draft's id."""
    async with acting(actor, Permission.SWITCH_USERS) as act:
        run = await act.get(BulkAct, bulk_id)
        await act.require(PERMISSIONS[run.kind])
        people = [
            {"id": str(outcome.user_id), "name": outcome.name}
            for outcome in await outcomes(act.tx, run.id)
            if outcome.fate == FAILED
        ]
        if not people:
            raise ConflictError("Nobody of them failed.")
        end_ = end_of_values(run.end)
        return await _add(act, actor, run.kind, people, run.selection, end_=end_)


async def fail(bulk_id: UUID, why: str) -> None:
    """End a bulk act that can't go on."""
    async with transaction() as tx:
        run = await tx.get(BulkAct, bulk_id, **LOCKED)
        if run is None or run.state is not BulkState.RUNNING:
            return
        run.state, run.why, run.ended_at = BulkState.FAILED, why[:500], clock.now()
        await record(
            tx, ACTIONS[run.kind], actor=ROLLCALL, tenant_id=run.tenant_id, **details_of(run)
        )
        tx.publish(BulkProgressed(tenant_id=run.tenant_id, bulk_id=run.id))


async def list_runs(actor: Actor) -> Sequence[BulkView]:
    """The latest bulk acts of the organisation, the newest first."""
    async with viewing(actor, Permission.SWITCH_USERS) as view:
        found = await view.tx.exec(
            select(BulkAct)
            .where(BulkAct.tenant_id == view.tenant_id, BulkAct.state != BulkState.DRAFT)
            .order_by(col(BulkAct.created_at).desc())
            .limit(LATEST)
        )
        runs = found.all()
        undone_by = await _undone_by(view.tx, [run.id for run in runs])
        return [_view(run, undone_by.get(run.id)) for run in runs]


async def get_run(actor: Actor, bulk_id: UUID) -> BulkView:
    """One bulk act of the organisation. Raises `NotFoundError`."""
    async with viewing(actor, Permission.SWITCH_USERS) as view:
        run = await view.get(BulkAct, bulk_id)
        return _view(run, (await _undone_by(view.tx, [run.id])).get(run.id))


async def find_run(bulk_id: UUID) -> BulkView | None:
    """One bulk act, to tell the open pages of its tenant."""
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        return _view(run, (await _undone_by(tx, [bulk_id])).get(bulk_id)) if run else None


async def remove_old(tx: Transaction) -> None:
    """Remove the bulk acts that ended long ago, and drafts that nobody began."""
    now = clock.now()
    old = select(BulkAct.id).where(
        (col(BulkAct.ended_at) < now - KEPT)
        | ((col(BulkAct.state) == BulkState.DRAFT) & (col(BulkAct.created_at) < now - LOOKED_AT))
    )
    await tx.exec(delete(BulkActBatch).where(col(BulkActBatch.bulk_id).in_(old)))
    await tx.exec(delete(BulkAct).where(col(BulkAct.id).in_(old)))


async def outcomes(tx: Transaction, bulk_id: UUID) -> list[PersonOutcome]:
    """What became of each person so far, in their order."""
    found = await tx.exec(
        select(BulkActBatch.outcomes)
        .where(BulkActBatch.bulk_id == bulk_id, col(BulkActBatch.outcomes).is_not(None))
        .order_by(col(BulkActBatch.number))
    )
    return [outcome_of(values) for kept in found for values in kept or ()]


async def _add(
    act: Act,
    actor: Actor,
    kind: BulkKind,
    people: Sequence[Mapping[str, Any]],
    selection: str,
    *,
    end_: End | None = None,
    undoes_id: UUID | None = None,
    state: BulkState = BulkState.DRAFT,
) -> UUID:
    if act.tenant_id is None:  # above the organisations, each person is treated alone
        raise NotFoundError
    now = clock.now()
    run = act.add(
        BulkAct(
            tenant_id=act.tenant_id,
            kind=kind,
            state=state,
            started_by_id=act.own.id,
            started_by=act.own.full_name,
            session_id=actor.session_id,
            ip=actor.ip,
            selection=selection[:500],
            end=values_of_end(end_),
            people=len(people),
            undoes_id=undoes_id,
            created_at=now,
            started_at=None if state is BulkState.DRAFT else now,
            leased_until=now,
        )
    )
    await act.tx.flush()
    for number, at in enumerate(range(0, len(people), BATCH)):
        act.add(BulkActBatch(bulk_id=run.id, number=number, people=list(people[at : at + BATCH])))
    return run.id


def _before(run: BulkAct, outcome: PersonOutcome) -> dict[str, Any]:
    """What is needed to undo a person's change: the state in which it left them."""
    if run.kind is BulkKind.END_DATE:
        return {"end": outcome.end}
    return {"seen": outcome.seen, "cause": str(outcome.cause) if outcome.cause else None}


def _may_undo(run: BulkAct) -> bool:
    return (
        run.kind in OPPOSITES
        and run.undoes_id is None
        and run.changed > 0
        and run.ended_at is not None
        and clock.now() - run.ended_at < UNDONE_WITHIN
    )


async def _undone_by(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The acts that undid these, by the id of what they undid."""
    found = await tx.exec(
        select(BulkAct.undoes_id, BulkAct.id).where(col(BulkAct.undoes_id).in_(ids))
    )
    return {undone: undoing for undone, undoing in found if undone}


def _view(run: BulkAct, undone_by: UUID | None) -> BulkView:
    return BulkView(
        id=run.id,
        kind=run.kind,
        state=run.state,
        selection=run.selection,
        reason=run.reason,
        end=end_of_values(run.end),
        people=run.people,
        done=run.done,
        changed=run.changed,
        failed=run.failed,
        why=run.why,
        started_by=run.started_by,
        started_by_id=run.started_by_id,
        started_at=run.started_at,
        ended_at=run.ended_at,
        may_undo=_may_undo(run) and undone_by is None,
        undoes=run.undoes_id,
        undone_by=undone_by,
        heirs=handed_over(run),
    )
