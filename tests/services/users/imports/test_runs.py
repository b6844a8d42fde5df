"""Inviting many at once: begun, worked off batch by batch, watched, stopped, and taken up again."""

import asyncio
import csv
import io
from contextlib import suppress
from datetime import timedelta

import pytest

from models import ImportState, Role, Tenant, User
from services.access.actor import Actor
from services.audit.check import verify
from services.bulk import batch_worker
from services.core import clock
from services.core.errors import FreshSignInNeededError, NotAllowedError, NotFoundError
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import transaction
from services.sessions import sessions
from services.users import accounts
from services.users.events import ImportProgressed, UsersInvited, UsersSucceeded
from services.users.imports import runs, worker
from services.users.imports.batches import BATCH, RowOutcome, invite_next
from tests import books, factories
from tests.browser.waiting import PATIENCE
from tests.conftest import ONE_DATABASE
from tests.mail_server import MailServer
from tests.racing import race
from tests.services.bulk.between_batches import goes_between
from tests.services.users.imports.importing import (
    import_rows,
    row,
    rows_of,
    run_of,
)


def _problems(outcomes: list[RowOutcome]) -> list[str]:
    return [outcome.problem for outcome in outcomes]


async def test_each_row_makes_an_account_and_one_mail(
    admin: Actor, tenant: Tenant, mail_server: MailServer, events: list[Event], rollcall: Runtime
) -> None:
    rows = rows_of(*(f"row{number}@example.com" for number in range(BATCH + 5)))
    outcomes = await import_rows(admin, rows)
    assert [outcome.line for outcome in outcomes] == [row.line for row in rows]
    assert set(_problems(outcomes)) == {""}
    for one in rows:
        (user,) = await books.users_with(one.values["email"])
        assert len(await books.mails_of(user.id)) == 1
    assert await books.actions_of(tenant) == ["user.invited"] * len(rows)
    assert (await verify())[1] is None
    await rollcall.bus.drain()
    assert len([event for event in events if isinstance(event, UsersInvited)]) == 2
    assert len([event for event in events if isinstance(event, ImportProgressed)]) == 3


async def test_a_row_that_is_refused_holds_up_no_other(admin: Actor, tenant: Tenant) -> None:
    await factories.create_user(tenant, email="taken@example.com")
    outcomes = await import_rows(
        admin,
        [
            row("one@example.com", line=2),
            row("taken@example.com", line=3),
            row("not an email", line=4),
            row("ONE@example.com", line=5),
            row("two@example.com", role="customer", line=6),
            row("three@example.com", first=" ", line=7),
            row("four@example.com", line=8),
        ],
    )
    problems = _problems(outcomes)
    assert [bool(problem) for problem in problems] == [False, True, True, True, True, True, False]
    assert problems[1] == problems[3] == "This email is already in use."
    assert problems[4] == "Choose a role."
    assert "First Name" in problems[5]
    assert len(await books.users_with("one@example.com")) == 1
    assert (await verify())[1] is None


@ONE_DATABASE
async def test_without_a_mail_server_whoever_began_it_gets_the_links(
    admin: Actor, tenant: Tenant
) -> None:
    second = await factories.sign_in(await factories.create_admin(tenant))
    import_id = await runs.start(admin, "peo\u202eple\n.csv", rows_of("ada@example.com"))
    assert (await runs.get_import(admin, import_id)).file_name == "people.csv"
    await worker.work_off(admin, import_id)
    (handover,) = await runs.list_handovers(admin, import_id)
    assert handover.link.startswith("https://rollcall.example.com/t/acme/invitation/")
    assert "invitation/" not in repr(handover)
    assert await runs.list_handovers(second, import_id) == []
    assert "invitation/" not in await runs.results_csv(second, import_id)
    assert handover.link in await runs.results_csv(admin, import_id)
    assert await books.actions_of(tenant) == ["user.invited", "invitation.link_copied"]


