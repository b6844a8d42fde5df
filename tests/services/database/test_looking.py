"""A call that changes nothing, or is refused, writes nothing and takes no turn to write."""

import ast
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import SQLModel, col, select, update

import services
from models import EndReason, LoginSession, Tenant, User
from services.access.actor import COMMAND_LINE, Actor, lock_users
from services.core import clock
from services.core.errors import RollcallError, SelfDeactivationError, SessionEndedError
from services.database.engines import URGENT_WRITERS, WRITERS
from services.database.looking import looks_first, outside_of_calls
from services.database.runtime import Runtime
from services.database.transaction import LOCKED, reading, transaction
from services.database.write_queue import WriteQueue
from services.sessions import sessions
from services.tenants import closing, tenants
from services.users import accounts
from services.users.events import UserEdited
from services.users.imports import runs, worker
from services.users.imports.batches import invite_next
from tests import books
from tests.browser.waiting import PATIENCE
from tests.conftest import ONE_DATABASE
from tests.factories import create_tenant, create_user, open_session
from tests.services import changes
from tests.services.bulk_calls import BULK_CALLS
from tests.services.calls import connected
from tests.services.review_calls import REVIEW_CALLS, TAKE_NO_REVIEW
from tests.services.scenes import named, one_who_may, set_scenes, two_roles
from tests.services.screen_calls import ON_SCREENS
from tests.services.users.imports.importing import rows_of
from tests.services.workspace_calls import TAKE_NOTHING, WORKSPACE_CALLS

# These check by themselves who is acting, before a part that takes long; and then they do write.
LOOK_BY_THEMSELVES = {
    "confirm_password",
    "change_password",
    "finish_test",
    "touch",
}
# These need something that is made first, in its own transaction.
MAKE_SOMETHING_FIRST = {
    "sign_in.second_factors.passkeys.remove",
    "sign_in.second_factors.passkeys.rename",
    "sessions.sessions.revoke of one session",
    "tenants.organisation.remove_logo",
    "tenants.tenants.get_row",
    "users.profile.remove_picture",
    "users.profile.get_portrait",
    "users.invitations.resend to a Tenant Admin",
    "users.invitations.copy_link of a Tenant Admin",
    "sign_in.password_links.copy_link for a Tenant Admin",
    *(call.name for call in BULK_CALLS if call.takes_id),
    *(call.name for call in REVIEW_CALLS if call.name not in TAKE_NO_REVIEW),
    *(call.name for call in WORKSPACE_CALLS if call.name not in TAKE_NOTHING),
    *(call.name for call in ON_SCREENS),
    "users.extending.extend",
    "users.extending.take_back",
    "users.imports.batches.invite_next",
    "users.imports.runs.stop",
    "users.imports.runs.get_import",
    "users.imports.runs.list_problems",
    "users.imports.runs.list_invited",
    "users.imports.runs.list_handovers",
    "users.imports.runs.results_csv",
}


_READS = [f'SELECT * FROM "{table.name}"' for table in SQLModel.metadata.sorted_tables]  # noqa: S608 - our own names


async def _all_rows() -> list[list[tuple[Any, ...]]]:
    """Everything in the database, read by the driver itself: this takes most of a walk's time."""
    async with reading() as tx:
        connection = await tx.connection()
        return [
            sorted(map(tuple, await connection.exec_driver_sql(read)), key=repr) for read in _READS
        ]


async def _wrote(rollcall: Runtime, call: Awaitable[object]) -> bool:
    """Make the call; tells whether it took a turn to write."""
    begun = rollcall.database.queue.begun
    with suppress(RollcallError):
        await call
    return rollcall.database.queue.begun != begun


