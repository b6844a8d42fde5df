"""What the team's pages show of a POC, as plain values for their browsers."""

from collections.abc import Sequence
from typing import Any

from models import CriterionResult, ResourceKind
from services.core.words import count_words
from services.workspace.criteria import CriterionView
from services.workspace.listing import PocHead
from services.workspace.members import Member
from services.workspace.people import Person
from services.workspace.progress import Part
from services.workspace.resources import ResourceView
from ui.looks import version_of
from ui.words import ago
from ui.work_words import due_words, file_words, period_words

RESULTS = {
    CriterionResult.PENDING: "chip-outline",
    CriterionResult.MET: "chip-active",
    CriterionResult.PARTLY_MET: "chip-warning",
    CriterionResult.NOT_MET: "chip-danger",
}


def person_values(person: Person) -> dict[str, Any]:
    """A person as plain values."""
    return {
        "id": str(person.id),
        "name": person.name,
        "active": person.active,
        "customer": person.is_customer,
        "picture": version_of(person.picture),
    }


def named_values(person: Person) -> dict[str, Any]:
    """What stands beside the name of somebody where it needs a close look."""
    return {"email": person.named.email, "mixed": person.named.mixed}


def head_values(head: PocHead) -> dict[str, Any]:
    """The head of a POC."""
    row = head.row
    late = due_words(row.due, row.today)[0] if row.is_overdue else ""
    return {
        "version": row.version,
        "title": row.title,
        "status": row.status.value,
        "label": row.status.label,
        "archived": row.archived,
        "customer": row.customer,
        "owner": person_values(row.owner),
        "dates": period_words(row.start_on, row.due),
        "late": late,
        "sides": {
            "team": _part(row.progress.team),
            "customer": _part(row.progress.customer),
        },
        "texts": [
            [label, words]
            for label, words in (
                ("Description", head.description),
                ("Objectives", head.objectives),
                ("Outcome", head.outcome),
                ("Handover note", head.handover_note),
            )
            if words
        ],
        "counts": {
            "criteria": head.criteria,
            "resources": head.resources,
            "comments": head.comments,
            "people": head.people,
        },
        "some": {"archived": head.archived, "archived_files": head.archived_files},
    }


def _part(part: Part) -> list[int]:
    return [part.done, part.total, part.overdue]


def criterion_values(row: CriterionView) -> dict[str, Any]:
    """A success criterion, as a row of `WorkRows`."""
    shown = [name for name in row.shown_by.values() if name]
    lines = [f"Target: {row.target}"] if row.target else []
    lines += [f"Achieved: {row.achieved}"] if row.achieved else []
    lines += [f"Shown by: {', '.join(shown)}"] if shown else []
    return {
        "id": str(row.id),
        "version": row.version,
        "position": row.position,
        "archived": row.is_archived,
        "title": row.title,
        "lines": lines,
        "names": {str(task_id): name for task_id, name in row.shown_by.items()},
        "words": [row.importance.label, f"{row.side.label}’s side"],
        "chips": [[row.result.label, RESULTS[row.result]]],
    }


def resource_values(row: ResourceView) -> dict[str, Any]:
    """A link, a file, a code snippet or a note, as a row of `WorkRows`."""
    owner_id = row.owner_ids.task_id or row.owner_ids.group_id or row.owner_ids.task_template_id
    shared = f"Shared with {row.customer}" if row.shared else "Internal"
    lines = [file_words(row.file)] if row.file else []
    lines += [row.belongs_to] if row.belongs_to else []
    return {
        "id": str(row.id),
        "version": row.version,
        "position": 0,
        "archived": row.is_archived,
        "title": row.title,
        "url": row.content if row.kind is ResourceKind.LINK else "",
        "download": row.file is not None,
        "lines": lines,
        "names": {str(owner_id): row.belongs_to} if owner_id else {},
        "code": row.content if row.kind is ResourceKind.CODE else "",
        "html": row.html,
        "words": [row.kind.label],
        "chips": [[shared, "chip-customer" if row.shared else "chip-outline"]],
    }


def team_values(found: Sequence[Member]) -> dict[str, Any]:
    """The people who work on a POC, all together: a change may move them among each other."""
    return {"rows": [_member(member, at) for at, member in enumerate(found)]}


def _member(member: Member, at: int) -> dict[str, Any]:
    tasks = count_words(member.open_tasks, "open task")
    return {
        "id": str(member.person.id),
        "version": 1,
        "position": at,
        "title": member.person.name,
        "person": person_values(member.person),
        "lines": [member.email],
        "words": [f"{tasks}, joined {ago(member.since)}"],
        "chips": [["Owner", "chip-accent"]] if member.is_owner else [],
        "fixed": member.is_owner,
    }
