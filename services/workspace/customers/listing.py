"""Which outsider sees what: the customers' people of an organisation, slice by slice."""

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from services.access.actor import Principal
from services.access.permissions import Permission, Secret
from services.audit.acting import acting, viewing
from services.database.looking import looks_first
from services.lists.export import csv_pieces
from services.lists.opening import Opened, read_opening
from services.lists.query import ListQuery, in_words
from services.lists.slices import Slice, read_slice
from services.workspace.customers.actions import CustomerAction
from services.workspace.customers.list import OUTSIDERS, OutsiderRow
from services.workspace.rights import tenant_of


async def list_outsiders(principal: Principal, query: ListQuery) -> Slice[OutsiderRow]:
    """A page of the customers' people of the tenant who are on a POC."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        return await read_slice(view.tx, OUTSIDERS, query, tenant_of(view))


async def open_outsiders(principal: Principal, url: Mapping[str, Any]) -> Opened[OutsiderRow]:
    """The same by a url's parameters, with what the principal chose for the list: what its page
    begins with."""
    async with viewing(principal, Permission.VIEW_USERS) as view:
        tenant_of(view)
        return await read_opening(view, OUTSIDERS, url)


@looks_first
async def export_outsiders(
    principal: Principal, query: ListQuery, columns: Sequence[str] = ()
) -> AsyncIterator[str]:
    """The people that a query finds as a CSV file, in pieces, with these columns.

    The export itself is logged before anything is read.
    """
    async with acting(principal, Secret.CUSTOMERS_EXPORT) as act:
        tenant_of(act)
        await act.record(CustomerAction.EXPORTED, filters=in_words(OUTSIDERS, query))
    look = partial(viewing, principal, Permission.VIEW_USERS)
    return csv_pieces(look, OUTSIDERS, query, columns)
