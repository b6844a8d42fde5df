"""What a bulk act would do right now, before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkActBatch, BulkKind, User
from services.access.actor import Actor
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.db import Transaction
from services.mail import outbox
from services.sessions import presence
from services.users import telling
from services.users.bulk.fates import FATES, NOTHING, OUT, Fate, fate_of, read_facts

SHOWN = 200
"""How many names of a kind a page gets."""
TOLD = frozenset({BulkKind.DEACTIVATE, BulkKind.ACTIVATE, BulkKind.END_DATE})
"""The kinds of act of which each person can be told by mail."""
# How many ids one query asks for.
CHUNK = 500


@dataclass(frozen=True)
class Kind:
    """Those of the people who have the same fate; the first of them by name."""

    key: str
    count: int
    words: str
    note: str
    changes: bool
    people: Sequence[tuple[UUID, str]]


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
    """What would become of the people of a draft, judged by this organisation's own users only."""
    async with viewing(actor, Permission.SWITCH_USERS) as view:
        run = await view.get(BulkAct, bulk_id)
        people = await people_of(view.tx, bulk_id)
        users = await _users(view.tx, list(people))
        facts = await read_facts(view, users)
        tells = await telling.suggests(view.tx, view.tenant_id)
        fates = [(user, fate_of(run, people[user.id], user, facts)) for user in users]
    sorted_ = {fate: [user for user, theirs in fates if theirs is fate] for fate in FATES.values()}
    kinds = [_kind(fate, some) for fate, some in sorted_.items() if some]
    changed = [user.id for user, fate in fates if fate.changes]
    can_tell = outbox.is_configured() and run.kind in TOLD
    return Preview(kinds, len(changed), changed, tells if can_tell else None)


def _kind(fate: Fate, users: Sequence[User]) -> Kind:
    words = fate.one if len(users) == 1 else fate.many
    note = _here(users) if fate is OUT else fate.note or NOTHING
    people = [(user.id, user.full_name) for user in users[:SHOWN]]
    return Kind(fate.key, len(users), words, note, fate.changes, people)


def _here(users: Sequence[User]) -> str:
    """How many of the people who lose their access are at work right now."""
    here = [user for user in users if presence.is_online(user.id)]
    pages = sum(presence.open_pages(user.id) for user in here)
    if not here:
        return "None of them is here now."
    on = "1 open page" if pages == 1 else f"{pages:,} open pages"
    return f"{len(here):,} of them {'is' if len(here) == 1 else 'are'} here now, on {on}."


async def people_of(tx: Transaction, bulk_id: UUID) -> dict[UUID, Mapping[str, Any]]:
    """The people of an act in their order."""
    batches = await tx.exec(
        select(BulkActBatch.people)
        .where(BulkActBatch.bulk_id == bulk_id)
        .order_by(col(BulkActBatch.number))
    )
    return {UUID(person["id"]): person for people in batches for person in people}


async def _users(tx: Transaction, ids: Sequence[UUID]) -> list[User]:
    users: dict[UUID, User] = {}
    for at in range(0, len(ids), CHUNK):
        found = await tx.exec(select(User).where(col(User.id).in_(ids[at : at + CHUNK])))
        users |= {user.id: user for user in found}
    return [users[user_id] for user_id in ids if user_id in users]
