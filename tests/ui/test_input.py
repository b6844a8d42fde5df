"""What a browser sent is taken only where what follows can bear it."""

import pytest

from ui.input import as_day, as_version


@pytest.mark.parametrize("sent", ["9999-12-31", "0001-01-01", "2026-13-01", "", None, 5, ["x"]])
def test_a_day_that_no_plan_can_reckon_with_is_none(sent: object) -> None:
    assert as_day(sent) is None
    assert as_day("2026-12-31") is not None


@pytest.mark.parametrize("sent", [2**31, 10**15, -1, True, 1.5, "1", None])
def test_a_number_that_no_column_holds_is_no_version(sent: object) -> None:
    assert as_version(sent) is None
    assert as_version(2**31 - 1) == 2**31 - 1
