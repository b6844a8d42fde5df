"""An ip as it is told, and the network that it belongs to, by which attempts are counted."""

import ipaddress

SITE = 64
"""How many bits of an IPv6 address name a network (RFC 6177): its owner can use any address in it.
"""


def as_people_write(ip: str) -> str:
    """An IPv4 address itself where a dual-stack socket shows it within an IPv6 address (RFC 4291,
    section 2.5.5.2); every other text as it is.
    """
    try:
        mapped = getattr(ipaddress.ip_address(ip), "ipv4_mapped", None)
    except ValueError:
        return ip
    return str(mapped or ip)


def network_of(ip: str) -> str:
    """What attempts from an ip are counted by: an IPv4 address itself, or the network of an IPv6
    address. Text that is neither (a name that a proxy made up) stays, cut to 64 characters.
    """
    try:
        found = ipaddress.ip_address(as_people_write(ip))
    except ValueError:
        return ip[:64]
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((int(found), SITE), strict=False))
