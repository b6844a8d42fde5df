"""Commands that run in a process beside their caller's, because a share that they use may begin to
hang: the caller then says so, and ends."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from services.core.errors import OperatorError
from services.core.setting_sources import require_answer
from services.core.settings import Settings
from services.core.side_process import run_beside

# For how many seconds each may do nothing at all. A backup writes 4 MiB to the disk at a time, and
# the doctor waits for other machines, for a minute at most.
SECONDS = {"backup": 120, "doctor": 90}


def run(work: Callable[[], int], settings: Settings, options: argparse.Namespace) -> int:
    """Do the command's work; returns its exit status. Raises `OperatorError` if it hangs."""
    paths, seconds = dict(_paths(settings, options)), SECONDS[options.command]
    try:
        return run_beside(work, seconds)
    except TimeoutError as error:
        for path, what in paths.items():
            require_answer(path, what)
        raise OperatorError(
            f"`{options.command}` got no further for {seconds} seconds, and was ended. See to the "
            f"disks or shares of {' and '.join(map(str, paths))}, and to what else this machine is "
            "doing."
        ) from error


def _paths(settings: Settings, options: argparse.Namespace) -> Iterator[tuple[Path, str]]:
    """The files and folders that the command uses, and what they are, the target first."""
    if options.command == "backup":
        yield options.file, "The backup wasn't made"
    if settings.is_sqlite:
        yield settings.database_file, "The database"
    yield settings.data_dir, "ROLLCALL_DATA_DIR"
