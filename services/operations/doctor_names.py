"""The doctor's check of names: those that were stored before today's rules are never judged again
until somebody changes them, and are still shown."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import inspect
from sqlmodel import col, select

from models import (
    CustomerPerson,
    GroupTemplate,
    Poc,
    Resource,
    Screen,
    SsoConnection,
    SuccessCriterion,
    Task,
    TaskGroup,
    TaskTemplate,
    Tenant,
    User,
)
from services.core.names import has_stray_marks, hides_something, listed
from services.core.words import count_words
from services.database import runtime
from services.database.pieces import let_others_in
from services.database.transaction import reading
from services.operations.checks import Check, warning, well
from services.operations.doctor_database import require_there
from services.operations.hourly import Hourly

NAMES = "Names"
_SLOW = "See Database, and what else this machine does."
SLICE = 500
"""How many rows are read at once."""
SHOWN = 5
"""How many pages are said on which such names can be changed."""


@dataclass(frozen=True)
class _Named:
    """A table of rows that have names, the columns of these, and the page below the organisation's
    own on which they can be changed."""

    table: Any
    columns: tuple[str, ...]
    page: Callable[[Any], str]
    noun: str
    plural: str = ""


def _page_of_resource(row: Any) -> str:
    if row.poc_id:
        return f"pocs/{row.poc_id}"
    return f"templates/{row.group_template_id or 'tasks'}"


_NAMED = (
    _Named(Tenant, ("name",), lambda _: "settings", "organisation"),
    _Named(User, ("first_name", "last_name", "email"), lambda row: f"users/{row.id}", "user"),
    _Named(Poc, ("title", "customer"), lambda row: f"pocs/{row.id}", "POC"),
    _Named(TaskGroup, ("title",), lambda row: f"pocs/{row.poc_id}", "task group"),
    _Named(Task, ("title",), lambda row: f"pocs/{row.poc_id}", "task"),
    _Named(SuccessCriterion, ("title",), lambda row: f"pocs/{row.poc_id}", "criterion", "criteria"),
    _Named(GroupTemplate, ("title",), lambda row: f"templates/{row.id}", "template"),
    _Named(TaskTemplate, ("title",), lambda _: "templates/tasks", "task template"),
    _Named(Resource, ("title",), _page_of_resource, "resource"),
    _Named(
        CustomerPerson,
        ("first_name", "last_name", "email", "title"),
        lambda _: "customers",
        "customer’s person",
        "customers’ people",
    ),
    _Named(SsoConnection, ("name",), lambda _: "settings/sign-in", "single sign-on connection"),
    _Named(Screen, ("name",), lambda _: "settings/screens", "screen"),
)


class _Read(Hourly[Check]):
    """What was found when all names were last read."""


async def look_at_names(*, anew: bool = True) -> list[Check]:
    """Whether all names could be given today.

    Reading all takes its time: unless it is to be done `anew`, what was found within the last hour
    counts.
    """
    await require_there()
    found = await runtime.current().part(_Read).read(_look, anew=anew)
    return [found or warning(NAMES, "Not all names were read in time", _SLOW)]


async def _look() -> Check:
    refused, pages, rows = Counter[_Named](), dict[str, None](), 0
    for named in _NAMED:
        async for slug, row in _rows(named):
            rows += 1
            if any(_is_refused(getattr(row, column)) for column in named.columns):
                refused[named] += 1
                below = f"/t/{slug}" if slug else "/platform"
                pages[f"{below}/{named.page(row)}"] = None
    if refused:
        return _told(refused, list(pages))
    return well(NAMES, f"as they may be today, of {count_words(rows, 'row')}")


async def _rows(named: _Named) -> AsyncIterator[tuple[str | None, Any]]:
    """All rows with the slugs of their organisations, without those of closed ones: nobody sees
    them."""
    table = named.table
    is_tenant = table is Tenant
    (key,) = inspect(table).primary_key
    query = select(Tenant.slug, table).where(col(Tenant.closed_at).is_(None))
    if not is_tenant:
        query = query.select_from(table).outerjoin(Tenant, col(table.tenant_id) == Tenant.id)
    query = query.order_by(key).limit(SLICE)
    piece = query
    while True:
        async with reading() as tx:
            found = (await tx.exec(piece)).all()
        for slug, row in found:
            yield slug, row
        if len(found) < SLICE:
            return
        piece = query.where(key > getattr(found[-1][1], key.name))
        await let_others_in()


def _is_refused(name: str) -> bool:
    return hides_something(name) or has_stray_marks(name)


def _told(refused: Counter[_Named], pages: Sequence[str]) -> Check:
    kinds = [count_words(count, kind.noun, kind.plural) for kind, count in refused.items()]
    where = listed(pages[:SHOWN]) if len(pages) <= SHOWN else f"{', '.join(pages[:SHOWN])}, …"
    return warning(
        NAMES,
        f"Characters that are refused today are in the names of {listed(kinds)}",
        "Nobody sees them, or they change how the text around them is read, so that a name can be "
        f"shown as another one. Type these names anew: {where}",
    )
