"""Acts on many at once, which go on while their pages are left, as plain values for those pages."""

from typing import Any

from services.bulk.batches import BATCH
from services.bulk.runs import BulkView
from services.users.imports.runs import ImportView
from services.users.many import heirs_of


def import_values(run: ImportView) -> dict[str, Any]:
    """An import as plain values."""
    return {
        "id": str(run.id),
        "file_name": run.file_name,
        "of_file": run.of_file,
        "rows": run.rows,
        "done": run.done,
        "invited": run.invited,
        "by_mail": run.by_mail,
        "state": run.state.value,
        "why": run.why,
        "started_by": run.started_by,
        "started_at": run.started_at.isoformat(),
    }


def bulk_values(run: BulkView) -> dict[str, Any]:
    """A bulk act as plain values."""
    act, words = run.act, run.act.words
    return {
        "id": str(run.id),
        "kind": run.kind.value,
        "words": [words.noun, words.acts, words.doing, words.done, words.label],
        "noun": act.rows.noun,
        "danger": act.danger,
        "cuts": act.cuts,
        "faces": act.of_people,
        "state": run.state.value,
        "selection": f"{run.selection[:1].upper()}{run.selection[1:]}.",
        "chosen": run.chosen_words,
        "people": run.people,
        "batch": BATCH,
        "done": run.done,
        "changed": run.changed,
        "failed": run.failed,
        "why": run.why,
        "started_by": run.started_by,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "may_undo": run.may_undo,
        "heirs": heirs_of(run.along),
        "undoes": str(run.undoes) if run.undoes else None,
        "undone_by": str(run.undone_by) if run.undone_by else None,
    }
