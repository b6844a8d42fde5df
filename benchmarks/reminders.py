"""10,000 reminders of ends that are due at once, at `main.py serve`: what an admin's toggle takes
while they are written and sent, beside the same at rest."""

import asyncio
import sqlite3
import time
from pathlib import Path

from benchmarks.bulk import INACTIVE, LIST, toggle
from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.outside import serving_alone
from benchmarks.scene import scene
from benchmarks.statistics import Spread
from benchmarks.visitor import Visitor

AT_REST, MOST = 100, 900
PATIENCE = 900
MAIL = {
    "ROLLCALL_MAIL_SERVER": "127.0.0.1",
    "ROLLCALL_MAIL_FROM": "rollcall@example.com",
    "ROLLCALL_MAIL_STARTTLS": "false",
}


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for due in options.due:
        figures += await _measure(due, options)
    return Result("reminders", "Reminders of ends that are due at once", "reminders", figures)


async def _measure(due: int, options: Options) -> list[Figure]:
    rest, most = (max(2, round(count * options.effort)) for count in (AT_REST, MOST))
    async with scene() as stage:
        mailbox = await stage.server("benchmarks.mailbox")
        inside = await stage.rollcall()
        users = await inside.ask("tenant", slug="many", users=(rest + most + 5) * INACTIVE)
        people = await inside.ask("people", slug="many", role="sales_engineer", count=due)
        token = (await inside.cookies(users[0], 1))[0]
        await inside.stop()
        inactive = iter([one for at, one in enumerate(users) if at % INACTIVE == INACTIVE - 1])
        settings = {**MAIL, "ROLLCALL_MAIL_PORT": str(mailbox.port)}
        async with serving_alone(stage.data, **settings) as (_, url, _), Visitor(url) as admin:
            admin.enter(token)
            page = await admin.open(LIST)
            calm = [await toggle(page, next(inactive)) for _ in range(rest)]
        again = await stage.rollcall()
        await again.ask("ends", user_ids=people, days=5, by=users[0])
        await again.stop()
        async with serving_alone(stage.data, **settings) as (_, url, _), Visitor(url) as admin:
            admin.enter(token)
            begun = time.perf_counter()
            page = await admin.open(LIST)
            writing = asyncio.create_task(_written(stage.data, due))
            meanwhile = [await toggle(page, next(inactive))]
            while not writing.done() and len(meanwhile) < most:
                meanwhile.append(await toggle(page, next(inactive)))
            took = await writing - begun
        written = _count(stage.data)
    once = written == (due, due)
    return [
        spread(
            "a toggle meanwhile (floor: at rest)", due, Spread(meanwhile), Spread(calm), times=3
        ),
        Figure("until all are written", due, "s", (round(took, 2),)),
        Figure("reminders; mails", due, "", tuple(map(float, written)), aim="once each", met=once),
    ]


async def _written(data: str, due: int) -> float:
    """Wait until this many reminders are written; returns when that was seen."""
    async with asyncio.timeout(PATIENCE):
        while (await asyncio.to_thread(_count, data))[0] < due:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.5)
    return time.perf_counter()


def _count(data: str) -> tuple[int, int]:
    """Reminders that are written, and mails that were promised with them."""
    (path,) = Path(data).glob("*.db")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (reminders,) = database.execute("SELECT count(*) FROM end_reminder").fetchone()
        (mails,) = database.execute(
            "SELECT count(*) FROM outgoing_mail WHERE lower(template) = 'end_reminder'"
        ).fetchone()
    finally:
        database.close()
    return reminders, mails
