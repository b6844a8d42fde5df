"""The doctor's checks of what Rollcall does: mail, the other replicas, the audit log."""

import json
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlmodel import func, select

from models import AuditHead, MailState, NotedHead, OutgoingMail
from services.audit.check import BrokenLink, verify
from services.audit.telling import untold
from services.audit.writing import PLATFORM_CHAIN
from services.core import clock, folders
from services.core.lazily import lazily
from services.core.words import count_words
from services.database import runtime
from services.database.transaction import reading
from services.mail import check
from services.operations.aside import SilentShareError, aside
from services.operations.checks import Check, failed, warning, well
from services.operations.doctor_database import require_there
from services.operations.hourly import Hourly
from services.sessions import replicas
from services.sessions.replicas import GONE_SECONDS, LIFE_SECONDS

if TYPE_CHECKING:
    import psycopg

    from services.database import postgresql_transport
else:
    psycopg = lazily("psycopg")
    postgresql_transport = lazily("services.database.postgresql_transport")

MAIL, OUTBOX, REPLICAS, AUDIT = "Mail", "Outbox", "Replicas", "Audit log"
HEADS = "Audit heads"
# A mail that has waited longer was refused a few times (the pauses are 5 s, 15 s, 1 and 5 minutes).
LATE = timedelta(minutes=5)
# Heads are noted once a day; one day may be missed (Rollcall was stopped).
UNTOLD = timedelta(days=2)
_AS_LONG = "Run `python main.py verify-audit`, which takes as long as it needs."


async def look_at_mail() -> list[Check]:
    """Whether the mail server takes mail: connect, greet, sign in, name the sender."""
    settings = runtime.current().settings
    if not settings.mail_server:
        return [
            warning(
                MAIL,
                "No mail is sent",
                "Set ROLLCALL_MAIL_SERVER and ROLLCALL_MAIL_FROM. Until then, admins copy "
                "invitations’ links and pass them on.",
            )
        ]
    found = await check.check_mail()
    if found.may_work:
        refused = f"The mail server takes no mail to {settings.mail_from}, its sender"
        return [warning(MAIL, refused, found.words)]
    if not found.works:
        return [failed(MAIL, "The mail server can’t be used", found.words)]
    signed_in = ", signed in" if settings.mail_username else ""
    return [well(MAIL, f"{settings.mail_server}:{settings.mail_port}{signed_in}")]


async def count_waiting() -> int:
    """How many mails wait to be sent. Needs no actor: it is a number for the whole platform."""
    query = select(func.count()).where(OutgoingMail.state == MailState.WAITING)
    async with reading() as tx:
        return (await tx.exec(query)).one()


async def look_at_outbox() -> list[Check]:
    """Whether mails leave."""
    await require_there()
    async with reading() as tx:
        query = select(func.count(), func.min(OutgoingMail.created_at)).where(
            OutgoingMail.state == MailState.WAITING
        )
        waiting, since = (await tx.exec(query)).one()
    if waiting and clock.now() - since > LATE:
        mails = count_words(waiting, "mail waits", "mails wait")
        return [
            warning(
                OUTBOX,
                f"{mails} since {since:%Y-%m-%d %H:%M} UTC",
                "Nothing is lost: each is tried again for half a day. See Mail, and each mail’s "
                "last answer on its user’s page.",
            )
        ]
    return [well(OUTBOX, count_words(waiting, "waits", "wait") if waiting else "empty")]


async def look_at_replicas() -> list[Check]:
    """Whether the processes on one database hear each other, and which serve."""
    if runtime.current().settings.is_sqlite:
        return [well(REPLICAS, "one process, as SQLite has it")]
    transport = runtime.current().transport
    serves = not transport.deaf_because
    deaf = "" if serves else await transport.try_to_hear()
    if deaf and not serves and deaf != postgresql_transport.DEAF:
        return [warning(REPLICAS, "Not looked at", "See Database.")]
    if deaf:
        return [failed(REPLICAS, "This process doesn’t hear the others", deaf.partition("\n")[0])]
    if serves:
        others = len(replicas.heard())
        return [well(REPLICAS, f"{others} beside this one, heard" if others else "this one alone")]
    serving = await _listen()
    return [well(REPLICAS, f"{serving} heard" if serving else "none serves now")]


