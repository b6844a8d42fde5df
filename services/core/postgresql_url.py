"""A url of PostgreSQL, read as libpq reads it.

Nothing here puts a url together again: what the operator wrote is read once, and passed on as
arguments. An error about the url never repeats a part of it, since that may be the password's.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, timeout_from_conninfo

from services.core.errors import OperatorError

# How long a new connection may take, in seconds. Together with the question whether the server
# answers at all, and the pause for those who come next (`services.database.postgresql`), nobody
# waits longer than 10 seconds.
CONNECT_SECONDS = 5
# The kernel notices a server that vanished without a word: if data isn't acknowledged for this many
# milliseconds, or if two keepalives in a silence get no answer (PostgreSQL's manual, 34.1.2,
# tcp_user_timeout and keepalives).
LINK = {
    "tcp_user_timeout": 8000,
    "keepalives": 1,
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
WRONG_URL = (
    "ROLLCALL_DATABASE_URL can't be read: it must look like "
    "postgresql://NAME:PASSWORD@HOST:PORT/DATABASE (HOST:PORT,HOST:PORT for several hosts; "
    "?PARAMETER=VALUE& for libpq's parameters). "
    "In the name and the password, write % as %25, @ as %40, / as %2F and ? as %3F."
)


def arguments(url: str) -> dict[str, Any]:
    """Read a url of PostgreSQL into the arguments of `psycopg.connect`.

    Raises `OperatorError`, with nothing of the url in it.
    """
    _, _, rest = url.partition("://")
    before, at, after = rest.partition("@")
    if not at or "/" in before:  # a name ends before the first slash (libpq, URIs)
        before, at, after = "", "", rest
    where, _, query = after.partition("?")
    # Another @ is part of the password as it is; what follows it would be read as a host name.
    if "@" in where or len(re.findall(r"(?:^|&)host=", query)) > 1:
        raise OperatorError(WRONG_URL)
    try:
        given = conninfo_to_dict(f"postgresql://{rest.replace(' ', '%20')}")
        timeout_from_conninfo(given)  # psycopg itself reads it only when it connects
    except psycopg.Error:
        raise OperatorError(WRONG_URL) from None
    ports = str(given.get("port") or "").split(",")
    if any(port and not (port.isascii() and port.isdigit()) for port in ports):
        raise OperatorError(WRONG_URL)
    hosts = str(given.get("host") or "").split(",")
    # libpq tries one host after the other, each for this long; it takes less than 2 as 2.
    defaults = {"connect_timeout": max(2, CONNECT_SECONDS // len(hosts)), **LINK}
    return defaults | given | {"client_encoding": "utf8"}
