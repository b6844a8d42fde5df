"""Trouble: what doesn't work, in a tenant's own words, and what works. Anybody who passes by reads
it: nothing here names a path, a machine, an email or a person."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import col, func, select

from models import AuditEvent, MailState, OutgoingMail, Screen, ScreenTab, first_id
from services.core import clock
from services.core.words import count_words
from services.database import runtime
from services.database.counting import count_each
from services.database.transaction import Transaction
from services.operations import backup, readiness
from services.operations.doctor_files import OLD_BACKUP
from services.screens.scope import Scope
from services.screens.screens import SILENT
from services.sessions import presence, replicas
from services.sign_in.actions import SignInAction

# What the mail server's trouble is (services/mail/troubles.py), in words for people who pass by.
_CAUSES = {
    "let Rollcall in|no way to sign in|authentication": "The server refuses our sign-in.",
    "as the sender|sender address": "The server refuses our sender.",
    "isn't trusted|TLS": "The line to the server can’t be made safe.",
    "can't be found|can't be reached|doesn't answer|says nothing": "The server doesn’t answer.",
    "refuses|turns Rollcall away": "The server turns our mail away.",
}
# A mail that has waited longer than this has been refused a few times.
LATE_MAIL = timedelta(minutes=5)
# This many failed sign-ins within these minutes count as an attack: people mistype less often.
STORM, STORM_WITHIN = 20, timedelta(minutes=10)
# For this long, a replica that isn't heard any more is reported as missing.
MISSED_FOR = timedelta(hours=1)
BARS, BAR = 12, timedelta(minutes=10)


@dataclass(frozen=True)
class Trouble:
    """Something that doesn't work. `is_bad` if people feel it; times in seconds since 1970."""

    key: str
    title: str
    sentences: Sequence[str]
    is_bad: bool
    since: int = 0
    figure: str = ""
    unit: str = ""
    bars: Sequence[int] = ()


@dataclass(frozen=True)
class InOrder:
    """Something that works, with a value or a moment."""

    name: str
    value: str = ""
    at: int = 0


@dataclass(frozen=True)
class Troubles:
    """What the view shows: the worst first; if there is none, when the last one ended."""

    troubles: Sequence[Trouble]
    in_order: Sequence[InOrder]
    last_ended: int = 0


@dataclass
class _Remembered:
    """What this process has seen: which tenants were in trouble, and which replicas there were."""

    in_trouble: set[UUID | None] = field(default_factory=set)
    ended_at: dict[UUID | None, datetime] = field(default_factory=dict)
    replicas: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """When each was first heard, and last."""
    started_at: datetime = field(default_factory=clock.now)


async def read_troubles(tx: Transaction, scope: Scope) -> Troubles:
    """What is in trouble, and what works."""
    tenant_id = scope.tenant_id
    remembered = runtime.current().part(_Remembered)
    begun = time.perf_counter()
    found = [*await _mails(tx, scope), *await _storm(tx, scope)]
    database_ms = (time.perf_counter() - begun) * 1000
    in_order = [InOrder("Server", at=int(remembered.started_at.timestamp()))]
    for trouble, well in (_replicas(remembered), _backup(), *await _readiness(database_ms)):
        if trouble is not None:
            found.append(trouble)
        elif well is not None:
            in_order.append(well)
    keys = {trouble.key for trouble in found}
    if "mail" not in keys:
        in_order.append(InOrder("Mail", "leaves"))
    if "sign-ins" not in keys:
        in_order.append(InOrder("Sign-ins", "calm"))
    in_order += [_open_pages(scope), await _screens(tx, scope)]
    if found:
        remembered.in_trouble.add(tenant_id)
    elif tenant_id in remembered.in_trouble:
        remembered.in_trouble.discard(tenant_id)
        remembered.ended_at[tenant_id] = clock.now()
    ended = remembered.ended_at.get(tenant_id)
    return Troubles(
        sorted(found, key=lambda trouble: not trouble.is_bad),
        in_order,
        int(ended.timestamp()) if ended else 0,
    )


def _open_pages(scope: Scope) -> InOrder:
    every = presence.everywhere()
    of_tenant = [seen for seen in every if scope.tenant_id in (None, seen.tenant_id)]
    return InOrder("Open pages", f"{sum(seen.pages - seen.left for seen in of_tenant):,}")


async def _screens(tx: Transaction, scope: Scope) -> InOrder:
    is_there = (scope.holds(col(Screen.tenant_id)), col(Screen.revoked_at).is_(None))
    every, live = await count_each(
        tx,
        select(func.count()).select_from(Screen).where(*is_there),
        select(func.count(func.distinct(ScreenTab.screen_id)))
        .join(Screen, col(Screen.id) == col(ScreenTab.screen_id))
        .where(*is_there, col(ScreenTab.seen_at) > clock.now() - SILENT),
    )
    return InOrder("Screens", f"{live} of {every}")


