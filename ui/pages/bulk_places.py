"""Where the acts on many rows of each list stand, and who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.access.permissions import Permission
from services.bulk.kinds import ManyAct
from services.core.errors import NotFoundError
from services.lists.declaration import LiveList
from services.sessions.sessions import Visit
from services.users.list import USERS
from services.users.many import USER_ACTS
from services.workspace.customers.list import OUTSIDERS
from services.workspace.customers.many import CUSTOMER_ACTS
from services.workspace.many_pocs import POC_ACTS
from services.workspace.many_templates import GROUP_ACTS, TASK_ACTS
from services.workspace.poc_list import POCS
from services.workspace.template_rows import GROUP_TEMPLATES, TASK_TEMPLATES
from ui.paths import home_path


@dataclass(frozen=True)
class ListShown:
    """A list with acts on many: the path of its page, and, where its rows have pages, that of
    theirs."""

    live_list: LiveList[Any]
    acts: Sequence[ManyAct]
    path: str
    row_path: str = ""

    @property
    def noun(self) -> str:
        """The list's key."""
        return self.live_list.noun

    @property
    def plural(self) -> str:
        """What its rows are called."""
        return self.live_list.plural

    def url_of(self, visit: Visit, row_id: UUID) -> str | None:
        """The url of a row's own page."""
        return f"{home_path(visit.tenant_slug)}/{self.row_path}/{row_id}" if self.row_path else None


@dataclass(frozen=True)
class Place:
    """The lists whose acts stand together, below a path. `current` is their entry in the
    navigation; `leaves_work` says whether an act there may leave work without anybody active."""

    path: str
    current: str
    lists: Sequence[ListShown]
    leaves_work: bool = False

    @property
    def looks(self) -> Sequence[Permission]:
        """The permissions of which one lets somebody see acts there."""
        return sorted({act.looks for one in self.lists for act in one.acts})

    @property
    def plural(self) -> str:
        """What the rows of its lists are called, all together."""
        return self.lists[0].plural if len(self.lists) == 1 else self.path

    def list_of(self, noun: str) -> ListShown:
        """The list with this key; raises `NotFoundError` if it stands elsewhere."""
        for one in self.lists:
            if one.noun == noun:
                return one
        raise NotFoundError


PLACES = (
    Place(
        "users",
        "users",
        (ListShown(USERS, USER_ACTS, "users", "users"),),
        leaves_work=True,
    ),
    Place(
        "templates",
        "templates",
        (
            ListShown(GROUP_TEMPLATES, GROUP_ACTS, "templates", "templates"),
            ListShown(TASK_TEMPLATES, TASK_ACTS, "templates/tasks"),
        ),
    ),
    Place("pocs", "pocs", (ListShown(POCS, POC_ACTS, "pocs", "pocs"),)),
    Place(
        "customers",
        "users",
        (ListShown(OUTSIDERS, CUSTOMER_ACTS, "customers"),),
    ),
)


def place_of(live_list: LiveList[Any]) -> tuple[Place, ListShown]:
    """Where the acts on the rows of a list stand."""
    for place in PLACES:
        for one in place.lists:
            if one.noun == live_list.noun:
                return place, one
    raise NotFoundError
