"""The service calls about imports of people, and who may make them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

from models import Role, User, UserImport, UserImportBatch
from services.access.actor import Actor
from services.core import clock
from services.database.transaction import reading, transaction
from services.users.imports import batches, preview, runs
from services.users.imports.columns import ImportRow
from tests import books
from tests.services.call import MANAGERS, Call


def _row(role: Role) -> ImportRow:
    email = f"{uuid4().hex}@example.com"
    values = {"first_name": "New", "last_name": "Person", "email": email, "role": role.value}
    return ImportRow(2, values)


async def import_in(
    by: User, session_id: UUID | None = None, tenant_id: UUID | None = None
) -> UUID:
    """An import of one row that somebody began, in their tenant or in another."""
    now = clock.now()
    tenant = tenant_id or by.tenant_id
    assert tenant is not None
    run = UserImport(
        tenant_id=tenant,
        started_by_id=by.id,
        started_by=by.full_name,
        session_id=session_id or uuid4(),
        file_name="people.csv",
        rows=1,
        by_mail=False,
        started_at=now,
        leased_until=now + timedelta(days=1),  # no worker's
    )
    row = _row(Role.ADMINISTRATOR)
    async with transaction() as tx:
        tx.add(run)
        await tx.flush()
        kept = [{"line": row.line, **row.values}]
        tx.add(UserImportBatch(import_id=run.id, number=0, rows=kept))
    return run.id


def _of_import(
    call: Callable[[Actor, UUID], Awaitable[object]],
) -> Callable[[Actor, UUID], Awaitable[object]]:
    async def run(actor: Actor, target: UUID) -> object:
        async with reading() as tx:
            user = await tx.get(User, target)
        if user is None or user.tenant_id is None:
            return await call(actor, target)  # no import has this id
        by = await books.user_of(actor.user_id)
        return await call(actor, await import_in(by, actor.session_id, user.tenant_id))

    return run


IMPORT_CALLS = [
    Call(
        "users.imports.preview.judge",
        MANAGERS,
        lambda a, _t: preview.judge(a, [_row(Role.ADMINISTRATOR)]),
        takes_id=False,
    ),
    Call(
        "users.imports.runs.start",
        MANAGERS,
        lambda a, _t: runs.start(a, "people.csv", [_row(Role.ADMINISTRATOR)]),
        takes_id=False,
    ),
    Call(
        "users.imports.runs.start of a Tenant Admin",
        {Role.PLATFORM_ADMIN},
        lambda a, _t: runs.start(a, "people.csv", [_row(Role.TENANT_ADMIN)]),
        takes_id=False,
    ),
    Call(
        "users.imports.runs.list_imports",
        MANAGERS,
        lambda a, _t: runs.list_imports(a),
        takes_id=False,
    ),
    Call("users.imports.runs.get_import", MANAGERS, _of_import(runs.get_import)),
    Call("users.imports.runs.list_problems", MANAGERS, _of_import(runs.list_problems)),
    Call("users.imports.runs.list_invited", MANAGERS, _of_import(runs.list_invited)),
    Call("users.imports.runs.list_handovers", MANAGERS, _of_import(runs.list_handovers)),
    Call("users.imports.runs.results_csv", MANAGERS, _of_import(runs.results_csv)),
    Call("users.imports.runs.stop", MANAGERS, _of_import(runs.stop)),
    Call("users.imports.batches.invite_next", MANAGERS, _of_import(batches.invite_next)),
]
