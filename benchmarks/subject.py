"""Rollcall itself, served as `main.py serve` does, with commands to set the scene and to act."""

import asyncio
import os
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import col, select

from benchmarks.people import create_tenant, person
from benchmarks.pocs import create_poc, show_poc
from benchmarks.processes import serve_commands
from benchmarks.serving import serving_rollcall
from benchmarks.vitals import vitals
from models import (
    AuditEvent,
    EndReason,
    LoginSession,
    Role,
    Screen,
    SignInMethod,
    Task,
    TaskStatus,
    User,
)
from services.access.actor import COMMAND_LINE, Actor, find_tenant
from services.access.events import UserEvent
from services.core import clock
from services.core.settings import Settings
from services.database import runtime
from services.database.startup import started
from services.database.transaction import reading, transaction
from services.screens.showing import Names, Options, ScreenView
from services.sessions.actions import SessionAction
from services.sessions.sessions import Caller, begin, recognise
from services.users.accounts import set_active
from services.users.ends import End, set_end
from services.users.events import UserDeactivated
from services.users.imports import columns, files, runs, worker
from services.workspace import tasks
from services.workspace.events import TaskChanged
from services.workspace.tasks import TaskStatusForm
from ui import live
from ui.wall import hub

# Where a task is dragged to from where it is.
DRAGGED_TO = {
    TaskStatus.NOT_STARTED: TaskStatus.IN_PROGRESS,
    TaskStatus.IN_PROGRESS: TaskStatus.DONE,
    TaskStatus.DONE: TaskStatus.IN_PROGRESS,
}


