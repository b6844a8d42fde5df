"""Archiving many rows at once, and bringing them back: templates and POCs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from models import BulkKind
from services.audit.acting import Act, View
from services.audit.actions import AuditAction
from services.bulk.each import each
from services.bulk.kinds import Fate, Kept, ManyAct, words

OUT = Fate("archived", "is archived", "are archived", "Archived", changes=True)
BACK = Fate("restored", "is restored", "are restored", "Restored", changes=True)
OUT_ALREADY = Fate(
    "archived_already", "is archived already", "are archived already", "Skipped: archived already"
)
NOT_OUT = Fate("not_archived", "isn’t archived", "aren’t archived", "Skipped: not archived")

Kind = tuple[BulkKind, AuditAction]
"""A kind of act, and what the log has of the whole."""
Archive = Callable[[Act, Any, bool], Awaitable[None]]
"""Archives a row that the act has locked, or restores it."""
Refuse = Callable[[View, Sequence[Any]], Awaitable[Sequence[Fate | None]]]
"""The fates of rows that the actor may not change."""


def archive_and_restore(
    model: Any,
    *,
    noun: str,
    out: str,
    back: str,
    archive: Archive,
    acts: tuple[Kind, Kind],
    refuse: Refuse | None = None,
    others: Sequence[Fate] = (),
    **declared: Any,
) -> tuple[ManyAct, ManyAct]:
    """Declare both acts on a table with `archived_at`.

    `out` and `back` say what follows for several, `noun` is one of them, and `archive` is how it is
    done to one. `refuse` has rows skipped, with a fate of the `others`. What else is `declared` is
    the same for both, and `ManyAct`'s or `each`'s.
    """
    fates = replace(OUT, note=out), replace(BACK, note=back)
    shared = {"name": _title, "version": _version, **declared}
    return (
        each(
            model,
            kind=acts[0][0],
            opposite=acts[1][0],
            action=acts[0][1],
            words=words(noun, "Archive", "Archiving", "archived"),
            judge=partial(_judge, fates[0], OUT_ALREADY, refuse),
            change=partial(_change, archive, True),
            fates=(fates[0], OUT_ALREADY, *others),
            **shared,
        ),
        each(
            model,
            kind=acts[1][0],
            opposite=acts[0][0],
            action=acts[1][1],
            words=words(noun, "Restore", "Restoring", "restored"),
            judge=partial(_judge, fates[1], NOT_OUT, refuse),
            change=partial(_change, archive, False),
            fates=(fates[1], NOT_OUT, *others),
            needs_filter="archived",
            **shared,
        ),
    )


def _title(row: Any) -> str:
    return str(row.title)


def _version(row: Any) -> int:
    return int(row.version)


async def _judge(
    fate: Fate,
    other: Fate,
    refuse: Refuse | None,
    view: View,
    rows: Sequence[Any],
    _chosen: Sequence[Kept],
) -> list[Fate]:
    was_archived = fate.key == BACK.key
    refused = await refuse(view, rows) if refuse else [None] * len(rows)
    judged = [fate if (row.archived_at is not None) == was_archived else other for row in rows]
    return [one or two for one, two in zip(refused, judged, strict=True)]


async def _change(archive: Archive, archived: bool, act: Act, row: Any, _chosen: Kept) -> None:
    await archive(act, row, archived)
