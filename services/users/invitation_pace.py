"""How many new people may be mailed: enough for any import, and few for a script that writes to
strangers in somebody's name.

Everybody who is mailed for the first time is a row that is made then: those rows are counted, and
what running imports will make.
"""

from datetime import timedelta
from uuid import UUID

from sqlmodel import col, func, select

from models import CustomerPerson, ImportState, User, UserImport
from models.base import first_id
from services.access.permissions import Permission
from services.audit.acting import Act
from services.core import clock
from services.core.errors import ConflictError, FreshSignInNeededError
from services.database.counting import count_each
from services.database.transaction import Transaction
from services.mail import outbox

UNASKED, UNASKED_WITHIN = 100, timedelta(hours=1)
"""How many new people somebody may invite without proving once more who they are: a day's work by
hand, and nothing that a stolen session is worth much for."""
OF_ALL, OF_ALL_WITHIN = 20_000, timedelta(days=1)
"""How many new people all of an organisation may invite together: the two largest files that an
import takes (`services.users.imports.files.MAX_ROWS`)."""
TOO_MANY = (
    f"Your organisation has invited {OF_ALL:,} people within a day. Invite the others tomorrow."
)


async def require_invitation_pace(act: Act, permission: Permission, *, people: int = 1) -> None:
    """Check that the actor, who has this permission, may have so many new people mailed now.

    Raises `FreshSignInNeededError` if these are many within an hour and the last sign-in isn't
    fresh, and `ConflictError` if the organisation has invited too many within a day. The command
    line may always, and so may everybody where no mail is sent.
    """
    tx, tenant_id, by = act.tx, act.tenant_id, act.principal.user_id
    if by is None or not outbox.is_configured():
        return
    if await _invited(tx, tenant_id, UNASKED_WITHIN, by) + people > UNASKED:
        try:
            await act.require(permission, fresh=True)
        except FreshSignInNeededError as error:
            raise FreshSignInNeededError(_why()) from error
    if await _invited(tx, tenant_id, OF_ALL_WITHIN) + people > OF_ALL:
        raise ConflictError(TOO_MANY)


def _why() -> str:
    return f"More than {UNASKED:,} invitations within an hour need a recent sign-in."


async def _invited(
    tx: Transaction, tenant_id: UUID | None, within: timedelta, by: UUID | None = None
) -> int:
    """How many new people were invited by this user, or by all, and how many are about to be."""
    since = first_id(clock.now() - within)
    # The newest rows are found by their ids, which grow with time. `coalesce` keeps the database
    # from choosing the index of the tenant instead, by which it would read all of the tenant's
    # rows.
    here = col(User.tenant_id) if by else func.coalesce(User.tenant_id, User.tenant_id)
    invited_by = col(User.invited_by_id)
    users = select(func.count()).where(
        col(User.id) > since, here == tenant_id, invited_by == by if by else invited_by.is_not(None)
    )
    theirs = func.coalesce(CustomerPerson.tenant_id, CustomerPerson.tenant_id)
    customers = select(func.count()).where(col(CustomerPerson.id) > since, theirs == tenant_id)
    # The same: the few imports that still run are found by `ended_at`.
    of_here = func.coalesce(UserImport.tenant_id, UserImport.tenant_id) == tenant_id
    waiting = select(func.coalesce(func.sum(UserImport.rows - UserImport.done), 0)).where(
        col(UserImport.ended_at).is_(None), of_here, UserImport.state == ImportState.RUNNING
    )
    if by is not None:
        customers = customers.where(CustomerPerson.created_by_id == by)
        waiting = waiting.where(UserImport.started_by_id == by)
    return sum(await count_each(tx, users, customers, waiting))
