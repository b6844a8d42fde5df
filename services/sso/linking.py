"""Who gets in: the rules of docs/decisions, "Single sign-on links by subject".

1. Whoever is linked to this issuer and subject gets in, whatever their email is there now.
2. Otherwise the email must be verified by the provider, and of an allowed domain. The active user
   of this tenant with exactly this email is linked, unless they are linked to another subject. (An
   invitation reaches only its addressee, so whoever accepts one needs no further proof that the
   email is theirs. The provider must still name the email that was invited.)
3. Otherwise a new account is made, if the tenant wants that and nobody had the email here before.
4. Everyone else is refused. Nobody is linked by a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from models import ExternalIdentity, MailTemplate, Role, SsoConnection, Tenant, User
from services.access.actor import lock_users
from services.audit.writing import record
from services.core import clock
from services.core.emails import are_the_same, check_email, domain_of, email_key
from services.core.errors import InvalidInputError
from services.core.names import MAX_NAME
from services.database.transaction import Transaction
from services.mail import outbox
from services.sessions.sessions import Caller
from services.sso.actions import SsoAction
from services.sso.errors import ElsewhereError, Refusal, SsoError
from services.users.accounts import check_names, set_names
from services.users.ends import set_end
from services.users.events import UserInvited
from services.users.stays import stays_of

# The issuers whose Entra claim on an email counts (see `is_verified`).
ENTRA = "https://login.microsoftonline.com/"


class Way(StrEnum):
    """How a person gets in."""

    LINKED = "linked"
    BY_EMAIL = "by_email"
    NEW = "new"


@dataclass(frozen=True)
class Person:
    """What a provider says about a person, as far as it decides anything."""

    issuer: str
    subject: str
    email: str
    verified: bool
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Decision:
    """The decision that a person gets in, and how; without a user, an account is to be made."""

    way: Way
    user: User | None


def person_of(claims: Mapping[str, Any]) -> Person:
    """The person whom these checked claims describe."""
    email = _text(claims.get("email"))
    first, last = _text(claims.get("given_name")), _text(claims.get("family_name"))
    if not first or not last:
        words = _text(claims.get("name")).split() or [email.partition("@")[0]]
        first, last = first or words[0], last or " ".join(words[1:]) or words[0]
    return Person(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=email,
        verified=is_verified(claims),
        first_name=first[:MAX_NAME],
        last_name=last[:MAX_NAME],
    )


def is_verified(claims: Mapping[str, Any]) -> bool:
    """Whether the provider vouches for the email.

    By `email_verified` (OpenID Connect Core 1.0, section 5.1), which some providers write as a
    string. Microsoft Entra never sends it, and lets admins of any directory write any email into
    `email`; its `xms_edov` says that the email's domain was proved to belong to the directory.
    """
    if claims.get("email_verified") in (True, "true"):
        return True
    from_entra = str(claims.get("iss", "")).startswith(ENTRA)
    return from_entra and claims.get("xms_edov") in (True, 1, "1", "true")


async def decide(
    tx: Transaction, connection: SsoConnection, person: Person, invited: UUID | None = None
) -> Decision:
    """Apply the rules, changing nothing; the user found is locked. Raises `SsoError`.

    `invited` is the user whose invitation is being accepted: nobody else gets in by it.
    """
    identity = await _identity(tx, connection, person)
    # Both at once, in the order of their ids, as everybody locks users.
    await lock_users(
        tx, [*([identity.user_id] if identity else []), *([invited] if invited else [])]
    )
    user = await tx.get(User, identity.user_id) if identity else None
    if user is not None and not user.active and invited is not None:
        # A person who was deactivated and is invited again has a new account: they get in to that
        # one, by its invitation.
        newer = await tx.get(User, invited)
        if newer is not None and newer.active and newer.email_key == user.email_key:
            user = None
    if user is not None:
        return Decision(Way.LINKED, _require_own_active(user, invited))
    key = _vouched_email(connection, person, by_invitation=invited is not None)
    found = (
        await tx.exec(
            select(User)
            .where(User.email_key == key, User.tenant_id == connection.tenant_id)
            .order_by(col(User.active).desc(), col(User.created_at).desc())
        )
    ).first()
    user = await _locked(tx, found.id) if found else None
    if user is not None:
        return await _decide_by_email(tx, connection, person, user, invited)
    if connection.new_people is None or invited is not None:
        raise _no_account(person)
    # Only other organisations are asked. If another sign-in has made an account in this one since
    # the look above, the database refuses a second one, and this sign-in begins again (`_twice`).
    elsewhere = await tx.exec(
        select(User.id).where(
            User.email_key == key,
            User.active,
            col(User.tenant_id).is_distinct_from(connection.tenant_id),
        )
    )
    if elsewhere.first() is not None:
        raise _no_account(person, elsewhere=True)
    return Decision(Way.NEW, None)


async def _decide_by_email(
    tx: Transaction,
    connection: SsoConnection,
    person: Person,
    user: User,
    invited: UUID | None,
) -> Decision:
    """Decide about the locked user who has the person's email. Raises `SsoError`."""
    _require_own_active(user, invited)
    linked = await _identity(tx, connection, person)
    if linked is not None and linked.user_id == user.id:
        # Another sign-in of this person has made or linked the account since this one looked.
        return Decision(Way.LINKED, user)
    if not are_the_same(person.email, user.email):
        raise SsoError(
            Refusal.EMAIL_LOOKS_ALIKE,
            f"{connection.name} writes your email with other letters than your account here "
            "has. Ask your admin to deactivate the account, and to invite you again.",
        )
    if await _has_other(tx, connection, user):
        raise SsoError(
            Refusal.OTHER_IDENTITY,
            f"The account with this email is linked to another account at {connection.name}. "
            "Ask your admin to deactivate it, and to invite you again.",
        )
    return Decision(Way.BY_EMAIL, user)


