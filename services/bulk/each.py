"""Acts on many rows that are done to one row after the other, by the same code as on one alone.

It is all that a list needs whose acts change each row by itself: what becomes of a row, and how it
is changed.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from models import BulkAct
from services.audit.acting import Act, View
from services.bulk.batches import FAILED
from services.bulk.kinds import (
    Fate,
    Judged,
    Kept,
    ManyAct,
    Outcome,
    Values,
    chosen_for,
    rows_by_id,
    what_was_seen,
)
from services.core.errors import RollcallError

RowT = TypeVar("RowT")

Judge = Callable[[View, Sequence[RowT], Sequence[Kept]], Awaitable[Sequence[Fate]]]
"""What would become of each of these rows, by what was chosen for it, if nobody has changed it."""
Change = Callable[[Act, RowT, Kept], Awaitable[UUID | None]]
"""Changes a row that the act has locked, as it was chosen, and returns the audit entry by which a
receipt is found, if there is one. It refuses, with a sentence, before it changes anything."""

CHANGED = Fate(
    "changed_meanwhile",
    "is skipped",
    "are skipped",
    "Skipped: changed by somebody else meanwhile",
    note="Somebody else has changed them since they were selected. Look again, then select them.",
)


def each(
    model: type[RowT],
    *,
    name: Callable[[RowT], str],
    version: Callable[[RowT], int],
    judge: Judge[RowT],
    change: Change[RowT],
    fates: Sequence[Fate],
    first: Callable[[Act, Sequence[UUID]], Awaitable[None]] | None = None,
    before: Callable[[RowT], dict[str, Any]] | None = None,
    **declared: Any,
) -> ManyAct:
    """Declare an act on many rows of a table, each of which is changed by itself.

    A row is skipped if its `version` isn't what it was when it was selected. `fates` are those of
    `judge`; `first` locks what is to be locked before the rows. Where something is chosen, `before`
    says what of it a row has, which is chosen for the row if the act is undone. What else is
    `declared` is `ManyAct`'s.
    """

    def keep(row: RowT) -> dict[str, Any]:
        return {"id": str(row.id), "name": name(row), "seen": version(row)}  # type: ignore[attr-defined]  # each list's table has it

    async def fates_of(
        view: View, run: BulkAct, rows: Sequence[RowT], kept: Sequence[Values]
    ) -> list[Fate]:
        judged = await judge(view, rows, [chosen_for(run, values) for values in kept])
        return [
            CHANGED if fate.changes and version(row) != values["seen"] else fate
            for row, fate, values in zip(rows, judged, kept, strict=True)
        ]

    async def judge_all(view: View, run: BulkAct, kept: Sequence[Values]) -> list[Judged]:
        rows = await rows_by_id(view.tx, model, [UUID(values["id"]) for values in kept])
        of = [row for row in rows if row.tenant_id == view.tenant_id]
        known = {str(row.id) for row in of}
        fates = await fates_of(view, run, of, [values for values in kept if values["id"] in known])
        return [Judged(row.id, name(row), fate) for row, fate in zip(of, fates, strict=True)]

    async def act_on(act: Act, run: BulkAct, kept: Sequence[Values]) -> list[Outcome]:
        ids = [UUID(values["id"]) for values in kept]
        if first is not None:
            await first(act, ids)
        for row_id in sorted(ids):  # in one order, in case two acts have some rows in common
            act.tx.hold(await act.get(model, row_id, lock=True))  # type: ignore[type-var]  # each list's table has a tenant
        rows = [await act.tx.get_one(model, row_id) for row_id in ids]
        fates = await fates_of(act, run, rows, kept)
        return [
            await outcome(act, row, fate, chosen_for(run, values))
            for row, fate, values in zip(rows, fates, kept, strict=True)
        ]

    async def outcome(act: Act, row: RowT, fate: Fate, chosen: Kept) -> Outcome:
        row_id: UUID = row.id  # type: ignore[attr-defined]  # each list's table has it
        if not fate.changes:
            return Outcome(row_id, name(row), fate.key, fate.result)
        had = before(row) if before else None
        try:
            cause = await change(act, row, chosen)
        except RollcallError as error:
            return Outcome(row_id, name(row), FAILED, f"Failed: {error}")
        return Outcome(row_id, name(row), fate.key, fate.result, True, cause, version(row), had)

    return ManyAct(
        keep=keep,
        judge=judge_all,
        act_on=act_on,
        to_undo=_to_undo,
        fates=(*fates, CHANGED),
        **declared,
    )


def _to_undo(run: BulkAct, outcome: Outcome) -> dict[str, Any]:
    chosen = {"chosen": outcome.before} if outcome.before else {}
    return {**what_was_seen(run, outcome), **chosen}
