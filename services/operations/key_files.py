"""The key files of the data folder: what they are, their way into a backup, and back.

Without them, nothing that is sealed in a copy of the database can be opened, and its links and
cookies are worthless. They go into an archive of their own (tar), so that the two can be kept
apart.
"""

import io
import os
import tarfile
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from services.audit.signature import SIGNING_KEY_FILE
from services.core.errors import OperatorError
from services.core.secrets import SECRET_FILE
from services.database.vault import KEYS_FILE

# Every file of the data folder that holds a key. A new one belongs here.
KEY_FILES = (SECRET_FILE, KEYS_FILE, SIGNING_KEY_FILE)
# The most bytes of a key file; they have some hundreds.
LONGEST = 1 << 20


def archive_of(copy: Path) -> Path:
    """Where the keys of a copy of the database are, unless they were put elsewhere."""
    return copy.with_name(f"{copy.name}.keys.tar")


def names_in(data_dir: Path) -> set[str]:
    """The names of the key files that a data folder has."""
    return {path.name for path in _there(data_dir)}


def keep_only(data_dir: Path, names: Set[str]) -> None:
    """Remove the key files that aren't among these: they came since."""
    for name in names_in(data_dir) - names:
        (data_dir / name).unlink(missing_ok=True)


def keep_keys(data_dir: Path, archive: Path) -> list[str]:
    """Write the existing key files into a new archive that only its owner can read; returns their
    names. Raises `OperatorError`."""
    kept = []
    buffer = io.BytesIO()
    try:
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path in _there(data_dir):
                content = path.read_bytes()
                entry = tarfile.TarInfo(path.name)
                entry.size, entry.mode = len(content), 0o600
                entry.mtime = int(path.stat().st_mtime)
                tar.addfile(entry, io.BytesIO(content))
                kept.append(path.name)
        if kept:
            _write(archive, buffer.getvalue())
    except OSError as error:
        raise OperatorError(f"Can't keep the keys in {archive}: {error.strerror}.") from error
    return kept


@dataclass(frozen=True)
class Keys:
    """The key files of an archive that are to be put into a data folder."""

    data_dir: Path
    contents: dict[str, bytes]

    def put_back(self) -> list[str]:
        """Write the missing ones; returns their names. Raises `OSError`."""
        missing = [name for name in self.contents if not (self.data_dir / name).exists()]
        for name in missing:
            _write(self.data_dir / name, self.contents[name])
        return missing


def read_keys(archive: Path, data_dir: Path) -> Keys:
    """Read an archive, and compare it with the data folder.

    Raises `OperatorError` if it isn't an archive of keys, or if the folder has other keys:
    something else may need those.
    """
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(archive) as tar:
            for entry in tar:
                file = tar.extractfile(entry) if entry.name in KEY_FILES else None
                if file is not None and entry.size <= LONGEST:
                    contents[entry.name] = file.read()
        different = [
            path.name
            for path in _there(data_dir)
            # Since the copy was made, a new key may have been put before the old ones.
            if not set(contents.get(path.name, b"").split()) <= set(path.read_bytes().split())
        ]
    except tarfile.TarError as error:
        raise OperatorError(f"{archive} is no whole archive of keys (FILE.keys.tar).") from error
    except OSError as error:
        raise OperatorError(f"Can't read the keys in {archive}: {error.strerror}.") from error
    if not contents:
        raise OperatorError(f"{archive} holds no keys of Rollcall's.")
    if different:
        raise OperatorError(
            f"{data_dir} has {' and '.join(different)} already, and other than in {archive}. Move "
            "what is there to a safe place, then restore again. Nothing was replaced."
        )
    return Keys(data_dir, contents)


def _there(data_dir: Path) -> list[Path]:
    return [data_dir / name for name in KEY_FILES if (data_dir / name).is_file()]


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
