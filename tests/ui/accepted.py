"""`python tests/ui/accepted.py` serves as `main.py serve` does, asks once, says whether the
accepted connection sends at once what is written to it (TCP_NODELAY), and stops."""

import http.client
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from main import main

PATIENCE = 150


def ask(port: int) -> None:
    """Ask once it serves, and look at the socket that was accepted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while connection.sock is None and time.monotonic() < deadline:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.05)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        for accepted in _sockets_towards(connection.sock.getsockname()):
            no_delay = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            sys.stdout.write(f"TCP_NODELAY: {no_delay}\n")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _sockets_towards(peer: object) -> list[socket.socket]:
    found = []
    for entry in Path("/dev/fd").iterdir():
        try:
            one = socket.socket(fileno=os.dup(int(entry.name)))
            if one.getpeername() == peer:
                found.append(one)
        except OSError:
            pass  # no socket, or none with a peer
    return found


if __name__ == "__main__":
    threading.Thread(target=ask, args=(int(os.environ["ROLLCALL_PORT"]),), daemon=True).start()
    sys.exit(main(["serve"]))
