"""Works through the services and is killed at a random moment, over and over.

`python -m tests.robustness.crashing TASK` with a `Task` as JSON. All modules are loaded once; each
life is a fork of that, with connections of its own, and ends by SIGKILL. It writes a line to the
standard output before each act, and another one after its commit.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from types import FrameType
from uuid import UUID

import argon2
from pydantic import BaseModel, SecretStr

from services.access.actor import Operator
from services.core.errors import TooManyAttemptsError
from services.core.settings import Settings
from services.database import startup, write_queue
from services.database.engines import Database
from services.database.startup import started
from services.mail import delivery
from services.sessions.sessions import Caller
from services.sign_in import passwords, sign_in
from services.users import accounts, invitations
from services.users.invitation_form import InvitationForm
from tests.deliveries import deliver_next

# Seconds that a life lasts from then on.
SHORTEST, LONGEST = 0.001, 0.3
# How often each kind of work has to be done, in however many lives.
ENOUGH = 6
# A sign-in gives way to others for longer than a life lasts; with this time it takes part here.
PATIENCE = 0.02


class Task(BaseModel):
    """What to work on, and how often to be killed."""

    data_dir: Path
    database_url: str | None
    mail_port: int
    tenant_id: UUID
    slug: str
    members: list[str]
    toggled: list[UUID]
    password: str
    kills: int


def say(*words: object) -> None:
    """Tell the test; a line this short is written whole or not at all (pipe(7), PIPE_BUF)."""
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


async def _live(task: Task, life: int, times: int | None = None) -> None:
    """Work for ever, or this many times."""
    settings = Settings(
        _env_file=None,
        data_dir=task.data_dir,
        database_url=SecretStr(task.database_url) if task.database_url else None,
        mail_server="127.0.0.1",
        mail_port=task.mail_port,
        mail_from="rollcall@example.com",
        mail_starttls=False,
    )
    by = Operator("Test", task.tenant_id)
    async with started(settings) as current, asyncio.TaskGroup() as group:
        # Whoever waited for it in an earlier loop has bound it to that one.
        current.database.right_of_way._nobody = asyncio.Event()
        if times is None:
            group.create_task(delivery.deliver_forever())
        group.create_task(_invite(by, life, times))
        group.create_task(_toggle(by, task, life, times))
        for number in range(2):
            group.create_task(_sign_in(task, 2 * life + number, times))
    if times is not None:
        async with started(settings):
            await deliver_next()


async def _invite(by: Operator, life: int, times: int | None) -> None:
    for number in islice(count(), times):
        email = f"user{life}.{number}@example.com"
        form = InvitationForm(first_name="A", last_name="B", email=email, role="administrator")
        say("inviting", email)
        invited = await invitations.invite(by, form)
        say("invited", email, invited.user_id)


async def _toggle(by: Operator, task: Task, life: int, times: int | None) -> None:
    for number in islice(count(life), times):
        user_id = task.toggled[number % len(task.toggled)]
        wanted = number // len(task.toggled) % 2 == 1
        say("switching", user_id, wanted)
        await accounts.set_active(by, user_id, wanted)
        say("switched", user_id, wanted)


async def _sign_in(task: Task, first: int, times: int | None) -> None:
    for number in islice(count(first), times):
        email = task.members[number % len(task.members)]
        try:
            done = await sign_in.sign_in(
                task.slug, email, task.password, Caller(f"2001:db8::{number:x}")
            )
        except TooManyAttemptsError:
            continue  # what was cut off counts as a failed attempt
        say("entered", email, done.token)


def main(task: Task) -> None:
    """Live and die as often as the task says."""
    write_queue.PATIENCE = PATIENCE
    # Argon2id as ever, at its least cost: the database is what is under test.
    passwords._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    # Queries are compiled once, and not in each life.
    startup.Database = cache(Database)  # type: ignore[attr-defined,assignment]  # it is only called
    asyncio.run(_live(task, 0, times=2))  # the lives are numbered from 1
    passwords._threads = ThreadPoolExecutor(1)
    chance = random.Random(9)  # noqa: S311 - moments of death
    done = Counter({b"invited ": 0, b"switched ": 0, b"entered ": 0})
    life = 0
    # On a busy machine a life may end before much was done: then more are needed, and longer ones.
    while life < task.kills or (min(done.values()) < ENOUGH and life < 20 * task.kills):
        life += 1
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(writes, 1)
            asyncio.run(_live(task, life))
            os._exit(1)
        os.close(writes)
        signal.signal(signal.SIGALRM, partial(_kill, child))
        with open(reads, "rb", buffering=0) as said:  # noqa: PTH123 - a descriptor, not a path
            begun = False
            while chunk := said.read(65536):
                os.write(1, chunk)
                done.update({word: chunk.count(word) for word in done})
                # Counted from the first act that was done; now and then from the first attempt.
                if not begun and (b"ed " in chunk or life % 4 == 0):
                    begun = True
                    longest = LONGEST * (1 + (life - 1) // task.kills)
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(SHORTEST, longest))
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"life {life} ended by itself"


def _kill(child: int, _signal: int, _frame: FrameType | None) -> None:
    os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(Task.model_validate_json(sys.argv[1]))
