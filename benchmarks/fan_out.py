"""The fan-out: from the commit of a toggle to the patch on each open grid of the tenant.

The floor is a bare python-socketio server that emits as many bytes to a room of as many sockets, in
rounds that take turns with Rollcall's. The floor of the call itself is the same call in a Rollcall
with one grid open.
"""

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene
from benchmarks.statistics import Spread

MOST_BYTES = 300


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for pages in options.pages:
        figures += await _measure(pages, options.rounds(pages, least=10))
    return Result("fan_out", "Fan-out: commit to patch on each open grid", "open grids", figures)


async def _measure(pages: int, rounds: int) -> list[Figure]:
    ours: list[float] = []
    floor: list[float] = []
    calls: list[float] = []
    alone: list[float] = []
    used = [0.0, 0.0]
    size = 0
    async with scene() as stage:
        rollcall, bare = await stage.rollcall(), await stage.server("benchmarks.floor")
        quiet = await stage.rollcall(data="quiet")
        load, bare_load, quiet_load = [await stage.load() for _ in range(3)]
        await bare_load.ask("bare", url=bare.url, count=pages)
        users = await _open(rollcall, load, pages)
        others = await _open(quiet, quiet_load, 1)
        for number in range(rounds):
            before = await rollcall.ask("cpu")
            done = await rollcall.ask("set_active", user_id=users[1], active=bool(number % 2))
            answer = await load.ask("wait", count=pages)
            used[0] += await rollcall.ask("cpu") - before
            ours += [(at - done["committed"]) * 1000 for at in answer["arrived"]]
            calls.append(done["took"] * 1000)
            size = answer["size"]
            done = await quiet.ask("set_active", user_id=others[1], active=bool(number % 2))
            await quiet_load.ask("wait", count=1)
            alone.append(done["took"] * 1000)
            before = await bare.ask("cpu")
            started = await bare.ask("emit_room", data="x" * (size - len('42["notice",""]')))
            answer = await bare_load.ask("wait", count=pages)
            used[1] += await bare.ask("cpu") - before
            floor += [(at - started) * 1000 for at in answer["arrived"]]
    per_grid = [round(seconds / rounds / pages * 1e6, 1) for seconds in used]
    return [
        spread("commit to patch", pages, Spread(ours), Spread(floor), times=3),
        spread("the call itself (floor: one grid)", pages, Spread(calls), Spread(alone)),
        Figure("processor time a grid", pages, "µs", (per_grid[0],), (per_grid[1],)),
        Figure(
            "bytes a grid",
            pages,
            "bytes",
            (size,),
            aim=f"at most {MOST_BYTES}",
            met=size <= MOST_BYTES,
        ),
    ]


async def _open(rollcall: Server, load: Child, pages: int) -> list[str]:
    """A tenant with so many open grids; returns its users' ids."""
    users: list[str] = await rollcall.ask("tenant", slug="fan", users=200)
    cookies = await rollcall.cookies(users[0], pages)
    await open_pages(load, rollcall.url, "/t/fan/users", cookies, "rollcall_user")
    await load.ask("wait", count=1, seconds=1)
    return users