@ONE_DATABASE
async def test_a_link_that_was_used_is_handed_to_nobody(admin: Actor) -> None:
    import_id = await runs.start(admin, "people.csv", rows_of("ada@example.com"))
    await worker.work_off(admin, import_id)
    (user,) = await books.users_with("ada@example.com")
    await accounts.set_active(admin, user.id, active=False)
    assert await runs.list_handovers(admin, import_id) == []


async def test_the_results_open_in_a_spreadsheet_with_their_accents_and_without_formulas(
    admin: Actor,
) -> None:
    rows = [row("e@example.com", first="Émile"), row("x", first="=1+1", line=3)]
    import_id = await runs.start(admin, "people.csv", rows)
    await worker.work_off(admin, import_id)
    text = await runs.results_csv(admin, import_id)
    assert text.startswith("\ufeff")
    assert text.count("\r\n") == text.count("\n") == 4
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert lines[1][:4] == ["2", "Émile Lovelace", "e@example.com", "invited"]
    assert lines[2][1:4] == ["'=1+1 Lovelace", "x", "not invited"]
    assert lines[3][:2] == ["rows", "2"]


async def test_repeating_a_file_invites_nobody_twice(admin: Actor) -> None:
    rows = rows_of("ada@example.com", "grace@example.com")
    await import_rows(admin, rows)
    assert set(_problems(await import_rows(admin, rows))) == {"This email is already in use."}
    assert len(await books.users_with("ada@example.com")) == 1


async def test_whoever_was_inactive_gets_a_new_account_beside_the_old_one(
    admin: Actor, tenant: Tenant, events: list[Event], rollcall: Runtime
) -> None:
    email = "ada@example.com"
    earlier = [await factories.create_user(tenant, email=email, active=False) for _ in range(2)]
    (outcome,) = await import_rows(admin, rows_of(email))
    for user in earlier:
        assert (await books.user_of(user.id)).successor_id == outcome.user_id
    await rollcall.bus.drain()
    (told,) = [event for event in events if isinstance(event, UsersSucceeded)]
    assert set(told.user_ids) == {user.id for user in earlier}


@ONE_DATABASE
async def test_a_tenant_admin_cant_import_an_admin(admin: Actor) -> None:
    with pytest.raises(NotAllowedError):
        await runs.start(admin, "x.csv", [row("boss@example.com", role="tenant_admin")])
    assert await runs.list_imports(admin) == []


@ONE_DATABASE
async def test_importing_an_admin_asks_for_a_fresh_sign_in_before_anything(
    platform_user: User, tenant: Tenant
) -> None:
    inside = await factories.sign_in(platform_user, tenant)
    rows = [row("ada@example.com"), row("boss@example.com", role="tenant_admin", line=3)]
    clock.shift(timedelta(minutes=16))
    with pytest.raises(FreshSignInNeededError):
        await runs.start(inside, "x.csv", rows)
    assert await runs.list_imports(inside) == []
    clock.shift(timedelta(0))
    assert set(_problems(await import_rows(inside, rows))) == {""}
    assert (await books.users_with("boss@example.com"))[0].role is Role.TENANT_ADMIN


@ONE_DATABASE
async def test_an_import_ends_with_the_session_that_began_it(admin: Actor) -> None:
    import_id = await runs.start(admin, "people.csv", rows_of("ada@example.com"))
    await sessions.sign_out(admin)
    await worker.work_off(admin, import_id)
    run = await run_of(import_id)
    assert (run.state, run.why) == (ImportState.FAILED, worker.SIGNED_OUT)
    assert await books.users_with("ada@example.com") == []


@ONE_DATABASE
async def test_another_admin_sees_how_far_it_is_and_can_stop_it(
    admin: Actor, tenant: Tenant
) -> None:
    second = await factories.sign_in(
        await factories.create_admin(tenant, first_name="Grace", last_name="Hopper")
    )
    emails = [f"row{number}@example.com" for number in range(BATCH * 2)]
    import_id = await runs.start(admin, "people.csv", rows_of(*emails))
    await invite_next(admin, import_id)
    (seen,) = await runs.list_imports(second)
    assert (seen.done, seen.rows) == (BATCH, BATCH * 2)
    await runs.stop(second, import_id)
    assert not await invite_next(admin, import_id)
    seen = await runs.get_import(admin, import_id)
    assert (seen.state, seen.invited, seen.why) == (
        ImportState.STOPPED,
        BATCH,
        "Stopped by Grace Hopper.",
    )


