"""A mail server in a process of its own, which takes what comes and keeps nothing."""

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.processes import serve_commands


class Mailbox:
    """What came so far, and the command that asks for it."""

    def __init__(self) -> None:
        self.received = 0

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        self.received += 1
        return "250 OK"

    async def count(self) -> int:
        """How many mails came."""
        return self.received


async def main(port: int) -> None:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", port)
    async with server:
        await serve_commands(mailbox)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
