"""A call that is cancelled at any moment (because a browser or a page is gone) delays nobody
else."""

import asyncio

import pytest

from models import Tenant
from services.access.actor import Actor
from services.audit.check import verify
from services.users import invitations
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


def _form(email: str) -> InvitationForm:
    return InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
