"""Handing over the work of all the people whom a bulk act deactivates: in the transaction of each
batch, or later; and giving it back if the act is undone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import field_validator
from sqlmodel import col, select

from models import BulkAct, BulkKind, BulkState, Handover, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting, viewing
from services.bulk.batches import Along
from services.bulk.kinds import Outcome, progressed
from services.bulk.preview import people_of
from services.bulk.runs import outcomes as outcomes_of
from services.core.errors import ConflictError, InvalidInputError, RollcallError
from services.core.form_fields import Option
from services.core.forms import Form, choice, lines, people
from services.database.looking import looks_first
from services.database.transaction import reading
from services.users.actions import WORK, given_words
from services.users.selection import require_selectable
from services.workspace.handover import (
    counts_of,
    find_handovers,
    hand_over_in,
    lock_handed_over,
    lock_pocs,
    take_back_in,
)
from services.workspace.left import find_pocs_left

RUN_POCS = Permission.RUN_POCS
MOST_HEIRS = 20
AT_ONCE = 10
"""If work is handed over later: the work of how many people is in one transaction."""


class When(StrEnum):
    """When the work of the people who leave is handed over."""

    NOW = "now"
    LATER = "later"


NOW = Option(When.NOW.value, "Now", "To one active user, or to several, divided by POC.")
LATER = Option(When.LATER.value, "Later", "All of it stays on the list of orphaned work.")


def _at_most(heir_ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(heir_ids) > MOST_HEIRS:
        raise ValueError(f"Choose at most {MOST_HEIRS} people.")
    return heir_ids


class HeirsForm(Form):
    """Who gets the work of the people who were deactivated, with a note to them."""

    heir_ids: tuple[UUID, ...] = people("Hand over to", among=RUN_POCS)
    note: str = lines("Handover Note", optional=True)

    @field_validator("heir_ids")
    @classmethod
    def _few(cls, heir_ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
        return _at_most(heir_ids)


class BulkHandOverForm(Form):
    """Who gets the work of the people who are deactivated, if that is decided now."""

    when: When = choice("Hand over", (NOW, LATER), as_list=True)
    heir_ids: tuple[UUID, ...] = people(
        "Hand over to",
        among=RUN_POCS,
        ask="Choose who gets the work.",
        only_with=("when", NOW.value),
    )
    note: str = lines("Handover Note", optional=True, only_with=("when", NOW.value))

    @field_validator("heir_ids")
    @classmethod
    def _few(cls, heir_ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
        return _at_most(heir_ids)


@looks_first
async def choose_heirs(principal: Principal, bulk_id: UUID, form: BulkHandOverForm) -> None:
    """Choose who gets the work of the people whom a draft deactivates, or leave it for later.

    Raises `InvalidInputError` for people who can't be chosen, or who are to be deactivated, too,
    and `ConflictError` once the act has begun.
    """
    async with acting(principal, Permission.REASSIGN_POCS, lock=form.heir_ids) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(Permission.SWITCH_USERS)
        if run.state is not BulkState.DRAFT or run.kind is not BulkKind.DEACTIVATE:
            raise ConflictError("This has begun already. Hand the work over afterwards.")
        heirs = await _require_heirs(act, run, form.heir_ids)
        run.along = _plan(heirs, form.note) if heirs else None


async def _require_heirs(act: Act, run: BulkAct, ids: Sequence[UUID]) -> list[User]:
    """These users, who are locked, if they can get work of this act's people right now."""
    await require_selectable(act, "heir_ids", ids, RUN_POCS)
    leaving = await people_of(act.tx, run.id)
    heirs = [await act.get(User, user_id) for user_id in dict.fromkeys(ids)]
    too = [heir.full_name for heir in heirs if heir.id in leaving]
    if too:
        verb = "is" if len(too) == 1 else "are"
        names = " and ".join(too)
        raise InvalidInputError({"heir_ids": f"{names} {verb} among those who leave."})
    return heirs


def _plan(heirs: Sequence[User], note: str) -> dict[str, Any]:
    to = [{"id": str(one.id), "name": one.full_name, **dict.fromkeys(WORK, 0)} for one in heirs]
    return {"to": to, "note": note, "divided": {}}


async def _go(
    act: Act,
    run: BulkAct,
    people: Sequence[Mapping[str, Any]],
    outcomes: Sequence[Outcome],
) -> Sequence[Outcome]:
    if run.kind is BulkKind.DEACTIVATE and run.along:
        return await _hand_over(act, run, outcomes)
    if run.undoes_id is not None and run.kind is BulkKind.ACTIVATE:
        await _take_back(act, people, outcomes)
    return outcomes


def _heirs(run: BulkAct) -> list[UUID]:
    return [UUID(heir["id"]) for heir in (run.along or {}).get("to", ())]


async def _lock_pocs(act: Act, run: BulkAct, people: Sequence[Mapping[str, Any]]) -> None:
    if run.kind is BulkKind.DEACTIVATE and run.along:
        found = await find_pocs_left(act.tx, [UUID(one["id"]) for one in people])
        await lock_pocs(act, set().union(*found.values()))
    if run.undoes_id is not None and run.kind is BulkKind.ACTIVATE:
        causes = sorted(UUID(one["cause"]) for one in people if one.get("cause"))
        rows = [row for cause in causes for row in await find_handovers(act.tx, cause)]
        await lock_handed_over(act, rows)


ALONG = Along(_heirs, _lock_pocs, _go)
"""What a batch does to the work of its people: it is handed over with a deactivation, and comes
back if that is undone."""


