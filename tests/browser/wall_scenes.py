"""Data for screens, without real people, POCs and troubles: an ordinary day, an empty organisation,
and one with more of everything than fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import exp

from services.screens.milestones import Milestone
from services.screens.people import Ending, People, Waiting
from services.screens.pocs import OwnerTasks, Pocs, PocShown
from services.screens.reading import Shown
from services.screens.review import ReviewShown
from services.screens.roll_call import MoveShown, PersonHere, RoleHere, RollCall
from services.screens.showing import ScreenView
from services.screens.troubles import InOrder, Trouble, Troubles

_MOMENT = datetime(2026, 11, 25, 14, 37, 20, tzinfo=UTC)
TODAY = _MOMENT.date()
NOW = int(_MOMENT.timestamp())
ENGINEERS = """Amara Okafor|Anjali Deshmukh|Beatriz Carvalho|Bjørn Halvorsen|Camille Lefèvre
Chukwuemeka Eze|Dilnoza Karimova|Elif Şahin|Émile Tremblay|Fatima Zahra Idrissi|Fionnuala Doyle
Giulia Ferraro|Hannah Schäfer|Ioana Popescu|Jakub Wiśniewski|Jin-woo Park|Kaito Mori
Katarína Nováková|Lerato Mokoena|Li Wei|Malik Haddad|Mateus Oliveira|Mei-Ling Chen|Nguyễn Thị Mai
Olga Sokolova|Priya Raghavan|Rania Mansour|Sione Tupou|Søren Kjær|Tadeusz Lis|Tomás Ó Briain
Valentina Rojas|Wanjiru Kamau|Yuki Tanaka|Zoltán Kiss""".replace("\n", "|").split("|")
ADMINISTRATORS = """Aroha Ngata|Caoimhe Byrne|Dimitra Pappas|Hyun-ji Kim|Ingrid Nyström
Marek Dvořák|Noor Rahman|Samuel Adjei|Thandiwe Dlamini""".replace("\n", "|").split("|")
TENANT_ADMINS = ["Ada Lovelace", "Hugo van Dijk", "Leïla Benali", "Ravi Menon"]
ENDING = """Ottoline Graves|Bao Trần|Rhys Llewellyn|Isabela Quispe|Tendai Moyo|Saoirse Quinn
Kwame Asante""".replace("\n", "|").split("|")
# As long as a name may be, in letters without a place to break them, and in both directions.
LONG = [
    "Wolfeschlegelsteinhausenbergerdorff-" + "Wilhelmina" * 6,
    "María de los Ángeles Guadalupe Fernández de Córdoba y Álvarez de Toledo y Pérez de Guzmán",
    "عبد الرحمن بن محمد بن عبد العزيز آل الشيخ المنصوري",
    "רבקה בת־שבע אברמוביץ־גולדשטיין מירושלים",
    "محمد",
    "שרה כהן",
    "W" * 60,
    "Nguyễn Phước Vĩnh Thụy Bảo Long",
]


@dataclass
class Scene:
    """What one organisation's screens show."""

    organisation: str
    views: dict[ScreenView, Shown]
    now: int


def _at(hour: int, minute: int, day: date = TODAY) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


def _day(until: int, share: float, day: date) -> Sequence[tuple[int, int]]:
    """A working day's counts: a peak at ten, lunch, and an afternoon."""
    hours = [hour / 4 for hour in range(24, until * 4)]
    shape = [exp(-((h - 10) ** 2) / 3) + 0.85 * exp(-((h - 14.6) ** 2) / 5) for h in hours]
    midnight = _at(0, 0, day=day)
    return [
        (midnight + int(hour * 3600), round(61 * share * tall))
        for hour, tall in zip(hours, shape, strict=True)
    ]


def _moves(names: Sequence[str], now: int) -> list[MoveShown]:
    return [
        MoveShown(name, now - 15 - 130 * ago, arrived=ago % 3 != 2)
        for ago, name in enumerate(names)
    ]


