"""How far guessing gets: `python -m benchmarks.guessing`.

Many IP addresses guess one account's password, each again as soon as it may. Time is simulated:
Rollcall's clock is moved on whenever everybody has to wait. Hashes are cheap, because this counts
how many guesses are compared, not how long that takes.
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from argon2 import PasswordHasher

from models import LinkPurpose, User
from services.core import clock
from services.core.errors import SignInFailedError, TooManyAttemptsError
from services.core.settings import Settings
from services.database.startup import started
from services.sessions.sessions import Caller
from services.sign_in import password_change, passwords, throttle
from services.sign_in.sign_in import sign_in
from tests.factories import PASSWORD, create_tenant, create_user, token_of

SLUG, EMAIL = "acme", "ada@example.com"
OWNER = "203.0.113.7"  # of TEST-NET-3 (RFC 5737)
AT_ONCE = 100


@dataclass
class Attack:
    """Guesses at one account, from many IP addresses."""

    ips: int
    sent: int = 0
    compared: int = 0
    passed: timedelta = field(default_factory=timedelta)

    async def guess(self) -> int:
        """One guess; returns the seconds that its sender is told to wait, 0 if it was compared."""
        number = self.sent
        self.sent += 1
        caller = Caller(f"198.51.100.{number % self.ips}")
        try:
            await sign_in(SLUG, EMAIL, f"guess number {number}", caller)
        except TooManyAttemptsError as error:
            return error.retry_after
        except SignInFailedError:
            self.compared += 1
        return 0

    async def all_at_once(self, guesses: int) -> None:
        """Send so many at one moment (as fast as the process takes them)."""
        for _ in range(guesses // AT_ONCE):
            await asyncio.gather(*(self.guess() for _ in range(AT_ONCE)))

    async def as_told(self, guesses: int) -> None:
        """Send so many, each IP address again when its pause is over."""
        until = self.sent + guesses
        while self.sent < until:
            pauses = [await self.guess() for _ in range(self.ips)]
            if all(pauses):
                self.wait(min(pauses))

    async def until_paused(self) -> None:
        """Guess until everybody has to wait."""
        while not await self.guess():
            pass

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.passed += timedelta(seconds=seconds)
        clock.shift(self.passed)


async def owner_signs_in(device: str = "") -> int:
    """The owner tries; returns the seconds that they are told to wait, 0 if they are in."""
    try:
        await sign_in(SLUG, EMAIL, PASSWORD, Caller(OWNER, "", device))
    except TooManyAttemptsError as error:
        return error.retry_after
    return 0


async def owner_resets(user: User) -> None:
    """The owner asks for a link and chooses a new password, on a device that nobody knows."""
    await password_change.request_reset(SLUG, EMAIL, Caller(OWNER))
    token = await token_of(user, LinkPurpose.RESET)
    await password_change.reset(SLUG, token, PASSWORD, Caller(OWNER))


def make_hashes_cheap() -> None:
    """Have a password take microseconds."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords._hasher.hash("nobody's password")


async def main(guesses: int, ips: int) -> None:
    """Attack, and print how far it got."""
    make_hashes_cheap()
    with tempfile.TemporaryDirectory() as folder:
        async with started(Settings(_env_file=None, data_dir=Path(folder))):
            user = await create_user(await create_tenant("Acme"), email=EMAIL)
            device = (await sign_in(SLUG, EMAIL, PASSWORD, Caller(OWNER))).device

            burst = Attack(ips)
            await burst.all_at_once(guesses)
            print(f"{burst.sent} guesses at once, from {ips} IP addresses")
            print(f"  compared with the password: {burst.compared}")

            patient = Attack(ips, passed=throttle.FORGET * 2)
            patient.wait(0)
            began = patient.passed
            await patient.as_told(guesses)
            hours = (patient.passed - began) / timedelta(hours=1)
            most = timedelta(days=1) / throttle.LONGEST_PAUSE
            print(f"{patient.sent} guesses, each IP address again as soon as it may")
            print(f"  compared: {patient.compared}, in {hours:.1f} hours; at most {most:.0f} a day")

            print("The owner, meanwhile")
            waits = [await owner_signs_in(device) for _ in range(3)]
            print(f"  on a device that they used before waits {max(waits)} s")
            await patient.until_paused()
            wait = await owner_signs_in()
            print(f"  on another is told to wait {wait} s", end="")
            patient.wait(wait)
            print(f", and then, if nobody is quicker, {await owner_signs_in()} s")
            await patient.until_paused()
            await owner_resets(user)
            print("  on another, by a link for a new password, is in at once")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guessing")
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--ips", type=int, default=100)
    asyncio.run(main(**vars(parser.parse_args())))
