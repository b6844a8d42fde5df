"""What became of the rows of a bulk act: one by one, and all together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlmodel import col, select

from models import AuditEvent, BulkAct, BulkActBatch
from services.access.actor import Actor
from services.audit.acting import View, viewing
from services.bulk.batches import FAILED
from services.bulk.kinds import ANYBODY, CHUNK, Outcome, emails_of, kind_of
from services.bulk.runs import outcomes
from services.core.csv_files import csv_file
from services.database.transaction import Transaction
from services.sessions.actions import SessionAction

SHOWN = 200
"""How many people of a kind a page shows; the file with the results has all."""
COLUMNS = ("Name", "Result")
OF_PEOPLE = ("Pages closed", "Last one after (ms)", "Link to hand over")


@dataclass(frozen=True)
class RowResult:
    """What became of one row; and of a person's open pages: how many closed, and when the last one
    closed, in milliseconds after the commit; none if no page was open."""

    row_id: UUID
    name: str
    kind: str
    """"failed", "skipped", "done" or "to_come"."""
    result: str
    pages: int | None = None
    slowest_ms: float | None = None
    link: str = field(default="", repr=False)
    email: str = ""
    """A person's; it is read only for people who are shown, as is the digest of their picture."""
    picture: str = ""


@dataclass(frozen=True)
class Results:
    """The first people of each kind, failed and skipped first, then the newest; and how many there
    are of each kind and of each fate, and how many pages closed."""

    people: Sequence[RowResult]
    counts: Mapping[str, int]
    fates: Mapping[str, int]
    pages: int
    slowest_ms: float | None


async def get_results(actor: Actor, bulk_id: UUID) -> Results:
    """What became of the people so far.

    Links are shown only to the person who began the act. They were logged when they were copied.
    """
    async with viewing(actor, ANYBODY) as view:
        run = await view.get(BulkAct, bulk_id)
        await view.require(kind_of(run).looks)
        done = await outcomes(view.tx, bulk_id)
        receipts = await _receipts(view, run, done)
        links = await _links(view, run, done)
        waiting = await _waiting(view.tx, bulk_id)
        results = [_result(one, receipts, links) for one in done]
        latest = results[::-1]
        to_come = [RowResult(id_, name, "to_come", "") for id_, name in waiting]
        shown = [one for kind in ("failed", "skipped", "done") for one in _first(latest, kind)]
        shown += _first(to_come, "to_come")
        find_pictures = kind_of(run).pictures
        ids = [one.row_id for one in shown]
        pictures = await find_pictures(view.tx, ids) if find_pictures else {}
        emails = await emails_of(view.tx, kind_of(run), ids)
    counts = Counter(one.kind for one in results) + Counter(one.kind for one in to_come)
    answered = [ms for _, ms in receipts.values() if ms is not None]
    return Results(
        people=[
            replace(one, email=emails.get(one.row_id, ""), picture=pictures.get(one.row_id, ""))
            for one in shown
        ],
        counts=counts,
        fates=Counter(one.fate for one in done),
        pages=sum(pages for pages, _ in receipts.values()),
        slowest_ms=max(answered, default=None),
    )


async def results_csv(actor: Actor, bulk_id: UUID) -> str:
    """The file with what became of each row, and the links for the person who hands them over."""
    async with viewing(actor, ANYBODY) as view:
        run = await view.get(BulkAct, bulk_id)
        of = kind_of(run)
        await view.require(of.looks)
        await view.require(of.file)
        done = await outcomes(view.tx, bulk_id)
        receipts = await _receipts(view, run, done)
        links = await _links(view, run, done)
    columns = (*COLUMNS, *OF_PEOPLE) if of.of_people else COLUMNS
    rows = [
        (one.name, one.result, one.pages or "", one.slowest_ms or "", one.link)[: len(columns)]
        for one in (_result(outcome, receipts, links) for outcome in done)
    ]
    return csv_file(columns, rows)


def _first(results: Sequence[RowResult], kind: str) -> Sequence[RowResult]:
    return [one for one in results if one.kind == kind][:SHOWN]


def _result(
    one: Outcome,
    receipts: Mapping[UUID, tuple[int, float | None]],
    links: Mapping[UUID, str],
) -> RowResult:
    pages, slowest = receipts.get(one.cause, (None, None)) if one.cause else (None, None)
    kind = "done" if one.changed else FAILED if one.fate == FAILED else "skipped"
    link = links.get(one.row_id, "")
    return RowResult(one.row_id, one.name, kind, one.result, pages, slowest, link)


async def _receipts(
    view: View, run: BulkAct, done: Sequence[Outcome]
) -> dict[UUID, tuple[int, float | None]]:
    """How many pages of each person closed, and after how long the last one, by the deactivation's
    entry: read from the log, which keeps each receipt."""
    causes = {str(one.cause): one.cause for one in done if one.cause}
    ids = [one.row_id for one in done if one.cause]
    found: dict[UUID, tuple[int, float | None]] = {}
    if not kind_of(run).cuts:
        return found
    for at in range(0, len(ids), CHUNK):
        entries = await view.tx.exec(
            select(AuditEvent.details).where(
                AuditEvent.chain_id == run.tenant_id,
                col(AuditEvent.subject_id).in_(ids[at : at + CHUNK]),
                AuditEvent.action == SessionAction.PAGES_CLOSED.value,
            )
        )
        for details in entries:
            cause = causes.get(str(details.get("cause")))
            if cause is not None:
                found[cause] = (details.get("pages", 0), details.get("slowest_ms"))
    return found


async def _links(view: View, run: BulkAct, done: Sequence[Outcome]) -> Mapping[UUID, str]:
    links = kind_of(run).links
    if links is None or view.user is None or run.started_by_id != view.user.id:
        return {}
    return await links(view, [one.row_id for one in done if one.changed])


async def _waiting(tx: Transaction, bulk_id: UUID) -> list[tuple[UUID, str]]:
    batches = await tx.exec(
        select(BulkActBatch.people)
        .where(BulkActBatch.bulk_id == bulk_id, col(BulkActBatch.outcomes).is_(None))
        .order_by(col(BulkActBatch.number))
    )
    return [(UUID(person["id"]), person["name"]) for people in batches for person in people]
