"""Bulk acts as people see them: drafted, begun, stopped, undone, watched by every admin."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, select

from models import BulkAct, BulkActBatch, BulkKind, BulkState
from services.access.actor import ROLLCALL, Actor
from services.access.permissions import Permission, may
from services.audit.acting import Act, acting, viewing
from services.audit.writing import record
from services.bulk.batches import BATCH, FAILED, details_of, end, outcome_of
from services.bulk.kinds import (
    ANYBODY,
    Kept,
    ManyAct,
    Outcome,
    Values,
    kind_of,
    kinds_of,
    progressed,
    rows_by_id,
)
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError, NotFoundError
from services.core.forms import Form, checkbox, lines
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction, reading, transaction
from services.lists.query import ListQuery, in_words
from services.lists.slices import find

MOST_PEOPLE = 10_000
LATEST = 20
"""How many bulk acts a page lists."""
UNDONE_WITHIN = timedelta(days=1)
KEPT = timedelta(days=30)
"""How long the outcome for each person is kept after the end; the log keeps it for good."""
LOOKED_AT = timedelta(days=1)
"""How long a draft is kept."""


class BulkForm(Form):
    """What is said of a bulk act when it begins."""

    reason: str = lines("Reason", optional=True, most=500, hint="Stands in the audit log.")
    tell: bool = checkbox("Tell them by email")


@dataclass(frozen=True)
class BulkView:
    """A bulk act as it is shown; `may_undo` while it can be undone, and `undone_by` is the act that
    undid it."""

    id: UUID
    act: ManyAct
    state: BulkState
    selection: str
    reason: str
    chosen: Kept
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
    along: Mapping[str, Any] | None = None
    """What goes along with it, as whoever does that keeps it."""

    @property
    def kind(self) -> BulkKind:
        """What is done to each."""
        return self.act.kind

    @property
    def chosen_words(self) -> str:
        """What was chosen for all of them; empty if nothing was."""
        return self.act.asks.words(self.chosen) if self.act.asks and self.chosen else ""


@looks_first
async def draft(actor: Actor, kind: BulkKind, query: ListQuery, form: Form | None = None) -> UUID:
    """Keep the rows that a query finds now, to be looked at before anything is done to them;
    returns the bulk act's id. The form is the answer to what the act asks.

    Rows that match later aren't among them. Raises `InvalidInputError`.
    """
    of = kind_of(kind)
    async with acting(actor, of.permission) as act:
        listing = await find(act.tx, of.rows, query, act.tenant_id)
        found = await listing.after(act.tx, None, MOST_PEOPLE + 1)
        people = [of.keep(row) for _, row in found]
        if not 0 < len(people) <= MOST_PEOPLE:
            none = "Nobody is selected." if of.of_people else "Nothing is selected."
            most = f"Select at most {MOST_PEOPLE:,} {of.rows.plural}."
            raise InvalidInputError({"people": most if people else none})
        chosen = await of.asks.keep(act, form) if of.asks else None
        return await _add(act, actor, kind, people, in_words(of.rows, query), chosen=chosen)


@looks_first
async def begin(actor: Actor, bulk_id: UUID, form: BulkForm) -> None:
    """Begin to do what was drafted, on behalf of this session."""
    async with acting(actor, ANYBODY) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(kind_of(run).permission)
        if run.state is not BulkState.DRAFT:
            return
        own = act.own
        run.tell = form.tell
        run.reason, run.session_id, run.ip = form.reason, actor.session_id, actor.ip
        run.started_by_id, run.started_by = own.id, own.full_name
        run.state, run.started_at = BulkState.RUNNING, clock.now()
        run.leased_until = clock.now()
        act.publish(progressed(run))


@looks_first
async def stop(actor: Actor, bulk_id: UUID) -> None:
    """Stop a bulk act after its current batch; what was changed stays so."""
    async with acting(actor, ANYBODY) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(kind_of(run).permission)
        if run.state is not BulkState.RUNNING:
            return
        await end(act, run, BulkState.STOPPED, f"Stopped by {act.own.full_name}.")
        act.publish(progressed(run))


@looks_first
async def undo(actor: Actor, bulk_id: UUID) -> UUID:
    """Begin to undo a bulk act for the rows that nobody has changed since; returns the id of the
    act that undoes it. Raises `ConflictError` if it is too late."""
    async with acting(actor, ANYBODY) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        undone_by = await _undone_by(act.tx, [run.id])
        if undone_by:
            return undone_by[run.id]
        of = kind_of(run)
        kind = of.opposite
        await act.require(kind_of(kind or run).permission)
        if kind is None or not _may_undo(run):
            again = f"Select the {of.rows.plural} anew."
            raise ConflictError(f"This can’t be undone any more. {again}")
        people = [
            {"id": str(outcome.row_id), "name": outcome.name, **of.to_undo(run, outcome)}
            for outcome in await outcomes(act.tx, run.id)
            if outcome.changed
        ]
        undoing = await _add(
            act, actor, kind, people, run.selection, undoes_id=run.id, state=BulkState.RUNNING
        )
        undoes = await act.get(BulkAct, undoing)
        undoes.tell = run.tell  # people who were told hear of this, too
        for bulk in (undoes, run):
            act.publish(progressed(bulk))
        return undoing


@looks_first
async def try_again(actor: Actor, bulk_id: UUID) -> UUID:
    """Draft the same act for the rows for which it failed; returns the draft's id."""
    async with acting(actor, ANYBODY) as act:
        run = await act.get(BulkAct, bulk_id)
        await act.require(kind_of(run).permission)
        of, done = kind_of(run), await outcomes(act.tx, run.id)
        failed = [outcome.row_id for outcome in done if outcome.fate == FAILED]
        people = [of.keep(row) for row in await rows_by_id(act.tx, of.rows.model, failed)]
        if not people:
            raise ConflictError("None of them failed.")
        return await _add(act, actor, run.kind, people, run.selection, chosen=run.chosen)


