"""Inviting an import's rows: one batch is one transaction, whether or not a page shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from models import (
    ImportState,
    LinkPurpose,
    MailTemplate,
    Role,
    Tenant,
    User,
    UserImport,
    UserImportBatch,
)
from services.access import one_time_links
from services.access.actor import Principal
from services.access.permissions import INVITATIONS, Permission
from services.audit.acting import Act, acting
from services.audit.actions import AuditAction
from services.audit.writing import record_all
from services.bulk.batch_worker import LEASE, find_waiting
from services.core import clock
from services.core.emails import email_key
from services.core.errors import ConflictError, InvalidInputError, NotAllowedError
from services.database.looking import looks_first
from services.database.transaction import Transaction, reading
from services.mail import outbox
from services.users import emails_elsewhere, welcoming
from services.users.actions import InvitationAction, UserAction
from services.users.allowed_domains import allowed_domains, refusal
from services.users.emails_elsewhere import IN_USE, inactive_here, inactive_ids, is_taken
from services.users.ends import End, chosen_end
from services.users.events import ImportProgressed, UsersInvited, UsersSucceeded
from services.users.invitation_form import PersonalInvitation, read_form
from services.users.invitation_links import require_open
from services.users.new_user import new_user
from services.users.stays import UNLIMITED, stays_of

BATCH = 50
"""How many rows one transaction has: others who want to write wait for a tenth of a second."""
# Two imports of the same people may collide: then the batch is tried again. Each time, one of the
# two gets further.
TRIES = 5


@dataclass(frozen=True)
class RowOutcome:
    """What became of one row: `problem` is empty where the person is invited."""

    line: int
    name: str
    email: str
    problem: str = ""
    user_id: UUID | None = None


@dataclass(frozen=True)
class _Row:
    line: int
    values: Mapping[str, str]
    key: str

    @cached_property
    def form(self) -> PersonalInvitation | InvalidInputError:
        """The form that the values make; a call that only looks doesn't need it."""
        return read_form(self.values)


@looks_first
async def invite_next(actor: Principal, import_id: UUID) -> bool:
    """Invite the next batch of an import, in one transaction; returns whether there may be more.

    A refused row doesn't hold up the others. Admins need a fresh sign-in: without one,
    `FreshSignInNeededError` is raised and nobody of the batch is invited. If many earlier rows had
    an email of another organisation, `TooManyAttemptsError` is raised in the same way.
    """
    number, rows = await _next_rows(import_id)

    async def earlier(tx: Transaction) -> Sequence[UUID]:
        """Locked together with the actor: none of them may be activated meanwhile."""
        return await inactive_ids(tx, actor.tenant_id, _keys(rows))

    async with acting(actor, Permission.INVITE_USERS, lock=earlier) as act:
        run = await act.get(UserImport, import_id, lock=True)
        batch = await act.tx.get(UserImportBatch, (import_id, number), populate_existing=True)
        if run.state is not ImportState.RUNNING or batch is None:
            return False
        if batch.outcomes is not None:  # another process was faster
            return True
        run.leased_until = clock.now() + LEASE
        await act.tx.flush()  # a call that only looks has seen enough
        outcomes = await _invite(act, import_id, rows)
        batch.outcomes = [_plain(outcome) for outcome in outcomes]
        run.done += len(outcomes)
        run.invited += sum(1 for outcome in outcomes if not outcome.problem)
        if run.done == run.rows:
            run.state, run.ended_at = ImportState.DONE, clock.now()
        act.publish(UsersInvited(tenant_id=run.tenant_id))
        act.publish(ImportProgressed(tenant_id=run.tenant_id, import_id=run.id))
        return run.state is ImportState.RUNNING


def outcome_of(values: Mapping[str, Any]) -> RowOutcome:
    """An outcome as it was kept with its batch."""
    user_id = values["user_id"]
    return RowOutcome(**{**values, "user_id": UUID(user_id) if user_id else None})


def _plain(outcome: RowOutcome) -> dict[str, object]:
    values = asdict(outcome)
    return {**values, "user_id": str(outcome.user_id) if outcome.user_id else None}


async def _next_rows(import_id: UUID) -> tuple[int, list[_Row]]:
    """The number and the rows of the first waiting batch."""
    async with reading() as tx:
        batch = await find_waiting(tx, UserImportBatch, UserImportBatch.import_id == import_id)
    if batch is None:
        return -1, []
    return batch.number, [_read(values) for values in batch.rows]


def _read(kept: Mapping[str, Any]) -> _Row:
    # Rows of an earlier version have fewer fields.
    values = {name: kept.get(name) or "" for name in PersonalInvitation.model_fields}
    return _Row(kept["line"], values, email_key(values["email"]))


def _keys(rows: Sequence[_Row]) -> list[str]:
    return [row.key for row in rows]


async def _invite(act: Act, run_id: UUID, rows: Sequence[_Row]) -> list[RowOutcome]:
    await emails_elsewhere.check_pause(act.tx, act.principal)
    await require_open(act.tx, act.tenant_id)
    problems = await _problems(act, rows)
    ends = await _ends(act, rows, problems)
    users = await _add(act, rows, ends, problems)
    carried = {}
    for row in rows:
        if row.line in users and isinstance(row.form, PersonalInvitation):
            user, given = users[row.line], (row.form.note, row.form.contact_id)
            carried[user.id] = await welcoming.carry(act, user, *given)
    await _promise(act, run_id, list(users.values()), carried)
    return [_outcome(row, users.get(row.line), problems.get(row.line, "")) for row in rows]


