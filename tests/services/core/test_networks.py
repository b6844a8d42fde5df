"""By what attempts from an ip are counted."""

import pytest

from services.core.networks import network_of


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_an_ip_is_counted_by_its_own_network(ip: str, network: str) -> None:
    assert network_of(ip) == network
