"""Handing over the work of somebody who leaves, and taking it back."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from models import Handover, Poc, Task, TaskGroup, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.audit.actions import AuditAction
from services.core import clock
from services.core.errors import ConflictError
from services.database.looking import looks_first
from services.database.transaction import Transaction
from services.users.actions import UserAction
from services.users.departures import UNDO, find_receipt
from services.workspace import groups, tasks
from services.workspace.assigning import assign_to, assigned, put_back
from services.workspace.left import find_alone, find_pocs_left
from services.workspace.people import require_workers
from services.workspace.pocs import HandOverForm, give
from services.workspace.rights import by_id, get_poc, tenant_of

TOO_LATE = "This can be taken back for a day. Hand the work over again instead."


@dataclass(frozen=True)
class _Item:
    """One thing that was handed over: a POC, a task or a group. For the last two, `came` says
    whether their receiver is new to it."""

    kind: str
    id: str
    poc_id: str
    to: str
    came: bool = True


@dataclass(frozen=True)
class HandoverView:
    """A handover as it is shown; `to` is the person who has had the work since."""

    id: UUID
    to: str
    pocs: int
    tasks: int
    groups: int
    at: datetime
    by: str
    can_be_undone: bool


@looks_first
async def hand_over_work(
    principal: Principal,
    user_id: UUID,
    form: HandOverForm,
    poc_ids: Collection[UUID] | None = None,
) -> UUID | None:
    """Give somebody else what the deactivation of a user would leave, or has left: the POCs, and
    their place in tasks and groups; all of it, or what is in some POCs.

    Returns the id by which it can be taken back; none if there was nothing. Raises
    `InvalidInputError` for a person who can't be chosen.
    """
    async with acting(principal, Permission.REASSIGN_POCS, lock=(user_id, form.owner_id)) as act:
        user = await act.get(User, user_id)
        (owner,) = await require_workers(act, [form.owner_id], "owner_id")
        return await hand_over_in(act, user, owner, form.note, poc_ids)


async def lock_work(act: Act, users: Sequence[User]) -> None:
    """Lock the POCs in which these users have work, for an act that writes to the log before it
    hands anything over: whoever works in a POC has that locked before the log, too."""
    found = await find_pocs_left(act.tx, [user.id for user in users])
    await lock_pocs(act, set().union(*found.values()))


async def lock_handed_over(act: Act, rows: Sequence[Handover]) -> None:
    """The same for what was handed over, and is to come back."""
    await lock_pocs(act, {UUID(item["poc_id"]) for row in rows for item in row.items})


async def lock_pocs(act: Act, poc_ids: Collection[UUID]) -> dict[UUID, Poc]:
    """Lock these POCs, always in the same order, so that two acts that do it at the same time don't
    wait for each other; returns them by their ids."""
    return {poc_id: await get_poc(act, poc_id, lock=True) for poc_id in sorted(poc_ids)}


async def hand_over_in(
    act: Act,
    user: User,
    owner: User,
    note: str,
    poc_ids: Collection[UUID] | None = None,
    cause: UUID | None = None,
) -> UUID | None:
    """The same, for an act that has locked both people and checked the receiver. `cause` is the
    entry of the user's deactivation, if the act knows it."""
    if owner.id == user.id:
        return None
    left = (await find_pocs_left(act.tx, [user.id])).get(user.id, set())
    pocs = await lock_pocs(act, left if poc_ids is None else left.intersection(poc_ids))
    # Read only now: until their POCs were locked, somebody else could change them.
    work: list[Task | TaskGroup] = [*await find_alone(act.tx, Task, user.id)]
    work += await find_alone(act.tx, TaskGroup, user.id)
    items = []
    for poc in pocs.values():
        if poc.owner_id == user.id:
            await give(act, poc, owner, note)
            items.append(_Item("poc", str(poc.id), str(poc.id), str(owner.id)))
    for one in work:
        if one.poc_id not in pocs:
            continue
        poc, there = pocs[one.poc_id], await assigned(act, one, User)
        await assign_to(act, poc, one, (there.keys() - {user.id}) | {owner.id})
        _touch(act, poc, one)
        kind = "task" if isinstance(one, Task) else "group"
        items.append(_Item(kind, str(one.id), str(poc.id), str(owner.id), owner.id not in there))
    return await _keep(act, user, owner, items, cause) if items else None


