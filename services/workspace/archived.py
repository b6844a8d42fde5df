"""What was taken out of a POC, and can be brought back."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import col, select

from models import Resource, SuccessCriterion, Task, TaskGroup
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.workspace import criteria, groups, resources, tasks
from services.workspace.rights import get_poc

MOST = 100
"""How many of each kind are told, those first that were archived last."""


class SetArchived(Protocol):
    """Takes something out of its POC, or puts it back."""

    def __call__(
        self, principal: Principal, row_id: UUID, version: int, /, *, archived: bool
    ) -> Awaitable[int]:
        """Do it to the version that was seen."""


@dataclass(frozen=True)
class Archived:
    """A group, a task, a criterion or a resource that is archived. `noun` says which."""

    id: UUID
    version: int
    noun: str
    title: str
    at: datetime


# Groups come before their tasks, which can't be brought back without them.
_KINDS: Mapping[str, tuple[Any, SetArchived]] = {
    "Group": (TaskGroup, groups.set_archived),
    "Task": (Task, tasks.set_archived),
    "Criterion": (SuccessCriterion, criteria.set_archived),
    "Resource": (Resource, resources.set_archived_of_poc),
}


def some_archived(poc_id: UUID) -> ColumnElement[bool]:
    """Whether anything of a POC is archived."""
    return or_(
        *(
            exists().where(model.poc_id == poc_id, col(model.archived_at).is_not(None))
            for model, _ in _KINDS.values()
        )
    )


async def list_archived(principal: Principal, poc_id: UUID) -> Sequence[Archived]:
    """What of a POC is archived, in an order in which all of it can be brought back."""
    async with viewing(principal, Permission.VIEW_ALL_POCS) as view:
        poc = await get_poc(view, poc_id)
        found = []
        for noun, (model, _) in _KINDS.items():
            rows = await view.tx.exec(
                select(model)
                .where(model.poc_id == poc.id, col(model.archived_at).is_not(None))
                .order_by(col(model.archived_at).desc(), col(model.id))
                .limit(MOST)
            )
            found += [Archived(r.id, r.version, noun, r.title, r.archived_at) for r in rows]
        return found


async def bring_back(principal: Principal, row: Archived) -> None:
    """Put this back where it was. Raises what the call of its noun raises."""
    _, set_archived = _KINDS[row.noun]
    await set_archived(principal, row.id, row.version, archived=False)
