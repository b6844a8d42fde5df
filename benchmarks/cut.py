"""The cut: from the commit of a deactivation to the notice on each open page of the user.

The floor is a bare python-socketio server that emits as many bytes to each of as many sockets, in
rounds that take turns with Rollcall's.
"""

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.scene import open_pages, scene
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
    missing = 0
    async with scene() as stage:
        rollcall, bare = await stage.rollcall(), await stage.server("benchmarks.floor")
        load, bare_load = await stage.load(), await stage.load()
        await bare_load.ask("bare", url=bare.url, count=pages)
        users = await rollcall.ask("tenant", slug="cut", users=2 * rounds + 2)
        active = [user for number, user in enumerate(users) if number % 11 != 10]
        for user_id in active[1 : rounds + 1]:
            cookies = await rollcall.cookies(user_id, pages)
            await open_pages(load, rollcall.url, "/t/cut/account", cookies, "rollcall_cut")
            done = await rollcall.ask("set_active", user_id=user_id, active=False)
            answer = await load.ask("wait", count=pages, seconds=10)
            ours += [(at - done["committed"]) * 1000 for at in answer["arrived"]]
            missing += pages - len(answer["arrived"])
            calls.append(done["took"] * 1000)
            await load.ask("close")
            started = await bare.ask("emit_each", data={"url": "/t/cut/login?why=deactivated"})
            answer = await bare_load.ask("wait", count=pages)
            floor += [(at - started) * 1000 for at in answer["arrived"]]
    return [
        spread("commit to notice", pages, Spread(ours), Spread(floor), times=3),
        Figure("the call itself", pages, "ms", Spread(calls).numbers),
        Figure("notices that never came", pages, "", (missing,), aim="none", met=missing == 0),
    ]
