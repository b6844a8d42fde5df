"""How many wait for a decision: read once for all pages, until somebody decides."""

from models import Decision, Tenant
from services.access.actor import Actor
from services.database.runtime import Runtime
from services.reviews import reviews
from services.reviews.forms import Days, ReviewForm
from services.reviews.reasons import Reason
from tests.factories import create_users
from tests.statements import heard
from ui import undecided


async def test_the_count_is_read_once_until_somebody_decides(
    rollcall: Runtime, tenant: Tenant, admin: Actor
) -> None:
    undecided.subscribe(rollcall.bus)
    await create_users(2, tenant)
    assert await undecided.count(admin) == 0
    with heard() as statements:
        assert await undecided.count(admin) == 0
    assert statements == []

    form = ReviewForm(name="Autumn", reasons=(Reason.NO_FACTOR,), days=Days.NINETY)
    review_id = await reviews.begin(admin, form)
    await rollcall.bus.drain()
    begun = await undecided.count(admin)
    people = await reviews.list_people(admin, review_id)
    asked = [one for one in people if one.holder_id != admin.user_id]
    await reviews.decide(admin, review_id, [asked[0].id], Decision.KEEP)
    await rollcall.bus.drain()
    assert (begun > 0, await undecided.count(admin)) == (True, begun - 1)
