"""A review's close, and a handing over, at the moment in which somebody else decides otherwise."""

import pytest

from models import Decision, ReviewOutcome, Role, Tenant
from services.access.actor import COMMAND_LINE, Actor
from services.reviews import closing, reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from services.users import accounts
from services.users.actions import UserAction
from services.workspace import handover, listing
from services.workspace.pocs import HandOverForm
from tests import books, factories
from tests.factories import create_tenant, create_user, create_users
from tests.racing import FEW_ROUNDS, duel, rounds
from tests.services.workspace.scene import create_poc
from tests.sizes import size

pytestmark = pytest.mark.stress
ROUNDS = size(FEW_ROUNDS, 200)


async def test_a_close_and_a_toggle_agree_on_what_is_so(tenant: Tenant, admin: Actor) -> None:
    async def play(number: int) -> str:
        own = await create_tenant(f"Own {number}")
        by = await factories.sign_in(await create_user(own, role=Role.TENANT_ADMIN))
        (user,) = await create_users(1, own)
        form = ReviewForm(name="Race", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
        review_id = await reviews.begin(by, form)
        rows = {row.holder_id: row for row in await reviews.list_people(by, review_id)}
        await reviews.decide(by, review_id, [rows[user.id].id], Decision.DEACTIVATE)
        await reviews.close(by, review_id)

        async def there_and_back() -> None:
            await accounts.set_active(by, user.id, False)
            await accounts.set_active(by, user.id, True)

        await duel(number, 20, closing.work_off(review_id), there_and_back())
        rows = {row.holder_id: row for row in await reviews.list_people(by, review_id)}
        row, now = rows[user.id], await books.user_of(user.id)
        actions = [
            entry.actor_name
            for entry in await books.audit_of(own)
            if entry.action == UserAction.DEACTIVATED and entry.actor_id is None
        ]
        # The record says that the close did it exactly where the log does.
        assert (row.outcome is ReviewOutcome.DEACTIVATED) == (actions == ["Rollcall"])
        assert now.active, "the toggle's last word is to let them in"
        return row.note or "out"

    assert len(await rounds(play, ROUNDS)) == ROUNDS


async def test_work_goes_to_nobody_who_is_out_already(tenant: Tenant, admin: Actor) -> None:
    leavers, heirs = await create_users(ROUNDS, tenant), await create_users(ROUNDS, tenant)
    actors = await factories.sign_in_all(leavers)
    pocs = [await create_poc(actor, "Trial") for actor in actors]

    async def play(number: int) -> bool:
        given, _ = await duel(
            number,
            20,
            handover.hand_over_work(
                admin, leavers[number].id, HandOverForm(owner_id=heirs[number].id)
            ),
            accounts.set_active(COMMAND_LINE, heirs[number].id, False),
        )
        owner = (await listing.find_row(pocs[number])).owner.id
        assert owner == (heirs[number].id if given else leavers[number].id)
        return given

    outcomes = await rounds(play, ROUNDS)
    assert set(outcomes) == {True, False}, "each was first now and then"
    entries = await books.audit_of(tenant)
    ended = {e.subject_id: e.number for e in entries if e.action == UserAction.DEACTIVATED}
    given = {e.subject_id: e.number for e in entries if e.action == UserAction.WORK_HANDED_OVER}
    assert len(given) == sum(outcomes)
    for leaver, heir in zip(leavers, heirs, strict=True):
        assert leaver.id not in given or given[leaver.id] < ended[heir.id]