@pytest.mark.walk
@pytest.mark.stress
@pytest.mark.usefixtures("others_write")
async def test_a_call_that_changes_nothing_takes_no_turn_to_write(rollcall: Runtime) -> None:
    # On the second database, those who may: why somebody may not is decided in Python.
    scenes = await set_scenes(roles=two_roles if rollcall.database.is_sqlite else one_who_may)
    await changes.begin_to_count()
    wrong = []
    for scene in scenes:
        for role, actor in scene.actors.items():
            await connected(actor)
            before = await changes.count_all()
            for _ in range(2):  # the second one may find done what it asks for
                with named(scene.call):
                    wrote = await _wrote(rollcall, scene.call.run(actor, scene.targets[role]))
                if wrote and before == (before := await changes.count_all()):
                    wrong.append((scene.call.name, role))
    assert wrong == []


async def test_what_is_written_as_it_was_counts_as_no_change(
    rollcall: Runtime, tenant: Tenant
) -> None:
    user = await create_user(tenant)
    await changes.begin_to_count()
    found = []
    for name in ("Ada", "Augusta"):
        async with transaction() as tx:
            await tx.exec(update(User).where(col(User.id) == user.id).values(first_name=name))
        found.append(await changes.count_all())
    await create_user(tenant)
    assert found == [0, 1]
    assert await changes.count_all() > 1


@ONE_DATABASE  # each refuses such a session on both; that it only looks is Python's
@pytest.mark.walk
@pytest.mark.stress
@pytest.mark.usefixtures("others_write")
async def test_a_call_in_a_session_that_is_over_takes_no_turn_to_write(rollcall: Runtime) -> None:
    scenes = await set_scenes(roles=two_roles)
    async with transaction() as tx:
        ended = {"ended_at": clock.now(), "end_reason": EndReason.SIGNED_OUT}
        await tx.exec(update(LoginSession).values(**ended))
    wrong = []
    for scene in scenes:
        await connected(next(iter(scene.actors.values())))
        for role, actor in scene.actors.items():
            wrote = await _wrote(rollcall, scene.call.run(actor, scene.targets[role]))
            if wrote and scene.call.name not in MAKE_SOMETHING_FIRST:
                wrong.append((scene.call.name, role))
    assert wrong == []


async def _nothing_new(tenant: Tenant, admin: Actor, platform: Actor) -> dict[str, Any]:
    """Acts whose result is there already, or is impossible."""
    ada = await create_user(tenant, first_name="Ada", last_name="Lovelace")
    gone = await create_user(tenant, active=False)
    _, token = await open_session(ada)
    over = await sessions.find_session_id(token)
    await sessions.revoke(admin, ada.id, over)
    closed = await create_tenant("Closed")
    await closing.close_tenant(platform, closed.id, closed.name)
    done = await runs.start(admin, "people.csv", rows_of("someone@example.com"))
    await worker.work_off(admin, done)
    return {
        "activate who is active": lambda: accounts.set_active(admin, ada.id, True),
        "deactivate who is inactive": lambda: accounts.set_active(admin, gone.id, False),
        "the same by the command line": lambda: accounts.set_active(COMMAND_LINE, gone.id, False),
        "deactivate oneself": lambda: accounts.set_active(admin, admin.user_id, False),
        "deactivate what was changed since": lambda: accounts.set_active(
            admin, ada.id, False, seen_version=-1
        ),
        "the same name": lambda: accounts.rename(admin, ada.id, "Ada", "Lovelace"),
        "no end date where there is none": lambda: accounts.set_end_date(admin, ada.id, None),
        "sign out who isn't signed in": lambda: sessions.revoke(admin, ada.id),
        "end a session that is over": lambda: sessions.revoke(admin, ada.id, over),
        "sign out everywhere else": lambda: sessions.revoke(admin, admin.user_id),
        "the same name of a tenant": lambda: tenants.rename_tenant(
            platform, tenant.id, tenant.name
        ),
        "a tenant at an address that is taken": lambda: tenants.create_tenant(
            platform, "Another", tenant.slug
        ),
        "close what is closed": lambda: closing.close_tenant(platform, closed.id, closed.name),
        "open what is open": lambda: closing.reopen_tenant(platform, tenant.id),
        "stop an import that is done": lambda: runs.stop(admin, done),
        "go on with an import that is done": lambda: invite_next(admin, done),
    }


