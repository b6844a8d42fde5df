"""The doctor's check of names: those that were stored before today's rules are never judged again
until somebody changes them, and are still shown."""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from models import (
    GroupTemplate,
    Poc,
    Screen,
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

NAMES = "Names"
# All names are read only this often, in seconds, unless somebody asks for it.
READ_SECONDS = 3600
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
    page: str
    noun: str
    plural: str = ""


_NAMED = (
    _Named(Tenant, ("name",), "settings", "organisation"),
    _Named(User, ("first_name", "last_name", "email"), "users/{row.id}", "user"),
    _Named(Poc, ("title", "customer"), "pocs/{row.id}", "POC"),
    _Named(TaskGroup, ("title",), "pocs/{row.poc_id}", "task group"),
    _Named(Task, ("title",), "pocs/{row.poc_id}", "task"),
    _Named(SuccessCriterion, ("title",), "pocs/{row.poc_id}", "criterion", "criteria"),
    _Named(GroupTemplate, ("title",), "templates/{row.id}", "template"),
    _Named(TaskTemplate, ("title",), "templates/tasks", "task template"),
    _Named(Screen, ("name",), "settings/screens", "screen"),
)


@dataclass
class _Read:
    """When all names were last read and found well, and of how many rows."""

    at: float = -math.inf
    rows: int = 0


async def look_at_names(*, anew: bool = True) -> list[Check]:
    """Whether all names could be given today.

    Reading all takes its time: unless it is to be done `anew`, a good result of the last hour
    counts.
    """
    require_there()
    last = runtime.current().part(_Read)
    if anew or time.monotonic() - last.at > READ_SECONDS:
        refused, pages, last.rows = Counter[_Named](), dict[str, None](), 0
        for named in _NAMED:
            async for slug, row in _rows(named):
                last.rows += 1
                if any(_is_refused(getattr(row, column)) for column in named.columns):
                    refused[named] += 1
                    below = f"/t/{slug}" if slug else "/platform"
                    pages[f"{below}/{named.page.format(row=row)}"] = None
        if refused:
            return [_told(refused, list(pages))]
        last.at = time.monotonic()
    return [well(NAMES, f"as they may be today, of {count_words(last.rows, 'row')}")]


async def _rows(named: _Named) -> AsyncIterator[tuple[str | None, Any]]:
    """All rows with the slugs of their organisations, without those of closed ones: nobody sees
    them."""
    table = named.table
    is_tenant = table is Tenant
    query = select(Tenant.slug, table).where(col(Tenant.closed_at).is_(None))
    if not is_tenant:
        query = query.select_from(table).outerjoin(Tenant, col(table.tenant_id) == Tenant.id)
    query = query.order_by(col(table.id)).limit(SLICE)
    piece = query
    while True:
        async with reading() as tx:
            found = (await tx.exec(piece)).all()
        for slug, row in found:
            yield slug, row
        if len(found) < SLICE:
            return
        piece = query.where(col(table.id) > found[-1][1].id)
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
