"""How a person wants to see a list: its columns and rows, and the views that they saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import select

from models import ListChoice
from services.access.actor import Principal, authorize
from services.access.permissions import Permission
from services.core.errors import InvalidInputError
from services.core.names import clean_name, plain
from services.database.looking import looks_first
from services.database.prepared import Prepared
from services.database.transaction import Transaction, insert_if_missing, reading, transaction
from services.lists.declaration import LiveList
from services.lists.query import PAGE_SIZE, PAGE_SIZES, from_url, to_url

MOST_VIEWS = 30
LONGEST_NAME = 60


@dataclass(frozen=True)
class SavedView:
    """A view: its name, and the parameters of the list's url that show it."""

    name: str
    query: dict[str, str]


@dataclass(frozen=True)
class Choices:
    """What somebody chose for a list; no columns if they see the usual ones."""

    columns: tuple[str, ...] | None = None
    size: int = PAGE_SIZE
    compact: bool = False
    views: tuple[SavedView, ...] = ()


# Built once: each page of a list asks for it.
_KEPT = Prepared(
    select(ListChoice).where(
        ListChoice.user_id == bindparam("user_id"), ListChoice.noun == bindparam("noun")
    )
)


async def find_choices(actor: Principal, live_list: LiveList[Any]) -> Choices:
    """What the actor chose for this list."""
    async with reading() as tx:
        await authorize(tx, actor, Permission.USE_OWN_ACCOUNT)
        return await read_choices(tx, actor, live_list)


async def read_choices(tx: Transaction, actor: Principal, live_list: LiveList[Any]) -> Choices:
    """The same, where it was checked who acts."""
    if actor.user_id is None:
        return Choices()
    found = await _KEPT.rows(tx, user_id=actor.user_id, noun=live_list.noun)
    if not found:
        return Choices()
    kept = found[0]
    columns = tuple(kept.columns) if kept.columns is not None else None
    views = tuple(SavedView(view["name"], view["query"]) for view in kept.views)
    return Choices(columns, kept.page_size or PAGE_SIZE, kept.compact, views)


@looks_first
async def keep_columns(actor: Principal, live_list: LiveList[Any], columns: Sequence[str]) -> None:
    """Show the actor these columns of the list from now on, in whatever browser."""
    known = [column.key for column in live_list.columns if column.key in columns or column.opens]
    async with transaction(actor=actor) as tx:
        kept = await _kept(tx, actor, live_list)
        if kept is not None and kept.columns != known:
            kept.columns = known


@looks_first
async def keep_rows(
    actor: Principal, live_list: LiveList[Any], *, size: int, compact: bool
) -> None:
    """Show the actor this many rows of the list at once from now on, and low rows if `compact`."""
    page_size = size if size in PAGE_SIZES and size != PAGE_SIZE else None
    async with transaction(actor=actor) as tx:
        kept = await _kept(tx, actor, live_list)
        if kept is not None and (kept.page_size, kept.compact) != (page_size, compact):
            kept.page_size, kept.compact = page_size, compact


@looks_first
async def save_view(
    actor: Principal, live_list: LiveList[Any], name: str, query: dict[str, Any]
) -> str:
    """Keep what a query shows under a name; one of the same name is replaced. Returns the name.

    Raises `InvalidInputError`.
    """
    try:
        name = clean_name(plain(name), "The name", LONGEST_NAME)
    except ValueError as error:
        raise InvalidInputError({"name": str(error)}) from error
    asked = to_url(live_list, from_url(live_list, query)) | {"page": ""}
    usual = to_url(live_list, from_url(live_list, {}))
    values = {key: str(value) for key, value in asked.items() if value and value != usual.get(key)}
    async with transaction(actor=actor) as tx:
        kept = await _kept(tx, actor, live_list)
        if kept is not None:
            others = [view for view in kept.views if view["name"] != name]
            if len(others) >= MOST_VIEWS:
                raise InvalidInputError({"name": f"At most {MOST_VIEWS} views. Remove one first."})
            kept.views = [*others, {"name": name, "query": values}]
    return name


@looks_first
async def remove_view(actor: Principal, live_list: LiveList[Any], name: str) -> None:
    """Forget a saved view."""
    async with transaction(actor=actor) as tx:
        kept = await _kept(tx, actor, live_list, make=False)
        if kept is not None and any(view["name"] == name for view in kept.views):
            kept.views = [view for view in kept.views if view["name"] != name]


async def _kept(
    tx: Transaction, actor: Principal, live_list: LiveList[Any], *, make: bool = True
) -> ListChoice | None:
    """The actor's row for this list, made if it is missing; none for callers who are no persons."""
    own = () if actor.user_id is None else (actor.user_id,)
    await authorize(tx, actor, Permission.USE_OWN_ACCOUNT, lock=own)
    if actor.user_id is None:
        return None
    kept = await tx.get(ListChoice, (actor.user_id, live_list.noun))
    if kept is None and make:
        await insert_if_missing(tx, ListChoice(user_id=actor.user_id, noun=live_list.noun))
        kept = await tx.get_one(ListChoice, (actor.user_id, live_list.noun))
    return kept