def _touch(act: Act, poc: Poc, work: Task | TaskGroup) -> None:
    if isinstance(work, Task):
        tasks.touch(act, poc, work)
    else:
        groups.touch(act, work)


async def _keep(
    act: Act, user: User, owner: User, items: Sequence[_Item], cause: UUID | None
) -> UUID:
    if cause is None and not user.active:
        receipt = await find_receipt(act.tx, user)
        cause = receipt.cause if receipt else None
    row = act.add(
        Handover(
            tenant_id=tenant_of(act),
            user_id=user.id,
            cause=cause,
            at=clock.now(),
            by_id=by_id(act),
            by_name=act.user.full_name if act.user else act.principal.name,
            items=[asdict(item) for item in items],
        )
    )
    await act.tx.flush()
    await _record(act, UserAction.WORK_HANDED_OVER, row, user, owner.full_name)
    return row.id


async def _record(act: Act, action: AuditAction, row: Handover, user: User, to: str) -> None:
    given = [{"name": to, **counts_of(row)}]
    await act.record(action, user, cause=row.cause, handover=row.id, to=given)


def counts_of(row: Handover) -> dict[str, int]:
    """How much was handed over: of `pocs`, `tasks` and `groups`."""
    kinds = [item["kind"] for item in row.items]
    return {f"{kind}s": kinds.count(kind) for kind in ("poc", "task", "group")}


async def list_handovers(principal: Principal, user_id: UUID) -> Sequence[HandoverView]:
    """What of a user's work was handed over and not taken back, the latest first."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        user = await view.get(User, user_id)
        found = await view.tx.exec(
            select(Handover)
            .where(Handover.user_id == user.id, col(Handover.undone_at).is_(None))
            .order_by(col(Handover.at).desc())
        )
        return [await _view(view.tx, row) for row in found]


async def _view(tx: Transaction, row: Handover) -> HandoverView:
    name = (await tx.get_one(User, UUID(row.items[0]["to"]))).full_name
    young = _is_young(row)
    return HandoverView(
        id=row.id, to=name, **counts_of(row), at=row.at, by=row.by_name, can_be_undone=young
    )


def _is_young(row: Handover) -> bool:
    return clock.now() < row.at + UNDO


@looks_first
async def take_back(principal: Principal, handover_id: UUID) -> None:
    """Give work back to the person from whom it was handed over, within a day.

    What somebody has changed since stays as it is. Raises `ConflictError` once it is too late.
    """
    async with acting(principal, Permission.REASSIGN_POCS) as act:
        row = await act.get(Handover, handover_id, lock=True)
        if row.undone_at is not None:
            return
        if not _is_young(row):
            raise ConflictError(TOO_LATE)
        await take_back_in(act, row)


async def take_back_in(act: Act, row: Handover) -> None:
    """The same, for an act that has locked the row."""
    user = await act.tx.get_one(User, row.user_id)
    pocs = await lock_pocs(act, {UUID(item["poc_id"]) for item in row.items})
    for values in row.items:
        item = _Item(**values)
        poc, to = pocs[UUID(item.poc_id)], UUID(item.to)
        if item.kind == "poc":
            if poc.owner_id == to:
                await give(act, poc, user, "")
        else:
            kind = Task if item.kind == "task" else TaskGroup
            await _return(act, poc, await act.get(kind, UUID(item.id)), to, user, item)
    row.undone_at = clock.now()
    to_name = (await act.tx.get_one(User, UUID(row.items[0]["to"]))).full_name
    await _record(act, UserAction.WORK_TAKEN_BACK, row, user, to_name)


async def _return(
    act: Act, poc: Poc, work: Task | TaskGroup, to: UUID, user: User, item: _Item
) -> None:
    there = await assigned(act, work, User)
    if to not in there or user.id in there:
        return
    await put_back(act, work, user, instead_of=there[to] if item.came else None, poc=poc)
    _touch(act, poc, work)


async def find_handovers(tx: Transaction, cause: UUID) -> Sequence[Handover]:
    """What was handed over after one deactivation and not taken back, locked."""
    found = await tx.exec(
        select(Handover)
        .where(Handover.cause == cause, col(Handover.undone_at).is_(None))
        .order_by(col(Handover.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.all()
