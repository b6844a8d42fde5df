"""Does a bulk act: a batch is one transaction, in which each person is treated as in an act on one
person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
from services.core.errors import RollcallError
from services.core.looking import looks_first
from services.sessions.events import SessionsEnded
from services.users import accounts, emails_elsewhere, invitation_links, switching
from services.users.actions import BulkAction
from services.users.batch_worker import LEASE
from services.users.bulk.fates import (
    PERMISSIONS,
    Fate,
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
    return [{key: value for key, value in heir.items() if key != "id"} for heir in heirs]


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
    """Act on all of them at once: who can't be acted on is found out before anything is changed."""
    users = [await act.get(User, UUID(person["id"])) for person in people]  # locked, so it is known
    facts = await read_facts(act, users)
    fates = [fate_of(run, *one, facts) for one in zip(people, users, strict=True)]
    before = {user.id: (user.full_name, values_of_end(end_of(user))) for user in users}
    meant = [
        (person, user)
        for person, user, fate in zip(people, users, fates, strict=True)
        if fate.changes
    ]
    refused = dict(await _refusals(act, run, meant))
    changing = [(person, user) for person, user in meant if user.id not in refused]
    done = await _do(act, run, changing)
    refused |= done.refused
    return [
        _outcome(user, fate, before[user.id], done, refused.get(user.id))
        for user, fate in zip(users, fates, strict=True)
    ]


def _outcome(
    user: User,
    fate: Fate,
    before: tuple[str, Mapping[str, Any] | None],
    done: "_Done",
    refusal: RollcallError | None,
) -> PersonOutcome:
    name, end = before
    if refusal is not None:
        return PersonOutcome(user.id, name, FAILED, f"Failed: {refusal}")
    if not fate.changes:
        return PersonOutcome(user.id, name, fate.key, fate.result)
    cause = done.causes.get(user.id)
    return PersonOutcome(user.id, name, fate.key, fate.result, True, cause, user.version, end)


@dataclass(frozen=True)
class _Done:
    """What an act on several did: the audit entries of switches, and who was refused at the last
    moment, by the people's ids."""

    causes: Mapping[UUID, UUID | None] = field(default_factory=dict)
    refused: Mapping[UUID, RollcallError] = field(default_factory=dict)


Chosen = Sequence[tuple[Mapping[str, Any], User]]
"""People of a batch: what is known of each from the beginning of the act, and the user."""


async def _refusals(act: Act, run: BulkAct, meant: Chosen) -> Mapping[UUID, RollcallError]:
    users = [user for _, user in meant]
    if run.kind is BulkKind.END_DATE:
        return {}
    if run.kind in (BulkKind.RESEND, BulkKind.COPY_LINKS):
        return await invitation_links.refusals(act, users)
    active = run.kind is BulkKind.ACTIVATE
    if active:
        await emails_elsewhere.check_pause(act.tx, act.principal)
    seen = [(user, person.get("seen")) for person, user in meant]
    refused = await switching.refusals(act, seen, active)
    for error in refused.values():
        if isinstance(error, ActiveElsewhereError):
            await emails_elsewhere.count_answer(act.tx, act.principal)
    return refused


async def _do(act: Act, run: BulkAct, changing: Chosen) -> _Done:
    """The act on several people, by the same code as on one."""
    users = [user for _, user in changing]
    if run.kind is BulkKind.ACTIVATE:
        return await _activate(act, run, users)
    if run.kind is BulkKind.DEACTIVATE:
        changes = await switching.deactivate(act, users, run.reason, tell=run.tell)
        return _Done({change.user_id: change.cause for change in changes})
    if run.kind is BulkKind.END_DATE:
        ends = [(user, end_for(run, person)) for person, user in changing]
        await accounts.change_ends(act, ends, tell=run.tell)
    elif run.kind is BulkKind.RESEND:
        await invitation_links.renew(act, users)
    else:
        await invitation_links.tell(act, users)
    return _Done()


async def _activate(act: Act, run: BulkAct, users: Sequence[User]) -> _Done:
    """Activate all of them; one after the other if another account takes the email of one of them
    at this very moment, so that it holds up no other."""
    told = len(act.tx.events)
    try:
        async with act.tx.begin_nested():
            changes = await switching.activate(act, users, tell=run.tell)
    except ActiveElsewhereError as error:
        # What was changed is undone, and no page hears of it.
        del act.tx.events[told:]
        for user in users:
            await act.tx.refresh(user)
        if len(users) == 1:
            await emails_elsewhere.count_answer(act.tx, act.principal)
            return _Done(refused={users[0].id: error})
        each = [await _activate(act, run, [user]) for user in users]
        causes = {user_id: cause for one in each for user_id, cause in one.causes.items()}
        return _Done(causes, {k: refusal for one in each for k, refusal in one.refused.items()})
    return _Done({change.user_id: change.cause for change in changes})
