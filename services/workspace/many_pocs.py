"""The acts on many POCs at once."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from models import BulkKind, Poc, PocMember
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, View
from services.bulk.kinds import Fate
from services.workspace import pocs
from services.workspace.actions import PocAction
from services.workspace.archiving import archive_and_restore
from services.workspace.customers.cut import lock_people
from services.workspace.poc_list import POCS

NO_MEMBER = Fate(
    "no_member",
    "is skipped",
    "are skipped",
    "Skipped: you aren’t a member",
    note="You aren’t a member of them. Ask their owners to add you.",
)


async def _not_of_ones_own(view: View, rows: Sequence[Poc]) -> list[Fate | None]:
    """Only a POC's members change it."""
    if view.user is None:
        return [None] * len(rows)
    found = await view.tx.exec(
        select(PocMember.poc_id).where(
            PocMember.user_id == view.user.id,
            col(PocMember.removed_at).is_(None),
        )
    )
    own = set(found)
    return [None if row.id in own else NO_MEMBER for row in rows]


async def _lock_people(act: Act, ids: Sequence[UUID]) -> None:
    await lock_people(act.tx, *ids)


async def _archive(act: Act, poc: Poc, archived: bool) -> None:
    await pocs.archive(act, poc, await lock_people(act.tx, poc.id), archived=archived)


POC_ACTS = archive_and_restore(
    Poc,
    rows=POCS,
    noun="POC",
    permission=Permission.RUN_POCS,
    looks=Permission.RUN_POCS,
    file=Secret.POCS_EXPORT,
    acts=(
        (BulkKind.ARCHIVE_POCS, PocAction.MANY_ARCHIVED),
        (BulkKind.RESTORE_POCS, PocAction.MANY_RESTORED),
    ),
    out="They leave the lists, and no customer sees them any more. Everything in them is kept.",
    back="They are back in the lists.",
    archive=_archive,
    refuse=_not_of_ones_own,
    others=(NO_MEMBER,),
    first=_lock_people,
)