async def link_identity(
    tx: Transaction,
    connection: SsoConnection,
    tenant: Tenant,
    person: Person,
    decision: Decision,
    caller: Caller,
) -> User:
    """Carry a decision out: make the account if there is none, link it to the person at the
    provider, and tell its owner; returns the user."""
    user = decision.user
    if user is None:
        user = await _create(tx, connection, person, caller)
    if decision.way is Way.LINKED:
        return user
    moved = await _identity(tx, connection, person)
    if moved is not None:  # it was the earlier, deactivated account's
        await tx.delete(moved)
        await tx.flush()
    tx.add(
        ExternalIdentity(
            tenant_id=connection.tenant_id,
            user_id=user.id,
            issuer=person.issuer,
            subject=person.subject,
            linked_at=clock.now(),
        )
    )
    await tx.flush()
    await record(
        tx,
        SsoAction.LINKED,
        actor=None,
        by=user,
        subject=user,
        ip=caller.ip,
        provider=connection.name,
    )
    outbox.enqueue(
        tx,
        MailTemplate.SSO_LINKED,
        user,
        tenant_name=tenant.name,
        sender_name=connection.name,
    )
    return user


def _no_account(person: Person, *, elsewhere: bool = False) -> SsoError:
    kind = ElsewhereError if elsewhere else SsoError
    return kind(
        Refusal.NO_ACCOUNT,
        f"There is no account for {person.email} here. Ask your admin to invite you.",
    )


def _vouched_email(connection: SsoConnection, person: Person, *, by_invitation: bool) -> str:
    """The key of an email that may be linked. Raises `SsoError`."""
    if not person.email:
        raise SsoError(
            Refusal.EMAIL_MISSING,
            f"{connection.name} doesn't say what your email is. Ask your admin to have it send the "
            "“email” claim.",
        )
    if not person.verified and not by_invitation:
        raise SsoError(
            Refusal.EMAIL_UNVERIFIED,
            f"{connection.name} doesn't vouch for your email. Verify it there, or ask your admin "
            "to have the “email_verified” claim sent.",
        )
    try:
        check_email(person.email)
    except ValueError as error:
        raise SsoError(
            Refusal.EMAIL_MISSING, f"{connection.name} sends an email that isn't valid."
        ) from error
    if domain_of(person.email) not in connection.domains:
        raise SsoError(
            Refusal.EMAIL_DOMAIN,
            f"{person.email} isn't of a domain that may sign in here. Ask your admin to allow it.",
        )
    return email_key(person.email)


def _require_own_active(user: User, invited: UUID | None) -> User:
    if not user.active:
        raise SsoError(Refusal.INACTIVE, "Your account was deactivated. Contact your admin.")
    if invited is not None and user.id != invited:
        raise SsoError(
            Refusal.OTHER_INVITATION,
            f"You are signed in there as {user.full_name}, and the invitation is for someone else. "
            "Sign out there, or choose a password instead.",
        )
    return user


async def _identity(
    tx: Transaction, connection: SsoConnection, person: Person
) -> ExternalIdentity | None:
    return (
        await tx.exec(
            select(ExternalIdentity)
            .where(
                ExternalIdentity.tenant_id == connection.tenant_id,
                ExternalIdentity.issuer == person.issuer,
                ExternalIdentity.subject == person.subject,
            )
            .execution_options(populate_existing=True)
        )
    ).first()


async def _has_other(tx: Transaction, connection: SsoConnection, user: User) -> bool:
    """Whether the user is linked to somebody at this provider already."""
    found = await tx.exec(
        select(ExternalIdentity.id).where(
            ExternalIdentity.user_id == user.id, ExternalIdentity.issuer == connection.issuer
        )
    )
    return found.first() is not None


async def _locked(tx: Transaction, user_id: UUID) -> User | None:
    await lock_users(tx, [user_id])
    return await tx.get(User, user_id)


async def _create(
    tx: Transaction, connection: SsoConnection, person: Person, caller: Caller
) -> User:
    email = check_email(person.email)
    try:
        first, last = check_names(person.first_name, person.last_name)
    except InvalidInputError:  # a name with a line break in it, for example; then the email will do
        first = last = email.partition("@")[0]
    user = User(
        tenant_id=connection.tenant_id,
        first_name=first,
        last_name=last,
        email=email,
        email_key=email_key(email),
        role=connection.new_people or Role.SALES_ENGINEER,
        created_at=clock.now(),
    )
    set_names(user, first, last)
    # Nobody chose an end: it is the usual one, and not later than the organisation allows.
    stays = await stays_of(tx, connection.tenant_id)
    set_end(user, stays.fitting(user.role, stays.usual_end), None)
    tx.add(user)
    await tx.flush()
    await record(
        tx,
        SsoAction.USER_CREATED,
        actor=None,
        by=user,
        subject=user,
        ip=caller.ip,
        role=user.role.label,
        provider=connection.name,
    )
    tx.publish(UserInvited(tenant_id=user.tenant_id, user_id=user.id))
    return user


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
