"""The doctor's checks of files: keys, who may read the secret ones, and the last backup."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from services.audit import signature
from services.core import clock, folders
from services.core.errors import RollcallError
from services.core.secrets import SECRET_FILE, load_secret
from services.core.setting_sources import env_path, named_files
from services.core.settings import Settings
from services.core.words import count_words
from services.database import runtime, vault
from services.database.startup import WHAT_ENDS
from services.operations import backup, missing_keys
from services.operations.aside import SilentShareError, aside
from services.operations.checks import Check, failed, warning, well
from services.operations.doctor_database import require_there
from services.operations.key_files import KEY_FILES

KEYS, SECRETS, BACKUP = "Keys", "Secret files", "Last backup"
# Backups are made each night; one night may be missed.
OLD_BACKUP = timedelta(days=2)
_SHOWN = 3
# Where Docker and Podman mount a container's secrets, for that container alone.
CONTAINER_SECRETS = Path("/run/secrets")


async def look_at_keys() -> list[Check]:
    """The signing secret, and whether what is sealed in the database can be opened."""
    settings = runtime.current().settings
    look = partial(aside, KEYS, settings.data_dir)
    # Before the database is asked, too: where the folder hangs, this says so.
    wrong = await look(partial(_key_files, settings))
    try:
        await require_there()
        lost = await vault.lost(look)
    except SilentShareError:
        raise
    except RollcallError:
        return [wrong or warning(KEYS, "Not compared with the database", "See Database.")]
    if lost:
        return [failed(KEYS, vault.LOST.rstrip("."), await look(vault.how_to_mend))]
    wrong = wrong or await look(_no_key)
    if not wrong and await missing_keys.lacks_signing_key(look):
        words = f"There is no {signature.SIGNING_KEY_FILE}, and exports were signed"
        wrong = warning(KEYS, words, missing_keys.WITHOUT_SIGNING_KEY)
    if not wrong and await missing_keys.has_another_secret():
        mend = f"Where you have the old one, stop Rollcall and put it back. {WHAT_ENDS}"
        wrong = warning(KEYS, "The signing secret isn’t the one that links were made with", mend)
    return [wrong or well(KEYS, _where(settings))]


def _no_key() -> Check | None:
    if vault.seals():
        return None
    return warning(KEYS, vault.NO_KEY.rstrip("."), vault.how_to_mend())


def _key_files(settings: Settings) -> Check | None:
    """What is wrong with the signing secret; none if nothing is."""
    path = settings.data_dir / SECRET_FILE
    if settings.secret is not None:
        return None
    try:
        is_there = path.is_file()
    except OSError as error:  # a folder that may not be entered
        mend = folders.trouble(settings.data_dir)
        return failed(KEYS, f"Can’t look for {path}", f"{error.strerror}. {mend}".rstrip())
    if not is_there:
        return failed(
            KEYS,
            f"There is no signing secret at {path}",
            "Check ROLLCALL_DATA_DIR. The next start makes one; where there was one, put it back "
            f"from a backup, else: {WHAT_ENDS}",
        )
    try:
        load_secret(settings.data_dir, None)
    except RollcallError as error:
        return failed(KEYS, "The signing secret can’t be used", str(error))
    return None


def _where(settings: Settings) -> str:
    if settings.secret is not None:
        return "from the settings"
    return "in the data folder, readable"


async def look_at_secret_files() -> list[Check]:
    """Who may read the files that hold secrets, and whether Rollcall may write to its folder."""
    settings = runtime.current().settings
    path, mends = settings.data_dir, list[str]()
    try:
        if denied := await aside(SECRETS, path, partial(_denied, path)):
            return [failed(SECRETS, "Rollcall can’t write to its data folder", denied[0])]
        for file in await aside(SECRETS, path, lambda: list(_secret_files(settings))):
            if mend := await aside(SECRETS, file, partial(_how_to_close, file, settings)):
                mends.append(f"`{mend}`")
    except SilentShareError as error:
        mend = f"{error.path} can’t be looked at: see to the share that it is on."
        return [warning(SECRETS, "A secret file doesn’t answer", mend)]
    if not mends:
        return [well(SECRETS, "closed to others")]
    count = count_words(len(mends), "secret file")
    more = f" (and {len(mends) - _SHOWN} more)" if len(mends) > _SHOWN else ""
    words = f"Others on this machine can read {count}"
    return [warning(SECRETS, words, f"Run {', '.join(mends[:_SHOWN])}{more}.")]


def _denied(data_dir: Path) -> list[str]:
    return folders.troubles(data_dir) if data_dir.exists() else []


def _secret_files(settings: Settings) -> Iterator[Path]:
    keys = {*KEY_FILES, signature.SIGNING_KEY_FILE}
    if settings.data_dir.is_dir() and os.access(settings.data_dir, os.R_OK | os.X_OK):
        for path in sorted(settings.data_dir.iterdir()):
            if path.name in keys or path.suffix in {".db", ".tar"} or path.name.endswith("-wal"):
                yield path
    if settings.is_sqlite and settings.database_file.parent != settings.data_dir:
        yield settings.database_file
    yield env_path()
    yield from named_files()


def _how_to_close(path: Path, settings: Settings) -> str:
    """The command that closes a secret file to others; empty if it is closed.

    A file of the service's own is for it alone. One of another owner, as root's `.env`, is read by
    the service's group, and by nobody else.
    """
    try:
        found, folder = path.stat(), path.parent.stat()
        # If only the owner may enter a folder, everything in it is safe.
        if not stat.S_ISREG(found.st_mode) or not folder.st_mode & folders.OTHERS:
            return ""
        user, group = _service(settings)
    except OSError:  # a folder that even we may not enter
        return ""
    if path.is_relative_to(CONTAINER_SECRETS):
        return ""
    if found.st_uid == user:
        opened = found.st_mode & (stat.S_IRGRP | stat.S_IROTH)
        return f"chmod go-rwx {path}" if opened else ""
    is_to_strangers = found.st_gid != group and found.st_mode & stat.S_IRGRP
    if is_to_strangers or found.st_mode & stat.S_IROTH:
        return f"chgrp {group} {path} && chmod 640 {path}"
    return ""


def _service(settings: Settings) -> tuple[int, int]:
    """The uid and the gid of whom the data folder belongs to; where there is none yet, ours."""
    if not settings.data_dir.exists():
        return os.geteuid(), os.getegid()
    found = settings.data_dir.stat()
    return found.st_uid, found.st_gid


@dataclass(frozen=True)
class _Copy:
    """A backup's file: its bytes, and whether it is on the disk of the database."""

    size: int
    is_on_same_disk: bool


