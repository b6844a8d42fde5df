"""What a batch keeps of each row."""

from uuid import uuid4

from services.bulk.batches import _plain, outcome_of
from services.bulk.kinds import Outcome

ENDED = {"day": "2030-01-31", "at": None, "zone": "UTC"}


def test_an_outcome_is_kept_so_that_processes_of_an_earlier_version_read_it() -> None:
    before = Outcome(uuid4(), "Ada", "dated", "End date set", True, uuid4(), 3, ENDED)
    kept = _plain(before)
    assert (kept["end"], "before" in kept) == (ENDED, False)
    assert outcome_of(kept) == before