async def _problems(act: Act, rows: Sequence[_Row]) -> dict[int, str]:
    """What is wrong with each row by itself: the form, the role, the domain."""
    refused: dict[Role, str] = {}
    for role in {row.form.role for row in rows if isinstance(row.form, PersonalInvitation)}:
        try:
            await act.require(INVITATIONS[role])
        except NotAllowedError as error:
            refused[role] = str(error)
    allowed = await allowed_domains(act.tx, act.tenant_id)
    problems: dict[int, str] = {}
    for row in rows:
        if isinstance(row.form, InvalidInputError):
            problems[row.line] = str(row.form)
        elif row.form.role in refused:
            problems[row.line] = refused[row.form.role]
        elif outside := refusal(allowed, row.form.email):
            problems[row.line] = outside
    return problems


async def _ends(act: Act, rows: Sequence[_Row], problems: dict[int, str]) -> dict[int, End]:
    """When each account ends, by line; if the row doesn't say it, that is the organisation's usual
    stay. Adds to the `problems` of rows whose end isn't possible."""
    ends = {}
    stays = await stays_of(act.tx, act.tenant_id)
    for row in rows:
        if row.line in problems or isinstance(row.form, InvalidInputError):
            continue
        form = row.form
        try:
            end = await chosen_end(act.tx, act.tenant_id, form.end_date, form.end_time)
        except InvalidInputError as error:
            problems[row.line] = str(error)
            continue
        end = end or (None if form.role in UNLIMITED else stays.usual_end)
        if refused := stays.refusal(form.role, end):
            problems[row.line] = refused
        elif end is not None:
            ends[row.line] = end
    return ends


async def _add(
    act: Act, rows: Sequence[_Row], ends: Mapping[int, End], problems: dict[int, str]
) -> dict[int, User]:
    """Add the accounts whose emails are free, by line; adds to the `problems` of the others."""
    for _ in range(TRIES):
        # In the order of their emails: if two imports have the same people, one waits for the
        # other, and never each for the other.
        free = await _free(act, [row for row in rows if row.line not in problems], problems)
        users: dict[int, User] = {}
        for row in sorted(free, key=lambda row: row.key):
            if isinstance(row.form, PersonalInvitation):
                end = ends.get(row.line)
                users[row.line] = new_user(act, row.form, end)
        try:
            async with act.tx.begin_nested():
                act.tx.add_all(users.values())
                await act.tx.flush()
        except IntegrityError as error:
            if not is_taken(error):
                raise
        else:
            return users
    raise ConflictError("Somebody else is inviting the same people. Try again in a moment.")


async def _free(act: Act, rows: Sequence[_Row], problems: dict[int, str]) -> list[_Row]:
    """The rows whose emails no active account has; each email once."""
    found = await act.tx.exec(
        select(User.email_key, User.tenant_id).where(
            col(User.email_key).in_([row.key for row in rows]), User.active
        )
    )
    taken = dict(found.all())
    free: dict[str, _Row] = {}
    for row in rows:
        if row.key not in taken:
            if free.setdefault(row.key, row) is not row:
                problems[row.line] = IN_USE
            continue
        problems[row.line] = IN_USE
        if taken[row.key] != act.tenant_id:
            await emails_elsewhere.count_answer(act.tx, act.principal)
    return list(free.values())


async def _promise(
    act: Act, run_id: UUID, users: Sequence[User], carried: Mapping[UUID, Mapping[str, str]]
) -> None:
    """Give each new account its link and its mail, and write it into the log."""
    if not users:
        return
    tenant = await act.tx.get_one(Tenant, act.tenant_id)
    new = {user.email_key: user.id for user in users}
    earlier = await inactive_here(act.tx, act.tenant_id, list(new))
    for one in earlier:
        one.succeeded_by(new[one.email_key])
    if earlier:
        ids = tuple(one.id for one in earlier)
        act.publish(UsersSucceeded(tenant_id=tenant.id, user_ids=ids))
    for user in users:
        link = one_time_links.issue(act.tx, LinkPurpose.INVITATION, user.id)
        outbox.enqueue(
            act.tx,
            MailTemplate.INVITATION,
            user,
            link,
            tenant_name=tenant.name,
            sender_name=act.user.full_name if act.user else "",
            **carried[user.id],
        )
    said = [(user, {"email": user.email, "role": user.role.label}) for user in users]
    await _record(act, UserAction.INVITED, run_id, said)
    if not outbox.is_configured():  # the person who began the import hands the links over
        await _record(act, InvitationAction.LINK_COPIED, run_id, [(user, {}) for user in users])


async def _record(
    act: Act,
    action: AuditAction,
    run_id: UUID,
    subjects: Sequence[tuple[User, Mapping[str, object]]],
) -> None:
    """Record the act for each; the log shows the entries of one run as one line that opens."""
    of_run = [(user, {**details, "run": run_id}) for user, details in subjects]
    await record_all(act.tx, action, actor=act.principal, by=act.user, subjects=of_run)


def _outcome(row: _Row, user: User | None, problem: str) -> RowOutcome:
    if user is not None:
        return RowOutcome(row.line, user.full_name, user.email, user_id=user.id)
    name = f"{row.values['first_name']} {row.values['last_name']}".strip()
    return RowOutcome(row.line, name, row.values["email"], problem)
