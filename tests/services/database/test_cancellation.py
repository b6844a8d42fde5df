"""A call that is cancelled at any moment (because a browser or a page is gone) delays nobody
else."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import event
from sqlalchemy.pool import QueuePool
from sqlmodel import select

from models import Tenant
from services.access.actor import Actor
from services.audit.check import verify
from services.core.events import Event
from services.database.runtime import Runtime
from services.database.transaction import reading, transaction
from services.tenants.tenants import add_tenant
from services.users import invitations
from services.users.events import UserInvited
from services.users.invitation_form import InvitationForm
from tests import books
from tests.racing import delayed

# Milliseconds: an invitation takes about ten.
STEP = 0.2
CALLS = 60


@pytest.mark.long
async def test_a_cancelled_change_leaves_the_database_free(tenant: Tenant, admin: Actor) -> None:
    # Their tracebacks are kept, as a log or a task may keep them.
    outcomes: list[object] = []
    for number in range(CALLS):
        call = asyncio.create_task(invitations.invite(admin, _form(f"cut{number}@example.com")))
        await delayed(number * STEP, asyncio.sleep(0))
        call.cancel()
        outcomes += await asyncio.gather(call, return_exceptions=True)
        async with asyncio.timeout(60):
            await invitations.invite(admin, _form(f"whole{number}@example.com"))
    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    accounts = [user.email for user in await books.active_users()]
    assert sum(email.startswith("whole") for email in accounts) == CALLS
    # Without mail, a link is handed out by the act that makes it.
    for action in ("user.invited", "invitation.link_copied"):
        assert (await books.actions_of(tenant)).count(action) == len(accounts) - 1
    assert (await verify())[1] is None


async def test_a_call_that_is_cancelled_amid_its_commit_is_done_and_told(
    rollcall: Runtime, admin: Actor, events: list[Event]
) -> None:
    call = asyncio.create_task(invitations.invite(admin, _form("late@example.com")))

    def cancel(_connection: object) -> None:
        call.cancel()
        asyncio.get_running_loop().call_soon(call.cancel)  # and once more while it waits

    engine = rollcall.database.writer.sync_engine
    event.listen(engine, "commit", cancel)  # right before the driver is asked to commit
    try:
        with pytest.raises(asyncio.CancelledError):
            await call
    finally:
        event.remove(engine, "commit", cancel)
    await rollcall.bus.drain()
    assert "late@example.com" in [user.email for user in await books.active_users()]
    assert [type(one) for one in events].count(UserInvited) == 1
    assert _lent(rollcall) == 0


async def test_a_change_that_fails_or_is_cancelled_gives_its_connection_back_at_once(
    rollcall: Runtime,
) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def change(*, fails: bool) -> None:
        async with transaction() as tx:
            await add_tenant(tx, "Never")
            await tx.flush()
            assert _lent(rollcall) == 1
            if fails:
                raise ZeroDivisionError
            begun.set()
            await never.wait()

    # The tracebacks are kept, which hold the transaction.
    with pytest.raises(ZeroDivisionError) as failed:
        await change(fails=True)
    assert (_lent(rollcall), await _names()) == (0, []), failed
    call = asyncio.create_task(change(fails=False))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError) as cut:
        await call
    assert (_lent(rollcall), await _names()) == (0, []), cut


async def _names() -> Sequence[str]:
    async with reading() as tx:
        return (await tx.exec(select(Tenant.name))).all()


def _lent(rollcall: Runtime) -> int:
    """How many connections of those who write are in use."""
    pool = rollcall.database.writer.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


def _form(email: str) -> InvitationForm:
    return InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