@pytest.mark.usefixtures("others_write")
async def test_an_act_that_asks_for_what_is_so_takes_no_turn_from_others_and_changes_nothing(
    rollcall: Runtime, tenant: Tenant, admin: Actor, platform: Actor
) -> None:
    acts: dict[str, Callable[[], Awaitable[object]]] = await _nothing_new(tenant, admin, platform)
    before = await _all_rows()
    found = {name: await _wrote(rollcall, act()) for name, act in acts.items()}
    assert found == dict.fromkeys(acts, False)
    assert await _all_rows() == before


async def test_an_act_that_goes_straight_to_its_turn_and_changes_nothing_writes_nothing(
    rollcall: Runtime, tenant: Tenant, admin: Actor, platform: Actor
) -> None:
    acts: dict[str, Callable[[], Awaitable[object]]] = await _nothing_new(tenant, admin, platform)
    async with transaction() as tx:  # a sign of life would be written along with a change
        earlier = clock.now() - timedelta(hours=1)
        await tx.exec(update(LoginSession).values(last_seen_at=earlier))
    before = await _all_rows()
    for act in acts.values():
        _nobody_has_just_written(rollcall)
        assert await _wrote(rollcall, act())
    assert await _all_rows() == before


def _nobody_has_just_written(rollcall: Runtime) -> None:
    is_sqlite = rollcall.database.is_sqlite
    rollcall.database.queue = WriteQueue(1) if is_sqlite else WriteQueue(WRITERS, URGENT_WRITERS)


