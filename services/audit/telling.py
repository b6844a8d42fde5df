"""Sends the heads of the audit chains outside: as log lines, into a folder, by mail.

Each can be used as it is for `verify-audit --expect`.
"""

import errno
import html
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import make_msgid
from functools import partial
from pathlib import Path
from uuid import UUID

from services.audit.heads import Head, list_heads, note_heads
from services.core.emails import on_the_wire
from services.core.errors import RollcallError
from services.core.side_thread import SideThread
from services.database import runtime
from services.mail.delivery import send_at_once
from services.mail.message import Letter

log = logging.getLogger(__name__)

# A share may take its time for an answer; one that takes longer, in seconds, hangs.
WRITE_SECONDS = 30
SUBJECT = "Rollcall's audit heads of {day}"
TEXT = """\
These are the ends of Rollcall's audit chains. Keep this mail where nobody who runs Rollcall can
change it. Whether the log still has everything that these lines vouch for is checked by

    python main.py verify-audit --expect FILE

where FILE is this mail as text.

{lines}
"""


@dataclass
class Untold:
    """Why this process couldn't tell the heads when it tried last; empty where it could."""

    folder: str = ""
    mail: str = ""


class _Writing(SideThread):
    """Where this process writes to the folder."""


def untold() -> Untold:
    """What this process, which serves, met last."""
    return runtime.current().part(Untold)


class Teller:
    """Knows what this process has sent, and sends what has moved since.

    Each replica logs and writes for itself: the more places, the better. The mail goes out once a
    day for all together, from the replica that notes the heads in the platform's chain.
    """

    def __init__(self) -> None:
        self._told: dict[UUID, int] = {}
        self._mail_is_due = False

    async def tell(self) -> None:
        """Note the heads in the platform's chain if it is time, and send those that moved."""
        if await note_heads():
            self._mail_is_due = True
        heads = await list_heads()
        moved = [head for head in heads if head.number != self._told.get(head.chain_id, 0)]
        settings = runtime.current().settings
        for head in moved:
            log.info("%s", head)
        kept = True
        if moved and settings.audit_heads_dir is not None:
            kept = await _keep(settings.audit_heads_dir, moved)
        if kept:  # if not, the next round writes them
            self._told |= {head.chain_id: head.number for head in moved}
        if self._mail_is_due and settings.audit_heads_email is not None:
            self._mail_is_due = not await _mail(settings.audit_heads_email, heads)


async def _keep(folder: Path, heads: Sequence[Head]) -> bool:
    """Append them to the day's file; returns whether that worked."""
    path = folder / f"audit-heads-{heads[0].at:%Y-%m-%d}.txt"
    lines = "".join(f"{head}\n" for head in heads)
    try:
        await runtime.current().part(_Writing).run(partial(_append, path, lines), WRITE_SECONDS)
    except TimeoutError:  # ours, or the system's own (ETIMEDOUT), which may come sooner
        return _not_kept(f"{path}: no answer")
    except OSError as error:
        return _not_kept(f"{path}: {error.strerror}")
    untold().folder = ""
    return True


def _not_kept(why: str) -> bool:
    untold().folder = f"{why}. Check ROLLCALL_AUDIT_HEADS_DIR."
    log.error("The audit heads can't be written to %s", untold().folder)
    return False


def _append(path: Path, lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write each, so that the lines of several replicas stay whole.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        before = os.fstat(file).st_size
        if os.write(file, lines.encode("ascii")) < len(lines):
            os.ftruncate(file, before)  # half a line would make the whole file unreadable
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    finally:
        os.close(file)


async def _mail(recipient: str, heads: Sequence[Head]) -> bool:
    """Mail them; returns whether that worked."""
    settings = runtime.current().settings
    text = TEXT.format(lines="\n".join(map(str, heads)))
    letter = Letter(
        recipient=recipient,
        sender_name="Rollcall",
        subject=SUBJECT.format(day=f"{heads[0].at:%Y-%m-%d}"),
        text=text,
        html=f'<pre style="white-space:pre-wrap">{html.escape(text)}</pre>',
        message_id=make_msgid(domain=on_the_wire(settings.mail_from or "").rpartition("@")[2]),
        token="",
    )
    try:
        await send_at_once(letter)
    except RollcallError as error:
        untold().mail = str(error)
        log.warning("The audit heads weren't mailed, and will be in an hour: %s", error)
        return False
    untold().mail = ""
    return True