async def fail(bulk_id: UUID, why: str) -> None:
    """End a bulk act that can't go on."""
    async with transaction() as tx:
        run = await tx.get(BulkAct, bulk_id, **LOCKED)
        if run is None or run.state is not BulkState.RUNNING:
            return
        run.state, run.why, run.ended_at = BulkState.FAILED, why[:500], clock.now()
        await record(
            tx, kind_of(run).action, actor=ROLLCALL, tenant_id=run.tenant_id, **details_of(run)
        )
        tx.publish(progressed(run))


async def list_runs(actor: Actor, nouns: Collection[str]) -> Sequence[BulkView]:
    """The latest bulk acts of the organisation on the rows of these lists, the newest first: those
    of kinds that the actor may see, one at least."""
    every = kinds_of(nouns)
    async with viewing(actor, ANYBODY) as view:
        role = view.user.role if view.user else None
        kinds = [one for one in every if role is None or may(role, one.looks)]
        for looks in {one.looks for one in kinds or every}:
            await view.require(looks)
        found = await view.tx.exec(
            select(BulkAct)
            .where(
                BulkAct.tenant_id == view.tenant_id,
                BulkAct.state != BulkState.DRAFT,
                col(BulkAct.kind).in_([one.kind for one in kinds]),
            )
            .order_by(col(BulkAct.created_at).desc())
            .limit(LATEST)
        )
        runs = found.all()
        undone_by = await _undone_by(view.tx, [run.id for run in runs])
        return [_view(run, undone_by.get(run.id)) for run in runs]


async def get_run(actor: Actor, bulk_id: UUID) -> BulkView:
    """One bulk act of the organisation. Raises `NotFoundError`."""
    async with viewing(actor, ANYBODY) as view:
        run = await view.get(BulkAct, bulk_id)
        await view.require(kind_of(run).looks)
        return _view(run, (await _undone_by(view.tx, [run.id])).get(run.id))


async def find_run(bulk_id: UUID, looks: Permission) -> BulkView | None:
    """One bulk act, to tell the open pages of its tenant; none if it takes another permission to
    see it."""
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        if run is None or kind_of(run).looks is not looks:
            return None
        return _view(run, (await _undone_by(tx, [bulk_id])).get(bulk_id))


async def remove_old(tx: Transaction) -> None:
    """Remove the bulk acts that ended long ago, and drafts that nobody began."""
    now = clock.now()
    old = select(BulkAct.id).where(
        (col(BulkAct.ended_at) < now - KEPT)
        | ((col(BulkAct.state) == BulkState.DRAFT) & (col(BulkAct.created_at) < now - LOOKED_AT))
    )
    # A draft that somebody begins at this moment is left alone.
    # The ids are read once: it may be free by the second look.
    ids = (await tx.exec(old.with_for_update(skip_locked=True, key_share=True))).all()
    await tx.exec(delete(BulkActBatch).where(col(BulkActBatch.bulk_id).in_(ids)))
    await tx.exec(delete(BulkAct).where(col(BulkAct.id).in_(ids)))


async def outcomes(tx: Transaction, bulk_id: UUID) -> list[Outcome]:
    """What became of each row so far, in their order."""
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
    people: Sequence[Values],
    selection: str,
    *,
    chosen: Kept = None,
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
            chosen=dict(chosen) if chosen else None,
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


def _may_undo(run: BulkAct) -> bool:
    return (
        kind_of(run).opposite is not None
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
        act=kind_of(run),
        state=run.state,
        selection=run.selection,
        reason=run.reason,
        chosen=run.chosen,
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
        along=run.along,
    )