async def test_what_was_seen_is_decided_anew_in_the_turn(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    async with transaction() as tx:
        await lock_users(tx, [user.id, admin.user_id])
        calls = [asyncio.create_task(accounts.set_active(admin, user.id, False)) for _ in range(2)]
        await asyncio.wait(calls, timeout=0.3)  # both have looked: the user is active
        row = await tx.get_one(User, user.id)
        row.end_date = clock.now().date() + timedelta(days=9)
    done = await asyncio.gather(*calls)
    assert sorted(change.changed for change in done) == [False, True]
    assert len(await books.audit_of(tenant)) == 1


async def test_who_looks_waits_for_nobody(rollcall: Runtime, tenant: Tenant, admin: Actor) -> None:
    async with transaction() as tx:
        await lock_users(tx, [admin.user_id])
        (await tx.get_one(User, admin.user_id)).first_name = "Changing"
        await tx.flush()
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(SelfDeactivationError):
                await accounts.set_active(admin, admin.user_id, False)
            assert await sessions.revoke(admin, admin.user_id) == 0
            with pytest.raises(SessionEndedError):
                await sessions.sign_out(Actor(uuid4(), admin.user_id, tenant.id))


@pytest.mark.usefixtures("others_write")
async def test_every_way_to_write_is_noticed_by_a_look(rollcall: Runtime, tenant: Tenant) -> None:
    user = await create_user(tenant)
    runs = []

    @looks_first
    async def rename_without_asking(kind: str) -> None:
        runs.append(kind)
        async with transaction() as tx:
            row = await tx.get_one(User, user.id, with_for_update=True)
            if kind == "changed":
                row.first_name = f"{row.first_name}a"
            elif kind == "added and removed":
                tx.add(Tenant(slug="new", name="New", created_at=clock.now()))
                await tx.flush()
            elif kind == "the same":
                row.first_name = str(row.first_name)

    for kind, times in (("changed", 2), ("added and removed", 2), ("the same", 1), ("read", 1)):
        runs.clear()
        await rename_without_asking(kind)
        assert len(runs) == times, kind


@pytest.mark.usefixtures("others_write")
@pytest.mark.parametrize("urgent", [False, True])
async def test_a_look_sees_the_database_as_it_was_at_one_moment(
    rollcall: Runtime, tenant: Tenant, urgent: bool
) -> None:
    user = await create_user(tenant, active=False)

    @looks_first
    async def look() -> tuple[bool, list[bool]]:
        async with transaction(urgent=urgent) as tx:
            before = (await tx.get_one(User, user.id)).active
            with outside_of_calls():  # somebody else activates them between two queries
                async with transaction() as other:
                    (await other.get_one(User, user.id)).activate(clock.now(), undone=False)
            after = await tx.exec(select(User.active).where(User.id == user.id))
            return before, [*after]

    assert await look() == (False, [False])


async def test_what_is_read_is_as_it_was_at_one_moment_and_is_not_locked(
    rollcall: Runtime, tenant: Tenant
) -> None:
    async with reading() as tx:
        before = (await tx.get_one(Tenant, tenant.id, **LOCKED)).name
        async with transaction() as other, asyncio.timeout(PATIENCE):
            (await other.get_one(Tenant, tenant.id, **LOCKED)).name = "Changed"
        again = await tx.exec(select(Tenant.name).where(Tenant.id == tenant.id).with_for_update())
        assert [before] == again.all() == ["Acme"]


@pytest.mark.parametrize("busy", [False, True])
async def test_a_call_and_those_that_are_a_part_of_it_write_once(
    rollcall: Runtime, tenant: Tenant, busy: bool
) -> None:
    runs: list[str] = []

    @looks_first
    async def part(slug: str) -> None:
        async with transaction() as tx:
            tx.add(Tenant(slug=slug, name=slug, created_at=clock.now()))
            await tx.flush()
            runs.append(slug)

    @looks_first
    async def whole() -> None:
        for slug in ("one", "two"):
            await part(slug)

    async with AsyncExitStack() as stack:
        if busy:
            rollcall.database.queue = WriteQueue(2)
            await stack.enter_async_context(rollcall.database.queue.turn())
        await whole()
    assert runs == ["one", "two"]


async def test_what_follows_from_a_call_is_no_part_of_it_and_looks_by_itself(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    user = await create_user(tenant)
    heard: list[type[Exception]] = []

    async def hear(_: UserEdited) -> None:
        async with rollcall.database.queue.turn(), asyncio.timeout(PATIENCE):
            try:
                await accounts.set_active(admin, admin.user_id, False)
            except SelfDeactivationError as error:
                heard.append(type(error))

    rollcall.bus.subscribe(UserEdited, hear)
    await accounts.rename(admin, user.id, "Augusta", "King")
    await rollcall.bus.drain()
    assert heard == [SelfDeactivationError]


# Who acts is the first argument of a call, by one of these names.
ACTS = {"actor", "principal"}


def _writing_calls() -> list[tuple[str, ast.AsyncFunctionDef, list[ast.Call]]]:
    found = []
    for path in sorted(Path(services.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AsyncFunctionDef) and node.args.args[:1]:
                inside = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
                begun = [
                    call for call in inside if ast.unparse(call.func) in {"transaction", "acting"}
                ]
                if begun and ACTS & {argument.arg for argument in node.args.args}:
                    found.append((path.stem, node, begun))
    return found


def _who(begun: ast.Call) -> str | None:
    """Who acts in a transaction, as the code says it."""
    if ast.unparse(begun.func) == "acting":
        return ast.unparse(begun.args[0])
    said = {keyword.arg: ast.unparse(keyword.value) for keyword in begun.keywords}
    return said.get("actor")


def test_every_call_that_writes_says_who_acts_and_looks_first() -> None:
    calls = _writing_calls()
    assert len(calls) >= 20
    openers = set()
    for module, function, begun in calls:
        for call in begun:
            assert _who(call) in ACTS, f"{module}.{function.name}"
        decorators = set(map(ast.unparse, function.decorator_list))
        if "asynccontextmanager" in decorators:  # no call: calls open their transactions by it
            openers.add(function.name)
            continue
        looks = "looks_first" in decorators
        assert looks or function.name in LOOK_BY_THEMSELVES, f"{module}.{function.name}"
    # (A file is written in pieces, and asks before each whether it may; and an answer about another
    # organisation's email is counted after the call that it was given to.)
    assert openers == {"acting", "counting_answers", "in_database"}
