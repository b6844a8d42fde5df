"""How many conversations with the mail server go on at once, and who may begin another.

A slow server of one recipient doesn't delay other mails: each domain has few slots, a slow mail
gives its slot to others, and one slot of each kind is kept for urgent mails.
Each replica counts its own.
"""

import time
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

# Each of these has one slot that only urgent mails (lane 0) may use. They are conversations that
# move on: mail servers allow few per account (Exchange Online: 3).
AT_ONCE = 4
# The most conversations for one recipient's domain, slow ones included.
PER_DOMAIN = 3
# The most conversations in all, slow ones included.
MOST = 16
# After this many seconds a conversation is slow: it waits for the server, and its slot is free.
SLOW = 10.0


@dataclass(frozen=True)
class Openings:
    """Which mails may be sent now: those of lanes up to `lane`, except to these domains."""

    lane: int = 1
    full: frozenset[str] = frozenset()
    """Domains that nothing is sent to now."""
    full_for_bulk: frozenset[str] = frozenset()
    """Domains that only urgent mails are sent to now."""


@dataclass(frozen=True)
class _Slot:
    domain: str
    since: float


class Lanes:
    """The conversations that go on in this process."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, _Slot] = {}

    def enter(self, who: Hashable, domain: str) -> None:
        """A conversation begins."""
        self._slots[who] = _Slot(domain, time.monotonic())

    def leave(self, who: Hashable) -> None:
        """It is over."""
        self._slots.pop(who, None)

    def openings(self) -> Openings | None:
        """Which mails may be sent now; none if no mail may."""
        now = time.monotonic()
        moving = sum(now - slot.since < SLOW for slot in self._slots.values())
        free = min(AT_ONCE - moving, MOST - len(self._slots))
        if free <= 0:
            return None
        domains = Counter(slot.domain for slot in self._slots.values())
        return Openings(
            lane=1 if free > 1 else 0,
            full=frozenset(d for d, count in domains.items() if count >= PER_DOMAIN),
            full_for_bulk=frozenset(d for d, count in domains.items() if count >= PER_DOMAIN - 1),
        )
