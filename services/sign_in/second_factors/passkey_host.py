"""The host name that passkeys belong to: that of `ROLLCALL_PUBLIC_URL`.

No other site can ask for them (Web Authentication, Level 2, section 13.4.9), and browsers accept
none at an IP address.
"""

import ipaddress
from urllib.parse import urlsplit

from models import Passkey
from services.database import runtime


def host() -> str:
    """The host that a passkey made now belongs to."""
    return urlsplit(runtime.current().settings.public_url).hostname or ""


def are_offered() -> bool:
    """Whether browsers accept passkeys at the url that people use."""
    scheme = urlsplit(runtime.current().settings.public_url).scheme
    try:
        ipaddress.ip_address(host())
    except ValueError:
        return scheme == "https" or host() == "localhost"
    return False


def works_here(passkey: Passkey) -> bool:
    """Whether browsers may find this passkey here.

    They don't find those of another host, where Rollcall was before. (Of a passkey that was made
    before the host was stored, nobody knows.)
    """
    return passkey.host in {"", host()}
