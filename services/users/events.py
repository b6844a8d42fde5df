"""What happened to users."""

from dataclasses import dataclass
from uuid import UUID

from models import User
from services.access.events import UserEvent
from services.core.events import Event
from services.users.row import UserRow


@dataclass(frozen=True, kw_only=True)
class UserShown(UserEvent):
    """Somebody is looked for in the lists at once; `row` is what these show from now on, so that
    nobody waits for a query. If it is none, it has to be read."""

    row: UserRow | None = None


@dataclass(frozen=True, kw_only=True)
class UserInvited(UserShown):
    """A new account exists."""


@dataclass(frozen=True, kw_only=True)
class UserSwitched(UserShown):
    """A toggle was flipped."""


@dataclass(frozen=True, kw_only=True)
class UserActivated(UserSwitched):
    """The user may sign in again."""


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(UserSwitched):
    """The user is shut out."""


@dataclass(frozen=True, kw_only=True)
class UserEdited(UserEvent):
    """Name or end date changed; `old_search_key` tells which searches found the user before."""

    old_search_key: str

    @classmethod
    def of(cls, user: User, old_search_key: str | None = None) -> "UserEdited":
        """The change of this user; without a key, a search finds them as before."""
        key = user.search_key if old_search_key is None else old_search_key
        return cls(tenant_id=user.tenant_id, user_id=user.id, old_search_key=key)


@dataclass(frozen=True, kw_only=True)
class UsersInvited(Event):
    """A tenant has many new accounts."""

    tenant_id: UUID


@dataclass(frozen=True, kw_only=True)
class UsersSucceeded(Event):
    """New accounts have taken the place of these inactive ones; a batch of an import at most."""

    tenant_id: UUID
    user_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class ImportProgressed(Event):
    """An import of people was begun, got further, or ended."""

    tenant_id: UUID
    import_id: UUID
