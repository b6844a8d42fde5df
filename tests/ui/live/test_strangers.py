"""By what strangers are told apart, and for how many it is known what they have used."""

import pytest

from tests.ui.live.asked import scope_of
from ui.live import asking


@pytest.mark.usefixtures("rollcall")
def test_strangers_of_one_ipv6_network_stand_in_one_line() -> None:
    keys = set()
    for number in range(20):
        scope = scope_of("/", "unknown")
        scope["client"] = (f"2001:db8::{number:x}", 1)
        keys.add(asking._whose(scope))
    assert keys == {("2001:db8::/64", asking._Lane.PAGES)}


async def test_it_is_known_for_so_many_networks_what_they_have_used_the_latest_among_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "REMEMBERED", 20)
    used = asking._Used()
    for number in range(200):
        used.add((f"192.0.2.{number}", asking._Lane.PAGES), 3600)
        assert len(used) <= 20
    assert ("192.0.2.199", False) in used
