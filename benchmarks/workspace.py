"""The work: how a large POC opens beside a small one, a drag on many open boards, the list of POCs.

The floor of an opening is the small POC, in requests that take turns; of a drag a bare
python-socketio server that emits as many bytes to a room of as many sockets; of the list the same
query in the smallest organisation.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.people import create_tenant
from benchmarks.pocs import create_pocs
from benchmarks.scene import open_pages, scene
from benchmarks.statistics import Spread
from models import Role, SignInMethod
from services.access.actor import Actor
from services.core.settings import Settings
from services.database.startup import started
from services.database.transaction import transaction
from services.lists.query import ListQuery
from services.sessions.sessions import Caller, begin
from services.workspace.listing import list_pocs

GROWTH = 1.5
SEARCH_MS = 50.0
SMALL, LARGE = (10, 10), (200, 1000)
# The answer of a server that takes too long to build a page, because the machine is busy.
BUSY = 503
TABS = ("", "/board", "/comments")
# What the list of POCs is asked for, in an organisation of so many; a search has an aim in ms.
CASES: Mapping[str, Callable[[int], ListQuery]] = {
    "list: first page": lambda _: ListQuery(),
    "list: by title": lambda _: ListQuery(sort="title"),
    "list: by customer": lambda _: ListQuery(sort="customer"),
    "list: by status": lambda _: ListQuery(sort="status"),
    "list: last page": lambda _: ListQuery(page=100_000),
    "search: one hit": lambda pocs: ListQuery(q=f"scanning {pocs // 2:06}"),
    "search: no hit": lambda _: ListQuery(q="zzqzz"),
    "search: every POC": lambda _: ListQuery(q="scanning"),
}


async def run(options: Options) -> Result:
    """Measure."""
    figures = await _open(options.rounds(100, least=10))
    for boards in options.boards:
        figures += await _drag(boards, options.rounds(boards, least=10))
    figures += await _list(options.pocs, options.rounds(100, least=10))
    return Result("workspace", "The work: POCs opened, dragged on, listed", "size", figures)


async def _open(rounds: int) -> list[Figure]:
    took: dict[tuple[str, str], list[float]] = {}
    used: dict[tuple[str, str], list[float]] = {}
    async with scene() as stage:
        rollcall = await stage.rollcall()
        users = await rollcall.ask("tenant", slug="work", users=20)
        (token,) = await rollcall.cookies(users[1], 1)
        size = {"small": SMALL, "large": LARGE}
        made = {
            name: await rollcall.ask("poc", owner_id=users[1], tasks=tasks, comments=comments)
            for name, (tasks, comments) in size.items()
        }
        cookies = {f"rollcall-{rollcall.port}": token}
        async with httpx.AsyncClient(base_url=rollcall.url, cookies=cookies, timeout=60) as http:
            for _ in range(rounds + 1):
                for tab in TABS:
                    for name, poc in made.items():
                        before, begun = await rollcall.ask("cpu"), time.perf_counter()
                        answer = await http.get(f"/t/work/pocs/{poc['id']}{tab}")
                        passed = (time.perf_counter() - begun) * 1000
                        if answer.status_code == BUSY:
                            continue
                        answer.raise_for_status()
                        took.setdefault((tab, name), []).append(passed)
                        spent = (await rollcall.ask("cpu") - before) * 1000
                        used.setdefault((tab, name), []).append(spent)
    figures = []
    for tab in TABS:
        ours, floor = Spread(took[tab, "large"][1:]), Spread(took[tab, "small"][1:])
        aim, met = f"median at most {GROWTH:g} × one of 10", ours.p50 <= GROWTH * floor.p50
        what = f"a POC opens: {tab.strip('/') or 'tasks'}"
        figures.append(Figure(what, LARGE[0], "ms", ours.numbers, floor.numbers, aim, met))
        ours, floor = Spread(used[tab, "large"][1:]), Spread(used[tab, "small"][1:])
        what = f"{what}, processor time"
        figures.append(Figure(what, LARGE[0], "ms", ours.numbers, floor.numbers))
    return figures


async def _drag(boards: int, rounds: int) -> list[Figure]:
    ours: list[float] = []
    floor: list[float] = []
    async with scene() as stage:
        rollcall, bare = await stage.rollcall(), await stage.server("benchmarks.floor")
        load, bare_load = await stage.load(), await stage.load()
        await bare_load.ask("bare", url=bare.url, count=boards)
        users = await rollcall.ask("tenant", slug="work", users=20)
        poc = await rollcall.ask("poc", owner_id=users[1], tasks=20, comments=10)
        cookies = await rollcall.cookies(users[1], boards)
        await open_pages(
            load, rollcall.url, f"/t/work/pocs/{poc['id']}/board", cookies, "rollcall_task"
        )
        await load.ask("wait", count=1, seconds=1)
        for number in range(rounds):
            committed = await rollcall.ask(
                "drag", token=cookies[0], slug="work", task_id=poc["tasks"][number % 20]
            )
            answer = await load.ask("wait", count=boards)
            ours += [(at - committed) * 1000 for at in answer["arrived"]]
            size = answer["size"]
            begun = await bare.ask("emit_room", data="x" * (size - len('42["notice",""]')))
            answer = await bare_load.ask("wait", count=boards)
            floor += [(at - begun) * 1000 for at in answer["arrived"]]
    return [
        spread("a drag: commit to each open board", boards, Spread(ours), Spread(floor), times=3)
    ]


async def _list(sizes: tuple[int, ...], rounds: int) -> list[Figure]:
    took: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="rollcall-bench-") as folder:
        async with started(Settings(_env_file=None, data_dir=Path(folder))):
            actors = {pocs: await _organisation(pocs) for pocs in sizes}
            for _ in range(rounds + 1):
                for pocs, actor in actors.items():
                    for name, query in CASES.items():
                        begun = time.perf_counter()
                        await list_pocs(actor, query(pocs))
                        passed = (time.perf_counter() - begun) * 1000
                        took.setdefault((name, pocs), []).append(passed)
    spreads = {key: Spread(sample[1:]) for key, sample in took.items()}
    return [
        _listed(name, pocs, spreads[name, pocs], spreads[name, min(sizes)])
        for name in CASES
        for pocs in sizes
    ]


async def _organisation(pocs: int) -> Actor:
    people = await create_tenant(f"bench-{pocs}", 20)
    owner = next(user for user in people if user.active and user.role is Role.SALES_ENGINEER)
    await create_pocs(owner, pocs)
    async with transaction() as tx:
        session, _ = begin(tx, owner, Caller(), SignInMethod.PASSWORD)
    return Actor(session.id, owner.id, owner.tenant_id, "")


def _listed(name: str, pocs: int, ours: Spread, smallest: Spread) -> Figure:
    aim, met = f"median at most {GROWTH:g} × the smallest", ours.p50 <= GROWTH * smallest.p50
    if name.startswith("search"):
        aim, met = f"median at most {SEARCH_MS:g} ms", ours.p50 <= SEARCH_MS
    return Figure(name, pocs, "ms", ours.numbers, smallest.numbers, aim, met)