async def _mails(tx: Transaction, scope: Scope) -> list[Trouble]:
    now = clock.now()
    of_tenant = scope.holds(col(OutgoingMail.tenant_id)) if scope.tenant_id else true()
    waits = (of_tenant, OutgoingMail.state == MailState.WAITING)
    query = select(func.min(OutgoingMail.created_at), func.count()).where(*waits)
    since, late = (await tx.exec(query.where(col(OutgoingMail.created_at) < now - LATE_MAIL))).one()
    if not late or since is None:
        return []
    created = (await tx.exec(select(OutgoingMail.created_at).where(*waits))).all()
    newest = select(OutgoingMail.last_answer).where(*waits, OutgoingMail.last_answer != "")
    answer = (await tx.exec(newest.order_by(col(OutgoingMail.id).desc()).limit(1))).first() or ""
    cause = [words for said, words in _CAUSES.items() if re.search(said, answer)][:1]
    steps = [now - BAR * ago for ago in reversed(range(BARS))]
    return [
        Trouble(
            "mail",
            "Mail isn’t leaving",
            [*cause, "Invitations wait, nothing is lost."],
            is_bad=True,
            since=int(since.timestamp()),
            figure=f"{len(created):,}",
            unit="mail waiting" if len(created) == 1 else "mails waiting",
            bars=[sum(at <= step for at in created) for step in steps],
        )
    ]


async def _storm(tx: Transaction, scope: Scope) -> list[Trouble]:
    now = clock.now()
    newest = col(AuditEvent.number if scope.tenant_id else AuditEvent.id).desc()
    refused = (SignInAction.FAILED.value, SignInAction.SECOND_FACTOR_FAILED.value)
    found = (
        await tx.exec(
            select(AuditEvent.at, AuditEvent.subject_id, AuditEvent.ip)
            .where(
                *_entries_of(scope, now - 2 * STORM_WITHIN),
                col(AuditEvent.action).in_(refused),
            )
            .order_by(newest)
            .limit(100 * STORM)
        )
    ).all()
    late = [entry for entry in found if entry[0] > now - STORM_WITHIN]
    if len(late) < STORM:
        return []
    accounts = len({subject for _, subject, _ in late if subject})
    ips = len({ip for *_, ip in late if ip})
    many = count_words(accounts, "account"), count_words(ips, "IP address", "IP addresses")
    step = 2 * STORM_WITHIN / BARS
    ages = [int((now - at) / step) for at, *_ in found]
    return [
        Trouble(
            "sign-ins",
            "Many failed sign-ins",
            [
                f"{', '.join(many)}.",
                "All are slowed down.",
            ],
            is_bad=False,
            since=int(min(at for at, *_ in found).timestamp()),
            figure=f"{len(late):,}",
            unit="failed in 10 minutes",
            bars=[ages.count(ago) for ago in reversed(range(BARS))],
        )
    ]


def _entries_of(scope: Scope, since: datetime) -> list[ColumnElement[bool]]:
    """The log's entries since a moment; of all chains by their ids, which are in the order of
    time."""
    is_late = col(AuditEvent.at) > since
    if scope.tenant_id is None:
        return [col(AuditEvent.id) > first_id(since), is_late]
    return [col(AuditEvent.chain_id) == scope.tenant_id, is_late]


def _replicas(remembered: _Remembered) -> tuple[Trouble | None, InOrder | None]:
    now, heard = clock.now(), {other.process_id for other in replicas.heard()}
    known = remembered.replicas
    known |= {process: (known.get(process, (now, now))[0], now) for process in heard}
    for process, (_, last) in list(known.items()):
        if now - last >= MISSED_FOR or (process not in heard and replicas.has_stopped(process)):
            del known[process]
    gone = sorted(last for process, (_, last) in known.items() if process not in heard)
    # A replica that came after one fell silent has taken its place.
    for first in sorted(known[process][0] for process in heard):
        if gone and first > gone[0]:
            gone.pop(0)
    there, before = len(heard) + 1, len(heard) + len(gone) + 1
    if not gone:
        return None, InOrder("Replicas", f"{there} of {before}")
    return (
        Trouble(
            "replicas",
            "A replica is gone" if len(gone) == 1 else f"{len(gone)} replicas are gone",
            ["The others serve on."],
            is_bad=False,
            since=int(gone[0].timestamp()),
            figure=f"{there}",
            unit=f"of {before} serve",
        ),
        None,
    )


def _backup() -> tuple[Trouble | None, InOrder | None]:
    settings = runtime.current().settings
    last = backup.last_backup(settings) if settings.is_sqlite else None
    if last is None:
        return None, None  # PostgreSQL's own, or none so far: the System page says more
    at = int(last.at.timestamp())
    if clock.now() - last.at <= OLD_BACKUP:
        return None, InOrder("Backup", at=at)
    days = (clock.now() - last.at).days
    return (
        Trouble(
            "backup",
            "The backup is too old",
            ["Whoever runs Rollcall: look at the timer."],
            is_bad=False,
            since=at,
            figure=f"{days}",
            unit="days old",
        ),
        None,
    )


async def _readiness(database_ms: float) -> list[tuple[Trouble | None, InOrder | None]]:
    told: list[tuple[Trouble | None, InOrder | None]] = []
    names = {"schema": "Schema", "writing": "Database", "disk": "Disk", "keys": "Keys"}
    names["hearing"] = "Processes"
    # Rounded to steps, so that the shown value doesn't change each time.
    within = next((step for step in (10, 30, 100, 300, 1000) if database_ms < step), 3000)
    values = {"schema": "migrated", "writing": f"within {within} ms", "disk": "has room"}
    values |= {"keys": "fit", "hearing": "hear each other"}
    for check in await readiness.recent():
        name = names.get(check.name, "")
        if check.ok and name:
            told.append((None, InOrder(name, values[check.name])))
        elif not check.ok and check.name != "folder":
            need = "need" if name.endswith("s") else "needs"
            title = f"The {(name or 'Database').lower()} {need} somebody"
            told.append((Trouble(check.name, title, [check.sentence], is_bad=check.vital), None))
    return told
