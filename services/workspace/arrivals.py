"""Files on their way into the database: how many may arrive at once, and what becomes of a file
that never arrives completely.

A file arrives outside the database first, in an unnamed file that ends with this process. Then its
chunks are written, each in a short transaction, so that nobody who writes has to wait for the whole
file. No resource refers to the file until all of it is there; what breaks off is removed.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import BinaryIO
from uuid import UUID

from sqlmodel import col, delete, insert, select

from models import FileChunk, ResourceFile
from models.base import new_id
from services.access.actor import ROLLCALL, Principal
from services.core import clock
from services.core.errors import (
    DatabaseUnavailableError,
    InvalidInputError,
    NotFoundError,
    RollcallError,
    TooMuchAtOnceError,
)
from services.core.settings import MB
from services.database import runtime
from services.database.transaction import LOCKED, Transaction, transaction
from services.workspace.file_types import media_type_of

log = logging.getLogger(__name__)

CHUNK = 256 * 1024
"""The bytes of a chunk: large enough for few rows, small enough to hold one for everybody at
once."""
MOST_AT_ONCE = 16
"""How many uploads may arrive in one process at a time; ..."""
MOST_OF_A_TENANT = 8
"""... how many of them may be one tenant's, so that none keeps out all others; ..."""
MOST_OF_A_USER = 4
"""... and how many may be one user's."""
UNDISTURBED = 30.0
"""Seconds. Where no slot is free, an upload that has taken longer gives way to one of somebody
who has fewer. (20 MB take 27 s at 6 Mbit/s.) Otherwise two people with slow lines, or who send
slowly on purpose, could keep everybody else from uploading for hours."""
SLOW = 64 * 1024
"""Bytes a second, half a Mbit/s. The slowest upload that has taken longer and came more slowly than
this gives way even to somebody who would have as many: to whoever has none. So a file of the
largest size keeps a slot for five minutes at most, if others need it."""
OF_ONE, OF_ONE_AT_ONCE = 0.25, 300.0
"""How much of one slot's time a user may have in the long run, and how many seconds of it at once:
what the largest file takes that isn't slow. Whoever has had more gives way, where no slot is free,
to whoever has none and has had less. Otherwise eight people who send one file after the other, each
of them fast enough, could keep everybody else from uploading for hours."""
REMEMBERED = 1000
"""For how many users it is remembered what they have had. If there are more, those are forgotten
who may have all of it again."""
ASKED_EVERY = 1.0
"""How many seconds pass before it is asked again whether the person may still upload, also while
nothing arrives."""
GIVEN_UP = timedelta(hours=1)
"""After this time, a file that isn't there completely never will be: the process that wrote it has
ended."""

Look = Callable[[], Awaitable[object]]
"""Checks whether somebody may upload right now; raises where they may not."""


@dataclass(frozen=True)
class Arrived:
    """A file that has arrived completely; `id` is that of the resource that it will be."""

    id: UUID
    name: str
    content: BinaryIO
    size: int
    sha256: str
    media_type: str


