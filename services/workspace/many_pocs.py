"""The acts on many POCs at once."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkKind, Poc, PocMember
from services.access.permissions import Permission, Secret
from services.audit.acting import Act, View
from services.bulk.each import each
from services.bulk.kinds import Fate, Kept, Question, Values, chosen_for, words
from services.core.errors import InvalidInputError
from services.database.transaction import Transaction
from services.workspace import pocs
from services.workspace.actions import PocAction
from services.workspace.archiving import archive_and_restore
from services.workspace.customers.cut import lock_all_with_people, lock_people
from services.workspace.people import require_workers
from services.workspace.poc_list import POCS
from services.workspace.pocs import HandOverForm

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


async def _archive(act: Act, poc: Poc, archived: bool) -> None:
    await pocs.archive(act, poc, await lock_people(act.tx, poc.id), archived=archived)


_ARCHIVING = archive_and_restore(
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
    first=lock_all_with_people,
)


GIVEN = Fate(
    "handed_over",
    "is handed over",
    "are handed over",
    "Handed over",
    changes=True,
    note="Their old owners stay members.",
)
OWNED = Fate(
    "owned_already",
    "has this owner already",
    "have this owner already",
    "Skipped: has this owner already",
)
ARCHIVED = Fate(
    "archived",
    "is archived",
    "are archived",
    "Skipped: archived",
    note="Restore them first.",
)


async def _keep_owner(act: Act, form: HandOverForm | None) -> dict[str, Any]:
    if form is None:
        raise InvalidInputError({"owner_id": "Choose the new owner."})
    (owner,) = await require_workers(act, [form.owner_id], "owner_id")
    return {"owner_id": str(owner.id), "owner": owner.full_name, "note": form.note}


def _owner_of(poc: Poc) -> dict[str, Any]:
    return {"owner_id": str(poc.owner_id), "note": ""}


def _answer(chosen: Kept) -> tuple[UUID, str]:
    """The new owner, and the note to them."""
    assert chosen is not None  # no act is drafted without an owner
    return UUID(chosen["owner_id"]), str(chosen["note"])


async def _lock_owners(_tx: Transaction, run: BulkAct, pocs_: Sequence[Values]) -> set[UUID]:
    return {_answer(chosen_for(run, one))[0] for one in pocs_}


async def _judge_owners(
    any_of_them: bool, view: View, rows: Sequence[Poc], chosen: Sequence[Kept]
) -> list[Fate]:
    refused = [None] * len(rows) if any_of_them else await _not_of_ones_own(view, rows)
    return [
        ARCHIVED
        if poc.archived_at is not None
        else refusal or (OWNED if poc.owner_id == _answer(kept)[0] else GIVEN)
        for poc, refusal, kept in zip(rows, refused, chosen, strict=True)
    ]


async def _give(act: Act, poc: Poc, chosen: Kept) -> None:
    owner_id, note = _answer(chosen)
    (owner,) = await require_workers(act, [owner_id], "owner_id")
    await pocs.give(act, poc, owner, note)


_to_another_owner = partial(
    each,
    Poc,
    rows=POCS,
    file=Secret.POCS_EXPORT,
    action=PocAction.MANY_HANDED_OVER,
    name=lambda poc: poc.title,
    version=lambda poc: poc.version,
    change=_give,
    before=_owner_of,
    asks=Question(
        "Hand over the selected POCs",
        HandOverForm,
        _keep_owner,
        lambda kept: f"New owner: {kept['owner']}.",
    ),
    details=lambda run: {"owner": run.chosen["owner"]} if run.chosen else {},
    locks=_lock_owners,
)
HAND_OVER = _to_another_owner(
    kind=BulkKind.HAND_OVER_POCS,
    opposite=BulkKind.HAND_OVER_POCS,
    permission=Permission.RUN_POCS,
    looks=Permission.RUN_POCS,
    words=words("POC", "Hand over", "Handing over", "handed over"),
    judge=partial(_judge_owners, False),
    fates=(GIVEN, OWNED, ARCHIVED, NO_MEMBER),
)
REASSIGN = _to_another_owner(
    kind=BulkKind.REASSIGN_POCS,
    opposite=BulkKind.REASSIGN_POCS,
    permission=Permission.REASSIGN_POCS,
    looks=Permission.REASSIGN_POCS,
    words=words("POC", "Reassign", "Reassigning", "reassigned"),
    judge=partial(_judge_owners, True),
    fates=(GIVEN, OWNED, ARCHIVED),
)
POC_ACTS = (*_ARCHIVING, HAND_OVER, REASSIGN)
