"""Does a bulk act: a batch is one transaction, in which each person is treated as in an act on one
person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import BulkAct, BulkActBatch, BulkKind, BulkState, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.audit.actions import AuditAction
from services.core import clock
from services.core.db import Transaction, reading
from services.core.errors import RollcallError, SessionEndedError
from services.core.looking import looks_first
from services.sessions.events import SessionsEnded
from services.users import accounts, emails_elsewhere, invitations
from services.users.actions import BulkAction
from services.users.batch_worker import LEASE
from services.users.bulk.fates import (
    PERMISSIONS,
    Facts,
    admin_ids,
    end_for,
    end_of_values,
    fate_of,
    read_facts,
    values_of_end,
)
from services.users.emails_elsewhere import ActiveElsewhereError
from services.users.ends import details_of as end_details
from services.users.ends import end_of
from services.users.events import BulkProgressed

BATCH = 10
"""How many people one transaction has: others who want to write wait for some milliseconds, and the
pages of so few people close soon after the commit."""
FAILED = "failed"
"""The fate of people to whom the act couldn't be done."""

ACTIONS: Mapping[BulkKind, AuditAction] = {
    BulkKind.DEACTIVATE: BulkAction.DEACTIVATED,
    BulkKind.ACTIVATE: BulkAction.ACTIVATED,
    BulkKind.RESEND: BulkAction.RESENT,
    BulkKind.COPY_LINKS: BulkAction.LINKS_COPIED,
    BulkKind.END_DATE: BulkAction.END_DATE_SET,
}


@dataclass(frozen=True)
class PersonOutcome:
    """What became of one person: the key of their fate, and words.

    `cause` is the audit entry by which the receipt of a deactivation is found; `seen` is the
    person's version afterwards, and `end` is the end that they had before. With these, the act can
    be undone.
    """

    user_id: UUID
    name: str
    fate: str
    result: str
    changed: bool = False
    cause: UUID | None = None
    seen: int | None = None
    end: Mapping[str, Any] | None = None


Along = Callable[
    [Act, BulkAct, Sequence[Mapping[str, Any]], Sequence[PersonOutcome]],
    Awaitable[Sequence[PersonOutcome]],
]
"""What goes along with a batch in its transaction: it gets the people and what became of them, and
returns the outcomes that it has changed."""
Beforehand = Callable[[Act, BulkAct, Sequence[Mapping[str, Any]]], Awaitable[None]]
"""Locks what that will need: before the log is written to, which everybody locks last."""


@looks_first
async def act_on_next(
    actor: Principal,
    bulk_id: UUID,
    along: Along | None = None,
    beforehand: Beforehand | None = None,
) -> bool:
    """Do the next batch of a bulk act, in one transaction; returns whether there may be more.

    Other acts go first, deactivations by hand above all. If one person is refused, the others go
    on.
    """
    kind, number, people, heirs = await _next_people(bulk_id)
    ids = [*(UUID(person["id"]) for person in people), *heirs]

    async def decided_about(tx: Transaction) -> list[UUID]:
        admins = await admin_ids(tx, actor.tenant_id) if kind is BulkKind.DEACTIVATE else ()
        return [*ids, *admins]

    permission = PERMISSIONS[kind] if kind else Permission.SWITCH_USERS
    async with acting(actor, permission, lock=decided_about, patient=True) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        batch = await act.tx.get(BulkActBatch, (bulk_id, number), populate_existing=True)
        if run.state is not BulkState.RUNNING or batch is None:
            return False
        if batch.outcomes is not None:  # another process was faster
            return True
        run.leased_until = clock.now() + LEASE
        act.tx.writes()  # a call that only looks has seen enough
        of_it = replace(act, run=run.id)
        if beforehand is not None:
            await beforehand(of_it, run, people)
        outcomes: Sequence[PersonOutcome] = await _act_on(of_it, run, people)
        if along is not None:
            outcomes = await along(of_it, run, people, outcomes)
        batch.outcomes = [_plain(outcome) for outcome in outcomes]
        run.done += len(outcomes)
        run.changed += sum(outcome.changed for outcome in outcomes)
        run.failed += sum(outcome.fate == FAILED for outcome in outcomes)
        if run.done == run.people:
            await end(act, run, BulkState.DONE)
        act.publish(BulkProgressed(tenant_id=run.tenant_id, bulk_id=run.id))
        # The cuts first: pages close before anything else of this batch is told.
        act.tx.events.sort(key=lambda event: not isinstance(event, SessionsEnded))
        return run.state is BulkState.RUNNING


async def end(act: Act, run: BulkAct, state: BulkState, why: str = "") -> None:
    """End a bulk act in this act, and write the result of the whole into the log."""
    run.state, run.why, run.ended_at = state, why[:500], clock.now()
    await act.record(ACTIONS[run.kind], tenant_id=run.tenant_id, **details_of(run))


def details_of(run: BulkAct) -> dict[str, Any]:
    """What the log says of the whole."""
    return {
        "bulk": str(run.id),
        "people": run.people,
        "changed": run.changed,
        "failed": run.failed,
        **(end_details(end_of_values(run.end)) if run.kind is BulkKind.END_DATE else {}),
        **({"handed_over": handed_over(run)} if run.hand_over else {}),
        "why": run.why,
        "reason": run.reason,
    }


