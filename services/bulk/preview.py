"""What a bulk act would do right now, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkActBatch
from services.access.actor import Actor
from services.audit.acting import viewing
from services.bulk.kinds import ANYBODY, Judged, ManyAct, Values, emails_of, kind_of
from services.database.transaction import Transaction

SHOWN = 200
"""How many names of a kind a page gets."""


@dataclass(frozen=True)
class Whom:
    """A row that an act is about; of a person, with the email."""

    row_id: UUID
    name: str
    email: str = ""


@dataclass(frozen=True)
class Kind:
    """The rows, people mostly, that have the same fate; the first of them by name."""

    key: str
    count: int
    words: str
    note: str
    changes: bool
    people: Sequence[Whom]


@dataclass(frozen=True)
class Preview:
    """The kinds of fates, those that change people first; how many people change, and who
    they are."""

    kinds: Sequence[Kind]
    changes: int
    changed_ids: Sequence[UUID]
    tells: bool | None
    """Whether the organisation suggests that people are told by mail; none: they can't be told."""


async def preview(actor: Actor, bulk_id: UUID) -> Preview:
    """What would become of the rows of a draft, judged by this organisation's own rows only."""
    async with viewing(actor, ANYBODY) as view:
        run = await view.get(BulkAct, bulk_id)
        act = kind_of(run)
        await view.require(act.looks)
        people = await people_of(view.tx, bulk_id)
        judged = await act.judge(view, run, list(people.values()))
        tells = await act.tells(view.tx, view.tenant_id) if act.tells else None
        sorted_ = {fate: [one for one in judged if one.fate is fate] for fate in act.fates}
        shown = [one.row_id for some in sorted_.values() for one in some[:SHOWN]]
        emails = await emails_of(view.tx, act, shown)
    kinds = [_kind(act, some, emails) for some in sorted_.values() if some]
    changed = [one.row_id for one in judged if one.fate.changes]
    return Preview(kinds, len(changed), changed, tells)


def _kind(act: ManyAct, some: Sequence[Judged], emails: Mapping[UUID, str]) -> Kind:
    fate = some[0].fate
    words = fate.one if len(some) == 1 else fate.many
    note = act.note(fate, [one.row_id for one in some])
    people = [Whom(one.row_id, one.name, emails.get(one.row_id, "")) for one in some[:SHOWN]]
    return Kind(fate.key, len(some), words, note, fate.changes, people)


async def people_of(tx: Transaction, bulk_id: UUID) -> dict[UUID, Values]:
    """The people of an act in their order."""
    batches = await tx.exec(
        select(BulkActBatch.people)
        .where(BulkActBatch.bulk_id == bulk_id)
        .order_by(col(BulkActBatch.number))
    )
    return {UUID(person["id"]): person for people in batches for person in people}