def a_day(now: int = NOW) -> Scene:
    """Forty-seven people here, POCs of which some are late, two troubles."""
    engineers = [
        PersonHere(name, came=now - 15 if name == "Yuki Tanaka" else 0)
        if name != "Malik Haddad"
        else PersonHere(name, left=now - 40)
        for name in ENGINEERS
    ]
    administrators = [
        PersonHere(name, came=now - 50 if name == "Noor Rahman" else 0) for name in ADMINISTRATORS
    ]
    roles = [
        RoleHere("Sales Engineer", 34, engineers),
        RoleHere("Administrator", 9, administrators),
        RoleHere("Tenant Admin", 4, [PersonHere(name) for name in TENANT_ADMINS]),
    ]
    moved = ["Yuki Tanaka", "Noor Rahman", "Malik Haddad", *ENGINEERS[3:14]]
    roll_call = RollCall(
        here=47,
        active=312,
        roles=roles,
        moves=_moves(moved, now),
        today=_day(14, 1, TODAY),
        week_ago=_day(18, 0.9, TODAY - timedelta(days=7)),
    )
    counts = [180, 174, 54, 27, 172, 187, 182, 177, 167, 51, 25, 174, 178, 183]
    people = People(
        active=312,
        more=9,
        invited=24,
        expiring=1,
        ending=11,
        ending_this_week=2,
        until=TODAY + timedelta(days=30),
        review=ReviewShown("Autumn review", 41, 23, _at(17, 0, day=TODAY + timedelta(days=5))),
        ends_soon=[
            Ending(name, "Sales Engineer", TODAY + timedelta(days=days))
            for name, days in zip(ENDING, (0, 2, 5, 9, 23, 24, 26), strict=True)
        ],
        waiting=[
            Waiting(name, now - ago * 86400, now + left * 86400 + 3600)
            for name, ago, left in (
                ("Tuomas Virtanen", 6, 1),
                ("Chidi Anozie", 4, 3),
                ("Soo-ah Lim", 4, 3),
                ("Pilar Etxeberria", 2, 5),
                ("Zainab Yusuf", 0, 7),
            )
        ],
        signed_in=_days_of(counts),
    )
    return Scene(
        "Nordwind Systems",
        {
            ScreenView.ROLL_CALL: roll_call,
            ScreenView.PEOPLE: people,
            ScreenView.POCS: _pocs(),
            ScreenView.TROUBLE: Troubles(_troubles()[:2], _in_order()),
        },
        now,
    )


def _days_of(counts: Sequence[int]) -> list[tuple[date, int]]:
    days = len(counts)
    return [(TODAY - timedelta(days=days - 1 - i), count) for i, count in enumerate(counts)]


def _pocs() -> Pocs:
    pocs = [
        ("Helsinki Freight", "Bjørn Halvorsen", 64, -3),
        ("Al Noor Bank", "Rania Mansour", 41, -1),
        ("Banco Meridional", "Beatriz Carvalho", 92, 0),
        ("Sakura Rail", "Kaito Mori", 78, 2),
        ("Lagos Power Grid", "Amara Okafor", 55, 5),
        ("Atlas Assurances", "Camille Lefèvre", 83, 7),
        ("Ganga Textiles", "Anjali Deshmukh", 37, 8),
        ("Maple Health", "Émile Tremblay", 20, 13),
    ]
    return Pocs(
        today=TODAY,
        by_status={"draft": 6, "active": 23, "on_hold": 4, "completed": 38},
        due_this_week=31,
        due_today=12,
        overdue=9,
        overdue_pocs=4,
        next_to_end=[
            PocShown(f"{customer} rollout", customer, owner, percent, TODAY + timedelta(days=days))
            for customer, owner, percent, days in pocs
        ],
        by_owner=[
            OwnerTasks("Bjørn Halvorsen", 4, 5, 6),
            OwnerTasks("Rania Mansour", 3, 2, 8),
            OwnerTasks("Kaito Mori", 1, 6, 3),
            OwnerTasks("Beatriz Carvalho", 1, 4, 5),
            OwnerTasks("Amara Okafor", 0, 5, 7),
        ],
        this_week=[
            Milestone(TODAY, "Result", "Banco Meridional rollout"),
            Milestone(TODAY + timedelta(days=1), "Kick-off", "Nordlys Energi rollout"),
            Milestone(TODAY + timedelta(days=2), "Go-live", "Sakura Rail rollout"),
        ],
    )


def _troubles() -> list[Trouble]:
    return [
        Trouble(
            "mail",
            "Mail isn’t leaving",
            ["The server refuses our sign-in.", "Invitations wait, nothing is lost."],
            is_bad=True,
            since=_at(14, 5),
            figure="43",
            unit="mails waiting",
            bars=[1, 0, 2, 1, 3, 6, 11, 17, 24, 31, 37, 43],
        ),
        Trouble(
            "sign-ins",
            "Many failed sign-ins",
            ["3 accounts, 41 addresses.", "All are slowed down."],
            is_bad=False,
            since=_at(14, 21),
            figure="212",
            unit="failed in 10 minutes",
            bars=[2, 1, 3, 2, 4, 2, 3, 21, 49, 79, 64, 70],
        ),
        Trouble(
            "replicas",
            "2 replicas are gone",
            ["The others serve on."],
            is_bad=False,
            since=_at(13, 50),
            figure="1",
            unit="of 3 serve",
        ),
        Trouble(
            "backup",
            "The backup is too old",
            ["Whoever runs Rollcall: look at the timer."],
            is_bad=False,
            since=_at(3, 10, day=TODAY - timedelta(days=12)),
            figure="12",
            unit="days old",
        ),
        Trouble(
            "disk",
            "The disk needs somebody",
            ["Less than a tenth of it is free: delete what isn't needed, or give it more room."],
            is_bad=True,
        ),
    ]


