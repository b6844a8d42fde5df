"""What is asked for, and what answers it, for `test_asking`."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from starlette.types import Receive, Scope, Send

from ui import cookies
from ui.live.asking import known_as


@dataclass
class Application:
    """Answers a request when it is told to; `begun` are the paths of those that have their turn."""

    begun: list[str] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.begun.append(scope["path"])
        await self.may_end.wait()


def scope_of(path: str, token: str = "", method: str = "GET") -> Scope:
    """A request that brings this session's token, from somebody's ip."""
    cookie = f"{cookies._name('rollcall')}={token}".encode()
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"cookie", cookie)] if token else [],
        "client": ("192.0.2.1", 1),
    }


def person_of(*tokens: str) -> UUID:
    """Somebody whose sessions these tokens stand for."""
    holder_id = uuid4()
    for token in tokens:
        known_as(token, holder_id)
    return holder_id