async def look_at_backup() -> list[Check]:
    """When the embedded database was last copied, and where to."""
    settings = runtime.current().settings
    if not settings.is_sqlite:
        return [well(BACKUP, "PostgreSQL’s own (pg_dump), unknown to Rollcall")]
    last = await aside(BACKUP, settings.data_dir, partial(backup.last_backup, settings))
    make = "Have a timer run `python main.py backup --keep 14 FOLDER` (docs/operations.md)."
    if last is None:
        return [warning(BACKUP, "No backup was made so far", make)]
    at = _moment(last.at)
    if clock.now() - last.at > OLD_BACKUP:
        days = (clock.now() - last.at).days
        return [warning(BACKUP, f"The last backup is {days} days old ({at})", make)]
    look = partial(_copy, last.file, settings.data_dir)
    try:
        copy = await aside(BACKUP, last.file, look)
    except SilentShareError:
        mend = f"{last.file} of {at} can’t be looked at: see to the share that it is on."
        return [warning(BACKUP, "The folder of the last backup doesn’t answer", mend)]
    return [_told_of(last.file, at, copy)]


def _told_of(file: Path, at: str, copy: _Copy | None) -> Check:
    if copy is None:
        return well(BACKUP, f"{at}, moved away since")
    if copy.is_on_same_disk:
        return warning(
            BACKUP,
            "The backup is on the database’s disk",
            f"{file} of {at} is lost with that disk. Choose a folder on another one, or copy it "
            "away.",
        )
    return well(BACKUP, f"{at}, {max(1, copy.size // 2**20):,} MB")


def _copy(file: Path, data_dir: Path) -> _Copy | None:
    """What is known of a backup's file; none if it isn't there any more."""
    if not file.is_file():
        return None
    found = file.stat()
    return _Copy(found.st_size, found.st_dev == data_dir.stat().st_dev)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