@looks_first
async def hand_over_some(principal: Principal, bulk_id: UUID, form: HeirsForm) -> bool:
    """Hand over what some of the deactivated people have left; returns whether there is more.

    Raises `InvalidInputError` for people who can't be chosen.
    """
    left = await _who_left_work(bulk_id)
    some = left[:AT_ONCE]
    ids = [one.row_id for one in some]
    async with acting(principal, Permission.REASSIGN_POCS, lock=(*form.heir_ids, *ids)) as act:
        run = await act.get(BulkAct, bulk_id, lock=True)
        await act.require(Permission.SWITCH_USERS)
        heirs = await _require_heirs(act, run, form.heir_ids)
        if not some:
            return False
        planned = dict((run.along or {}).get("divided", {}))
        run.along = {**_plan(heirs, form.note), "divided": planned}
        given = await _hand_over(act, run, some)
        act.publish(progressed(run))
    return len(left) > len(some) and any(one.result for one in given)


async def list_away(principal: Principal, bulk_id: UUID) -> Sequence[UUID]:
    """The people whom a bulk act deactivated and who are still away, if they left work."""
    async with viewing(principal, Permission.SWITCH_USERS) as view:
        run = await view.get(BulkAct, bulk_id)
    return [one.row_id for one in await _who_left_work(run.id)]


async def _who_left_work(bulk_id: UUID) -> list[Outcome]:
    """The people whom an act deactivated, who are still away, and who left work."""
    async with reading() as tx:
        changed = [one for one in await outcomes_of(tx, bulk_id) if one.changed and one.cause]
        found = await find_pocs_left(tx, [one.row_id for one in changed])
        users = await tx.exec(select(User.id).where(col(User.id).in_(found), ~col(User.active)))
        away = set(users)
    return [replace(one, result="") for one in changed if one.row_id in away]


async def _hand_over(act: Act, run: BulkAct, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    plan = run.along or {}
    heirs = {}
    for values in plan["to"]:
        heir = await act.tx.get_one(User, UUID(values["id"]))
        # a person who was deactivated meanwhile gets nothing: the work stays visible
        if heir.active:
            heirs[values["id"]] = heir
    left = [one for one in outcomes if one.changed]
    pocs = await find_pocs_left(act.tx, [one.row_id for one in left]) if heirs else {}
    work = _Work(act, heirs, plan, pocs)
    users = {user_id: await act.tx.get_one(User, user_id) for user_id in sorted(pocs)}
    # Locked in one order, in case two people hand over at once.
    await lock_pocs(act, set().union(*pocs.values()))
    words = {}
    for one in left:
        if one.row_id in users:
            words[one.row_id] = await work.hand_over(users[one.row_id], one.cause)
    run.along = work.kept()
    return [replace(one, result=_said(one.result, words.get(one.row_id, ""))) for one in outcomes]


def _said(result: str, words: str) -> str:
    return f"{result}; {words}" if result and words else result or words


class _Work:
    """The handovers of one transaction, and how the POCs are divided among those who get them."""

    def __init__(
        self,
        act: Act,
        heirs: Mapping[str, User],
        plan: Mapping[str, Any],
        pocs: Mapping[UUID, Collection[UUID]],
    ) -> None:
        self.act = act
        self.heirs = heirs
        self.note = str(plan["note"])
        self.to = [dict(values) for values in plan["to"]]
        self.divided: dict[str, str] = dict(plan["divided"])
        self.pocs = pocs

    async def hand_over(self, user: User, cause: UUID | None) -> str:
        """Hand over what one person has left, and say in words how much; what can't be handed over
        stays."""
        told, done = len(self.act.tx.events), []
        try:
            async with self.act.tx.begin_nested():
                for heir_id, poc_ids in self._divide(sorted(self.pocs[user.id])).items():
                    heir = self.heirs[heir_id]
                    row_id = await hand_over_in(self.act, user, heir, self.note, poc_ids, cause)
                    if row_id is not None:
                        done.append((heir_id, await self.act.tx.get_one(Handover, row_id)))
        except RollcallError as error:
            del self.act.tx.events[told:]
            return f"their work stays: {error}"
        return ", ".join([self._count(heir_id, row) for heir_id, row in done])

    def _divide(self, poc_ids: Sequence[UUID]) -> dict[str, set[UUID]]:
        """Who gets what: a POC goes to one person with all that is in it, and the next POC to the
        person who has the fewest."""
        shares: dict[str, set[UUID]] = {}
        for poc_id in poc_ids:
            heir_id = self.divided.get(str(poc_id), "")
            if heir_id not in self.heirs:
                held = list(self.divided.values())
                heir_id = min(self.heirs, key=held.count)
                self.divided[str(poc_id)] = heir_id
            shares.setdefault(heir_id, set()).add(poc_id)
        return shares

    def _count(self, heir_id: str, row: Handover) -> str:
        given = counts_of(row)
        (values,) = [values for values in self.to if values["id"] == heir_id]
        for kind, count in given.items():
            values[kind] = values.get(kind, 0) + count
        return given_words({**given, "name": values["name"]})

    def kept(self) -> dict[str, Any]:
        """The plan, and what was handed over so far, as they are stored with the act."""
        return {"to": self.to, "note": self.note, "divided": self.divided}


async def _take_back(
    act: Act, people: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]
) -> None:
    """Give the people of an undone deactivation their work back."""
    back = {one.row_id for one in outcomes if one.changed}
    causes = [UUID(one["cause"]) for one in people if one.get("cause") and UUID(one["id"]) in back]
    rows = [row for cause in sorted(causes) for row in await find_handovers(act.tx, cause)]
    await lock_handed_over(act, rows)
    for row in rows:
        await take_back_in(act, row)