async def _listen() -> int:
    """How many processes give a sign of life while this one, which serves nobody, listens: for a
    moment longer than two signs are apart, or, on a busy machine, until the first one comes. Who
    gives none for so long that they count as gone don't serve."""
    own, heard = {runtime.current().process_id}, set[str]()
    began = time.monotonic()

    def left() -> float:
        wanted = LIFE_SECONDS + 0.5 if heard - own else GONE_SECONDS
        return began + wanted - time.monotonic()

    try:
        server = runtime.current().database.server
        async with await server.listen(postgresql_transport.LISTENER) as connection:
            await connection.execute(f"LISTEN {postgresql_transport.CHANNEL}")
            while (seconds := left()) > 0:
                async for notice in connection.notifies(timeout=seconds, stop_after=1):
                    heard.add(json.loads(notice.payload)["from"])
    except (psycopg.Error, OSError):
        return 0
    return len(heard - own)


class _Verified(Hourly[tuple[int, BrokenLink | None]]):
    """How many entries of the whole log hold, and the first that doesn't."""


async def look_at_audit(*, anew: bool = True) -> list[Check]:
    """Whether the chains hold, and when their heads were last noted.

    Reading the whole log takes its time: unless it is to be done `anew`, a result of the last hour
    counts.
    """
    await require_there()
    read = await runtime.current().part(_Verified).read(verify, anew=anew)
    if read is None:
        return [warning(AUDIT, "The audit log wasn’t read to its end in time", _AS_LONG)]
    entries, broken = read
    if broken is not None:
        return [
            failed(
                AUDIT,
                f"The audit log is broken at entry {broken.number} of {broken.chain}",
                f"{broken.problem[:1].upper()}{broken.problem[1:]}. Keep this database as it "
                "is, and compare it with heads that were kept: `python main.py verify-audit "
                "--expect FILE`.",
            )
        ]
    chains, latest, has_grown = await _noted()
    told = f"whole, {count_words(entries, 'entry', 'entries')}, {count_words(chains, 'chain')}"
    if has_grown and (latest is None or clock.now() - latest > UNTOLD):
        since = f"since {latest:%Y-%m-%d %H:%M} UTC" if latest else "so far"
        return [
            warning(
                AUDIT,
                f"The audit heads weren’t noted {since}",
                f"The log is {told}. A Rollcall that serves notes them once a day: see its log.",
            )
        ]
    return [well(AUDIT, f"{told}, told {latest:%Y-%m-%d %H:%M} UTC" if latest else told)]


async def _noted() -> tuple[int, datetime | None, bool]:
    """How many chains there are, when any head was last noted, and whether one has grown since."""
    async with reading() as tx:
        heads = dict((await tx.exec(select(AuditHead.chain_id, AuditHead.number))).all())
        noted = (await tx.exec(select(NotedHead))).all()
    numbers = {head.chain_id: head.number for head in noted}
    latest = max((head.at for head in noted), default=None)
    grown = any(
        number > numbers.get(chain, 0) for chain, number in heads.items() if chain != PLATFORM_CHAIN
    )
    return len(heads), latest, grown


async def look_at_heads() -> list[Check]:
    """Whether the audit heads can be told outward: into the folder as it is now, and by mail as it
    was the last time, which only the process that serves knows."""
    settings, last = runtime.current().settings, untold()
    folder, email = settings.audit_heads_dir, settings.audit_heads_email
    places, wrong, remedies = ["in the log"], list[str](), list[str]()
    if folder is not None:
        places.append(str(folder))
        told = await _unwritable_now(folder)
        if not told and last.folder:
            told = f"{last.folder} That was the last time; they are tried again each hour."
        if told:
            wrong.append("The audit heads can’t be written to their folder")
            remedies.append(told)
    if email is not None:
        places.append(f"to be mailed to {email}")  # whether they were, another process may know
        if last.mail:
            wrong.append(f"The audit heads weren’t mailed to {email}")
            remedies.append(f"{last.mail} They are tried again each hour.")
    if wrong:
        return [failed(HEADS, ". ".join(wrong), " ".join(remedies))]
    return [well(HEADS, ", ".join(places))]


async def _unwritable_now(folder: Path) -> str:
    try:
        return await aside(HEADS, folder, partial(_unwritable, folder))
    except SilentShareError:
        return (
            f"{folder} doesn't answer: see to the share that it is on, or check "
            "ROLLCALL_AUDIT_HEADS_DIR."
        )


def _unwritable(folder: Path) -> str:
    try:
        there = folders.nearest(folder)
        if told := folders.trouble(folder):
            return told
        if not there.is_dir():
            return f"{there} is a file. Check ROLLCALL_AUDIT_HEADS_DIR."
        return folders.fullness(folder)
    except OSError as error:  # such as a folder above it that Rollcall may not enter
        return (
            f"{folder} can't be looked at: {error.strerror}. Check ROLLCALL_AUDIT_HEADS_DIR, and "
            "let Rollcall's user enter each folder above it."
        )
