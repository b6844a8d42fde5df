"""Rollcall itself, served as `main.py serve` does, with commands to set the scene and to act."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn

from benchmarks.processes import commands, reply
from models import Role, SignInMethod, Tenant, User
from services import clock, runtime
from services.actor import COMMAND_LINE
from services.db import transaction
from services.emails import email_key
from services.events import UserEvent
from services.sessions import Caller, begin
from services.settings import Settings
from services.startup import started
from services.tenants import add_tenant
from services.users import set_active, set_names
from ui.server import create_app


class Subject:
    """The commands, each by its name."""

    def __init__(self) -> None:
        self.committed: asyncio.Queue[float] = asyncio.Queue()
        runtime.current().bus.subscribe(UserEvent, self._note)

    async def _note(self, event: UserEvent) -> None:
        self.committed.put_nowait(event.committed_at)

    async def tenant(self, slug: str, users: int) -> list[str]:
        """A tenant with so many users; returns their ids."""
        async with transaction() as tx:
            tenant = await add_tenant(tx, slug, slug)
            people = [_user(tenant, number) for number in range(users)]
            tx.add_all(people)
        return [str(person.id) for person in people]

    async def sessions(self, user_id: str, count: int) -> list[str]:
        """So many sessions of a user; returns their cookies' tokens."""
        async with transaction() as tx:
            user = await tx.get_one(User, UUID(user_id))
            return [begin(tx, user, Caller(), SignInMethod.PASSWORD)[1] for _ in range(count)]

    async def set_active(self, user_id: str, active: bool) -> dict[str, float]:
        """Flip a user's toggle; returns the moment of the commit and the call's duration."""
        while not self.committed.empty():
            self.committed.get_nowait()
        asked = time.perf_counter()
        await set_active(COMMAND_LINE, UUID(user_id), active)
        took = time.perf_counter() - asked
        return {"committed": await self.committed.get(), "took": took}


def _user(tenant: Tenant, number: int) -> User:
    address = f"user{number}@{tenant.slug}.example"
    user = User(
        tenant_id=tenant.id,
        first_name="User",
        last_name=f"{number:06}",
        email=address,
        email_key=email_key(address),
        role=Role.TENANT_ADMIN if number == 0 else Role.SALES_ENGINEER,
        created_at=clock.now(),
        first_sign_in_at=clock.now(),
    )
    set_names(user, user.first_name, user.last_name)
    return user


async def main(data_dir: str, port: int) -> None:
    settings = Settings(data_dir=Path(data_dir), port=port)
    async with started(settings):
        app = create_app(settings)
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
        )
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, signal.SIG_IGN)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        subject = Subject()
        reply("ready")
        lines = await commands()
        while not serving.done() and (line := await lines.readline()):
            command: dict[str, Any] = json.loads(line)
            reply(await getattr(subject, command.pop("do"))(**command))
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
