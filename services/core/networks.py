"""Whose an ip is, as far as that can be known from it."""

import ipaddress

SITE = 64
"""Bits of an IPv6 address that are somebody's whole network (RFC 6177): each may have as many
addresses in it as they like."""


def network_of(ip: str) -> str:
    """What is counted of whoever calls from an ip: an IPv4 address, or the network of an IPv6 one.
    What is neither (a proxy's made-up name) is itself."""
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return ip[:64]
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((int(found), SITE), strict=False))
