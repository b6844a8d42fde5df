"""The flood: how long somebody can hold up their own deactivation.

The target's pages send every event that they have, again and again. An admin deactivates the
target meanwhile, on a Users page of this process: measured is the time from the click on the
dialog's button (the frame leaves this process) to the commit. The dialog is open before the flood.
The floor is the same with the same pages open and silent, in rounds that take turns. The flood has
the highest pace that is allowed, and then fifty times that pace, until its pages are closed; and
then the same pages are silent, and their addresses, a picture and an export are asked for over many
connections at once. In the last case there are pages, too, that send at the allowed pace and read
nothing. And there are strangers, while the target has one silent page: they try to sign in, open
sockets, and ask for and send the forms of invitations and new passwords, over many connections.

Few events are taken before the click: some 25 of each who floods at the allowed pace, and 4 to 11
until they are cut, but more of these on a busy machine. So they are sent in an order by chance,
which is another one in each round, and the same ones in each run. How much of a processor the
server used in a round stands beside its times: a flood that takes no more than silent pages has
measured nothing.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.figures import Figure, Result, spread
from benchmarks.options import Options
from benchmarks.processes import Child
from benchmarks.scene import Server, scene
from benchmarks.statistics import Spread
from benchmarks.strangers import KINDS
from benchmarks.visitor import Page, Visitor
from models import Role
from tests import postgres
from ui.live.budget import PER_SECOND

SLUG = "flood"
ROUNDS = 20
TIMES = 2.0
# The two kinds of floods: events a second of each who floods. The second is fifty times the allowed
# pace; a client that sends more takes processor time from the server, as both run on this machine.
FASTEST = 50 * PER_SECOND
LET_THROUGH, UNTIL_CUT = "at the pace let through", "until it is cut"
UNREAD = "at that pace, reading nothing"
PACES = {LET_THROUGH: PER_SECOND * 0.95, UNREAD: PER_SECOND * 0.95, UNTIL_CUT: FASTEST}
REQUESTS = "by many requests at once"
# Seconds from the begin of a flood to the click, from and to: one at full speed is over soon, and
# the click comes while it lasts.
BEFORE_CLICK: dict[str | None, tuple[float, float]] = {
    LET_THROUGH: (1.0, 1.5),
    UNREAD: (1.0, 1.5),
    UNTIL_CUT: (0.02, 0.2),
}
LATER = (0.3, 0.6)
CONNECTIONS = 12
FLOODS = (LET_THROUGH, UNTIL_CUT, REQUESTS)
PATHS = {
    Role.SALES_ENGINEER: ["account", "roles", "home", "pocs", "templates"],
    Role.TENANT_ADMIN: ["users", "account", "dashboard", "customers", "review", "settings", "pocs"],
}


CUSTOMER = "A customer"
"""Who floods from the page of their POC, while its owner is deactivated."""

STRANGERS = "Strangers"
"""Who flood while a Sales Engineer is deactivated."""


@dataclass
class Outcome:
    """The result of one case."""

    floor: list[float] = field(default_factory=list)
    flooded: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    idle_entries: int = 0
    at_work: dict[str | None, list[float]] = field(default_factory=lambda: defaultdict(list))
    """How much of a processor the server used until the commit, in percent, in each round."""
    sent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """How many events, or requests, each who flooded sent in each round."""
    events: int = 0
    """How many events the pages have together."""


async def run(options: Options, *, on_postgresql: bool = False) -> Result:
    """Measure."""
    database = "PostgreSQL" if on_postgresql else "SQLite"
    title = f"Flood: an admin's click to the commit of a deactivation, on {database}"
    if not on_postgresql:
        return Result("flood", title, "pages that flood", await _measure(options))
    with postgres.running() as server:
        url = server.url(server.create_database())
        figures = await _measure(options, ROLLCALL_DATABASE_URL=url)
    return Result("flood_postgresql", title, "pages that flood", figures)


async def _measure(options: Options, **settings: str) -> list[Figure]:
    figures: list[Figure] = []
    rounds = max(1, round(ROUNDS * options.effort))
    # The pages of each flooding user, and the number of these users: the last case has as many
    # pages in total.
    cases = [(pages, 1) for pages in options.flooding]
    if options.flooders > 1:
        cases.append((max(1, options.flooding[-1] // options.flooders), options.flooders))
    async with scene(**settings) as stage, AsyncExitStack() as stack:
        rollcall = await stage.rollcall()
        visitor = await stack.enter_async_context(Visitor(rollcall.url))
        (admin, *_) = await rollcall.ask("tenant", slug=SLUG, users=60)
        (token,) = await rollcall.ask("sessions", user_id=admin, count=1)
        floods = [await stage.start("benchmarks.flooding") for _ in range(options.flooders)]
        visitor.enter(token)
        page = await visitor.open(f"/t/{SLUG}/users")
        for role in (*PATHS, CUSTOMER):
            for pages, people in cases:
                case = _Case(rollcall, floods[:people], page, admin, role, pages)
                if (pages, people) == cases[-1]:
                    case.kinds = (*FLOODS, UNREAD)
                who = role.label if isinstance(role, Role) else role
                who += f", {pages} {'page' if pages == 1 else 'pages'}"
                who += f" of each of {people}" if people > 1 else ""
                figures += _figures(who, pages * people, await case.run(rounds))
        for connections in options.strangers:
            case = _Case(
                rollcall, floods[:1], page, admin, STRANGERS, kinds=KINDS, connections=connections
            )
            who = f"{STRANGERS}, {connections} connections"
            figures += _figures(who, connections, await case.run(rounds))
    return figures


def _figures(who: str, size: int, outcome: Outcome) -> list[Figure]:
    floor = Spread(outcome.floor)
    return [
        *(
            spread(f"{who}: {kind}", size, Spread(took), floor, TIMES)
            for kind, took in outcome.flooded.items()
        ),
        *_done(who, size, outcome),
        Figure(
            f"{who}: audit entries by acts that changed nothing",
            size,
            "",
            (outcome.idle_entries,),
            aim="none",
            met=outcome.idle_entries == 0,
        ),
    ]


def _done(who: str, size: int, outcome: Outcome) -> list[Figure]:
    """What the floods did, so that one that did nothing is seen."""
    silent = Spread(outcome.at_work[None]).numbers
    figures = [Figure(f"{who}: events that the pages have", size, "", (outcome.events,))]
    for kind in outcome.flooded:
        used, least = Spread(outcome.at_work[kind]).numbers, min(outcome.sent[kind])
        figures += [
            Figure(f"{who}: {kind}: processor of the server", size, "%", used, silent),
            Figure(f"{who}: {kind}: least sent by one in a round", size, "", (least,)),
        ]
    return figures


@dataclass
class _Case:
    """The people who flood, and the admin who deactivates them."""

    rollcall: Server
    floods: Sequence[Child]
    page: Page
    """The admin's list of users."""
    admin: str
    role: Role | str
    pages: int = 1
    kinds: Sequence[str] = FLOODS
    connections: int = CONNECTIONS
    number: int = 0
    """Of the round."""

    async def run(self, rounds: int) -> Outcome:
        """Rounds with and without a flood, in turns."""
        warmed, outcome = Outcome(), Outcome()
        for kind in self.kinds:
            await self._round(kind, warmed)  # the first of anything is slow
        outcome.events, outcome.idle_entries = warmed.events, warmed.idle_entries
        for self.number in range(1, rounds + 1):
            for kind in self.kinds:
                outcome.floor.append(await self._round(None, outcome))
                outcome.flooded[kind].append(await self._round(kind, outcome))
        return outcome

    async def _round(self, kind: str | None, outcome: Outcome) -> float:
        """Milliseconds from the click to the commit of the deactivation of one who floods in this
        way, or not at all."""
        pace = PACES.get(kind or "")
        role = self.role.value if isinstance(self.role, Role) else Role.SALES_ENGINEER.value
        users = await self.rollcall.ask("people", slug=SLUG, role=role, count=len(self.floods))
        given = [await self._pages_of(user) for user in users]
        opened = await asyncio.gather(
            *(
                self._open(flood, *own, reads=kind != UNREAD)
                for flood, own in zip(self.floods, given, strict=True)
            )
        )
        outcome.events = outcome.events or sum(opened)
        if sum(opened) != outcome.events:
            raise RuntimeError(f"The pages have {sum(opened)} events, and had {outcome.events}")
        await self.page.act("toggle", {"id": users[0], "active": False})
        await self.page.told('"update"', '"Deactivate ')
        begun, used = time.perf_counter(), await self.rollcall.ask("cpu")
        if pace is not None:
            await asyncio.gather(
                *(
                    flood.ask("begin", pace=pace, order=f"{self.number} of {nth}")
                    for nth, flood in enumerate(self.floods)
                )
            )
        if kind == REQUESTS:
            await asyncio.gather(
                *(flood.ask("request", connections=self.connections) for flood in self.floods)
            )
        if kind in KINDS:
            await self.floods[0].ask(
                "knock",
                url=self.rollcall.url,
                slug=SLUG,
                kind=kind,
                connections=self.connections,
            )
        await asyncio.sleep(random.uniform(*BEFORE_CLICK.get(kind, LATER)))
        # Who has a POC is asked about.
        values = {} if self.role is Role.TENANT_ADMIN else {"how": "leave"}
        clicked = await self.page.act("submit", values, submit="Deactivate")
        committed = await self.rollcall.ask("shut_out_at", user_id=users[0])
        used = await self.rollcall.ask("cpu") - used
        outcome.at_work[kind].append(used / (time.perf_counter() - begun) * 100)
        ends = await asyncio.gather(*(flood.ask("end") for flood in self.floods))
        if kind is not None:
            outcome.sent[kind] += [end["sent"] for end in ends]
        await self.page.close(submit="Deactivate")
        self.page.forget()
        outcome.idle_entries += await self.rollcall.ask("idle_entries", user_ids=users)
        return float((committed - clicked) * 1000)

    async def _pages_of(self, user: str) -> tuple[Sequence[str], str, str]:
        """The pages of this user, or of somebody at the customer of a POC of theirs; with a cookie
        for them, and a task of the team's that isn't finished."""
        cookie = ""
        if self.role != CUSTOMER:
            # Two sessions, so that there is something to sign out: once.
            _, token = await self.rollcall.ask("sessions", user_id=user, count=2)
            cookie = f"rollcall={token}"
        if self.role is Role.TENANT_ADMIN:
            return PATHS[self.role], cookie, ""
        poc = await self.rollcall.ask("poc", owner_id=user, tasks=10, comments=10)
        if self.role != CUSTOMER:
            first, *more = PATHS[Role.SALES_ENGINEER]
            board = f"pocs/{poc['id']}"
            paths = [first, board, f"{board}/comments", *more]
            return paths, cookie, poc["tasks"][0]
        token = await self.rollcall.ask("customer", slug=SLUG, poc_id=poc["id"])
        return [f"customer/{poc['id']}"], f"rollcall-customer={token}", poc["tasks"][0]

    async def _open(
        self, flood: Child, paths: Sequence[str], cookie: str, task: str, *, reads: bool
    ) -> int:
        return await flood.ask(  # type: ignore[no-any-return]  # how many events they have
            "open",
            url=self.rollcall.url,
            paths=[f"/t/{SLUG}/{path}" for path in paths],
            cookie=cookie,
            pages=self.pages,
            about=self.admin,
            task=task,
            others=[f"/t/{SLUG}/users/{self.admin}/picture", *self._exports()],
            reads=reads,
        )

    def _exports(self) -> list[str]:
        if not isinstance(self.role, Role):
            return []
        noun = "users" if self.role is Role.TENANT_ADMIN else "pocs"
        return [f"/t/{SLUG}/{noun}.csv"]