class Subject:
    """The commands, each by its name."""

    def __init__(self) -> None:
        self.committed: asyncio.Queue[float] = asyncio.Queue()
        self.shut_out: dict[UUID, asyncio.Future[float]] = {}
        self.actors: dict[str, Actor] = {}
        self.dragged: asyncio.Queue[float] = asyncio.Queue()
        runtime.current().bus.subscribe(UserEvent, self._note)
        runtime.current().bus.subscribe(TaskChanged, self._note_drag)

    async def _note(self, event: UserEvent) -> None:
        self.committed.put_nowait(event.committed_at)
        if isinstance(event, UserDeactivated):
            shut_out = self._shut_out(event.user_id)
            if not shut_out.done():
                shut_out.set_result(event.committed_at)

    async def _note_drag(self, event: TaskChanged) -> None:
        self.dragged.put_nowait(event.committed_at)

    async def tenant(self, slug: str, users: int, password: str = "") -> list[str]:
        """A tenant with so many users; returns their ids."""
        return [str(user.id) for user in await create_tenant(slug, users, password)]

    async def sessions(self, user_id: str, count: int) -> list[str]:
        """So many sessions of a user; returns their cookies' tokens."""
        async with transaction() as tx:
            user = await tx.get_one(User, UUID(user_id))
            return [begin(tx, user, Caller(), SignInMethod.PASSWORD)[1] for _ in range(count)]

    async def screens(self, slug: str, count: int) -> list[str]:
        """So many screens of a tenant that show all views; returns their cookies' tokens."""
        options = Options(tuple(ScreenView), Names.FULL)
        tokens = []
        async with transaction() as tx:
            tenant = await find_tenant(tx, slug)
            assert tenant is not None
            for number in range(count):
                screen = Screen(
                    tenant_id=tenant.id,
                    name=f"Screen {number}",
                    options=options.kept(),
                    created_at=clock.now(),
                )
                tx.add(screen)
                await tx.flush()
                tokens.append(begin(tx, screen, Caller(), SignInMethod.LINK)[1])
        return tokens

    async def poc(self, owner_id: str, tasks: int, comments: int) -> dict[str, object]:
        """A POC with so many tasks and comments; returns its id and theirs."""
        async with reading() as tx:
            owner = await tx.get_one(User, UUID(owner_id))
        poc_id, task_ids = await create_poc(owner, tasks, comments)
        return {"id": str(poc_id), "tasks": [str(task_id) for task_id in task_ids]}

    async def customer(self, slug: str, poc_id: str) -> str:
        """Somebody at a customer's who is shown a POC; returns their cookie's token."""
        async with transaction() as tx:
            tenant = await find_tenant(tx, slug)
            assert tenant is not None
            return await show_poc(tx, tenant, UUID(poc_id))

    async def drag(self, token: str, slug: str, task_id: str) -> float:
        """Drag a task on a board to another lane, as whoever has this session; returns when it was
        committed."""
        async with reading() as tx:
            task = await tx.get_one(Task, UUID(task_id))
        to = DRAGGED_TO[task.status]
        actor = await self._actor(token, slug)
        await tasks.set_status(actor, task.id, task.version, TaskStatusForm(status=to))
        return await self.dragged.get()

    async def hurry(self, times: float) -> None:
        """Tell screens this many times as often."""
        hub.BEAT, hub.SOON, hub.ROUND = hub.BEAT / times, hub.SOON / times, hub.ROUND / times

    async def set_active(self, user_id: str, active: bool) -> dict[str, float]:
        """Flip a user's toggle; returns when it was asked for and committed, and the call's
        duration in seconds."""
        while not self.committed.empty():
            self.committed.get_nowait()
        asked = time.perf_counter()
        await set_active(COMMAND_LINE, UUID(user_id), active)
        took = time.perf_counter() - asked
        return {"asked": asked, "committed": await self.committed.get(), "took": took}

    async def people(self, slug: str, role: str, count: int) -> list[str]:
        """So many more users of one role, who have signed in before; returns their ids."""
        async with transaction() as tx:
            tenant = await find_tenant(tx, slug)
            assert tenant is not None
            some = [person(tenant, Role(role)) for _ in range(count)]
            tx.add_all(some)
            return [str(user.id) for user in some]

    async def ends(self, user_ids: list[str], days: float, by: str) -> int:
        """Have the access of these users end in so many days, as somebody who invited them has set
        long ago."""
        at = clock.now() + timedelta(days=days)
        async with transaction() as tx:
            for user_id in user_ids:
                user = await tx.get_one(User, UUID(user_id))
                set_end(user, End(at.date()), UUID(by))
                user.ends_at, user.invited_by_id = at, UUID(by)
                user.end_set_at = at - timedelta(days=60)
        return len(user_ids)

    async def shut_out_at(self, user_id: str) -> float:
        """When the deactivation of a user was committed, or will have been."""
        return await asyncio.wait_for(self._shut_out(UUID(user_id)), 10)

    async def _actor(self, token: str, slug: str) -> Actor:
        if token not in self.actors:  # an open page knows it
            self.actors[token] = (await recognise(token, slug, Caller())).actor
        return self.actors[token]

    def _shut_out(self, user_id: UUID) -> "asyncio.Future[float]":
        return self.shut_out.setdefault(user_id, asyncio.get_running_loop().create_future())

    async def idle_entries(self, user_ids: list[str]) -> int:
        """How many entries of the audit log say that these users ended sessions, and ended none."""
        ids = [UUID(user_id) for user_id in user_ids]
        async with reading() as tx:
            said = await tx.exec(
                select(AuditEvent.id).where(
                    col(AuditEvent.actor_id).in_(ids),
                    AuditEvent.action == SessionAction.REVOKED.value,
                )
            )
            done = await tx.exec(
                select(LoginSession.user_id)
                .where(
                    col(LoginSession.user_id).in_(ids),
                    LoginSession.end_reason == EndReason.REVOKED,
                )
                .distinct()
            )
            return len(said.all()) - len(done.all())

    async def import_csv(self, slug: str, rows: int) -> dict[str, float]:
        """Invite so many people from a file; tells how long reading and inviting took, in
        seconds."""
        lines = [f"First{n},Last{n},person{n}@{slug}.example,Administrator" for n in range(rows)]
        text = "First Name,Last Name,Email,Role\n" + "\n".join(lines)
        begun = time.perf_counter()
        file = await files.read_file("people.csv", text.encode())
        read = columns.to_rows(file.rows, columns.find_columns(file.headings, file.rows))
        reading = time.perf_counter() - begun
        async with transaction() as tx:
            tenant = await find_tenant(tx, slug)
            assert tenant is not None
            admin = person(tenant, Role.TENANT_ADMIN)
            tx.add(admin)
            await tx.flush()
            session, _ = begin(tx, admin, Caller(), SignInMethod.PASSWORD)
        actor = Actor(session.id, admin.id, tenant.id)
        begun = time.perf_counter()
        import_id = await runs.start(actor, "people.csv", read)
        await worker.work_off(actor, import_id)
        assert (await runs.get_import(actor, import_id)).invited == rows
        return {"reading": reading, "inviting": time.perf_counter() - begun}

    async def cpu(self) -> float:
        """Seconds of processor time so far."""
        return time.process_time()

    async def vitals(self) -> dict[str, float]:
        """What the process holds."""
        database = runtime.current().database
        connections = sum(
            engine.pool.checkedout()  # type: ignore[attr-defined]  # a QueuePool's
            for engine in {database.reader, database.writer}
        )
        return vitals() | {"pages": len(live.all_pages()), "connections in use": connections}


async def main(port: int, data_dir: str) -> None:
    os.umask(0o077)  # as main.py has it
    url = f"http://127.0.0.1:{port}"
    settings = Settings(
        _env_file=None, data_dir=Path(data_dir), host="127.0.0.1", port=port, public_url=url
    )
    async with started(settings), serving_rollcall(settings):
        await serve_commands(Subject())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
