"""A demo organisation: 250 users with names as people really have them, in every state, and their
work."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models import Poc, Role, User
from models.base import id_made_at
from services.access.actor import COMMAND_LINE
from services.audit.actions import AuditAction, HeadAction
from services.audit.heads import note_tenant
from services.audit.writing import record
from services.core import clock
from services.core.emails import email_key
from services.core.names import NAMELESS, fold, slug_from
from services.database import runtime
from services.database.transaction import transaction
from services.operations.demo_names import FIRST_NAMES, LAST_NAMES, SPECIAL_NAMES
from services.operations.demo_past import add_past
from services.operations.demo_work import DemoWork
from services.operations.setup import is_set_up
from services.sign_in.passwords import hash_password
from services.tenants.tenants import add_tenant
from services.users.accounts import set_names
from services.users.actions import UserAction
from services.users.ends import End, set_end
from services.workspace.actions import PocAction

USERS = 250
PASSWORD = "rollcall demo password"  # noqa: S105 - printed for everybody to use
DORMANT_DAYS = 90


@dataclass(frozen=True)
class DemoAccount:
    """Somebody as whom one can sign in."""

    role: str
    email: str
    password: str
    url: str


async def create_demo() -> list[DemoAccount] | None:
    """Fill an empty database, and tell one account of each role; none if it has accounts already.
    The users are the same every time."""
    if await is_set_up():
        return None
    hashed = await hash_password(PASSWORD)
    chance = random.Random(250)  # noqa: S311 - the demo is the same each time; nothing is secret
    base = runtime.current().settings.public_url
    async with transaction() as tx:
        tenant = await add_tenant(tx, "Nordwind Systems")
        platform_admin = _user("Robin", "Platform", Role.PLATFORM_ADMIN, hashed)
        platform_admin.first_sign_in_at = platform_admin.last_sign_in_at = clock.now()
        platform_admin.last_active_at = platform_admin.last_sign_in_at
        tx.add(platform_admin)
        await tx.flush()
        users = [
            _user(first, last, _role(number), hashed, number)
            for number, (first, last) in enumerate(_names(chance))
        ]
        admin = users[0]
        for number, user in enumerate(users):
            user.tenant_id = tenant.id
            user.invited_by_id = platform_admin.id if user is admin else admin.id
            _give_a_past(user, number, chance)
            user.id = id_made_at(user.created_at)  # else they'd all count as invited just now
        tx.add_all(users)
        await tx.flush()
        add_past(tx, users)
        work = DemoWork(tx, tenant, users)
        await work.add()
        happened = [_begun(poc, by) for poc, by in work.begun]
        happened += [_invited(user, platform_admin if user is admin else admin) for user in users]
        happened += [_left(user, admin) for user in users if user.deactivated_at]
        # The log is read from its end: what happened stands in it in the order of its days.
        for one in sorted(happened, key=lambda one: one.at):
            await record(
                tx,
                one.action,
                actor=COMMAND_LINE,
                by=one.by,
                subject=one.row,
                at=one.at,
                **one.details,
            )
        await note_tenant(tx, HeadAction.TENANT_CREATED, tenant, actor=COMMAND_LINE)
    owned = Counter(poc.owner_id for poc, _ in work.begun if not poc.status.is_closed)
    active = [user for user in work.engineers if user.active]
    # Somebody with work to look at, whose email is short: it is typed.
    engineer = min(active, key=lambda user: (-owned[user.id], len(user.email)))
    door = f"/t/{tenant.slug}/login"
    shown = [(user, door) for user in (admin, work.author, engineer)]
    return [
        DemoAccount(user.role.label, user.email, PASSWORD, base + path)
        for user, path in [(platform_admin, "/platform/login"), *shown]
    ]


@dataclass(frozen=True)
class _Happened:
    """An entry of the log."""

    at: datetime
    action: AuditAction
    row: User | Poc
    by: User
    details: dict[str, Any]


def _begun(poc: Poc, by: User) -> _Happened:
    return _Happened(poc.created_at, PocAction.CREATED, poc, by, {"customer": poc.customer})


def _invited(user: User, by: User) -> _Happened:
    details = {"email": user.email, "role": user.role.label}
    return _Happened(user.created_at, UserAction.INVITED, user, by, details)


def _left(user: User, by: User) -> _Happened:
    at = user.deactivated_at or user.created_at
    details = {"reason": "", "links": 0, "mails": 0, "session_ids": [], "passkeys": []}
    return _Happened(at, UserAction.DEACTIVATED, user, by, details)


def _names(chance: random.Random) -> list[tuple[str, str]]:
    names = [("Ada", "Lovelace"), *SPECIAL_NAMES]
    taken = set(names)
    while len(names) < USERS:
        name = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names


def _role(number: int) -> Role:
    if number % 60 == 0:
        return Role.TENANT_ADMIN
    return Role.ADMINISTRATOR if number % 4 == 0 else Role.SALES_ENGINEER


def _user(first: str, last: str, role: Role, hashed: str, number: int | None = None) -> User:
    local = slug_from(f"{fold(first)} {fold(last)}").replace("-", ".")[:50]
    if number is not None and local == NAMELESS:
        local = f"user.{number}"
    email = f"{local}@nordwind.example"
    user = User(
        first_name=first,
        last_name=last,
        email=email,
        email_key=email_key(email),
        role=role,
        password_hash=hashed,
        created_at=clock.now(),
    )
    set_names(user, first, last)
    return user


def _give_a_past(user: User, number: int, chance: random.Random) -> None:
    now = clock.now()
    user.created_at = now - timedelta(days=chance.randint(20, 900), minutes=chance.randint(0, 999))
    if number == 0:  # nobody was there before the person who invited all the others
        user.created_at = now - timedelta(days=910)
    user.first_sign_in_at = user.created_at + timedelta(hours=chance.randint(1, 60))
    user.last_sign_in_at = now - timedelta(hours=chance.randint(1, 400))
    if number == 0:
        return
    if number % 17 == 0:  # invited, and hasn't come yet
        user.created_at = now - timedelta(hours=chance.randint(1, 100))
        user.password_hash = user.first_sign_in_at = user.last_sign_in_at = None
    elif number % 11 == 0:
        left_at = now - timedelta(days=chance.randint(1, 15))
        user.deactivate(left_at, user.invited_by_id)
        user.last_sign_in_at = min(user.last_sign_in_at, left_at - timedelta(hours=1))
    elif number % 13 == 0:  # dormant
        user.last_sign_in_at = user.first_sign_in_at + timedelta(days=1)
        user.created_at = min(user.created_at, now - timedelta(days=DORMANT_DAYS + 30))
        user.last_sign_in_at = min(user.last_sign_in_at, now - timedelta(days=DORMANT_DAYS))
        user.first_sign_in_at = user.created_at + timedelta(hours=2)
    elif number % 19 == 0:
        day = (now + timedelta(days=chance.randint(5, 120))).date()
        set_end(user, End(day), user.invited_by_id)
    user.last_active_at = user.last_sign_in_at
