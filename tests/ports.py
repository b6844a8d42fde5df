"""Ports for the servers under test, never one that another test takes meanwhile."""

import os
import socket
from itertools import count

# Below what Linux gives to outgoing connections (32768 and up), one range per pytest process.
FIRST = 20_000
PER_WORKER = 1_000
_numbers = count(os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = FIRST + worker * PER_WORKER + next(_numbers) % PER_WORKER
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
