"""Imports as people see them: begun, stopped, watched by every admin, and the result for each
row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, select

from models import ImportState, Role, UserImport, UserImportBatch
from services.access.actor import Actor
from services.access.permissions import INVITATIONS, Permission, Secret
from services.audit.acting import View, acting, viewing
from services.core import clock
from services.core.csv_files import csv_file
from services.core.errors import InvalidInputError, NotFoundError
from services.core.file_names import clean_file_name
from services.database.looking import looks_first
from services.database.transaction import LOCKED, Transaction, reading, transaction
from services.mail import outbox
from services.users.events import ImportProgressed
from services.users.handovers import live_links
from services.users.imports.batches import BATCH, RowOutcome, outcome_of
from services.users.imports.columns import ImportRow
from services.users.imports.files import MAX_ROWS
from services.users.imports.pasted import PASTED
from services.users.invitation_links import require_open
from services.users.invitation_pace import require_invitation_pace

RESULT_COLUMNS = ("Line", "Name", "Email", "Result", "Why not", "Link to hand over")
LATEST = 5
"""How many imports a page lists."""
SHOWN = 200
"""How many rows of a kind a page shows; the file with the results has all."""
KEPT = timedelta(days=7)
"""How long an import's rows are kept after its end: as long as its links live."""


@dataclass(frozen=True)
class ImportView:
    """An import as it is shown."""

    id: UUID
    file_name: str
    rows: int
    done: int
    invited: int
    by_mail: bool
    state: ImportState
    why: str
    started_by: str
    started_at: datetime

    @property
    def of_file(self) -> bool:
        """Whether the rows come from a file, whose lines people can look up."""
        return self.file_name != PASTED


@dataclass(frozen=True)
class Handover:
    """An invitation to hand over, if no mail server sends it."""

    name: str
    email: str
    link: str = field(repr=False)


@looks_first
async def start(actor: Actor, file_name: str, rows: Sequence[ImportRow]) -> UUID:
    """Have these rows invited from now on, on behalf of this session; returns the import's id.

    What the invitation of admins among them takes is checked before anybody is invited:
    `NotAllowedError`, `FreshSignInNeededError`; and so is how many they are
    (`require_invitation_pace`).
    """
    if not 0 < len(rows) <= MAX_ROWS:
        raise InvalidInputError({"file": "There is nobody to invite."})
    async with acting(actor, Permission.INVITE_USERS) as act:
        if act.tenant_id is None or act.user is None:
            raise NotFoundError
        await require_open(act.tx, act.tenant_id)
        for role in _roles_of(rows):
            await act.require(INVITATIONS[role])
        await require_invitation_pace(act, Permission.INVITE_USERS, people=len(rows))
        now = clock.now()
        run = act.add(
            UserImport(
                tenant_id=act.tenant_id,
                started_by_id=act.user.id,
                started_by=act.user.full_name,
                session_id=actor.session_id,
                ip=actor.ip,
                file_name=clean_file_name(file_name),
                rows=len(rows),
                by_mail=outbox.is_configured(),
                started_at=now,
                leased_until=now,
            )
        )
        await act.tx.flush()
        for number, at in enumerate(range(0, len(rows), BATCH)):
            values = [_values(row) for row in rows[at : at + BATCH]]
            act.add(UserImportBatch(import_id=run.id, number=number, rows=values))
        act.publish(ImportProgressed(tenant_id=run.tenant_id, import_id=run.id))
        return run.id


@looks_first
async def stop(actor: Actor, import_id: UUID) -> None:
    """Stop an import after its current batch; people who were invited stay invited."""
    async with acting(actor, Permission.INVITE_USERS) as act:
        run = await act.get(UserImport, import_id, lock=True)
        if run.state is not ImportState.RUNNING:
            return
        by = act.user.full_name if act.user else "Rollcall"
        _end(act.tx, run, ImportState.STOPPED, f"Stopped by {by}.")


async def fail(import_id: UUID, why: str) -> None:
    """End an import that can't go on."""
    async with transaction() as tx:
        run = await tx.get(UserImport, import_id, **LOCKED)
        if run is not None and run.state is ImportState.RUNNING:
            _end(tx, run, ImportState.FAILED, why)


async def list_imports(actor: Actor) -> Sequence[ImportView]:
    """The latest imports of the organisation, the newest first."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        found = await view.tx.exec(
            select(UserImport)
            .where(UserImport.tenant_id == view.tenant_id)
            .order_by(col(UserImport.started_at).desc())
            .limit(LATEST)
        )
        return [_view(run) for run in found]


async def get_import(actor: Actor, import_id: UUID) -> ImportView:
    """One import of the organisation. Raises `NotFoundError`."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        return _view(await view.get(UserImport, import_id))


