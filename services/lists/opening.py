"""What a list's page begins with, read in one transaction, in which who acts is asked once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol
from uuid import UUID

from services.access.actor import Principal
from services.database.transaction import Transaction
from services.lists.choices import Choices, read_choices
from services.lists.declaration import LiveList, RowT
from services.lists.query import ListQuery, from_url
from services.lists.slices import Slice, read_slice


class View(Protocol):
    """A look at the database by somebody who may (`services.audit.acting.View`)."""

    @property
    def tx(self) -> Transaction:
        """Their transaction."""

    @property
    def principal(self) -> Principal:
        """Who looks."""

    @property
    def tenant_id(self) -> UUID | None:
        """The tenant in which they work."""


@dataclass(frozen=True)
class Opened(Generic[RowT]):
    """What somebody chose for a list, what its url asks for, and the rows that answer it."""

    chosen: Choices
    query: ListQuery
    first: Slice[RowT]


async def read_opening(
    view: View, live_list: LiveList[RowT], url: Mapping[str, Any]
) -> Opened[RowT]:
    """A list as whoever looks sees it at first, by a url's parameters."""
    chosen = await read_choices(view.tx, view.principal, live_list)
    values = {"size": chosen.size, **url, "columns": " ".join(chosen.columns or ())}
    query = from_url(live_list, values)
    return Opened(chosen, query, await read_slice(view.tx, live_list, query, view.tenant_id))
