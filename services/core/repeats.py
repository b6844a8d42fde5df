"""What is logged again and again while a trouble lasts."""

import logging
import time

REPEAT_SECONDS = 60


class Repeats:
    """Remembers what was said: the same words are news once in so many seconds."""

    def __init__(self, seconds: float = REPEAT_SECONDS) -> None:
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def is_news(self, words: str) -> bool:
        """Whether these words are to be said now; then they count as said."""
        now = time.monotonic()
        self._said = {said: at for said, at in self._said.items() if now - at < self._seconds}
        if words in self._said:
            return False
        self._said[words] = now
        return True

    def tell(self, log: logging.Logger, level: int, words: str) -> None:
        """Log these words if they are news: a worker meets the same trouble several times a second,
        and would fill the disk while the database is away."""
        if self.is_news(f"{log.name}: {words}"):
            log.log(level, "%s", words)