@ONE_DATABASE
async def test_an_import_is_none_of_another_organisations_business(
    admin: Actor, other_tenant: Tenant
) -> None:
    import_id = await runs.start(admin, "people.csv", rows_of("ada@example.com"))
    stranger = await factories.sign_in(await factories.create_admin(other_tenant))
    assert await runs.list_imports(stranger) == []
    for call in (runs.get_import, runs.list_problems, runs.results_csv, runs.stop, invite_next):
        with pytest.raises(NotFoundError):
            await call(stranger, import_id)


@pytest.mark.usefixtures("stopped_clock")
async def test_what_a_process_left_another_one_takes_up_where_it_was(
    admin: Actor, rollcall: Runtime
) -> None:
    emails = [f"row{number}@example.com" for number in range(BATCH * 2)]
    import_id = await runs.start(admin, "people.csv", rows_of(*emails))
    (mine,) = await batch_worker.lease(worker.IMPORTS)
    await invite_next(mine.actor, import_id)  # and then it dies
    assert await batch_worker.lease(worker.IMPORTS) == []
    clock.shift(timedelta(minutes=1))
    (theirs,) = await batch_worker.lease(worker.IMPORTS)
    await worker.work_off(theirs.actor, theirs.run_id)
    run = await run_of(import_id)
    assert (run.state, run.done, run.invited) == (ImportState.DONE, BATCH * 2, BATCH * 2)


async def test_a_worker_begins_an_import_as_soon_as_there_is_one(
    admin: Actor, rollcall: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_worker, "LOOK_SECONDS", 2 * PATIENCE)  # it looks because it is told
    importer = worker.importer()
    importer.subscribe(rollcall.bus)
    working = asyncio.create_task(importer.work())
    try:
        import_id = await runs.start(admin, "people.csv", rows_of("ada@example.com"))
        async with asyncio.timeout(PATIENCE):
            while (await run_of(import_id)).state is ImportState.RUNNING:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    assert len(await books.users_with("ada@example.com")) == 1


async def test_two_files_with_the_same_people_at_once_make_one_account_each(
    tenant: Tenant, admin: Actor
) -> None:
    second = await factories.sign_in(await factories.create_admin(tenant))
    for start in range(0, 100, 20):
        rows = rows_of(*(f"row{number}@example.com" for number in range(start, start + 20)))
        done, refused = await race(
            import_rows(admin, rows), import_rows(second, list(reversed(rows)))
        )
        assert refused == []
        for one in rows:
            assert len(await books.users_with(one.values["email"])) == 1
        assert sum(outcome.problem == "" for outcomes in done for outcome in outcomes) == 20
    assert (await verify())[1] is None


async def test_others_write_between_two_batches(admin: Actor, tenant: Tenant) -> None:
    ada = await factories.create_user(tenant)
    second = await factories.sign_in(await factories.create_admin(tenant))
    emails = [f"row{number}@example.com" for number in range(BATCH * 8)]
    import_id = await runs.start(admin, "people.csv", rows_of(*emails))
    switch = accounts.set_active(second, ada.id, active=False)
    assert await goes_between(switch, worker.IMPORTS, admin, import_id)
    assert (await run_of(import_id)).invited == BATCH * 8


async def test_an_import_is_forgotten_a_week_after_its_end(admin: Actor) -> None:
    import_id = await runs.start(admin, "people.csv", rows_of("ada@example.com"))
    await worker.work_off(admin, import_id)
    for days, there in ((6, 1), (8, 0)):
        clock.shift(timedelta(days=days))
        async with transaction() as tx:
            await runs.remove_old(tx)
        clock.shift(timedelta(0))
        assert len(await runs.list_imports(admin)) == there
