"""A deactivation in bulk from outside: 500 people with three open pages each, at `main.py serve`.

An admin begins it with a click; each person's receipt, which an admin downloads, says how long
after the commit the last of their pages answered. The floor is a bare python-socketio server that
emits as many bytes to as many sockets as a batch has. Another admin's toggles go on meanwhile;
their floor is the same at rest.
"""

import asyncio
import csv
import io
import re
import time

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.outside import serving_alone
from benchmarks.scene import open_pages, scene
from benchmarks.statistics import Spread
from benchmarks.visitor import Page, Visitor

PAGES = 3
BATCH = 10
"""People of one transaction (`services.bulk.batches.BATCH`)."""
LIST, ACCOUNT = "/t/many/users", "/t/many/account"
# Between two toggles, so that none waits for those before it (`ui.live.budget`).
PAUSE = 0.25
AT_REST = 60
# Rounds of the floor.
BARE = 10
# One of eleven people of a tenant is inactive: the toggles activate these.
INACTIVE = 11
PATIENCE = 600
DRAFT = re.compile(r"/users/bulk/([0-9a-f-]{36})")


async def run(options: Options) -> Result:
    """Measure."""
    figures: list[Figure] = []
    for people in options.many:
        figures += await _measure(people, options)
    return Result("bulk", "Deactivated in bulk, from outside", "people, with 3 pages each", figures)


async def _measure(people: int, options: Options) -> list[Figure]:
    rest = max(2, round(AT_REST * options.effort))
    async with scene() as stage:
        inside, bare = await stage.rollcall(), await stage.server("benchmarks.floor")
        load, bare_load = await stage.load(), await stage.load()
        users = await inside.ask("tenant", slug="many", users=(rest + people + 20) * INACTIVE)
        leaving = await inside.ask("people", slug="many", role="sales_engineer", count=people)
        others = await inside.ask("people", slug="many", role="tenant_admin", count=2)
        tokens = [(await inside.cookies(user_id, 1))[0] for user_id in leaving]
        admins = [(await inside.cookies(user_id, 1))[0] for user_id in others]
        await inside.stop()
        inactive = iter([one for at, one in enumerate(users) if at % INACTIVE == INACTIVE - 1])
        async with (
            serving_alone(stage.data) as (_, url, _),
            Visitor(url) as admin,
            Visitor(url) as colleague,
        ):
            admin.enter(admins[0])
            colleague.enter(admins[1])
            page = await colleague.open(LIST)
            calm = [await toggle(page, next(inactive)) for _ in range(rest)]
            for at in range(0, people, BATCH):
                some = [token for token in tokens[at : at + BATCH] for _ in range(PAGES)]
                await open_pages(load, url, ACCOUNT, some, "rollcall_cut")
            act_url, act = await _drafted(admin)
            begun = await act.act("begin", {"reason": "The programme has ended."})
            ending = asyncio.create_task(_ended(act))
            meanwhile: list[float] = []
            while not ending.done():
                meanwhile.append(await toggle(page, next(inactive)))
            took = await ending - begun
            answer = await load.ask("wait", count=people * PAGES, seconds=30)
            receipts = await _receipts(admin, act_url, people)
        sockets = min(people, BATCH) * PAGES
        await bare_load.ask("bare", url=bare.url, count=sockets)
        floor: list[float] = []
        for _ in range(max(1, round(BARE * options.effort))):
            started = await bare.ask("emit_each", data={"url": "/t/many/login?why=deactivated"})
            arrived = (await bare_load.ask("wait", count=sockets))["arrived"]
            # As in a receipt: the last of one person's pages.
            last = [max(arrived[at : at + PAGES]) for at in range(0, len(arrived), PAGES)]
            floor += [(at - started) * 1000 for at in last]
    missing = people * PAGES - len(answer["arrived"])
    counted = people * PAGES - sum(pages for pages, _ in receipts)
    slowest = Spread([ms for _, ms in receipts if ms is not None])
    return [
        spread("commit to the last page's answer", people, slowest, Spread(floor), times=3),
        Figure("notices that never came", people, "", (missing,), aim="none", met=missing == 0),
        Figure("pages no receipt has", people, "", (counted,), aim="none", met=counted == 0),
        spread(
            "a toggle meanwhile (floor: at rest)", people, Spread(meanwhile), Spread(calm), times=3
        ),
        Figure("until all are out", people, "s", (round(took, 2),)),
    ]


async def toggle(page: Page, user_id: str) -> float:
    """Activate somebody; returns the milliseconds from the click to the moved row."""
    await asyncio.sleep(PAUSE)
    begun = await page.act("toggle", {"id": user_id, "active": True})
    return (await page.told('"rollcall_user"', user_id, '"active":true') - begun) * 1000


async def _drafted(admin: Visitor) -> tuple[str, Page]:
    """Select everybody who is to leave, and open the bulk act."""
    page = await admin.open(LIST)
    everybody = {"q": "one more", "role": "sales_engineer"}
    await page.act("deactivate", {"query": everybody})
    found = DRAFT.search(await page.said("/users/bulk/"))
    assert found is not None
    path = f"{LIST}/bulk/{found[1]}"
    return path, await admin.open(path)


async def _ended(act: Page) -> float:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await act.told('"rollcall_bulk"', '"state":"done"')
            except TimeoutError:  # a batch takes long here
                continue


async def _receipts(admin: Visitor, path: str, people: int) -> list[tuple[int, float | None]]:
    """How many pages of each closed, and the milliseconds until the last answered, once all are
    written."""
    deadline = time.perf_counter() + 60
    while True:
        _, text = await admin.get(f"{path}/results.csv")
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))[:people]
        found = [(row["Pages closed"], row["Last one after (ms)"]) for row in rows]
        if all(pages for pages, _ in found) or time.perf_counter() > deadline:
            return [(int(pages or 0), float(ms) if ms else None) for pages, ms in found]
        await asyncio.sleep(0.5)
