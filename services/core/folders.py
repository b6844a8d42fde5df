"""What the file system refuses us, in words."""

import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

# Only the owner may read secrets.
OTHERS = stat.S_IRWXG | stat.S_IRWXO
# With less room than this, in bytes, no embedded database is opened: a file of 32 KiB comes beside
# it (SQLite, WAL-mode File Format, section 2.2).
LEAST_ROOM = 1 << 15


def trouble(path: Path, *, ours: Path | None = None) -> str:
    """Why nothing can be written to a file or a folder, with the command that mends it; empty if it
    can. If it doesn't exist, its nearest parent is looked at.

    A file in a folder that is all `ours` is given to us with the whole folder: others in there are
    probably as wrong."""
    wished, path = path.absolute(), nearest(path)
    wanted = os.W_OK | os.X_OK if path.is_dir() else os.W_OK
    if os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids):
        return ""
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        return f"{path} is on a file system that is mounted read-only."
    owner, user, group = path.stat().st_uid, os.geteuid(), os.getegid()
    if wished != path:  # never tell anybody to give away a folder that isn't ours
        return (
            f"{wished} doesn't exist, and uid {user} may not make it in {path}: "
            f"run `install -d -m 700 -o {user} -g {group} {wished}` as root."
        )
    if owner == user:
        return f"{path} may not be written to by its owner: run `chmod u+rwX {path}`."
    return (
        f"{path} belongs to uid {owner}, and Rollcall runs as uid {user}: "
        f"run `chown -R {user}:{group} {ours or path}` (as root, where the folder or volume is)."
    )


def fullness(path: Path) -> str:
    """That the disk is full on which a file or a folder is, or will be made; empty if it isn't."""
    there = nearest(path)
    if shutil.disk_usage(there).free < LEAST_ROOM:
        return f"The disk of {there} is full: make room on it."
    return ""


def troubles(folder: Path) -> list[str]:
    """The same of a folder and of the files in it, the first few; or that its disk is full."""
    paths: Iterable[Path] = [folder]
    if folder.is_dir() and os.access(folder, os.R_OK | os.X_OK):
        paths = [folder, *sorted(path for path in folder.iterdir() if path.is_file())]
    found = [told for told in map(trouble, paths) if told][:3]
    if not found and folder.exists() and (full := fullness(folder)):
        return [full]
    return found


def nearest(path: Path) -> Path:
    """A file or a folder itself if it exists, or else its nearest parent."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def open_to_others(paths: Iterable[Path]) -> list[str]:
    """Which of these files somebody else may read or write, each with the command that mends it."""
    return [
        f"{path} can be read by others: run `chmod 600 {path}`."
        for path in paths
        if path.exists() and path.stat().st_mode & OTHERS
    ]
