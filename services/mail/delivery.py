"""Delivers the outbox: urgent mails first, several at once, with growing pauses; any number of
replicas may do it.

A mail is leased before it is sent, and its result is recorded afterwards, as soon as the database
answers. After a crash in between it is sent again with the same Message-ID: perhaps twice, but
never not at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from models import MailState, OutgoingMail
from services.core import clock
from services.core.emails import on_the_wire
from services.core.errors import DatabaseUnavailableError, RollcallError
from services.core.operator_log import MailTrouble, without_email
from services.core.settings import Settings
from services.database import changes, runtime
from services.database.lasting import warn
from services.database.transaction import reading
from services.mail import letters, queue
from services.mail.errors import (
    BrokenOffError,
    MisconfiguredError,
    NotRelayedError,
    NotSentError,
    UnansweredError,
    UnsendableError,
)
from services.mail.lanes import Lanes
from services.mail.message import Letter, compose
from services.mail.outbox import LeftOutError, is_configured
from services.mail.queue import Lease
from services.mail.smtp import hand_over

log = logging.getLogger(__name__)

T = TypeVar("T")

IDLE_SECONDS, QUIET_SECONDS = 1.0, 5.0
"""How often the outbox is read while nothing can be sent: after a commit, and if there was none."""
AGAIN_SECONDS = 2.0
"""How often a database that is away is asked again about a mail that is being delivered."""


async def deliver_forever() -> None:
    """Deliver all that is due, until cancelled."""
    lanes, rhythm = Lanes(), changes.Rhythm(IDLE_SECONDS, QUIET_SECONDS)
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            lease = await _next(lanes)
            if lease is not None:
                task = asyncio.create_task(_deliver_in_lane(lease, lanes))
                running.add(task)
                task.add_done_callback(running.discard)
            elif running:  # a delivery that ends may make room
                await asyncio.wait(
                    running, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            else:
                await rhythm.rest()
    finally:
        await _stop(running)


async def _next(lanes: Lanes) -> Lease | None:
    openings = lanes.openings()
    if openings is None or not is_configured():
        return None
    try:
        lease = await queue.take(openings)
    except RollcallError as error:
        warn(log, f"The outbox can't be read now: {error}")
        return None
    if lease is not None:
        lanes.enter(lease.mail_id, lease.domain)
    return lease


async def _deliver_in_lane(lease: Lease, lanes: Lanes) -> None:
    try:
        await _deliver(lease)
    except RollcallError as error:
        warn(log, f"What came of a mail can't be recorded; it is sent again later: {error}")
    except Exception:
        log.exception("The delivery of a mail failed; it is tried again later")
    finally:
        lanes.leave(lease.mail_id)


async def _stop(running: set[asyncio.Task[None]]) -> None:
    # Cancelled again until it ends: a task that ends at the same moment may lose a cancellation
    # (Python 3.11, `asyncio.wait_for`, which the mail library uses).
    while running:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=1)


async def _deliver(lease: Lease) -> None:
    try:
        letter = await _once_it_answers(lease, lambda: _render(lease))
    except LeftOutError as error:
        await _settle(lease, MailState.CANCELLED, str(error))
        return
    except DatabaseUnavailableError:
        raise
    except RollcallError as error:
        await _settle(lease, MailState.FAILED, str(error))
        return
    if letter is None:
        await _settle(lease, MailState.CANCELLED, "The link was used or replaced meanwhile.")
        return
    try:
        async with _keeping(lease):
            await _send(letter, runtime.current().settings, lease)
    except UnsendableError as error:
        await _settle(lease, MailState.FAILED, _without_secrets(str(error), letter))
    except NotSentError as error:
        answer = _without_secrets(str(error), letter)
        if isinstance(error, MisconfiguredError | BrokenOffError):
            may_be_alone = isinstance(error, BrokenOffError | NotRelayedError)
            only = lease.mail_id if may_be_alone else None
            runtime.current().part(MailTrouble).tell(without_email(answer, letter.recipient), only)
        unknown = isinstance(error, UnansweredError)
        await _settle(lease, MailState.WAITING, answer, maybe_arrived=unknown)
    else:
        await _settle(lease, MailState.SENT, "")


async def _settle(
    lease: Lease, state: MailState, answer: str, *, maybe_arrived: bool = False
) -> None:
    await _once_it_answers(
        lease, lambda: queue.settle(lease, state, answer, maybe_arrived=maybe_arrived)
    )


async def _once_it_answers(lease: Lease, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask the database, again and again while it is away. Raises `DatabaseUnavailableError` once
    another worker may have the mail."""
    while True:
        try:
            return await ask()
        except DatabaseUnavailableError as error:
            if lease.is_over:
                raise
            warn(log, f"The delivery of a mail waits for the database: {error}")
        await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def _keeping(lease: Lease) -> AsyncIterator[None]:
    """Renew the lease for as long as the block lasts."""
    task = asyncio.create_task(_renew_forever(lease))
    try:
        yield
    finally:
        # The renewal must be over before the result is recorded.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=1)


async def _renew_forever(lease: Lease) -> None:
    await asyncio.sleep(queue.FIRST_RENEWAL)
    while True:
        try:
            await queue.renew(lease)
        except RollcallError as error:
            warn(log, f"The lease of a mail can't be renewed now: {error}")
        await asyncio.sleep(queue.RENEWAL if lease.told else queue.FIRST_RENEWAL)


async def _render(lease: Lease) -> Letter | None:
    async with reading() as tx:
        return await letters.write(tx, await tx.get_one(OutgoingMail, lease.mail_id))


async def send_at_once(letter: Letter) -> None:
    """Send a mail that isn't in the outbox: for the operator, not for a user.

    Raises `UnsendableError` and `NotSentError`.
    """
    await _send(letter, runtime.current().settings)


async def _send(letter: Letter, settings: Settings, lease: Lease | None = None) -> None:
    sender, recipient = on_the_wire(settings.mail_from or ""), on_the_wire(letter.recipient)
    message = compose(letter, sender, recipient, clock.now())
    await hand_over(message, recipient, settings, lease.hand_over if lease else None)


def _without_secrets(answer: str, letter: Letter) -> str:
    """The answer as it may be kept and shown: some servers repeat what they were sent."""
    password = runtime.current().settings.mail_password
    for secret in (letter.token, password.get_secret_value() if password else ""):
        if secret:
            answer = answer.replace(secret, "…")
    return answer
