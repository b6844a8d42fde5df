"""A service call that somebody signed in can make."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from models import Role
from services.access.actor import Actor

MANAGERS = {Role.PLATFORM_ADMIN, Role.TENANT_ADMIN}
EVERYONE = set(Role)


@dataclass(frozen=True)
class Call:
    """A service call: who may make it, and how to make it. `run` gets the actor and a user's id."""

    name: str
    allowed: set[Role]
    run: Callable[[Actor, UUID], Awaitable[object]]
    takes_id: bool = True
