"""What others did in POCs since somebody's last visit, as Home tells it: each as one sentence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from models import AuditEvent, CommentMention, Poc, PocMember
from services.audit.acting import View
from services.audit.actions import AuditAction, find_action
from services.workspace.actions import (
    CommentAction,
    CriterionAction,
    GroupAction,
    MemberAction,
    PocAction,
    ResourceAction,
    TaskAction,
)
from services.workspace.customers.actions import CustomerAction
from services.workspace.people import Person, find_people

MOST_CHANGES = 20

Details = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """What somebody did. Their name, `did`, `what` and `rest`, one after the other, are a sentence
    without its full stop: "Ada Lovelace", "marked", "Sign the agreement", "done". `who` is none if
    Rollcall did it by itself, and `is_said` tells of a comment."""

    id: UUID
    at: datetime
    who: Person | None
    name: str
    did: str
    what: str
    rest: str
    is_said: bool
    poc_id: UUID
    poc_title: str
    customer: str


@dataclass(frozen=True)
class _Sentence:
    """How an action is told: its verb, the detail that names what it was done to (the POC, where
    there is none), and what is said after that."""

    did: str
    what: str = ""
    rest: Callable[[Details], str] = lambda _details: ""


def _after(details: Details) -> str:
    return str(details.get("after", "")).lower()


def _to_after(details: Details) -> str:
    return f"to {details.get('after', '')}"


def _marked(details: Details) -> str:
    reason = details.get("reason")
    return f"{_after(details)}: {reason}" if reason else _after(details)


def _given(details: Details) -> str:
    come, left = details.get("to"), details.get("no_more")
    said = (f"to {come}" if come else "", f"no more to {left}" if left else "")
    return ", ".join(filter(None, said))


SENTENCES: Mapping[AuditAction, _Sentence] = {
    PocAction.CREATED: _Sentence("started"),
    PocAction.EDITED: _Sentence("changed"),
    PocAction.STATUS_CHANGED: _Sentence("moved", rest=_to_after),
    PocAction.HANDED_OVER: _Sentence("handed over", rest=_to_after),
    PocAction.ARCHIVED: _Sentence("archived"),
    PocAction.RESTORED: _Sentence("restored"),
    MemberAction.ADDED: _Sentence("added", "member", lambda _: "to the team"),
    MemberAction.REMOVED: _Sentence("took", "member", lambda _: "out of the team"),
    CustomerAction.INVITED: _Sentence("invited", "customer"),
    CustomerAction.REMOVED: _Sentence("took", "customer", lambda _: "out of the POC"),
    GroupAction.ADDED: _Sentence("added the group", "group"),
    GroupAction.EDITED: _Sentence("changed the group", "group"),
    GroupAction.ASSIGNED: _Sentence("gave the group", "group", _given),
    GroupAction.ARCHIVED: _Sentence("archived the group", "group"),
    GroupAction.RESTORED: _Sentence("restored the group", "group"),
    TaskAction.ADDED: _Sentence("added", "task"),
    TaskAction.EDITED: _Sentence("changed", "task"),
    TaskAction.ASSIGNED: _Sentence("gave", "task", _given),
    TaskAction.STATUS_CHANGED: _Sentence("marked", "task", _marked),
    TaskAction.ACCEPTED: _Sentence("accepted", "task"),
    TaskAction.ACCEPTANCE_TAKEN_BACK: _Sentence("took back the acceptance of", "task"),
    TaskAction.ARCHIVED: _Sentence("archived", "task"),
    TaskAction.RESTORED: _Sentence("restored", "task"),
    CriterionAction.ADDED: _Sentence("added the criterion", "criterion"),
    CriterionAction.EDITED: _Sentence("changed the criterion", "criterion"),
    CriterionAction.RESULT_SET: _Sentence("found", "task", _after),
    CriterionAction.ARCHIVED: _Sentence("archived the criterion", "criterion"),
    CriterionAction.RESTORED: _Sentence("restored the criterion", "criterion"),
    ResourceAction.ADDED: _Sentence("added the resource", "resource"),
    ResourceAction.EDITED: _Sentence("changed the resource", "resource"),
    ResourceAction.ARCHIVED: _Sentence("archived the resource", "resource"),
    ResourceAction.RESTORED: _Sentence("restored the resource", "resource"),
    ResourceAction.DELETED: _Sentence("deleted the archived file", "resource"),
    CommentAction.POSTED: _Sentence("commented on", "task"),
    CommentAction.EDITED: _Sentence("changed a comment on"),
    CommentAction.REMOVED: _Sentence("removed a comment on"),
}
"""Every action that is recorded about a POC."""
MENTIONED = _Sentence("mentioned you in", "task")
"""How a comment is told in which the reader is mentioned."""


async def find_changes(
    view: View, since: datetime | None, *, mine: bool
) -> tuple[Sequence[Change], int]:
    """What others did to the POCs since then, the newest first, and how much that is in all: to
    those on which the reader works, or to all."""
    if since is None:
        return (), 0
    pocs = select(Poc.id).where(Poc.tenant_id == view.tenant_id)
    if mine:
        pocs = pocs.join(PocMember, col(PocMember.poc_id) == Poc.id).where(
            PocMember.user_id == view.principal.user_id, col(PocMember.removed_at).is_(None)
        )
    changed = (
        AuditEvent.chain_id == view.tenant_id,
        col(AuditEvent.subject_id).in_(pocs),
        col(AuditEvent.at) > since,
        col(AuditEvent.actor_id).is_distinct_from(view.principal.user_id),
    )
    found = await view.tx.exec(
        select(AuditEvent, Poc)
        .join(Poc, col(Poc.id) == AuditEvent.subject_id)
        .where(*changed)
        .order_by(col(AuditEvent.number).desc())
        .limit(MOST_CHANGES)
    )
    rows = found.all()
    in_all = await view.tx.exec(select(func.count()).select_from(AuditEvent).where(*changed))
    people = await find_people(view.tx, [event.actor_id for event, _ in rows])
    mentions = await _find_mentions(view, [event for event, _ in rows])
    return [_change(event, poc, people, mentions) for event, poc in rows], in_all.one()


async def _find_mentions(view: View, events: Sequence[AuditEvent]) -> frozenset[str]:
    """The ids, as the log has them, of the comments among these in which the reader is
    mentioned."""
    ids = [UUID(event.details["comment_id"]) for event in events if "comment_id" in event.details]
    if not ids:
        return frozenset()
    found = await view.tx.exec(
        select(CommentMention.comment_id).where(
            col(CommentMention.comment_id).in_(ids),
            CommentMention.user_id == view.principal.user_id,
        )
    )
    return frozenset(map(str, found))


def _change(
    event: AuditEvent, poc: Poc, people: Mapping[UUID, Person], mentions: Collection[str]
) -> Change:
    action = find_action(event.action)
    told = (action and SENTENCES.get(action)) or _Sentence("changed")
    if event.details.get("comment_id") in mentions:
        told = MENTIONED
    who = people.get(event.actor_id) if event.actor_id else None
    return Change(
        id=event.id,
        at=event.at,
        who=who,
        name=event.actor_name,
        did=told.did,
        what=str(event.details.get(told.what) or poc.title),
        rest=told.rest(event.details),
        is_said=isinstance(action, CommentAction),
        poc_id=poc.id,
        poc_title=poc.title,
        customer=poc.customer,
    )