def handed_over(run: BulkAct) -> list[dict[str, Any]]:
    """Who gets the work of those who are deactivated, and how much each has got so far."""
    heirs = (run.hand_over or {}).get("to", ())
    return [{key: heir[key] for key in ("name", "pocs", "tasks")} for heir in heirs]


def outcome_of(values: Mapping[str, Any]) -> PersonOutcome:
    """An outcome as it was kept with its batch."""
    cause = values["cause"]
    ids = {"user_id": UUID(values["user_id"]), "cause": UUID(cause) if cause else None}
    return PersonOutcome(**{**values, **ids})


def _plain(outcome: PersonOutcome) -> dict[str, object]:
    cause = str(outcome.cause) if outcome.cause else None
    return {**asdict(outcome), "user_id": str(outcome.user_id), "cause": cause}


async def _next_people(
    bulk_id: UUID,
) -> tuple[BulkKind | None, int, list[dict[str, Any]], list[UUID]]:
    """The kind of an act, the number and the people of its first waiting batch, and who gets their
    work."""
    async with reading() as tx:
        run = await tx.get(BulkAct, bulk_id)
        found = await tx.exec(
            select(BulkActBatch)
            .where(BulkActBatch.bulk_id == bulk_id, col(BulkActBatch.outcomes).is_(None))
            .order_by(col(BulkActBatch.number))
            .limit(1)
        )
        batch = found.first()
    if run is None or batch is None:
        return None, -1, [], []
    heirs = [UUID(heir["id"]) for heir in (run.hand_over or {}).get("to", ())]
    return run.kind, batch.number, batch.people, heirs


async def _act_on(
    act: Act, run: BulkAct, people: Sequence[Mapping[str, Any]]
) -> list[PersonOutcome]:
    users = [await act.get(User, UUID(person["id"])) for person in people]  # locked, so it is known
    facts = await read_facts(act, users)
    if run.kind is BulkKind.ACTIVATE:
        await emails_elsewhere.check_pause(act.tx, act.principal)
    if run.kind is BulkKind.DEACTIVATE:
        return await _deactivate(act, run, list(zip(people, users, strict=True)), facts)
    return [
        await _act_on_one(act, run, person, user, facts)
        for person, user in zip(people, users, strict=True)
    ]


async def _deactivate(
    act: Act, run: BulkAct, people: Sequence[tuple[Mapping[str, Any], User]], facts: Facts
) -> list[PersonOutcome]:
    """Deactivate all of them at once: who can't be is found out before anything is changed."""
    fates, refused, leaving = [], {}, []
    for person, user in people:
        fates.append(fate_of(run, person, user, facts))
        if fates[-1].changes:
            try:
                await accounts.require_switchable(act, user, False, person.get("seen"))
            except RollcallError as error:
                refused[user.id] = f"Failed: {error}"
            else:
                leaving.append(user)
    changes = {
        change.user_id: change
        for change in await accounts.deactivate(act, leaving, run.reason, tell=run.tell)
    }
    return [
        PersonOutcome(
            user.id,
            user.full_name,
            FAILED if user.id in refused else fate.key,
            refused.get(user.id, fate.result),
            user.id in changes,
            changes[user.id].cause if user.id in changes else None,
            user.version if user.id in changes else None,
            values_of_end(end_of(user)) if user.id in changes else None,
        )
        for fate, (_, user) in zip(fates, people, strict=True)
    ]


async def _act_on_one(
    act: Act, run: BulkAct, person: Mapping[str, Any], user: User, facts: Facts
) -> PersonOutcome:
    # What a refused act has changed is undone, and no page hears of it.
    user_id, name, told = user.id, user.full_name, len(act.tx.events)
    fate = fate_of(run, person, user, facts)
    if not fate.changes:
        return PersonOutcome(user_id, name, fate.key, fate.result)
    before = values_of_end(end_of(user))
    try:
        async with act.tx.begin_nested():
            cause = await _do(act, run, person, user)
    except SessionEndedError:
        raise
    except RollcallError as error:
        del act.tx.events[told:]
        if isinstance(error, ActiveElsewhereError):
            await emails_elsewhere.count_answer(act.tx, act.principal)
        return PersonOutcome(user_id, name, FAILED, f"Failed: {error}")
    return PersonOutcome(user_id, name, fate.key, fate.result, True, cause, user.version, before)


async def _do(act: Act, run: BulkAct, person: Mapping[str, Any], user: User) -> UUID | None:
    """The act on one person, by the same code as an act on one person; returns the audit entry of a
    switch."""
    if run.kind is BulkKind.END_DATE:
        await accounts.change_end(act, user, end_for(run, person), tell=run.tell)
    elif run.kind is BulkKind.RESEND:
        await invitations.renew(act, user.id)
    elif run.kind is BulkKind.COPY_LINKS:
        await invitations.get_waiting(act, user.id)
        await invitations.tell_link(act, user)
    else:
        wanted = run.kind is BulkKind.ACTIVATE
        seen = person.get("seen")
        change = await accounts.switch(
            act, user, wanted, seen_version=seen, reason=run.reason, tell=run.tell
        )
        return change.cause
    return None
