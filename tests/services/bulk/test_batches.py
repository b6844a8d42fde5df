"""What a batch keeps of each row, and whom it lets go first."""

from uuid import uuid4

import pytest

from models import BulkKind, Tenant, User
from services.access.actor import Actor
from services.bulk.batches import _plain, act_on_next, outcome_of
from services.bulk.kinds import Outcome
from services.database import write_queue
from services.database.runtime import Runtime
from services.users import profile
from tests import factories
from tests.services.bulk.acting_in_bulk import begun, those
from tests.services.organisation_calls import picture
from tests.services.urgency import order_of

ENDED = {"day": "2030-01-31", "at": None, "zone": "UTC"}


def test_an_outcome_is_kept_so_that_processes_of_an_earlier_version_read_it() -> None:
    before = Outcome(uuid4(), "Ada", "dated", "End date set", True, uuid4(), 3, ENDED)
    kept = _plain(before)
    assert (kept["end"], "before" in kept) == (ENDED, False)
    assert outcome_of(kept) == before


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)  # where one writes at a time
async def test_a_batch_even_of_deactivations_lets_acts_go_first_that_come_after_it(
    rollcall: Runtime,
    tenant: Tenant,
    admin: Actor,
    platform_user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However busy the machine is, the other act comes while the batch is still patient.
    monkeypatch.setattr(write_queue, "PATIENCE", 600.0)
    user = await factories.create_user(tenant)
    bulk_id = await begun(admin, BulkKind.DEACTIVATE, those([user]))
    other, image = await factories.sign_in(platform_user), picture()
    acts = {
        "batch": lambda: act_on_next(admin, bulk_id),
        "usual": lambda: profile.set_picture(other, image),
    }
    assert await order_of(rollcall, acts) == ["usual", "batch"]
