"""POCs: begun, changed, handed over, brought from one status to another, archived."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from models import CustomerPerson, Poc, PocStatus, User
from services.access.actor import Principal
from services.access.permissions import Permission
from services.audit.acting import Act, acting
from services.core import clock
from services.core.errors import ConflictError, InvalidInputError
from services.core.form_fields import Option
from services.core.forms import Form, choice, day, lines, person, several, text
from services.core.names import fold
from services.database.looking import looks_first
from services.workspace import template_rows
from services.workspace.actions import PocAction
from services.workspace.customers.cut import lock_with_people, shut_all_out
from services.workspace.events import PocChanged
from services.workspace.members import ensure_member
from services.workspace.people import require_workers
from services.workspace.plans import copy_plan, find_plan
from services.workspace.poc_list import facts_of, tell_row
from services.workspace.rights import (
    by_id,
    check_version,
    get_poc,
    get_poc_to_change,
    stamp,
    tenant_of,
)
from services.workspace.states import check_poc_step

RUN_POCS = Permission.RUN_POCS
STATUSES = tuple(Option(status.value, status.label) for status in PocStatus)


class PocForm(Form):
    """The facts of a POC."""

    title: str = text("Title")
    customer: str = text("Customer Company")
    description: str = lines("Description", optional=True)
    objectives: str = lines("Objectives", optional=True)
    start_on: date = day("Start Date", half=True)
    end_on: date | None = day("End Date", optional=True, not_before="start_on", half=True)


class NewPocForm(PocForm):
    """A POC to begin: from group templates, or empty; one's own, or another's."""

    group_ids: tuple[UUID, ...] = several("Start from", optional=True)
    owner_id: UUID | None = person("Owner", among=RUN_POCS, optional=True)


class StatusForm(Form):
    """What a POC is to become, and its outcome: that is asked for when the POC is completed."""

    status: PocStatus = choice("Status", STATUSES)
    outcome: str = lines("Outcome", optional=True)


class HandOverForm(Form):
    """The new owner of a POC, with a note to them."""

    owner_id: UUID = person("Owner", among=RUN_POCS)
    note: str = lines("Handover Note", optional=True)


@looks_first
async def create_poc(principal: Principal, form: NewPocForm) -> UUID:
    """Begin a POC: a draft, with copies of the templates' tasks; returns its id.

    Without an end it ends when the last task is due. Raises `InvalidInputError` for an owner who
    can't be chosen, and `NotFoundError` for a template that can't be chosen any more.
    """
    owner_id = form.owner_id or principal.user_id
    if owner_id is None:
        raise InvalidInputError({"owner_id": "Choose an owner."})
    async with acting(principal, Permission.RUN_POCS, lock=(owner_id,)) as act:
        tenant_of(act)
        await require_workers(act, [owner_id], "owner_id")
        plan = await find_plan(act, form.group_ids, form.start_on)
        if plan.resources:
            # Files are copied with the organisation locked, which everybody else locks before the
            # end of its log.
            await act.get_tenant(lock=True)
        facts = form.model_dump(exclude={"group_ids", "owner_id"})
        poc = act.add(Poc(**stamp(act), **facts, **_keys(form), owner_id=owner_id))
        poc.end_on = form.end_on or plan.ends_on
        await act.tx.flush()
        if act.user is not None:  # a person who begins a POC for somebody else works on it too
            await ensure_member(act, poc, act.user.id, is_new=True)
        await ensure_member(act, poc, owner_id, is_new=True)
        await copy_plan(act, poc, plan)
        groups = ", ".join(group.title for group in plan.groups)
        await act.record(PocAction.CREATED, poc, customer=poc.customer, groups=groups or None)
        _changed(act, poc, None)
        for group in plan.groups:  # their rows show the number of POCs
            was = template_rows.facts_of(group.template)
            template_rows.tell_group(act, group.template, was)
        return poc.id


@looks_first
async def edit_poc(principal: Principal, poc_id: UUID, version: int, form: PocForm) -> int:
    """Change a POC's facts; its tasks keep their days. Returns the facts' version, as all calls
    do that change one POC."""
    async with acting(principal, Permission.RUN_POCS) as act:
        poc = await get_poc_to_change(act, poc_id)
        values = {**form.model_dump(), **_keys(form)}
        changes = sorted(name for name, value in values.items() if getattr(poc, name) != value)
        if not changes:
            return poc.version
        check_version(version, poc.version, "this POC")
        was, before = facts_of(poc), poc.title
        for name in changes:
            setattr(poc, name, values[name])
        what = [name.replace("_", " ") for name in changes if not name.endswith("_key")]
        await act.record(
            PocAction.EDITED,
            poc,
            changed=", ".join(what),
            before=before if before != poc.title else None,
        )
        _touch(act, poc, was)
        return poc.version


@looks_first
async def change_status(principal: Principal, poc_id: UUID, version: int, form: StatusForm) -> int:
    """Bring a POC to another status. Raises `StepError` if it can't be the next one, and
    `InvalidInputError` if it is completed without an outcome."""
    async with acting(principal, Permission.RUN_POCS, urgent=form.status.is_closed) as act:
        poc, people = await lock_with_people(act, poc_id)
        was, before, then = facts_of(poc), poc.status, form.status
        if before is then:
            return poc.version
        check_version(version, poc.version, "this POC")
        check_poc_step(before, then)
        if then is PocStatus.COMPLETED and not form.outcome:
            raise InvalidInputError({"outcome": "Outcome is required: what did this POC show?"})
        poc.status = then
        poc.closed_at = clock.now() if then.is_closed else None
        poc.outcome = form.outcome if then.is_closed else ""
        await act.record(PocAction.STATUS_CHANGED, poc, before=before.label, after=then.label)
        if then.is_closed:
            await shut_all_out(act, poc, people)
        _touch(act, poc, was)
        return poc.version


@looks_first
async def hand_over(principal: Principal, poc_id: UUID, version: int, form: HandOverForm) -> int:
    """Make somebody else the owner of a POC on which one works; the old owner stays a member.

    Raises `InvalidInputError` for a person who can't be chosen.
    """
    async with acting(principal, Permission.RUN_POCS, lock=(form.owner_id,)) as act:
        return await _hand_over(act, await get_poc_to_change(act, poc_id), version, form)


@looks_first
async def reassign(principal: Principal, poc_id: UUID, version: int, form: HandOverForm) -> int:
    """Make somebody else the owner of any POC; for people who manage the organisation's users.

    Raises `InvalidInputError` for a person who can't be chosen.
    """
    async with acting(principal, Permission.REASSIGN_POCS, lock=(form.owner_id,)) as act:
        poc = await get_poc(act, poc_id, lock=True)
        if poc.archived_at is not None:
            raise ConflictError("This POC is archived. Restore it first.")
        return await _hand_over(act, poc, version, form)


async def _hand_over(act: Act, poc: Poc, version: int, form: HandOverForm) -> int:
    if poc.owner_id == form.owner_id:
        return poc.version
    check_version(version, poc.version, "this POC")
    (owner,) = await require_workers(act, [form.owner_id], "owner_id")
    await give(act, poc, owner, form.note)
    return poc.version


async def give(act: Act, poc: Poc, owner: User, note: str) -> None:
    """Make somebody the owner of a POC, for a call that has locked both."""
    await ensure_member(act, poc, owner.id)
    was, before = facts_of(poc), await act.tx.get_one(User, poc.owner_id)
    poc.owner_id, poc.handover_note = owner.id, note
    await act.record(PocAction.HANDED_OVER, poc, before=before.full_name, after=owner.full_name)
    _touch(act, poc, was)


@looks_first
async def set_archived(principal: Principal, poc_id: UUID, version: int, *, archived: bool) -> int:
    """Take a POC out of the lists, or put it back. Nothing of it is deleted."""
    async with acting(principal, Permission.RUN_POCS, urgent=archived) as act:
        poc, people = await lock_with_people(act, poc_id, archived=True)
        if (poc.archived_at is not None) == archived:
            return poc.version
        check_version(version, poc.version, "this POC")
        await archive(act, poc, people, archived=archived)
        return poc.version


async def archive(act: Act, poc: Poc, people: Sequence[CustomerPerson], *, archived: bool) -> None:
    """Archive or restore a POC that isn't so already, for a call that has locked it and the
    customer's people on it."""
    was = facts_of(poc)
    poc.archived_at = clock.now() if archived else None
    await act.record(PocAction.ARCHIVED if archived else PocAction.RESTORED, poc)
    if archived:
        await shut_all_out(act, poc, people)
    _touch(act, poc, was)


def _keys(form: PocForm) -> dict[str, Any]:
    title, customer = fold(form.title)[:1000], fold(form.customer)[:1000]
    return {"title_key": title, "customer_key": customer, "search_key": f"{title} {customer}"}


def _touch(act: Act, poc: Poc, was: dict[str, Any]) -> None:
    poc.changed(clock.now(), by_id(act))
    _changed(act, poc, was)


def _changed(act: Act, poc: Poc, was: dict[str, Any] | None) -> None:
    act.publish(PocChanged(tenant_id=poc.tenant_id, poc_id=poc.id))
    tell_row(act, poc, was)
