"""The network that an ip belongs to, by which attempts are counted."""

import ipaddress

SITE = 64
"""How many bits of an IPv6 address name a network (RFC 6177): its owner can use any address in it.
"""


def network_of(ip: str) -> str:
    """What attempts from an ip are counted by: an IPv4 address itself, or the network of an IPv6
    address. Text that is neither (a name that a proxy made up) stays, cut to 64 characters.
    """
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return ip[:64]
    found = getattr(found, "ipv4_mapped", None) or found  # as a dual-stack socket shows IPv4
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((int(found), SITE), strict=False))
