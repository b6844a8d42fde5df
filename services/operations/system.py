"""How this Rollcall is doing, for the Platform Admins' System page: the doctor's checks, and live
figures."""

import socket
from collections.abc import Collection
from dataclasses import dataclass

from services.access.actor import Operator, Principal
from services.access.permissions import Permission
from services.audit.acting import viewing
from services.core.errors import DatabaseUnavailableError
from services.operations import doctor, doctor_database, doctor_work
from services.operations.checks import Check
from services.sessions import replicas


@dataclass(frozen=True)
class Process:
    """A process that serves: its machine's name, and the seconds since it was heard (none for this
    one)."""

    name: str
    seconds: float | None


async def examine(actor: Principal, names: Collection[str] = ()) -> list[Check]:
    """Have the doctor make all checks, or those of these names and what goes along with them.

    Takes as long as the slowest check, up to a minute. Raises `NotAllowedError`. While the database
    doesn't answer, nobody can be asked who acts: then the check of the database alone says so.
    """
    # The page repeats the checks by itself: the audit log isn't read each time.
    anew = not isinstance(actor, Operator)
    try:
        if anew:
            async with viewing(actor, Permission.VIEW_SYSTEM):
                pass  # the checks take long, and ask the database by themselves
    except DatabaseUnavailableError:
        names, anew = {doctor_database.DATABASE}, False
    return await doctor.examine(names, serving=True, anew=anew)


async def count_waiting_mails() -> int:
    """How many mails wait to be sent, of all organisations. Needs no actor: the feed asks once for
    all who may watch."""
    return await doctor_work.count_waiting()


def processes() -> list[Process]:
    """The processes that serve, this one first."""
    others = replicas.heard()
    names = [socket.gethostname(), *(other.host or "another process" for other in others)]
    return [
        Process(name, None if number == 0 else others[number - 1].seconds)
        for number, name in enumerate(names)
    ]