async def find_import(import_id: UUID) -> ImportView | None:
    """One import, to tell the open pages of its tenant."""
    async with reading() as tx:
        run = await tx.get(UserImport, import_id)
        return _view(run) if run else None


async def list_problems(actor: Actor, import_id: UUID) -> Sequence[RowOutcome]:
    """The first rows that weren't invited."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        await view.get(UserImport, import_id)
        outcomes = await _outcomes(view.tx, import_id)
    return [outcome for outcome in outcomes if outcome.problem][:SHOWN]


async def list_invited(actor: Actor, import_id: UUID) -> Sequence[RowOutcome]:
    """The first rows that were invited."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        await view.get(UserImport, import_id)
        outcomes = await _outcomes(view.tx, import_id)
    return [outcome for outcome in outcomes if not outcome.problem][:SHOWN]


async def list_handovers(actor: Actor, import_id: UUID) -> Sequence[Handover]:
    """The first links to hand over. Only the person who began the import gets them, and links of
    admins need a fresh sign-in. They were logged when they were made."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        await view.require(Secret.INVITATION)
        run = await view.get(UserImport, import_id)
        outcomes = await _outcomes(view.tx, import_id)
        links = await _links(view, run, outcomes)
    shown = [outcome for outcome in outcomes if outcome.user_id in links][:SHOWN]
    return [Handover(o.name, o.email, links[o.user_id]) for o in shown if o.user_id]


async def results_csv(actor: Actor, import_id: UUID) -> str:
    """The file with the result for each row, and the links for the person who hands them over."""
    async with viewing(actor, Permission.INVITE_USERS) as view:
        await view.require(Secret.INVITATION)
        run = await view.get(UserImport, import_id)
        outcomes = await _outcomes(view.tx, import_id)
        links = await _links(view, run, outcomes)
    rows = [
        (
            outcome.line,
            outcome.name,
            outcome.email,
            "not invited" if outcome.problem else "invited",
            outcome.problem,
            links.get(outcome.user_id, "") if outcome.user_id else "",
        )
        for outcome in outcomes
    ]
    begin = 0 if _view(run).of_file else 1  # what was pasted has no lines
    return csv_file(RESULT_COLUMNS[begin:], [row[begin:] for row in rows])


async def remove_old(tx: Transaction) -> None:
    """Remove the imports that ended long ago, with their rows."""
    old = select(UserImport.id).where(col(UserImport.ended_at) < clock.now() - KEPT)
    await tx.exec(delete(UserImportBatch).where(col(UserImportBatch.import_id).in_(old)))
    await tx.exec(delete(UserImport).where(col(UserImport.id).in_(old)))


def _end(tx: Transaction, run: UserImport, state: ImportState, why: str) -> None:
    run.state, run.why, run.ended_at = state, why[:500], clock.now()
    tx.publish(ImportProgressed(tenant_id=run.tenant_id, import_id=run.id))


def _roles_of(rows: Sequence[ImportRow]) -> list[Role]:
    written = {row.values["role"] for row in rows}
    return [role for role in Role if role.value in written and role is not Role.PLATFORM_ADMIN]


def _values(row: ImportRow) -> dict[str, object]:
    return {"line": row.line, **row.values}


def _view(run: UserImport) -> ImportView:
    return ImportView(
        id=run.id,
        file_name=run.file_name,
        rows=run.rows,
        done=run.done,
        invited=run.invited,
        by_mail=run.by_mail,
        state=run.state,
        why=run.why,
        started_by=run.started_by,
        started_at=run.started_at,
    )


async def _outcomes(tx: Transaction, import_id: UUID) -> list[RowOutcome]:
    found = await tx.exec(
        select(UserImportBatch.outcomes)
        .where(
            UserImportBatch.import_id == import_id,
            col(UserImportBatch.outcomes).is_not(None),
        )
        .order_by(col(UserImportBatch.number))
    )
    return [outcome_of(values) for outcomes in found for values in outcomes or ()]


async def _links(view: View, run: UserImport, outcomes: Sequence[RowOutcome]) -> Mapping[UUID, str]:
    """The urls of the live invitations, by user, as far as this actor may hand them out."""
    if run.by_mail or view.user is None or run.started_by_id != view.user.id:
        return {}
    ids = [outcome.user_id for outcome in outcomes if outcome.user_id]
    return await live_links(view, run.tenant_id, ids)
