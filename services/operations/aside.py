"""The doctor's looks at files: each may be on a share that hangs, or begins to at any time."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from services.core.errors import OperatorError
from services.core.side_thread import SideThread
from services.database import runtime

ResultT = TypeVar("ResultT")

# A share that takes longer to answer, in seconds, hangs.
FOLDER_SECONDS = 10


class _Threads(defaultdict[str, SideThread]):
    """Each check has its own: where one hangs, the others look on."""

    def __init__(self) -> None:
        super().__init__(SideThread)


class SilentShareError(OperatorError):
    """A path doesn't answer."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} doesn’t answer: see to the share that it is on.")
        self.path = path


async def aside(name: str, path: Path, look: Callable[[], ResultT]) -> ResultT:
    """The result of a look at this path, which is made in the thread of this check, beside all that
    are served. Raises `SilentShareError` if it takes too long, and what the look raises."""
    try:
        return await runtime.current().part(_Threads)[name].run(look, FOLDER_SECONDS)
    except TimeoutError as error:
        raise SilentShareError(path) from error
