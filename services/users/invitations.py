"""Invitations: from the form to the first sign-in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from models import (
    INVITING,
    LinkPurpose,
    Role,
    SignInMethod,
    User,
)
from services.access import one_time_links
from services.access.actor import Principal, lock_users
from services.access.permissions import Permission, invitable_roles
from services.audit.acting import Act, acting, viewing
from services.audit.writing import record
from services.core import clock
from services.core.emails import email_key
from services.core.errors import InvalidInputError
from services.core.forms import fields_of
from services.database.looking import looks_first
from services.database.transaction import Transaction, transaction
from services.mail import outbox
from services.sessions.sessions import Caller
from services.sign_in.passwords import check_password, hash_password
from services.sign_in.personal_links import LinkView, open_link, user_of_link
from services.sign_in.sign_in import SignedIn, start_session
from services.users import emails_elsewhere, invitation_links, welcoming
from services.users.actions import InvitationAction, UserAction
from services.users.allowed_domains import allowed_domains, refusal
from services.users.emails_elsewhere import (
    IN_USE,
    InUseElsewhereError,
    active_with,
    inactive_here,
    inactive_ids,
    is_taken,
    is_used_here,
)
from services.users.ends import chosen_end, details_of, end_of
from services.users.events import UserEdited, UserInvited
from services.users.invitation_form import InvitationForm, PersonalInvitation
from services.users.invitation_links import Sent, require_open, require_role
from services.users.invitation_pace import require_invitation_pace
from services.users.new_user import new_user
from services.users.row import row_of
from services.users.selection import require_selectable
from services.users.stays import stays_of

_JUDGED_ALONE = {"first_name", "last_name", "email", "role"}


@dataclass(frozen=True)
class Invited:
    """Somebody who is invited; if no mail takes the link, with its url to hand over."""

    user_id: UUID
    name: str
    email: str
    role: Role
    by_mail: bool
    url: str = field(repr=False)


@looks_first
async def invite(actor: Principal, form: InvitationForm) -> Invited:
    """Make an account and promise its invitation, in one transaction.

    Raises `InvalidInputError` with a sentence for each wrong field, and `TooManyAttemptsError` for
    callers who ask for emails of other organisations too often. Inviting an admin needs a fresh
    sign-in, and so does inviting many; raises what `require_invitation_pace` raises.
    """
    permission = _least_permission(actor)

    async def decided_about(tx: Transaction) -> Collection[UUID]:
        """Locked together with the actor, so that nobody is activated or deactivated meanwhile."""
        earlier = await inactive_ids(tx, actor.tenant_id, [email_key(form.email)])
        contact = form.contact_id if isinstance(form, PersonalInvitation) else None
        return earlier if contact is None else [*earlier, contact]

    try:
        async with (
            emails_elsewhere.counting_answers(actor),
            acting(actor, permission, lock=decided_about) as act,
        ):
            await emails_elsewhere.check_pause(act.tx, actor)
            await require_open(act.tx, act.tenant_id)
            await require_invitation_pace(act, permission)
            user = await add_account(act, form)
            return await send_invitation(act, user)
    except IntegrityError as error:
        # Two invitations of one email at the same moment: the database let one in.
        if not is_taken(error):
            raise
        raise InvalidInputError({"email": IN_USE}) from error


async def add_account(act: Act, form: InvitationForm) -> User:
    """Add the account, for an act that may invite and has locked whom it decides about.

    Raises `InvalidInputError`; `InUseElsewhereError`, which the caller has to count;
    `NotAllowedError` if the actor may invite, but not this role; `FreshSignInNeededError`; and
    `IntegrityError` if another transaction was faster.
    """
    tx, tenant_id, wrong = act.tx, act.tenant_id, {}
    # Whether this actor may invite the role is checked by `require_role`.
    if form.role in invitable_roles(Role.PLATFORM_ADMIN, above_tenants=tenant_id is None):
        await require_role(act, form.role)
    else:
        wrong["role"] = fields_of(InvitationForm)["role"].missing
    if refused := refusal(await allowed_domains(tx, tenant_id), form.email):
        wrong["email"] = refused
    end = None
    try:
        end = await chosen_end(tx, tenant_id, form.end_date, form.end_time)
        if refused := (await stays_of(tx, tenant_id)).refusal(form.role, end):
            wrong["end_date"] = refused
    except InvalidInputError as error:
        wrong |= error.fields
    if wrong:
        if await is_used_here(tx, tenant_id, form.email):
            wrong["email"] = IN_USE
        raise InvalidInputError(wrong)
    if isinstance(form, PersonalInvitation) and form.contact_id is not None:
        await require_selectable(act, "contact_id", [form.contact_id])
    # Only where nothing else is wrong: an answer about another organisation is counted
    # (`emails_elsewhere`), and asking alone takes longer if somebody has the email.
    await _require_unused(act, form.email)
    user = act.add(new_user(act, form, end))
    await tx.flush()
    if isinstance(form, PersonalInvitation):
        await welcoming.carry(act, user, form.note, form.contact_id)
    return user


async def _require_unused(act: Act, email: str) -> None:
    taken = await active_with(act.tx, email)
    if taken is None:
        return
    if taken.tenant_id == act.tenant_id:
        raise InvalidInputError({"email": IN_USE})
    raise InUseElsewhereError


async def send_invitation(
    act: Act, user: User, *, old_role: str = "", by_mail: bool = True
) -> Invited:
    """Make the new account's invitation, promise its mail, and log it. With an `old_role`, the mail
    says that the account takes the place of one with that role."""
    await _link_predecessors(act.tx, user)
    (sent,) = await invitation_links.send(
        act.tx, [user], act.user, old_role=old_role, by_mail=by_mail
    )
    await act.record(
        UserAction.INVITED,
        user,
        email=user.email,
        role=user.role.label,
        **(details_of(end) if (end := end_of(user)) else {}),
    )
    row = row_of(user, sent.mail, sent.link.expires_at)
    act.publish(UserInvited(tenant_id=user.tenant_id, user_id=user.id, row=row))
    return await _invited(act, user, sent)


async def check_field(actor: Principal, field: str, value: str) -> tuple[str, str]:
    """Judge one field of the form while it is typed; returns (what is wrong, what is worth
    knowing).

    A question about an email takes the same permission as inviting, and is answered only from the
    organisation's own users, whom the list shows too. Whether another organisation has it is told
    at the sending.
    """
    async with viewing(actor, _least_permission(actor)) as view:
        if field not in _JUDGED_ALONE:
            return "", ""
        wrong = InvitationForm.check(field, {field: value})
        if wrong or field != "email":
            return wrong, ""
        if await is_used_here(view.tx, actor.tenant_id, value):
            return IN_USE, ""
        if refused := refusal(await allowed_domains(view.tx, actor.tenant_id), value):
            return refused, ""
        earlier = (await inactive_here(view.tx, actor.tenant_id, [email_key(value)]))[:1]
    if not earlier:
        return "", ""
    user = earlier[0]
    return "", (
        f"{user.full_name} was deactivated {_how_long_ago(user)} as {user.role.label}; "
        "this makes a new account. The old one keeps its data and history."
    )


@looks_first
async def resend(actor: Principal, user_id: UUID) -> Invited:
    """Renew the link of somebody who hasn't signed in yet; the old one is dead from now on.

    Takes what inviting them takes: for an admin, a fresh sign-in.
    """
    async with acting(actor, _least_permission(actor), lock=(user_id,)) as act:
        user = await _get_waiting(act, user_id)
        await outbox.require_room(act.tx, user)
        (sent,) = await invitation_links.renew(act, [user])
        return await _invited(act, user, sent)


@looks_first
async def copy_link(actor: Principal, user_id: UUID) -> str:
    """The url of the live invitation of somebody who hasn't signed in yet, to hand over.

    Takes what inviting them takes: for an admin, a fresh sign-in.
    """
    async with acting(actor, _least_permission(actor), lock=(user_id,)) as act:
        (url,) = await invitation_links.tell(act, [await _get_waiting(act, user_id)])
        return url


async def _get_waiting(act: Act, user_id: UUID) -> User:
    user = await act.get(User, user_id)
    refused = await invitation_links.refusals(act, [user])
    if refused:
        raise refused[user.id]
    return user


async def _invited(act: Act, user: User, sent: Sent) -> Invited:
    url = "" if sent.mail else await invitation_links.hand_out(act, user, sent.link)
    return Invited(user.id, user.full_name, user.email, user.role, sent.mail is not None, url)


async def open_invitation(slug: str | None, token: str) -> LinkView:
    """What an invitation's page shows; it doesn't use the link up. Raises `DeadLinkError`."""
    return await open_link(LinkPurpose.INVITATION, slug, token)


async def accept(slug: str | None, token: str, password: str, caller: Caller) -> SignedIn:
    """Choose a password with an invitation's link, which signs in on the spot.

    Raises `DeadLinkError`, `InvalidInputError`.
    """
    before = await open_invitation(slug, token)
    await check_password(password, before.own_words)
    hashed = await hash_password(password)
    async with transaction() as tx:
        await lock_users(tx, [before.user_id])
        link = await one_time_links.get_live(tx, LinkPurpose.INVITATION, token)
        user, tenant = await user_of_link(tx, link, slug)
        link.used_at = clock.now()
        user.password_hash = hashed
        await mark_accepted(tx, user, caller)
        return await start_session(tx, user, caller, tenant, SignInMethod.LINK)


async def mark_accepted(tx: Transaction, user: User, caller: Caller, **details: Any) -> None:
    """Note in this transaction that an invited person comes in, in any way: the invitation's links
    and mails are void from now on, and the log says it."""
    await one_time_links.void(tx, user.id, LinkPurpose.INVITATION)
    await outbox.cancel(tx, user.id, *INVITING)
    await record(
        tx,
        InvitationAction.ACCEPTED,
        actor=None,
        by=user,
        subject=user,
        ip=caller.ip,
        **details,
    )


def roles_offered(role: Role, tenant_id: UUID | None) -> Mapping[str, str]:
    """The roles that somebody with this role may invite here: value and name."""
    return {r.value: r.label for r in invitable_roles(role, above_tenants=tenant_id is None)}


def _least_permission(actor: Principal) -> Permission:
    above = actor.tenant_id is None
    return Permission.MANAGE_PLATFORM_ADMINS if above else Permission.INVITE_USERS


def _how_long_ago(user: User) -> str:
    """When somebody was deactivated: not as a date, which would depend on where the reader is."""
    if user.deactivated_at is None:
        return "some time ago"
    days = (clock.now() - user.deactivated_at).days
    return {0: "less than a day ago", 1: "a day ago"}.get(days, f"{days:,} days ago")


async def _link_predecessors(tx: Transaction, user: User) -> None:
    for earlier in await inactive_here(tx, user.tenant_id, [user.email_key]):
        earlier.succeeded_by(user.id)
        tx.publish(UserEdited.of(earlier))
