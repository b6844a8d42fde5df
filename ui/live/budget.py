"""How much a session, and a user, may say, counting all their sockets together. Frames that come a
little too fast are handled a little later. If it goes on, it is a flood."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.database import runtime

PER_SECOND = 20.0
"""Frames per second in the long run. A person who types sends up to 20, in one of their tabs."""

PER_SECOND_OF_A_PAGE = 0.2
"""What each open page adds: it answers a ping now and then, and asks for fresh rows."""

BURST = 100.0
"""Frames that may come at once, after a pause."""

BURST_OF_A_PAGE = 10.0
"""What each open page adds: all pages may come back at the same moment, from a sleep or a
restart."""

MOST_PAGES = 100
"""How many pages add to it; no session has more sockets."""

AT_ONCE = 4.0
"""How many events are handled at once; the others of a burst follow at the pace of the
long run."""

SESSIONS = 2
"""How many times as much a user's sessions have together. If one of them floods, there is room for
another."""


class Budget:
    """What one session, or one user, has left."""

    def __init__(self, times: float = 1.0, now: Callable[[], float] = time.monotonic) -> None:
        self._times = times
        self._now = now
        self._counted = now()
        self._spent = 0.0
        self._next = 0.0
        self.pages = 0
        """How many pages are open, connected or not."""

    @property
    def _counting(self) -> float:
        return min(self.pages, MOST_PAGES * self._times)

    @property
    def _rate(self) -> float:
        return PER_SECOND * self._times + PER_SECOND_OF_A_PAGE * self._counting

    def _recover(self) -> None:
        now = self._now()
        self._spent = max(0.0, self._spent - (now - self._counted) * self._rate)
        self._counted = now

    def spend(self) -> bool:
        """Count one frame; returns whether it may be heard at all."""
        self._recover()
        self._spent += 1
        return self._spent <= BURST * self._times + BURST_OF_A_PAGE * self._counting

    def delay(self) -> float:
        """How many seconds until an event that came now may be handled; each has a time of its
        own."""
        now, each = self._now(), 1 / self._rate
        self._next = max(now, self._next) + each
        return max(0.0, self._early(self._next))

    @property
    def is_ahead(self) -> bool:
        """Whether so much came that an event which came now would be held."""
        return self._early(self._next + 1 / self._rate) > 0

    def _early(self, at: float) -> float:
        """How many seconds too early an event is whose time in the long run is this."""
        return at - self._now() - AT_ONCE * self._times / self._rate

    @property
    def is_fresh(self) -> bool:
        """Whether forgetting this would lose nothing."""
        self._recover()
        return not self.pages and not self._spent


@dataclass(frozen=True)
class Account:
    """The budgets of a page's sockets: its session's, and its user's."""

    session: Budget
    user: Budget

    def join(self) -> None:
        """One more page."""
        for budget in (self.session, self.user):
            budget.pages += 1

    def leave(self) -> None:
        """One page fewer."""
        for budget in (self.session, self.user):
            budget.pages -= 1

    def spend(self) -> bool:
        """Count one frame; returns whether it may be heard at all."""
        return all([self.session.spend(), self.user.spend()])

    @property
    def is_ahead(self) -> bool:
        """Whether so much came that an event which came now would be held."""
        return self.session.is_ahead or self.user.is_ahead

    def delay(self) -> float:
        """How many seconds until an event that came now may be handled; each has a time of its
        own."""
        return max(self.session.delay(), self.user.delay())


REMEMBERED = 10_000
"""How many budgets are kept; beyond that, those are forgotten that nobody has spent from lately."""


class _Budgets(dict[UUID, Budget]):
    """Each session's budget, and each user's, by id."""


def account_of(session_id: UUID, user_id: UUID) -> Account:
    """The budgets of the sockets of a session's pages."""
    budgets = runtime.current().part(_Budgets)
    if len(budgets) >= REMEMBERED:
        for key in [key for key, budget in budgets.items() if budget.is_fresh]:
            del budgets[key]
    return Account(
        budgets.setdefault(session_id, Budget()), budgets.setdefault(user_id, Budget(SESSIONS))
    )
