"""The cut: from the commit of a deactivation to the notice on each open page of the user.

The floor is a bare python-socketio server that emits as many bytes to each of as many sockets, in
rounds that take turns with Rollcall's. The floor of the call itself is the same call in a Rollcall
where one page is open.
"""

from typing import Any

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene
from benchmarks.statistics import Spread


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for pages in options.pages:
        figures += await _measure(pages, options.rounds(pages))
    return Result("cut", "Cut: commit to notice on each open page", "open pages", figures)


async def _measure(pages: int, rounds: int) -> list[Figure]:
    ours: list[float] = []
    floor: list[float] = []
    calls: list[float] = []
    alone: list[float] = []
    missing = 0
    async with scene() as stage:
        rollcall, bare = await stage.rollcall(), await stage.server("benchmarks.floor")
        quiet = await stage.rollcall(data="quiet")
        load, bare_load, quiet_load = [await stage.load() for _ in range(3)]
        await bare_load.ask("bare", url=bare.url, count=pages)
        users, others = await _users(rollcall, rounds), await _users(quiet, rounds)
        for user_id, other_id in zip(users, others, strict=True):
            done, answer = await _deactivate(rollcall, load, user_id, pages)
            ours += [(at - done["committed"]) * 1000 for at in answer["arrived"]]
            missing += pages - len(answer["arrived"])
            calls.append(done["took"] * 1000)
            done, _ = await _deactivate(quiet, quiet_load, other_id, 1)
            alone.append(done["took"] * 1000)
            started = await bare.ask("emit_each", data={"url": "/t/cut/login?why=deactivated"})
            answer = await bare_load.ask("wait", count=pages)
            floor += [(at - started) * 1000 for at in answer["arrived"]]
    return [
        spread("commit to notice", pages, Spread(ours), Spread(floor), times=3),
        spread("the call itself (floor: one page)", pages, Spread(calls), Spread(alone)),
        Figure("notices that never came", pages, "", (missing,), aim="none", met=missing == 0),
    ]


async def _users(rollcall: Server, rounds: int) -> list[str]:
    """A user to deactivate for each round."""
    users = await rollcall.ask("tenant", slug="cut", users=2 * rounds + 2)
    return [user for number, user in enumerate(users) if number % 11 != 10][1 : rounds + 1]


async def _deactivate(
    rollcall: Server, load: Child, user_id: str, pages: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Deactivate a user with this many open pages; returns the times of the call and of the
    pages."""
    cookies = await rollcall.cookies(user_id, pages)
    await open_pages(load, rollcall.url, "/t/cut/account", cookies, "rollcall_cut")
    done = await rollcall.ask("set_active", user_id=user_id, active=False)
    answer = await load.ask("wait", count=pages, seconds=10)
    await load.ask("close")
    return done, answer