def _in_order() -> list[InOrder]:
    values = """Replicas 3 of 3|Database answers|Schema migrated|Disk has room|Keys fit
Processes hear each other|Screens 6 of 6"""
    each = [value.partition(" ") for value in values.replace("\n", "|").split("|")]
    return [
        InOrder("Server", at=NOW - 19 * 86400),
        InOrder("Backup", at=_at(3, 10)),
        InOrder("Open pages", "118"),
        *(InOrder(name, value) for name, _, value in each),
    ]


def nothing(now: int = NOW) -> Scene:
    """An organisation on its first day, before anybody has signed in."""
    return Scene(
        "Nordwind Systems",
        {
            ScreenView.ROLL_CALL: RollCall(0, 0, [], [], [], []),
            ScreenView.PEOPLE: People(
                active=0,
                more=0,
                invited=0,
                expiring=0,
                ending=0,
                ending_this_week=0,
                until=TODAY + timedelta(days=30),
                review=ReviewShown(),
                ends_soon=[],
                waiting=[],
                signed_in=_days_of([0] * 14),
            ),
            ScreenView.POCS: Pocs(
                today=TODAY,
                by_status={"draft": 0, "active": 0, "on_hold": 0, "completed": 0},
                due_this_week=0,
                due_today=0,
                overdue=0,
                overdue_pocs=0,
                next_to_end=[],
                by_owner=[],
                this_week=[],
            ),
            ScreenView.TROUBLE: Troubles(
                [],
                [*_in_order(), InOrder("Mail", "leaves")],
                last_ended=_at(9, 0, day=TODAY - timedelta(days=6)),
            ),
        },
        now,
    )


def too_much(now: int = NOW) -> Scene:
    """Four hundred people, names as long as they come, forty POCs, and all that can go wrong."""
    names = [*LONG, *(f"{first} {number}" for number in range(40) for first in ENGINEERS[:9])]
    engineers = [
        PersonHere(name, came=now - 5 if i % 7 == 0 else 0, left=now - 5 if i % 11 == 5 else 0)
        for i, name in enumerate(names[:360])
    ]
    engineers += [PersonHere(name) for name in ENGINEERS]
    ordinary = a_day(now)
    people, pocs = ordinary.views[ScreenView.PEOPLE], ordinary.views[ScreenView.POCS]
    assert isinstance(people, People)
    assert isinstance(pocs, Pocs)
    return Scene(
        LONG[1],
        {
            ScreenView.ROLL_CALL: RollCall(
                here=12345,
                active=67890,
                roles=[
                    RoleHere("Sales Engineer", 12000, engineers),
                    RoleHere("Administrator", 300, [PersonHere(name) for name in LONG]),
                    RoleHere("Tenant Admin", 45, [PersonHere(name) for name in reversed(LONG)]),
                ],
                moves=_moves([*LONG, *ENGINEERS[:6]], now),
                today=_day(14, 200, TODAY),
                week_ago=_day(24, 180, TODAY - timedelta(days=7)),
            ),
            ScreenView.PEOPLE: People(
                active=67890,
                more=-12345,
                invited=12345,
                expiring=12345,
                ending=12345,
                ending_this_week=12345,
                until=TODAY + timedelta(days=30),
                review=ReviewShown(LONG[1], 67890, 12345, now + 86400),
                ends_soon=[Ending(name, "Sales Engineer", TODAY) for name in LONG[:5]],
                waiting=[Waiting(name, now - 29 * 86400, now + 100000) for name in LONG[:5]],
                signed_in=_days_of([12345] * 14),
            ),
            ScreenView.POCS: Pocs(
                today=TODAY,
                by_status={"draft": 1234, "active": 12345, "on_hold": 1234, "completed": 12345},
                due_this_week=12345,
                due_today=12345,
                overdue=12345,
                overdue_pocs=1234,
                next_to_end=[
                    PocShown(name, LONG[1], LONG[0], 100, TODAY - timedelta(days=365))
                    for name in LONG
                ],
                by_owner=[OwnerTasks(name, 1234, 12345, 1) for name in LONG[:5]],
                this_week=[Milestone(TODAY, LONG[1], name) for name in LONG[:5]],
            ),
            ScreenView.TROUBLE: Troubles(_troubles(), _in_order()),
        },
        now,
    )
