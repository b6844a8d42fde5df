"""The soak: mixed use for minutes. Nothing that a process holds may grow with time.

The floor is what it held after the first tenth.
"""

import time

from benchmarks.figures import Figure, Result
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, open_pages, scene

PASSWORD = "correct horse battery staple"  # noqa: S105 - of a made-up user
MEMORY = 1.05
# Pages that are closed and opened again in each round.
CHANGING = 5


async def run(options: Options) -> Result:
    """Measure."""
    async with scene() as stage:
        rollcall, load = await stage.rollcall(), await stage.load()
        users = await rollcall.ask("tenant", slug="soak", users=300, password=PASSWORD)
        cookies = await rollcall.cookies(users[0], options.soak_pages)
        await open_pages(load, rollcall.url, "/t/soak/users", cookies, "rollcall_user")
        begun = time.perf_counter()
        rounds = 0
        early: dict[str, float] = {}
        while (passed := time.perf_counter() - begun) < options.soak or not early:
            if not early and passed > options.soak / 10:
                early = await _settled(rollcall, load, options.soak_pages, cookies)
            await _use(rollcall, load, users, cookies, rounds)
            rounds += 1
        late = await _settled(rollcall, load, options.soak_pages, cookies)
    figures = [Figure("rounds of use", options.soak_pages, "", (rounds,))]
    for name in late:
        if name == "cpu":
            continue
        most = early[name] * (MEMORY if name == "memory" else 1)
        aim = "at most 5 % more" if name == "memory" else "no more"
        unit = "KiB" if name == "memory" else ""
        ours, floor = (round(late[name], 1),), (round(early[name], 1),)
        figure = Figure(name, options.soak_pages, unit, ours, floor, aim, late[name] <= most)
        figures.append(figure)
    minutes = options.soak / 60
    return Result("soak", f"Soak: {minutes:.1f} minutes of mixed use", "open pages", figures)


async def _use(
    rollcall: Server, load: Child, users: list[str], cookies: list[str], number: int
) -> None:
    """A round: a toggle, a sign-in with its password, pages that close and others that open, a
    deactivation of somebody who is signed in, and an hour's look at the list."""
    await rollcall.ask("set_active", user_id=users[1], active=bool(number % 2))
    await load.ask(
        "sign_in",
        url=rollcall.url,
        path="/t/soak/login",
        emails=["user000002@soak.example"],
        password=PASSWORD,
        seconds=0.01,
        at_once=1,
    )
    await load.ask("close", count=CHANGING)
    # A session may have so many pages, so each round is another's.
    own = [cookies[number % len(cookies)]]
    for path in ("/t/soak/account", f"/t/soak/users/{users[number % 300]}", "/t/soak/audit"):
        await open_pages(load, rollcall.url, path, own)
    await open_pages(load, rollcall.url, "/t/soak/users", own * (CHANGING - 3), "rollcall_user")
    gone = users[3 + number % 5]
    (token,) = await rollcall.cookies(gone, 1)
    await open_pages(load, rollcall.url, "/t/soak/account", [token])
    await rollcall.ask("set_active", user_id=gone, active=False)
    await rollcall.ask("set_active", user_id=gone, active=True)
    await load.ask("forget_closed")


async def _settled(
    rollcall: Server, load: Child, pages: int, cookies: list[str]
) -> dict[str, float]:
    """What the process holds while only the pages of the beginning are open."""
    await load.ask("close")
    for _ in range(400):
        vitals: dict[str, float] = await rollcall.ask("vitals")
        if vitals["pages"] == 0:
            break
        await load.ask("pause", seconds=0.1)
    await open_pages(load, rollcall.url, "/t/soak/users", cookies[:pages], "rollcall_user")
    await load.ask("pause", seconds=1.0)
    return dict(await rollcall.ask("vitals"))
