"""Sign-ins a second, and how they slow down everybody else.

The floor is bare Argon2id with the same parameters, in as many threads as there are sign-ins at a
time, in rounds that take turns with Rollcall's. A toggle is flipped meanwhile, and at rest.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from argon2 import PasswordHasher

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.scene import open_pages, scene
from benchmarks.statistics import Spread
from benchmarks.storm import AT_REST, toggles

PASSWORD = "correct horse battery staple"  # noqa: S105 - of made-up users
ROUNDS = 3
# Times the seconds of a round: how long toggles are flipped meanwhile, for as many as a 99th
# percentile takes.
LONGER = 5
LEAST = 0.9
TIMES = 3.0


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for threads in options.threads:
        figures += await _measure(threads, options)
    return Result("sign_in", "Sign-in", "at a time", figures)


async def _measure(threads: int, options: Options) -> list[Figure]:
    rates: list[float] = []
    bare: list[float] = []
    meanwhile: list[float] = []
    async with scene() as stage:
        rollcall = await stage.rollcall()
        load, probe = await stage.load(), await stage.load()
        users = await rollcall.ask("tenant", slug="sign", users=60, password=PASSWORD)
        emails = [f"user{number:06}@sign.example" for number in range(60) if number % 11 != 10]
        (cookie,) = await rollcall.cookies(users[0], 1)
        await open_pages(probe, rollcall.url, "/t/sign/users", [cookie], "rollcall_user")
        await probe.ask("wait", count=1, seconds=1)
        storm: dict[str, Any] = {
            "url": rollcall.url,
            "path": "/t/sign/login",
            "emails": emails[2:],
            "password": PASSWORD,
            "seconds": options.seconds,
            "at_once": threads,
        }
        for _ in range(max(1, round(ROUNDS * options.effort))):
            bare.append(await asyncio.to_thread(_bare, threads, options.seconds))
            rates.append(await load.ask("sign_in", **storm))
        at_rest = max(2, round(AT_REST * options.effort))
        calm = await toggles(rollcall, probe, users[1], at_rest)
        await load.ask("close")
        storm["seconds"] *= LONGER
        storming = asyncio.create_task(load.ask("sign_in", **storm))
        while not storming.done():
            before = at_rest + len(meanwhile)
            meanwhile += await toggles(rollcall, probe, users[1], 1, before)
        await storming
    rate, floor = Spread(rates).p50, Spread(bare).p50
    return [
        Figure(
            "sign-ins a second",
            threads,
            "/s",
            (round(rate, 1),),
            (round(floor, 1),),
            f"at least {LEAST:g} × the floor's",
            rate >= LEAST * floor,
        ),
        spread(
            "a toggle meanwhile (floor: at rest)", threads, Spread(meanwhile), Spread(calm), TIMES
        ),
    ]


def _bare(threads: int, seconds: float) -> float:
    """Passwords verified a second by so many threads that do nothing else."""
    hasher = PasswordHasher()
    stored = hasher.hash(PASSWORD)
    begun = time.perf_counter()

    def verify() -> int:
        done = 0
        while time.perf_counter() - begun < seconds:
            hasher.verify(stored, PASSWORD)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(lambda _: verify(), range(threads)))
    return done / (time.perf_counter() - begun)  # the last ones end later than asked
