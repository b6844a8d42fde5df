"""The doctor: everything that an operator has to look after, as named checks that say what to do.
For the command line and the System page.

It looks and makes nothing: no database, no key, no folder. It works while Rollcall serves, while it
is stopped, and while the database doesn't answer.
"""

import asyncio
import platform
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from services.core.errors import DatabaseUnavailableError, NoDatabaseError, RollcallError
from services.core.secrets import SECRET_FILE, load_secret
from services.core.setting_sources import FILE_SECONDS
from services.core.settings import Settings
from services.core.side_thread import have_done
from services.core.version import VERSION
from services.database import runtime
from services.database.runtime import Runtime
from services.database.startup import assemble
from services.mail.check import send_test
from services.operations import (
    doctor_database,
    doctor_files,
    doctor_names,
    doctor_web,
    doctor_work,
)
from services.operations.aside import SilentShareError, aside
from services.operations.checks import Check, failed, warning, well, without_secrets

# Seconds for each look, except for two: somebody sits there and waits for the answer.
LOOK_SECONDS = 15
MAIL_SECONDS = 35
# The audit log may be long, and there may be many names.
AUDIT_SECONDS = NAMES_SECONDS = 60
NOT_LOOKED, FIRST = "Not looked at", "See Database and Schema."
VERSION_NAME, SENT = "Version", "Test mail"


@dataclass(frozen=True)
class Look:
    """Checks that are made together: their names, and what makes them within so many seconds.

    If that isn't possible, the first one has `failed` or not, and the others weren't looked at.
    """

    names: tuple[str, ...]
    make: Callable[[], Awaitable[list[Check]]]
    seconds: float = LOOK_SECONDS
    is_vital: bool = False


@asynccontextmanager
async def examined(settings: Settings) -> AsyncIterator[Runtime]:
    """A Rollcall to be looked at from the command line: nothing is made, migrated or started."""
    try:
        secret = have_done(partial(_secret, settings), FILE_SECONDS)
    except TimeoutError:
        secret = b""
    current = assemble(settings, secret)
    runtime.use(current)
    try:
        yield current
    finally:
        with suppress(TimeoutError):  # a file of it may hang
            async with asyncio.timeout(FILE_SECONDS):
                await current.database.close()
        runtime.use(None)


def _secret(settings: Settings) -> bytes:
    """The signing secret, or none if it would have to be made or can't be read: a check reports
    that."""
    given = settings.secret.get_secret_value() if settings.secret else None
    try:
        if given is None and not (settings.data_dir / SECRET_FILE).is_file():
            return b""
        return load_secret(settings.data_dir, given)
    except (RollcallError, OSError):
        return b""


async def examine(
    names: Collection[str] = (), *, serving: bool = False, anew: bool = True
) -> list[Check]:
    """Make all checks at the same time, or those with these names and what is made along with them.

    `serving` is for the process that serves: it knows its own connections. Without `anew`, an audit
    log that was found whole within the hour isn't read again, nor are names that were read within
    it. Never raises what a check meets.
    """
    looks = [look for look in _looks(serving, anew) if not names or set(names) & set(look.names)]
    if silent := await _silent_folder():
        found = [_not_looked(look, silent) for look in looks]
    else:
        found = await asyncio.gather(*(_within_limit(look) for look in looks))
    settings = runtime.current().settings
    return [without_secrets(check, settings) for checks in found for check in checks]


async def send_mail(to: str) -> Check:
    """Send one mail to this email, and report the result."""
    settings = runtime.current().settings
    sent = await send_test(to)
    if sent.works:
        return without_secrets(well(SENT, sent.words.rstrip(".")), settings)
    return without_secrets(failed(SENT, "The mail wasn’t sent", sent.words), settings)


def _looks(serving: bool, anew: bool) -> Sequence[Look]:
    base, files, web, work = doctor_database, doctor_files, doctor_web, doctor_work
    connections = partial(base.look_at_connections, *_descriptors(serving))
    audit = partial(work.look_at_audit, anew=anew)
    named = partial(doctor_names.look_at_names, anew=anew)
    tables = (base.DATABASE, base.SCHEMA, base.WRITING)
    return (
        Look(tables, base.look_at_database, is_vital=True),
        Look((base.OWNER,), base.look_at_owner),
        Look((base.DISK,), base.look_at_disk),
        Look((files.KEYS,), files.look_at_keys),
        Look((files.SECRETS,), files.look_at_secret_files),
        Look((work.MAIL,), work.look_at_mail, MAIL_SECONDS),
        Look((work.OUTBOX,), work.look_at_outbox),
        Look((web.PUBLIC_URL, web.PROXY, web.CLOCK), web.look_at_web, 2 * LOOK_SECONDS),
        Look((work.REPLICAS,), work.look_at_replicas),
        Look((files.BACKUP,), files.look_at_backup),
        Look((work.AUDIT,), audit, AUDIT_SECONDS),
        Look((work.HEADS,), work.look_at_heads),
        Look((doctor_names.NAMES,), named, NAMES_SECONDS),
        Look((base.CONNECTIONS,), connections),
        Look((VERSION_NAME,), _version),
    )


async def _silent_folder() -> Path | None:
    """The folder of the data, or of the embedded database, if it is on a share that hangs.

    Most checks look into them. Whoever did so then would hang with all who are served.
    """
    settings = runtime.current().settings
    folders = [settings.data_dir]
    if settings.is_sqlite:
        folders.append(settings.database_file.parent)
    for folder in folders:
        try:
            await aside("Folders", folder, folder.exists)
        except SilentShareError:
            return folder
        except OSError:  # it answers; the checks say what is wrong with it
            continue
    return None


def _not_looked(look: Look, silent: Path) -> list[Check]:
    tell = failed if look.is_vital else warning
    mend = f"{silent} doesn’t answer: see to the share that it is on."
    return [tell(name, NOT_LOOKED, mend) for name in look.names]


async def _within_limit(look: Look) -> list[Check]:
    first, *others = look.names
    try:
        async with asyncio.timeout(look.seconds):
            return await look.make()
    except TimeoutError:
        words, reason = f"No answer within {look.seconds:.0f} seconds", "Try again in a bit."
    except (RollcallError, SQLAlchemyError, OSError) as error:
        words, reason = _why(look, error)
    tell = failed if look.is_vital else warning
    return [
        tell(first, words, reason),
        *(warning(name, NOT_LOOKED, f"See {first}.") for name in others),
    ]


def _why(look: Look, error: Exception) -> tuple[str, str]:
    cause = error.__cause__ if isinstance(error, DatabaseUnavailableError) else error
    reason = str(getattr(cause, "orig", None) or cause or error).strip().partition("\n")[0]
    if not look.is_vital:
        comes_first = isinstance(error, DatabaseUnavailableError | NoDatabaseError)
        return (NOT_LOOKED, FIRST) if comes_first else ("Couldn’t be looked at", reason)
    if not isinstance(error, DatabaseUnavailableError):
        return "The database can’t be used", reason
    if (settings := runtime.current().settings).is_sqlite:
        mend = f"Check {settings.database_file}, its rights and its disk."
    else:
        mend = "Check ROLLCALL_DATABASE_URL, and that the database runs and can be reached."
    return "The database can’t be used", f"{reason.rstrip('.')}. {mend}"


def _descriptors(serving: bool) -> tuple[int, int | None]:
    """How many files this process may open, and how many it has open if it serves."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = Path("/proc/self/fd")
    return limit, len(list(opened.iterdir())) if serving and opened.is_dir() else None


async def _version() -> list[Check]:
    return [well(VERSION_NAME, f"{VERSION}, Python {platform.python_version()}")]
