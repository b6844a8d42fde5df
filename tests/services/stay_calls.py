"""The service calls about how people come and stay, and who may make them."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from models import User
from services.access.actor import Actor
from services.core import clock
from services.core.errors import ConflictError
from services.database.transaction import transaction
from services.users import accounts, contractors, extending, reminders, stays, welcoming
from services.users.ends import End, set_end
from services.users.extending import Extension
from services.workspace import end_calendar, ends_soon
from tests.services.call import EVERYONE, MANAGERS, Call


async def _with_end(target: UUID) -> End:
    """The user's end, which is set for this."""
    end = End(clock.now().date() + timedelta(days=5))
    async with transaction() as tx:
        user = await tx.get(User, target)
        if user is not None:
            set_end(user, end, None)
    return end


async def _extend(actor: Actor, target: UUID) -> object:
    await _with_end(target)
    return await extending.extend(actor, target)


async def _take_back(actor: Actor, target: UUID) -> object:
    end = await _with_end(target)
    before = End(end.day - timedelta(days=1))
    await extending.take_back(actor, Extension(target, "Ada Lovelace", before, end))
    return None


async def _want(actor: Actor, _target: UUID) -> None:
    """A Platform Admin is told that these reminders aren't for them, which isn't the role's."""
    with suppress(ConflictError):
        await reminders.want_reminders(actor, wanted=True)


async def _tell_active(actor: Actor, target: UUID) -> None:
    with suppress(ConflictError):  # without a mail server, or of who was only invited
        await accounts.tell_active(actor, target)


STAY_CALLS = [
    Call("users.accounts.tell_active", MANAGERS, _tell_active),
    Call(
        "users.stays.get_stays",
        MANAGERS,
        lambda a, _t: stays.get_stays(a),
        takes_id=False,
    ),
    Call("users.accounts.end_if_due", MANAGERS, accounts.end_if_due),
    Call(
        "users.contractors.set_contractor",
        MANAGERS,
        lambda a, t: contractors.set_contractor(a, t, True),
    ),
    Call("users.extending.extend", MANAGERS, _extend),
    Call("users.extending.take_back", MANAGERS, _take_back),
    Call("users.reminders.want_reminders", MANAGERS, _want, takes_id=False),
    Call(
        "users.welcoming.get_first_day",
        EVERYONE,
        lambda a, _t: welcoming.get_first_day(a),
        takes_id=False,
    ),
    Call(
        "workspace.ends_soon.list_ends_soon",
        MANAGERS,
        lambda a, _t: ends_soon.list_ends_soon(a),
        takes_id=False,
    ),
    Call(
        "workspace.end_calendar.tell_url",
        MANAGERS,
        lambda a, _t: end_calendar.tell_url(a),
        takes_id=False,
    ),
    Call(
        "workspace.end_calendar.revoke",
        MANAGERS,
        lambda a, _t: end_calendar.revoke(a),
        takes_id=False,
    ),
]