@dataclass(eq=False)
class Slot:
    """What one upload takes for as long as it arrives."""

    user_id: UUID | None
    tenant_id: UUID | None
    since: float
    is_lost: bool = False
    size: int = 0
    """How many bytes have arrived so far."""

    @property
    def pace(self) -> float:
        """Bytes a second since it began."""
        return self.size / max(monotonic() - self.since, 0.001)

    async def counting(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces as they come, whose bytes are counted."""
        async for piece in pieces:
            self.size += len(piece)
            yield piece

    def require(self) -> None:
        """Raise `TooMuchAtOnceError` if it was given to somebody who had none."""
        if self.is_lost:
            raise TooMuchAtOnceError


class _Arriving:
    """The uploads that arrive in this process, in the order in which they came, and whose turn it
    is to write a chunk: one at a time, so that many take no more turns from others than one does.
    """

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.turn = asyncio.Lock()
        self._whole_at: dict[UUID | None, float] = {}  # when each user may have all of it again

    def full_of(self, tenant_id: UUID | None) -> list[Slot]:
        """The slots of which one more of this tenant would be too many; empty if it has room."""
        own = [slot for slot in self.slots if slot.tenant_id == tenant_id]
        if len(own) >= MOST_OF_A_TENANT:
            return own
        return self.slots if len(self.slots) >= MOST_AT_ONCE else []

    def of_user(self, user_id: UUID | None) -> int:
        """How many slots are this user's."""
        return sum(slot.user_id == user_id for slot in self.slots)

    def leave(self, slot: Slot) -> None:
        """Give the slot back, and remember for how long its user had it."""
        self.slots.remove(slot)
        now = monotonic()
        if len(self._whole_at) >= REMEMBERED:
            self._whole_at = {user: at for user, at in self._whole_at.items() if at > now}
        whole_at = max(now, self._whole_at.get(slot.user_id, now))
        self._whole_at[slot.user_id] = whole_at + (now - slot.since) / OF_ONE

    def had_by(self, user_id: UUID | None) -> float:
        """For how many seconds this user has had slots, without what has grown back."""
        now = monotonic()
        before = max(0.0, self._whole_at.get(user_id, now) - now) * OF_ONE
        return before + sum(now - slot.since for slot in self.slots if slot.user_id == user_id)

    def make_room(self, user_id: UUID | None, taken: list[Slot]) -> None:
        """Have one of those uploads give way: the longest of whoever has more slots than this
        user would have; or, if this user has none, the slowest (`SLOW`), or one of whoever has had
        most (`OF_ONE`). Raises `TooMuchAtOnceError` if there is none of these."""
        own, before = self.of_user(user_id), monotonic() - UNDISTURBED
        old = [slot for slot in taken if slot.since <= before]
        of_more = [slot for slot in old if self.of_user(slot.user_id) >= own + 2]
        slow = [] if own else [slot for slot in old if slot.pace < SLOW]
        giving = of_more[:1] or sorted(slow, key=lambda slot: slot.pace)[:1]
        if not giving and not own and self.had_by(user_id) <= OF_ONE_AT_ONCE:
            giving = [max(taken, key=lambda slot: self.had_by(slot.user_id))]
            giving = [slot for slot in giving if self.had_by(slot.user_id) > OF_ONE_AT_ONCE]
        if not giving:
            raise TooMuchAtOnceError
        (slot,) = giving
        slot.is_lost = True
        self.leave(slot)


@contextmanager
def counted(principal: Principal) -> Iterator[Slot]:
    """Count one more upload for as long as the block runs, or until its slot is lost. Raises
    `TooMuchAtOnceError`."""
    arriving = runtime.current().part(_Arriving)
    slot = Slot(principal.user_id, principal.tenant_id, monotonic())
    if arriving.of_user(slot.user_id) >= MOST_OF_A_USER:
        raise TooMuchAtOnceError
    if taken := arriving.full_of(slot.tenant_id):
        arriving.make_room(slot.user_id, taken)
    arriving.slots.append(slot)
    try:
        yield slot
    finally:
        if not slot.is_lost:
            arriving.leave(slot)


async def receive(
    name: str, pieces: AsyncIterator[bytes], content: BinaryIO, look: Look
) -> Arrived:
    """Take a file as it comes. Raises `InvalidInputError` for one that is empty or too large, and
    what `look` raises, within a second."""
    most, size, digest = runtime.current().settings.most_of_file, 0, hashlib.sha256()
    async for piece in _asked_about(pieces, look):
        size += len(piece)
        if size > most:
            raise InvalidInputError({"file": f"{name} is larger than {most / MB:,.3g} MB."})
        digest.update(piece)
        with _told_where_full():
            content.write(piece)
    if not size:
        raise InvalidInputError({"file": f"{name} is empty: there is nothing to keep."})
    with _told_where_full():
        content.seek(0)
    media_type = media_type_of(content.read(CHUNK), name)
    return Arrived(new_id(), name, content, size, digest.hexdigest(), media_type)


@asynccontextmanager
async def in_database(arrived: Arrived, principal: Principal, look: Look) -> AsyncIterator[None]:
    """The file is in the database for as long as the block runs, and stays there if the block makes
    it a resource's (`belongs`). Raises what `look` raises."""
    asked, tenant_id = _Asked(look), principal.tenant_id
    if tenant_id is None:
        raise NotFoundError
    try:
        async with transaction(actor=principal, patient=True) as tx:
            tx.add(
                ResourceFile(
                    resource_id=arrived.id,
                    tenant_id=tenant_id,
                    name=arrived.name,
                    media_type=arrived.media_type,
                    size=arrived.size,
                    sha256=arrived.sha256,
                    arriving_since=clock.now(),
                )
            )
        arrived.content.seek(0)
        number = 0
        while data := arrived.content.read(CHUNK):
            await asked.again()
            async with (
                runtime.current().part(_Arriving).turn,
                transaction(actor=principal, patient=True) as tx,
            ):
                chunk = {"resource_id": arrived.id, "number": number, "data": data}
                await tx.exec(insert(FileChunk).values(chunk))
            number += 1
        yield
    except BaseException:
        with suppress(RollcallError):  # then `remove_abandoned` does it
            await _discard(arrived.id)
        raise


async def belongs(tx: Transaction, resource_id: UUID, poc_id: UUID | None) -> None:
    """From this commit on the file is that of the resource of its id, which is new. Raises
    `DatabaseUnavailableError` if writing it took so long that it was removed."""
    file = await tx.get(ResourceFile, resource_id, **LOCKED)  # so that `_discard` waits
    if file is None:
        raise DatabaseUnavailableError("This took too long, and was given up.")
    file.poc_id, file.arriving_since = poc_id, None


async def remove_abandoned() -> None:
    """Remove what is left of files whose process ended while it wrote them."""
    since = col(ResourceFile.arriving_since)
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        found = (
            await tx.exec(select(ResourceFile.resource_id).where(since < clock.now() - GIVEN_UP))
        ).all()
    for resource_id in found:
        await _discard(resource_id)


async def _discard(resource_id: UUID) -> None:
    async with transaction(actor=ROLLCALL, patient=True) as tx:
        file = await tx.get(ResourceFile, resource_id, **LOCKED)
        if file is None or file.arriving_since is None:  # removed already, or complete meanwhile
            return
        await tx.exec(delete(FileChunk).where(col(FileChunk.resource_id) == resource_id))
        await tx.delete(file)


class _Asked:
    """Asks whether somebody still may upload, once a second at most."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._at = monotonic()

    async def again(self) -> None:
        """Ask, if it is time to. Raises what `look` raises."""
        if monotonic() - self._at >= ASKED_EVERY:
            await self._look()
            self._at = monotonic()


async def _asked_about(pieces: AsyncIterator[bytes], look: Look) -> AsyncIterator[bytes]:
    """The pieces as they come; meanwhile it is asked whether who sends them still may."""
    asked = _Asked(look)
    while True:
        coming = asyncio.ensure_future(anext(pieces, None))
        try:
            while not (await asyncio.wait({coming}, timeout=ASKED_EVERY))[0]:
                await asked.again()
            await asked.again()
            piece = await coming
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        if piece is None:
            return
        yield piece


@contextmanager
def _told_where_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("What is uploaded can't be written: %s", error)
        raise DatabaseUnavailableError("There is no room for what is being uploaded.") from error
