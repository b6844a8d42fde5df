"""The audit log: written in the same transaction as the act, chained by hashes, never edited."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import select

from models import AuditEvent, AuditHead, User
from services.access.actor import Principal
from services.audit.events import AuditGrew, AuditWritten
from services.audit.search import search_key
from services.core import clock
from services.core.db import Transaction

PLATFORM_CHAIN = UUID(int=0)
GENESIS = "0" * 64


class Action(StrEnum):
    """What can be in the log; the value is stored, `label` is its name on the screen."""

    SET_UP = "rollcall.set_up"
    RESTORED = "rollcall.restored"
    TENANT_CREATED = "tenant.created"
    TENANT_RENAMED = "tenant.renamed"
    TENANT_CLOSED = "tenant.closed"
    TENANT_REOPENED = "tenant.reopened"
    USER_INVITED = "user.invited"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_LINK_COPIED = "invitation.link_copied"
    INVITATION_ACCEPTED = "invitation.accepted"
    USER_ACTIVATED = "user.activated"
    USER_DEACTIVATED = "user.deactivated"
    PAGES_CLOSED = "user.pages_closed"
    USER_RENAMED = "user.renamed"
    END_DATE_SET = "user.end_date_set"
    SIGNED_IN = "session.signed_in"
    SIGN_IN_FAILED = "session.sign_in_failed"
    CONFIRMATION_FAILED = "session.confirmation_failed"
    SIGNED_OUT = "session.signed_out"
    SESSIONS_REVOKED = "session.revoked"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - an action's name
    RESET_REQUESTED = "password.reset_requested"
    PASSWORD_LINK_COPIED = "password.link_copied"  # noqa: S105 - an action's name
    PASSWORD_LINK_SENT = "password.link_sent"  # noqa: S105 - an action's name
    PASSWORD_RESET = "password.reset"  # noqa: S105 - an action's name
    SSO_CONNECTED = "sso.connected"
    SSO_DISCONNECTED = "sso.disconnected"
    SSO_TESTED = "sso.tested"
    SSO_REQUIRED_SET = "sso.required_set"
    SSO_LINKED = "user.sso_linked"
    USER_CREATED_BY_SSO = "user.created_by_sso"
    SSO_REFUSED = "session.sso_refused"
    ENDED_BY_PROVIDER = "session.ended_by_provider"
    AUTHENTICATOR_ADDED = "user.authenticator_added"
    AUTHENTICATOR_REMOVED = "user.authenticator_removed"
    PASSKEY_ADDED = "user.passkey_added"
    PASSKEY_REMOVED = "user.passkey_removed"
    RECOVERY_CODES_RENEWED = "user.recovery_codes_renewed"
    RECOVERY_CODE_USED = "user.recovery_code_used"
    SECOND_FACTORS_RESET = "user.second_factors_reset"
    SECOND_FACTOR_FAILED = "session.second_factor_failed"
    SECOND_FACTOR_POLICY_SET = "tenant.second_factor_policy_set"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_HEADS_NOTED = "audit.heads_noted"

    @property
    def label(self) -> str:
        """The action in words: `user.deactivated` is "User deactivated"."""
        noun, _, verb = self.value.partition(".")
        special = {
            "rollcall.set_up": "Rollcall set up",
            "rollcall.restored": "Restored from a backup",
            "user.pages_closed": "Pages closed",
            "session.signed_in": "Signed in",
            "session.sign_in_failed": "Sign-in failed",
            "session.confirmation_failed": "Password confirmation failed",
            "session.second_factor_failed": "Second factor failed",
            "session.signed_out": "Signed out",
            "user.authenticator_added": "Authenticator app added",
            "user.authenticator_removed": "Authenticator app removed",
            "user.passkey_added": "Passkey added",
            "user.passkey_removed": "Passkey removed",
            "user.recovery_codes_renewed": "Recovery codes renewed",
            "user.recovery_code_used": "Recovery code used",
            "user.second_factors_reset": "Second factor reset",
            "tenant.second_factor_policy_set": "Second factor requirement set",
            "session.revoked": "Sessions ended",
            "sso.connected": "Single sign-on connected",
            "sso.disconnected": "Single sign-on disconnected",
            "sso.tested": "Single sign-on tested",
            "sso.required_set": "Single sign-on requirement set",
            "user.sso_linked": "Linked to single sign-on",
            "user.created_by_sso": "User created by single sign-on",
            "session.sso_refused": "Single sign-on refused",
            "session.ended_by_provider": "Signed out by the organisation",
        }
        return special.get(self.value, f"{noun} {verb.replace('_', ' ')}".capitalize())


class Subject(Protocol):
    """What an entry can be about: any row with an id, a tenant, and a name for the log."""

    @property
    def id(self) -> UUID:
        """By which its entries are found."""

    @property
    def tenant_id(self) -> UUID | None:
        """In whose log the entry stands."""

    @property
    def log_name(self) -> str:
        """What the log calls it."""


async def record(
    tx: Transaction,
    action: Action,
    *,
    actor: Principal | None,
    by: User | None = None,
    subject: Subject | None = None,
    tenant_id: UUID | None = None,
    address: str = "",
    at: datetime | None = None,
    **details: Any,
) -> AuditEvent:
    """Append an entry to the chain of the subject's tenant, and return it.

    `by` is the acting user where `authorize` returned one. `tenant_id` is for acts without a
    subject. The chain's head is locked, so entries of one chain come one after the other.
    """
    tenant = subject.tenant_id if subject is not None else tenant_id
    head = await _lock_head(tx, tenant or PLATFORM_CHAIN)
    entry = _appended(
        tx,
        head,
        action,
        by,
        subject,
        at=at or clock.now(),
        actor_name=_name_of(actor, by),
        address=address or (actor.address if actor else ""),
        details=_plain(details),
    )
    written = AuditWritten(chain_id=head.chain_id, entry_id=entry.id, subject_id=entry.subject_id)
    tx.publish(written)
    return entry


async def record_all(
    tx: Transaction,
    action: Action,
    *,
    actor: Principal,
    by: User | None,
    subjects: Sequence[tuple[Subject, Mapping[str, Any]]],
) -> None:
    """Append an entry about each of these, all of one tenant, with its details, in this order."""
    if not subjects:
        return
    head = await _lock_head(tx, subjects[0][0].tenant_id or PLATFORM_CHAIN)
    for subject, details in subjects:
        _appended(
            tx,
            head,
            action,
            by,
            subject,
            at=clock.now(),
            actor_name=_name_of(actor, by),
            address=actor.address,
            details=_plain(details),
        )
    tx.publish(AuditGrew(chain_id=head.chain_id))


def _appended(
    tx: Transaction,
    head: AuditHead,
    action: Action,
    by: User | None,
    subject: Subject | None,
    **values: Any,
) -> AuditEvent:
    """A new entry at the end of the chain whose head is locked."""
    entry = AuditEvent(
        chain_id=head.chain_id,
        number=head.number + 1,
        actor_id=by.id if by else None,
        action=action.value,
        subject_id=subject.id if subject else None,
        subject_name=subject.log_name if subject else "",
        previous_hash=head.hash,
        hash="",
        **values,
    )
    entry.hash = hash_of(entry)
    entry.search_key = search_key(entry)
    tx.add(entry)
    head.number, head.hash = entry.number, entry.hash
    return entry


def hash_of(entry: AuditEvent) -> str:
    """The hash that an entry must have."""
    return chained(entry.previous_hash, canonical(entry))


def chained(previous_hash: str, content: str) -> str:
    """SHA-256 over the previous entry's hash and everything that an entry says, as hex."""
    return hashlib.sha256(f"{previous_hash}{content}".encode()).hexdigest()


def canonical(entry: AuditEvent) -> str:
    """Everything that an entry says, in the one form that is hashed: JSON in ASCII."""
    content = {
        "id": str(entry.id),
        "chain": str(entry.chain_id),
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "actor": [str(entry.actor_id), entry.actor_name],
        "action": entry.action,
        "subject": [str(entry.subject_id), entry.subject_name],
        "address": entry.address,
        "details": entry.details,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


async def _lock_head(tx: Transaction, chain_id: UUID) -> AuditHead:
    head = (
        await tx.exec(
            select(AuditHead)
            .where(AuditHead.chain_id == chain_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).first()
    if head is None:
        # A chain begins with its tenant, in the transaction that creates it: no race is possible.
        head = AuditHead(chain_id=chain_id, number=0, hash=GENESIS)
        tx.add(head)
    return head


def _name_of(actor: Principal | None, by: User | None) -> str:
    name = by.full_name if by is not None else actor.name if actor is not None else ""
    return name or "Nobody signed in"


def _plain(details: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(details, default=str))
    return plain
